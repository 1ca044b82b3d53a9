"""Sequences of equal length, made or read by number, as lazy frames one after another.

T: frame of a sequence, Y: row, X: column.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import dask.array as da
import numpy as np
from dask.tokenize import tokenize

__all__ = ["Part", "lazy_parts"]

_CHUNK_BYTES = 32 * 2**20


@dataclass(frozen=True, eq=False)
class Part:
    """Sequences of a split."""

    name: Literal["train", "validation", "test"]
    n_sequences: int
    read: Callable[[range], np.ndarray]
    """The frames uint8 (sequence, T, 1, Y, X) of neighbouring sequences."""
    stride: int
    """Frames between the starts of windows, as `pipelines.clips.Clip` has it."""


def lazy_parts(parts: Sequence[Part], *, shape: tuple[int, int, int], key: object) -> da.Array:
    """The frames uint8 (time, 1, y, x) of all parts; each is made or read when it is asked for.

    Args:
        shape: of a sequence, (T, Y, X).
        key: what tells these frames from others.
    """
    length, height, width = shape
    at_once = max(_CHUNK_BYTES // (length * height * width), 1)
    arrays = []
    for part in parts:
        frames = _Frames(part.read, (part.n_sequences * length, 1, height, width), length)
        chunks: Any = (at_once * length, -1, -1, -1)
        name = f"sequences-{tokenize(key, part.name, part.n_sequences, shape)}"
        meta = np.empty((0, 0, 0, 0), dtype="uint8")
        arrays.append(da.from_array(frames, chunks=chunks, name=name, meta=meta))
    return da.concatenate(arrays)


class _Frames:
    """What dask needs of an array: its size, and its parts on demand."""

    dtype = np.dtype("uint8")
    ndim = 4

    def __init__(
        self,
        read: Callable[[range], np.ndarray],
        shape: tuple[int, int, int, int],
        length: int,
    ) -> None:
        self.shape = shape
        self._read = read
        self._length = length

    def __getitem__(self, index: tuple[Any, ...]) -> np.ndarray:
        wanted = np.arange(self.shape[0])[index[0]]
        first = int(np.min(wanted)) // self._length
        sequences = self._read(range(first, int(np.max(wanted)) // self._length + 1))
        frames = sequences.reshape(-1, *self.shape[1:])
        return frames[(wanted - first * self._length, *index[1:])]
