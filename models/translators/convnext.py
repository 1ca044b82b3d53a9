"""ConvNeXt: a depthwise 7×7, then an MLP, in one residual branch, as a translator.

B: batch, C: channel, Y: row, X: column.

References:
    Liu et al. 2022, A ConvNet for the 2020s, arXiv 2201.03545, section 2.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.convolution import GridConv2d
from models.drop_path import DropPath
from models.translators.cellwise import ChannelNorm, ConvMlp
from models.translators.metaformer import MetaTranslator, draw_truncated
from models.translators.spec import TranslatorSpec

__all__ = ["make_convnext"]

_KERNEL = 7
_FIRST_SCALE = 1e-6
"""Weight of a fresh residual branch, as published."""


class ConvNeXtBlock(nn.Module):
    """Cells are mixed and then channels, with one normalisation and one scale."""

    def __init__(self, channels: int, *, hidden: int, drop_rate: float, circular: bool) -> None:
        super().__init__()
        self.neighbourhood = GridConv2d(
            channels, channels, kernel=_KERNEL, groups=channels, circular=circular
        )
        self.norm = ChannelNorm(channels)
        self.mlp = ConvMlp(channels, hidden=hidden)
        self.scale = nn.Parameter(torch.full((channels,), _FIRST_SCALE))
        self.drop_path = DropPath(drop_rate)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        mixed = self.mlp(self.norm(self.neighbourhood(latent)))
        return latent + self.drop_path(self.scale[:, None, None] * mixed)


def make_convnext(spec: TranslatorSpec) -> MetaTranslator:
    """The blocks of ConvNeXt."""

    def make_block(channels: int, drop_rate: float, _layer: int) -> ConvNeXtBlock:
        block = ConvNeXtBlock(
            channels,
            hidden=int(channels * spec.mlp_ratio),
            drop_rate=drop_rate,
            circular=spec.circular,
        )
        draw_truncated(block)
        return block

    return MetaTranslator(spec, make_block)
