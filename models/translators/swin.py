"""Swin: attention within windows, every second block's shifted by half a window, as a translator.

Latent frames that windows do not fill are padded, and nobody attends to the padding. Round the
globe, shifted windows go on from the last column to the first. Windows lie fixed in the grid: of
turned frames comes the turned forecast only where the turn is one by whole windows.

B: batch, C: channel, Y: row, X: column; N: window (of all frames), K: cell of a window,
heads: head; size: cells along an axis.

References:
    Liu et al. 2021, Swin Transformer, arXiv 2103.14030, section 3.2.
"""

from functools import partial

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from models.translators.attention import HEADS, MultiHeadAttention
from models.translators.cellwise import ChannelNorm, LinearMlp
from models.translators.metaformer import AttentionBlock, MetaTranslator, draw_truncated
from models.translators.spec import TranslatorSpec

__all__ = ["make_swin"]

_WINDOW = 4
"""Cells along a side of a window, as published for latent frames of 16×16."""


class WindowAttention(nn.Module):
    """Each cell attends to those of its window, with a learnt bias for each distance.

    Args:
        channels: of a latent frame.
        shifted: windows lie half a window further down and to the right; what is left over at
            opposite edges shares a window.
        masked: cells that share a window from opposite edges do not attend to each other.
        circular: they do where the edges are the first and the last column.
    """

    distances: Tensor

    def __init__(self, channels: int, *, shifted: bool, masked: bool, circular: bool) -> None:
        super().__init__()
        self.shift = _WINDOW // 2 if shifted else 0
        self.joins_rows, self.joins_columns = not masked, circular or not masked
        self.heads = MultiHeadAttention(channels, translator="swin")
        self.bias_table = nn.Parameter(torch.empty((2 * _WINDOW - 1) ** 2, HEADS))
        nn.init.trunc_normal_(self.bias_table, std=0.02)
        self.register_buffer("distances", _distances(), persistent=False)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        n_batch, _, n_rows, n_columns = latent.shape
        below, right = -n_rows % _WINDOW, -n_columns % _WINDOW
        padded = functional.pad(latent, (0, right, 0, below))
        # A single window sees all there is: a shift would only take from what it sees.
        down, east = (self.shift if size > _WINDOW else 0 for size in padded.shape[2:])
        shifted = padded.roll((-down, -east), dims=(2, 3))

        bias = self.bias_table[self.distances]  # (K, K, heads)
        bias = rearrange(bias, "query key heads -> 1 heads query key")
        row_parts = _parts(n_rows, below, shift=down, joined=self.joins_rows)
        column_parts = _parts(n_columns, right, shift=east, joined=self.joins_columns)
        if any(row_parts) or any(column_parts):
            parts = _cells_apart(latent, row_parts, column_parts).repeat(n_batch, 1)  # (N, K)
            blind = parts[:, None, :, None] != parts[:, None, None, :]
            bias = bias.masked_fill(blind, -torch.inf)

        attended = rearrange(
            self.heads(_cut(shifted), bias=bias),
            "(b y x) (p q) c -> b c (y p) (x q)",
            b=n_batch,
            y=shifted.shape[2] // _WINDOW,
            p=_WINDOW,
        )
        return attended.roll((down, east), dims=(2, 3))[..., :n_rows, :n_columns]


def _cut(latent: Float[Tensor, "B C Y X"] | Int[Tensor, "B C Y X"]) -> Tensor:
    """Windows (N K C) of frames that they fill."""
    return rearrange(latent, "b c (y p) (x q) -> (b y x) (p q) c", p=_WINDOW, q=_WINDOW)


def _distances() -> Int[Tensor, "K K"]:
    """Which row of the table holds the bias of a query and a key."""
    place = torch.arange(_WINDOW)
    apart = place[:, None] - place + _WINDOW - 1  # (query, key), from 0
    rows = rearrange(apart, "query key -> query 1 key 1")
    columns = rearrange(apart, "query key -> 1 query 1 key")
    return ((2 * _WINDOW - 1) * rows + columns).reshape(_WINDOW**2, _WINDOW**2)


def _parts(size: int, padding: int, *, shift: int, joined: bool) -> list[int]:
    """The part of the grid that each place of a shifted axis is from.

    0; 1 for what was shifted from one edge to the other, unless the edges are joined; 2 for
    padding.
    """
    moved = 0 if joined else shift
    parts = [1] * moved + [0] * (size - moved) + [2] * padding
    return parts[shift:] + parts[:shift]


def _cells_apart(
    latent: Tensor, row_parts: list[int], column_parts: list[int]
) -> Int[Tensor, "windows K"]:
    """A number for each cell of a frame's windows; those that differ do not attend."""
    rows, columns = (
        torch.tensor(parts, device=latent.device) for parts in (row_parts, column_parts)
    )
    parts = 3 * rows[:, None] + columns
    return _cut(parts[None, None])[..., 0]


def make_swin(spec: TranslatorSpec) -> MetaTranslator:
    """The blocks of Swin, with windows of 4×4, every second block's shifted by 2."""

    def make_block(channels: int, drop_rate: float, layer: int) -> AttentionBlock:
        block = AttentionBlock(
            WindowAttention(
                channels,
                shifted=layer % 2 == 1,
                masked=spec.masked_windows,
                circular=spec.circular,
            ),
            LinearMlp(channels, hidden=int(channels * spec.mlp_ratio)),
            channels=channels,
            drop_rate=drop_rate,
            norm=partial(ChannelNorm, epsilon=1e-5),
        )
        draw_truncated(block)
        return block

    return MetaTranslator(spec, make_block)
