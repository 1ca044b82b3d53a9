"""gSTA: gated spatiotemporal attention, the translator of SimVPv2.

B: batch, C: channel, Y: row, X: column.

References:
    SimVPv2, arXiv 2211.12509, section 3.3.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.convolution import GridConv2d
from models.translators.metaformer import (
    AttentionBlock,
    MetaTranslator,
    MixMlp,
    SpatialAttention,
    draw_fan_out,
)
from models.translators.spec import TranslatorSpec

__all__ = ["make_gsta"]

_FIRST_SCALE = 1e-2
"""Weight of a fresh residual branch, as published."""


class SpatiotemporalGate(nn.Module):
    """A 21×21 neighbourhood of each cell (5×5, then 7×7 at distance 3), gated by itself.

    Unlike the attention of VAN, the result is not multiplied with the input.
    """

    def __init__(self, channels: int, *, circular: bool) -> None:
        super().__init__()
        self.local = GridConv2d(channels, channels, kernel=5, groups=channels, circular=circular)
        self.dilated = GridConv2d(
            channels, channels, kernel=7, dilation=3, groups=channels, circular=circular
        )
        self.mix = nn.Conv2d(channels, 2 * channels, 1)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        values, gate = self.mix(self.dilated(self.local(latent))).chunk(2, dim=1)
        return torch.sigmoid(gate) * values


def make_gsta(spec: TranslatorSpec) -> MetaTranslator:
    """The translator of SimVPv2."""

    def make_block(channels: int, drop_rate: float, _layer: int) -> AttentionBlock:
        gate = SpatiotemporalGate(channels, circular=spec.circular)
        attention = SpatialAttention(gate, channels=channels)
        draw_fan_out(attention)
        return AttentionBlock(
            attention,
            MixMlp(channels, hidden=int(channels * spec.mlp_ratio), circular=spec.circular),
            channels=channels,
            drop_rate=drop_rate,
            first_scale=torch.full((channels,), _FIRST_SCALE),
        )

    return MetaTranslator(spec, make_block)
