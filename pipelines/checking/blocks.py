"""Blocks of an array: ranges of frames and rows that fit in memory, along what is stored together."""

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

__all__ = ["Block", "blocks_of", "stored_chunks"]

_BLOCK_BYTES = 8 * 2**20

Block = tuple[slice, slice]
"""Frames and rows."""


def blocks_of(array: xr.DataArray) -> Iterator[Block]:
    """Blocks of an array (time, …, rows, columns): band by band of rows, each in order of time.

    A stored chunk lies in one block only, unless it is larger than a few blocks are.
    """
    n_times, n_rows = array.shape[0], array.shape[-2]
    chunks = stored_chunks(array)
    stored = chunks[0]
    row_bytes = 4 * max(int(np.prod(array.shape[1:])) // max(n_rows, 1), 1)
    rows = n_rows
    if stored * row_bytes * n_rows > 2 * _BLOCK_BYTES:  # chunks long in time: bands of rows
        band = chunks[-2]
        fitting = _BLOCK_BYTES // (stored * row_bytes)
        rows = min(max(fitting - fitting % band, band), n_rows)
    frames = max(_BLOCK_BYTES // (rows * row_bytes), 1)
    frames = max(frames - frames % stored, stored)
    if frames * rows * row_bytes > 8 * _BLOCK_BYTES:  # one chunk of everything
        frames = max(8 * _BLOCK_BYTES // (rows * row_bytes), 1)
    for top in range(0, n_rows, rows):
        for first in range(0, n_times, frames):
            yield slice(first, min(first + frames, n_times)), slice(top, min(top + rows, n_rows))


def stored_chunks(array: xr.DataArray) -> Sequence[int]:
    """How many of each dimension are stored together; one frame of everything where nothing says."""
    sizes = array.encoding.get("preferred_chunks") or {}
    shards = array.encoding.get("shards")
    if shards is not None and len(shards) == array.ndim:
        original = list(sizes) or list(array.dims)
        sizes = dict(zip(original, shards, strict=True))
    whole = [1, *array.shape[1:]]
    return [
        min(int(sizes.get(dim, default)), max(size, 1))
        for dim, default, size in zip(array.dims, whole, array.shape, strict=True)
    ]
