"""The two-way autoencoder: one set of weights, run forwards to encode and backwards to decode.

A clip is folded into two halves; each block adds to one half what a few convolutions make of the other,
which can be taken off again. Nothing is lost, so the latent halves hold as many values as the clip.

B: batch, C: channel, K: frame of a clip, Y: row, X: column; L, M: channels of a half, before and after
a block; y, x: row and column of a half before a block; v, u: after it; h, w: latent row and column, 8
times coarser than the clip's.

References:
    Yu et al. 2019, arXiv 1910.11577, section 2; i-RevNet, Jacobsen et al. 2018, arXiv 1802.07088.
"""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["COARSENING", "TwoWayAutoencoder"]

COARSENING = 8
"""Cells along a side of a latent cell: clips are folded at the start and in two of the blocks."""


class TwoWayAutoencoder(nn.Module):
    """Clips to two latent halves, and back."""

    def __init__(self, channels: int, *, blocks: tuple[int, int, int]) -> None:
        """Take the channels of a frame, and how many blocks work on cells of 2, 4 and 8."""
        super().__init__()
        half = 2 * channels
        layers: list[CouplingBlock] = []
        for level, n_blocks in enumerate(blocks):
            for number in range(n_blocks):
                fold = level > 0 and number == 0
                layers.append(CouplingBlock(half, fold=fold, first=not layers))
                half = 4 * half if fold else half
        self.blocks = nn.ModuleList(layers)
        self.half_channels = half
        """Channels of a latent half: 32 for each channel of a frame."""

    def forward(
        self, clip: Float[Tensor, "B C K Y X"]
    ) -> tuple[Float[Tensor, "B L K h w"], Float[Tensor, "B L K h w"]]:
        """The latent halves of a clip."""
        left, right = _fold(clip).chunk(2, dim=1)
        for block in self.blocks:
            left, right = block(left, right)
        return left, right

    def decode(
        self, left: Float[Tensor, "B L K h w"], right: Float[Tensor, "B L K h w"]
    ) -> Float[Tensor, "B C K Y X"]:
        """The clip that has these latent halves."""
        for block in reversed(self.blocks):
            assert isinstance(block, CouplingBlock)
            left, right = block.undo(left, right)
        return _unfold(torch.cat([left, right], dim=1))


class CouplingBlock(nn.Module):
    """Adds to the left half what it makes of the right one, then swaps them; may fold both first."""

    def __init__(self, channels: int, *, fold: bool, first: bool) -> None:
        """Take the channels of a half that comes in; the first block of all does not normalise it."""
        super().__init__()
        channels_out = 4 * channels if fold else channels
        middle = channels_out // 2
        self.fold = fold
        self.enter = nn.Sequential() if first else _normalise(channels)
        self.narrow = _convolve(channels, middle, stride=2 if fold else 1)
        self.narrow_norm = _normalise(middle)
        self.filter = _convolve(middle, middle)
        self.filter_norm = _normalise(middle)
        self.widen = _convolve(middle, channels_out)

    def forward(
        self, left: Float[Tensor, "B L K y x"], right: Float[Tensor, "B L K y x"]
    ) -> tuple[Float[Tensor, "B M K v u"], Float[Tensor, "B M K v u"]]:
        """The halves after the block."""
        change = self._change(right)
        if self.fold:
            left, right = _fold(left), _fold(right)
        return right, left + change

    def undo(
        self, left: Float[Tensor, "B M K v u"], right: Float[Tensor, "B M K v u"]
    ) -> tuple[Float[Tensor, "B L K y x"], Float[Tensor, "B L K y x"]]:
        """The halves before the block."""
        right_before = _unfold(left) if self.fold else left
        left_before = right - self._change(right_before)
        return _unfold(left_before) if self.fold else left_before, right_before

    def _change(self, half: Float[Tensor, "B L K y x"]) -> Float[Tensor, "B M K v u"]:
        change = self.narrow_norm(self.narrow(self.enter(half)))
        return self.widen(self.filter_norm(self.filter(change)))


def _convolve(channels_in: int, channels_out: int, *, stride: int = 1) -> nn.Conv3d:
    """A convolution in time and space; the stride is in space alone."""
    return nn.Conv3d(
        channels_in, channels_out, 3, stride=(1, stride, stride), padding=1, bias=False
    )


def _normalise(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm3d(channels), nn.ReLU(inplace=True))


def _fold(values: Tensor) -> Tensor:
    """2×2 cells folded into channels, in each frame."""
    return rearrange(values, "b c k (y p) (x q) -> b (p q c) k y x", p=2, q=2)


def _unfold(values: Tensor) -> Tensor:
    """Channels back to 2×2 cells."""
    return rearrange(values, "b (p q c) k y x -> b c k (y p) (x q)", p=2, q=2)
