"""Multi-head attention, among a set of cells or among all of a grid.

B: batch, N: set of cells (windows × batch), K: cell of a set, C: channel, Y: row, X: column,
heads: head.

References:
    Vaswani et al. 2017, Attention Is All You Need, arXiv 1706.03762, section 3.2.
"""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["HEADS", "GlobalAttention", "MultiHeadAttention"]

HEADS = 8
"""As published, at every width."""


class MultiHeadAttention(nn.Module):
    """Each cell takes a weighted mean of the cells of its set, head by head."""

    def __init__(self, channels: int, *, translator: str) -> None:
        """With fresh weights.

        Raises:
            ValueError: the heads do not divide the channels; it names the translator.
        """
        super().__init__()
        if channels % HEADS:
            raise ValueError(
                f"translator {translator!r} attends with {HEADS} heads, but a block has {channels} "
                "channels; take a translator_width, and steps × spatial_width, that are multiples "
                f"of {HEADS}."
            )
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.project_out = nn.Linear(channels, channels)

    def forward(
        self,
        cells: Float[Tensor, "N K C"],
        *,
        bias: Float[Tensor, "#N heads K K"] | None = None,
    ) -> Float[Tensor, "N K C"]:
        """Cells at the same width.

        Args:
            cells: sets of cells.
            bias: added to how well query and key agree; minus infinity where a query must not
                look. None: nothing.
        """
        queries, keys, values = rearrange(
            self.query_key_value(cells),
            "n k (part heads c) -> part n heads k c",
            part=3,
            heads=HEADS,
        )
        if bias is not None:
            bias = bias.to(queries.dtype)  # a half under automatic mixed precision
        attended = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=bias)
        return self.project_out(rearrange(attended, "n heads k c -> n k (heads c)"))


class GlobalAttention(nn.Module):
    """Each cell attends to all cells of its latent frame; it does not know where they are.

    Its multiply-adds grow with the square of the number of cells.
    """

    def __init__(self, channels: int, *, translator: str) -> None:
        super().__init__()
        self.heads = MultiHeadAttention(channels, translator=translator)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        attended = self.heads(rearrange(latent, "b c y x -> b (y x) c"))
        return rearrange(attended, "b (y x) c -> b c y x", y=latent.shape[2])
