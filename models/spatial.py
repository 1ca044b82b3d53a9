"""Encoder and decoder: frames to latent frames and back, each frame for itself.

N: frames (batch × step), C: channel in, D: channel out, S: spatial width, Y: row, X: column;
y, x: latent row and column, 2^(layers / 2) times coarser.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from models.convolution import GridConv2d, wrap_columns

__all__ = ["ConvBlock", "Decoder", "Encoder", "pad_to_multiple"]

_GROUPS = 2
"""Groups of a normalisation: the spatial width is a multiple of it."""


class ConvBlock(nn.Module):
    """Convolution → group normalisation → SiLU; ConvSC of the papers."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        kernel: int,
        halve: bool = False,
        double: bool = False,
        circular: bool = False,
    ) -> None:
        super().__init__()
        self.convolution = GridConv2d(
            channels_in,
            4 * channels_out if double else channels_out,
            kernel=kernel,
            stride=2 if halve else 1,
            circular=circular,
        )
        self.shuffle = nn.PixelShuffle(2) if double else nn.Identity()
        self.norm = nn.GroupNorm(_GROUPS, channels_out)
        self.activation = nn.SiLU(inplace=True)
        conv = self.convolution.conv
        nn.init.trunc_normal_(conv.weight, std=0.02)
        assert conv.bias is not None
        nn.init.zeros_(conv.bias)

    def forward(self, frames: Float[Tensor, "N C Y X"]) -> Float[Tensor, "N D y x"]:
        """Frames of the same size, half the size or twice the size."""
        return self.activation(self.norm(self.shuffle(self.convolution(frames))))


class Encoder(nn.Module):
    """Halves rows and columns in every second block."""

    def __init__(
        self, channels: int, spatial_width: int, *, layers: int, kernel: int, circular: bool
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            ConvBlock(
                channels if layer == 0 else spatial_width,
                spatial_width,
                kernel=kernel,
                halve=layer % 2 == 1,
                circular=circular,
            )
            for layer in range(layers)
        )

    def forward(
        self, frames: Float[Tensor, "N C Y X"]
    ) -> tuple[Float[Tensor, "N S y x"], Float[Tensor, "N S Y X"]]:
        """Latent frames, and the first block's output as the skip."""
        first, *others = self.blocks
        skip = latent = first(frames)
        for block in others:
            latent = block(latent)
        return latent, skip


class Decoder(nn.Module):
    """Doubles rows and columns in every second block; the skip comes in before the last one."""

    def __init__(
        self, spatial_width: int, channels: int, *, layers: int, kernel: int, circular: bool
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            ConvBlock(
                spatial_width,
                spatial_width,
                kernel=kernel,
                double=layer % 2 == 0,
                circular=circular,
            )
            for layer in range(layers)
        )
        self.readout = nn.Conv2d(spatial_width, channels, 1)

    def forward(
        self, latent: Float[Tensor, "N S y x"], skip: Float[Tensor, "N S Y X"]
    ) -> Float[Tensor, "N D Y X"]:
        """Frames, of latent frames and the skip of as many."""
        *others, last = self.blocks
        for block in others:
            latent = block(latent)
        return self.readout(last(latent + skip))


def pad_to_multiple(
    frames: Float[Tensor, "N C Y X"], *, multiple: int, circular: bool
) -> Float[Tensor, "N C taller wider"]:
    """Frames with rows below and columns to the right until both counts are multiples.

    The last row and column are repeated; round the globe, the columns are those that come next.
    """
    below, right = -frames.shape[-2] % multiple, -frames.shape[-1] % multiple
    if circular and right:
        frames, right = wrap_columns(frames, left=0, right=right), 0
    if below or right:
        frames = functional.pad(frames, (0, right, 0, below), mode="replicate")
    return frames
