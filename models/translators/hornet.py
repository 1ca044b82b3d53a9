"""HorNet: recursive gated convolution, as a translator.

B: batch, C: channel, Y: row, X: column.

References:
    Rao et al. 2022, HorNet, arXiv 2207.14284, section 3.1 and equations 3.3 to 3.6.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.convolution import GridConv2d
from models.translators.cellwise import ChannelNorm, LinearMlp
from models.translators.metaformer import AttentionBlock, MetaTranslator, draw_truncated
from models.translators.spec import TranslatorSpec

__all__ = ["make_hornet"]

_ORDER = 4
"""Gates one after the other; the width doubles from each to the next, up to all channels."""
_KERNEL = 7
_FIRST_SCALE = 1e-6
"""Weight of a fresh residual branch, as published."""


class RecursiveGate(nn.Module):
    """Neighbourhoods gate the latent frame several times, from few channels to all of them."""

    def __init__(self, channels: int, *, circular: bool) -> None:
        """With fresh weights.

        Raises:
            ValueError: the channels cannot be halved often enough.
        """
        super().__init__()
        if channels % 2 ** (_ORDER - 1):
            raise ValueError(
                f"translator 'hornet' halves the channels {_ORDER - 1} times, but a block has "
                f"{channels}; take a translator_width, and steps × spatial_width, that are "
                f"multiples of {2 ** (_ORDER - 1)}."
            )
        self.widths = [channels // 2**halvings for halvings in reversed(range(_ORDER))]
        self.project_in = nn.Conv2d(channels, 2 * channels, 1)
        self.neighbourhoods = GridConv2d(
            sum(self.widths),
            sum(self.widths),
            kernel=_KERNEL,
            groups=sum(self.widths),
            circular=circular,
        )
        self.widenings = nn.ModuleList(nn.Conv2d(width, 2 * width, 1) for width in self.widths[:-1])
        self.project_out = nn.Conv2d(channels, channels, 1)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        # An eighth of the channels and fifteen eighths of them: together twice as many.
        gated, others = self.project_in(latent).split([self.widths[0], sum(self.widths)], dim=1)
        first, *gates = self.neighbourhoods(others).split(self.widths, dim=1)
        gated = gated * first
        for widen, gate in zip(self.widenings, gates, strict=True):
            gated = widen(gated) * gate
        return self.project_out(gated)


def make_hornet(spec: TranslatorSpec) -> MetaTranslator:
    """The blocks of HorNet."""

    def make_block(channels: int, drop_rate: float, _layer: int) -> AttentionBlock:
        block = AttentionBlock(
            RecursiveGate(channels, circular=spec.circular),
            LinearMlp(channels, hidden=int(channels * spec.mlp_ratio)),
            channels=channels,
            drop_rate=drop_rate,
            norm=ChannelNorm,
            first_scale=torch.full((channels,), _FIRST_SCALE),
        )
        draw_truncated(block)
        return block

    return MetaTranslator(spec, make_block)
