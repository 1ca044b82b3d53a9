"""PoolFormer: what differs between a cell and the mean around it, as a translator.

B: batch, C: channel, Y: row, X: column.

References:
    Yu et al. 2022, MetaFormer Is Actually What You Need for Vision, arXiv 2111.11418, section 3.2.
"""

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from models.convolution import wrap_columns
from models.translators.cellwise import ConvMlp
from models.translators.metaformer import AttentionBlock, MetaTranslator, draw_truncated
from models.translators.spec import TranslatorSpec

__all__ = ["make_poolformer"]

_FIRST_SCALE = 1e-5
"""Weight of a fresh residual branch, as published."""


class Pooling(nn.Module):
    """The mean of 3×3 cells less the cell: the residual branch gives the cell back.

    Beyond the edges there are no cells, and those that are there are averaged.
    """

    def __init__(self, *, circular: bool) -> None:
        super().__init__()
        self.circular = circular

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        around = wrap_columns(latent, left=1, right=1) if self.circular else latent
        means = functional.avg_pool2d(
            around,
            kernel_size=3,
            stride=1,
            padding=(1, 0 if self.circular else 1),
            count_include_pad=False,
        )
        return means - latent


def make_poolformer(spec: TranslatorSpec) -> MetaTranslator:
    """The blocks of PoolFormer; all channels and cells of a frame are normalised together."""

    def make_block(channels: int, drop_rate: float, _layer: int) -> AttentionBlock:
        block = AttentionBlock(
            Pooling(circular=spec.circular),
            ConvMlp(channels, hidden=int(channels * spec.mlp_ratio)),
            channels=channels,
            drop_rate=drop_rate,
            norm=partial(nn.GroupNorm, 1),
            first_scale=torch.full((channels,), _FIRST_SCALE),
        )
        draw_truncated(block)
        return block

    return MetaTranslator(spec, make_block)
