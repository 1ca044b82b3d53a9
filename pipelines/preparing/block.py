"""Blocks: pieces of a copy that know nothing of each other."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ["LIMIT", "Block", "Tile", "cut", "tiles_of"]

LIMIT = 8 * 2**20
"""Values of a block, 32 MiB as float32: with what reading takes, a worker needs some 256 MB."""

Tile = tuple[int, int, int, int]
"""Rows from, to; columns from, to, in the order of the file."""


@dataclass(frozen=True)
class Block:
    """Some frames of one field, or of the series."""

    size: int
    """Bytes of the source, as float32."""
    frames: tuple[int, int]
    """From, to: in the order in which they are stored."""
    field: int = 0
    """Which of the source's fields."""
    channels: tuple[int, int] = (0, 0)
    """From, to: of the field's channels, in the order in which its levels are stored."""
    tile: Tile | None = None
    """What part of the field; None: all of it."""


def cut(stored: np.ndarray, most: int) -> Iterator[tuple[int, int]]:
    """Ranges of at most so many neighbours, or of one stored chunk where it has more.

    Args:
        stored: in which stored chunk each lies, in order: a chunk is never cut.
    """
    if not len(stored):
        return
    edges = [*map(int, np.flatnonzero(np.diff(stored)) + 1), len(stored)]
    start = stop = 0
    for edge in edges:
        if edge - start > most and stop > start:
            yield start, stop
            start = stop
        stop = edge
    yield start, stop


def tiles_of(shape: tuple[int, int], chunks: tuple[int, int], *, depth: int) -> list[Tile]:
    """Tiles of whole stored chunks, each of at most `LIMIT` values where a chunk allows it.

    Args:
        shape: rows and columns of the field.
        chunks: rows and columns of a stored chunk.
        depth: values that are read of each cell.
    """
    (n_rows, n_columns), sides = shape, [0, 0]
    across = n_columns
    for axis, size in enumerate(shape):
        fitting = LIMIT // max(depth * across, 1) // chunks[axis] * chunks[axis]
        sides[axis] = min(max(fitting, chunks[axis]), size)
        across = sides[0]
    return [
        (row, min(row + sides[0], n_rows), column, min(column + sides[1], n_columns))
        for row in range(0, n_rows, sides[0])
        for column in range(0, n_columns, sides[1])
    ]
