"""What gSTA, TAU and VAN share: blocks whose attention is a gate made by large kernels."""

from collections.abc import Callable

import torch
from torch import nn

from models.translators.metaformer import (
    AttentionBlock,
    MetaTranslator,
    MixMlp,
    SpatialAttention,
    draw_fan_out,
)
from models.translators.spec import TranslatorSpec

__all__ = ["make_gated"]

_FIRST_SCALE = 1e-2
"""Weight of a fresh residual branch, as published."""


def make_gated(
    spec: TranslatorSpec, make_gate: Callable[[int], nn.Module], *, draw_attention: bool = True
) -> MetaTranslator:
    """A translator of blocks that differ in their gate alone.

    Args:
        make_gate: makes the gate for a number of channels.
        draw_attention: draw the attention's weights by fan-out; else they keep torch's own.
    """

    def make_block(channels: int, drop_rate: float, _layer: int) -> AttentionBlock:
        attention = SpatialAttention(make_gate(channels), channels=channels)
        if draw_attention:
            draw_fan_out(attention)
        return AttentionBlock(
            attention,
            MixMlp(channels, hidden=int(channels * spec.mlp_ratio), circular=spec.circular),
            channels=channels,
            drop_rate=drop_rate,
            first_scale=torch.full((channels,), _FIRST_SCALE),
        )

    return MetaTranslator(spec, make_block)
