"""ViT: attention among all cells of a latent frame, as a translator.

There is no position embedding, as published: the translator does not know where a cell lies, and
so it is bound to no grid.

References:
    Dosovitskiy et al. 2020, An Image is Worth 16x16 Words, arXiv 2010.11929, section 3.1.
"""

from functools import partial

from models.translators.attention import GlobalAttention
from models.translators.cellwise import ChannelNorm, LinearMlp
from models.translators.metaformer import AttentionBlock, MetaTranslator, draw_truncated
from models.translators.spec import TranslatorSpec

__all__ = ["make_vit"]


def make_vit(spec: TranslatorSpec) -> MetaTranslator:
    """The encoder blocks of ViT, normalised before each branch."""

    def make_block(channels: int, drop_rate: float, _layer: int) -> AttentionBlock:
        block = AttentionBlock(
            GlobalAttention(channels, translator="vit"),
            LinearMlp(channels, hidden=int(channels * spec.mlp_ratio)),
            channels=channels,
            drop_rate=drop_rate,
            norm=partial(ChannelNorm, epsilon=1e-5),
        )
        draw_truncated(block)
        return block

    return MetaTranslator(spec, make_block)
