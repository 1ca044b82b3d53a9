"""UniFormer: neighbourhoods in the first and the last block, all cells between, as a translator.

B: batch, C: channel, Y: row, X: column.

References:
    Li et al. 2022, UniFormer, arXiv 2201.04676, sections 3.2 to 3.4.
"""

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.convolution import GridConv2d
from models.translators.attention import GlobalAttention
from models.translators.cellwise import ChannelNorm, ConvMlp, LinearMlp
from models.translators.metaformer import AttentionBlock, MetaTranslator, draw_truncated
from models.translators.spec import TranslatorSpec

__all__ = ["make_uniformer"]

_FIRST_SCALE = 1e-6
"""Weight of a fresh residual branch of a block with attention, as published."""


class LocalAttention(nn.Module):
    """1×1 → depthwise 5×5 → 1×1: attention to near cells by what is learnt for each distance."""

    def __init__(self, channels: int, *, circular: bool) -> None:
        super().__init__()
        self.project_in = nn.Conv2d(channels, channels, 1)
        self.neighbourhood = GridConv2d(
            channels, channels, kernel=5, groups=channels, circular=circular
        )
        self.project_out = nn.Conv2d(channels, channels, 1)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        return self.project_out(self.neighbourhood(self.project_in(latent)))


def make_uniformer(spec: TranslatorSpec) -> MetaTranslator:
    """Attention to all cells where a block keeps its width, to near ones in the others.

    The first block is always local.
    """

    def make_block(channels: int, drop_rate: float, layer: int) -> AttentionBlock:
        is_last = layer == spec.layers - 1
        keeps_width = not is_last or channels == spec.channels_out
        hidden = int(channels * spec.mlp_ratio)
        position = GridConv2d(channels, channels, kernel=3, groups=channels, circular=spec.circular)
        if layer > 0 and keeps_width:
            block = AttentionBlock(
                GlobalAttention(channels, translator="uniformer"),
                LinearMlp(channels, hidden=hidden),
                channels=channels,
                drop_rate=drop_rate,
                norm=partial(ChannelNorm, epsilon=1e-5),
                first_scale=torch.full((channels,), _FIRST_SCALE),
                position=position,
            )
        else:
            block = AttentionBlock(
                LocalAttention(channels, circular=spec.circular),
                ConvMlp(channels, hidden=hidden),
                channels=channels,
                drop_rate=drop_rate,
                position=position,
            )
        draw_truncated(block)
        return block

    return MetaTranslator(spec, make_block)
