"""Reading ahead: a disk fetches the windows of a batch side by side, and nothing between them.

A memory map reads when a page is missing: one window waits for the other, and the system, which takes
any reading for reading in order, fetches what lies behind as well.
"""

import contextlib
import mmap
from collections.abc import Iterator

import numpy as np

__all__ = ["ReadAhead", "map_of"]

_PIECE_BYTES = 2**20
"""What a system reads on one demand at most: Linux cuts off what is asked for beyond some MiB."""


class ReadAhead:
    """Asks the system for frames of an array that lies in a memory map; of any other, nothing."""

    def __init__(self, frames: np.ndarray) -> None:
        """Take frames (time, …), a memory map or a part of one."""
        whole = map_of(frames)
        mapping = None if whole is None else whole.base
        self._mapping = mapping if isinstance(mapping, mmap.mmap) and frames.size else None
        if self._mapping is None:
            return
        begin, end = np.lib.array_utils.byte_bounds(frames[:1])
        self._first = begin - np.frombuffer(self._mapping, dtype="uint8").ctypes.data
        self._frame_bytes = end - begin
        self._step = frames.strides[0]

    def fetch(self, starts: np.ndarray, n_frames: int) -> None:
        """Begin to read so many frames from each start on; returns before they are there."""
        if self._mapping is not None:
            with contextlib.suppress(OSError):  # it is advice, which some systems take from nobody
                for place, size in self.spans(starts, n_frames):
                    self._mapping.madvise(mmap.MADV_WILLNEED, place, size)

    def spans(self, starts: np.ndarray, n_frames: int) -> Iterator[tuple[int, int]]:
        """Where those frames lie in the map: first byte, at the edge of a page, and bytes."""
        rows, length = starts, n_frames * self._frame_bytes
        if (
            self._step != self._frame_bytes
        ):  # what lies between, such as other channels, is not read
            rows, length = starts[:, None] + np.arange(n_frames), self._frame_bytes
        for row in rows.flat:
            begin = self._first + int(row) * self._step
            for place in range(begin - begin % mmap.PAGESIZE, begin + length, _PIECE_BYTES):
                yield place, min(_PIECE_BYTES, begin + length - place)


def map_of(frames: np.ndarray) -> np.memmap | None:
    """The map of a whole file that an array is a part of; None if it is none of one."""
    chain = [frames]
    while (base := getattr(chain[-1], "base", None)) is not None:
        chain.append(base)
    # A part of a map is a map too: the last one in the chain is the file's.
    maps = [array for array in chain if isinstance(array, np.memmap)]
    return maps[-1] if maps and maps[-1].filename is not None else None
