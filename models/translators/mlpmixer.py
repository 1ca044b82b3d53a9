"""MLP-Mixer: an MLP across the cells, then one across the channels, as a translator.

The MLP across the cells has weights for each of them: the translator is bound to its grid, and
to where the grid begins, so that it cannot go round the globe.

B: batch, C: channel, Y: row, X: column.

References:
    Tolstikhin et al. 2021, MLP-Mixer, arXiv 2105.01601, section 2.
"""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from models.translators.cellwise import ChannelNorm, LinearMlp
from models.translators.metaformer import AttentionBlock, MetaTranslator, draw_truncated
from models.translators.spec import TranslatorSpec

__all__ = ["make_mlpmixer"]

_HIDDEN_RATIO = 0.5
"""Hidden values of the MLP across the cells, as a multiple of the channels."""


class CellMixer(nn.Module):
    """The same MLP across the cells for each channel."""

    def __init__(self, *, rows: int, columns: int, hidden: int) -> None:
        super().__init__()
        self.rows, self.columns = rows, columns
        self.mlp = LinearMlp(rows * columns, hidden=hidden)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width.

        Raises:
            ValueError: the frames have another size than that of the network.
        """
        _, _, n_rows, n_columns = latent.shape
        if (n_rows, n_columns) != (self.rows, self.columns):
            raise ValueError(
                f"translator 'mlpmixer' is bound to latent frames of {self.rows}×{self.columns}, "
                f"but these have {n_rows}×{n_columns}; build the network for the height and width "
                "of its frames, or take another translator."
            )
        mixed = self.mlp(rearrange(latent, "b c y x -> b (y x) c"))
        return rearrange(mixed, "b (y x) c -> b c y x", y=n_rows)


def make_mlpmixer(spec: TranslatorSpec) -> MetaTranslator:
    """The blocks of MLP-Mixer.

    Raises:
        ValueError: the spec does not say how many cells a latent frame has.
    """
    rows, columns = spec.rows, spec.columns
    if rows is None or columns is None:
        raise ValueError(
            "translator 'mlpmixer' needs the rows and columns of a latent frame, but they are "
            f"{rows} and {columns}; give both."
        )

    def make_block(channels: int, drop_rate: float, _layer: int) -> AttentionBlock:
        block = AttentionBlock(
            CellMixer(rows=rows, columns=columns, hidden=int(channels * _HIDDEN_RATIO)),
            LinearMlp(channels, hidden=int(channels * spec.mlp_ratio)),
            channels=channels,
            drop_rate=drop_rate,
            norm=ChannelNorm,
        )
        draw_truncated(block)
        return block

    return MetaTranslator(spec, make_block)
