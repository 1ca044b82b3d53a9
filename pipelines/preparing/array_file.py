"""A `.npy` file that many processes write parts of, each its own."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

__all__ = ["ArrayFile"]


@dataclass(frozen=True)
class ArrayFile:
    """An array on the disk, C order.

    Parts are written by position and not through a memory map: processes on several machines that
    share a disk would overwrite each other's parts of a page, and mapped pages take memory.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype
    offset: int
    """Bytes of the header."""

    @staticmethod
    def create(path: Path, shape: tuple[int, ...], dtype: str) -> "ArrayFile":
        """A new file, whose values are 0 and take no room until they are written."""
        array = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
        return ArrayFile(path, shape, array.dtype, array.offset)

    def write(self, values: np.ndarray, *places: np.ndarray) -> None:
        """Write values to the places named along the first axes; along the others they are whole.

        Args:
            places: indices along each axis, one array an axis. Neighbours are written in one go, so
                order them.
        """
        values = np.ascontiguousarray(values, dtype=self.dtype)
        if not values.size:  # a tile of nothing but a repeated column
            return
        steps = np.cumprod([self.dtype.itemsize, *self.shape[:0:-1]])[::-1]
        axis = len(places) - 1
        while axis > 0 and _is_whole(places[axis], self.shape[axis]):
            axis -= 1
        runs = list(_runs(places[axis]))
        with self.path.open("r+b", buffering=0) as stream:
            for outer in np.ndindex(values.shape[:axis]):
                base = self.offset + sum(
                    int(places[k][index]) * int(steps[k]) for k, index in enumerate(outer)
                )
                for start, stop in runs:
                    position = base + int(places[axis][start]) * int(steps[axis])
                    _write(stream.fileno(), values[(*outer, slice(start, stop))], position)

    def sync(self) -> None:
        """Return when everything written is on the disk."""
        with self.path.open("rb") as stream:
            os.fsync(stream.fileno())


def _is_whole(places: np.ndarray, size: int) -> bool:
    return len(places) == size and bool((places == np.arange(size)).all())


def _runs(places: np.ndarray) -> Iterator[tuple[int, int]]:
    """Where neighbours stand in a row: (first, one after the last)."""
    breaks = np.flatnonzero(np.diff(places) != 1) + 1
    yield from pairwise([0, *map(int, breaks), len(places)])


def _write(descriptor: int, values: np.ndarray, position: int) -> None:
    rest = values.data.cast("B")
    while rest:  # a call writes 2 GiB at most
        written = os.pwrite(descriptor, rest, position)
        rest, position = rest[written:], position + written
