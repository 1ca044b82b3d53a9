"""IncepU: inception blocks in the shape of a U without resampling, the translator of SimVP.

B: batch, C: channel in, D: channel out, Y: row, X: column.

References:
    SimVP, arXiv 2206.05099, section 3.3.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.convolution import GridConv2d
from models.translators.spec import TranslatorSpec

__all__ = ["InceptionTranslator"]

_KERNELS = (3, 5, 7, 11)
_GROUPS = 8


class InceptionTranslator(nn.Module):
    """`layers` blocks down, each but the last with a skip to one of `layers` blocks up."""

    def __init__(self, spec: TranslatorSpec) -> None:
        super().__init__()
        hidden = spec.width // 2
        groups = _GROUPS if hidden % _GROUPS == 0 else 1
        if spec.channels_out % groups:
            raise ValueError(
                f"translator 'incepu' normalises in {groups} groups, but steps × spatial_width is "
                f"{spec.channels_out}; take a spatial_width that is a multiple of {groups}."
            )
        between = spec.layers - 1
        encoder = [(spec.channels_in, spec.width), *[(spec.width, spec.width)] * between]
        decoder = [
            (spec.width, spec.width),
            *[(2 * spec.width, spec.width)] * (between - 1),
            (2 * spec.width, spec.channels_out),
        ]
        self.encoder, self.decoder = (
            nn.ModuleList(
                InceptionBlock(
                    channels, hidden, channels_next, groups=groups, circular=spec.circular
                )
                for channels, channels_next in widths
            )
            for widths in (encoder, decoder)
        )

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B D Y X"]:
        """The latent future, of the latent past."""
        *downs, turn = self.encoder
        skips = []
        for block in downs:
            latent = block(latent)
            skips.append(latent)
        first, *ups = self.decoder
        latent = first(turn(latent))
        for block in ups:
            latent = block(torch.cat([latent, skips.pop()], dim=1))
        return latent


class InceptionBlock(nn.Module):
    """1×1 to the hidden width, then the sum of four kernel sizes."""

    def __init__(
        self, channels_in: int, hidden: int, channels_out: int, *, groups: int, circular: bool
    ) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels_in, hidden, 1)
        self.branches = nn.ModuleList(
            InceptionBranch(hidden, channels_out, kernel=kernel, groups=groups, circular=circular)
            for kernel in _KERNELS
        )

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B D Y X"]:
        """Latent frames at the next block's width."""
        reduced = self.reduce(latent)
        first, *others = self.branches
        total = first(reduced)
        for branch in others:
            total = total + branch(reduced)
        return total


class InceptionBranch(nn.Module):
    """Grouped convolution → group normalisation → leaky ReLU."""

    def __init__(
        self, channels_in: int, channels_out: int, *, kernel: int, groups: int, circular: bool
    ) -> None:
        super().__init__()
        self.convolution = GridConv2d(
            channels_in, channels_out, kernel=kernel, groups=groups, circular=circular
        )
        self.norm = nn.GroupNorm(groups, channels_out)
        self.activation = nn.LeakyReLU(0.2, inplace=True)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B D Y X"]:
        """Latent frames, filtered by one kernel size."""
        return self.activation(self.norm(self.convolution(latent)))
