"""Frames of flows in HDF5 files: looked through once for what is wrong, then read when asked for.

N: frame, C: channel (inflow, outflow), Y: row, X: column.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
from dask.base import tokenize
from jaxtyping import Float, Int, Num

from pipelines.traffic_files import FlowFile, open_hdf5
from pipelines.weather_frames import frames_in_chunk

__all__ = ["FlowFrames", "Reader", "Survey", "as_counts", "lazy_flows", "survey"]


@dataclass(frozen=True, eq=False)
class Survey:
    """What is in the frames of a file."""

    negative: Int[np.ndarray, "N C"]
    """Values below 0 in each frame and channel."""
    not_finite: Int[np.ndarray, "N C"]
    """NaN and infinite values in each frame and channel."""
    digests: dict[int, bytes]
    """A hash of each of the rows that were asked after; equal for equal frames."""


Reader = Callable[[np.ndarray], np.ndarray]
"""Gives some frames by their places in a series: vehicles, float32 (N, 2, Y, X), NaN where missing."""


def survey(file: FlowFile, *, digest_rows: Int[np.ndarray, "M"]) -> Survey:
    """What is wrong in a file, and what its frames are told apart by; a block in memory at once.

    Raises:
        ValueError: the file is damaged.
    """
    negative, not_finite, digests = [], [], {}
    for start, block in _blocks(file):
        # Infinite as float32 is infinite: so it would be in the series.
        frames = _as_float32(block)
        negative.append((frames < 0).sum(axis=(2, 3)))
        not_finite.append((~np.isfinite(frames)).sum(axis=(2, 3)))
        inside = digest_rows[(digest_rows >= start) & (digest_rows < start + len(block))]
        for row in inside.tolist():
            digests[row] = hashlib.blake2b(
                as_counts(block[row - start]).data, digest_size=16
            ).digest()
    return Survey(np.concatenate(negative), np.concatenate(not_finite), digests)


def as_counts(values: Num[np.ndarray, "*N Y X"]) -> Float[np.ndarray, "*N Y X"]:
    """Values as float32 vehicles: what is negative or not finite is missing (NaN)."""
    frames = _as_float32(values) + np.float32(
        0
    )  # −0 becomes 0, so that equal frames have equal bytes
    frames[~(np.isfinite(frames) & (frames >= 0))] = np.nan
    return np.ascontiguousarray(frames)


def _as_float32(values: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return values.astype("float32")


def _blocks(file: FlowFile) -> Iterator[tuple[int, np.ndarray]]:
    frames = frames_in_chunk(2, file.shape)
    with open_hdf5(file.path) as opened:
        data: Any = opened["data"]
        for start in range(0, len(file.times), frames):
            yield start, data[start : start + frames]


@dataclass(frozen=True, eq=False)
class FlowFrames:
    """Reads frames from one file or several: frame n is row `rows[n]` of file `owners[n]`."""

    paths: Sequence[Path]
    owners: Int[np.ndarray, "N"]
    rows: Int[np.ndarray, "N"]

    def __call__(self, frames: Int[np.ndarray, "M"]) -> Float[np.ndarray, "M 2 Y X"]:
        """Vehicles, float32; NaN where missing."""
        owners, rows = self.owners[frames], self.rows[frames]
        result: Any = None
        for owner in np.unique(owners):
            chosen = np.flatnonzero(owners == owner)
            with open_hdf5(self.paths[owner]) as file:
                counts = as_counts(_read(file["data"], rows[chosen]))
            if result is None:
                result = np.empty((len(frames), *counts.shape[1:]), dtype="float32")
            result[chosen] = counts
        return result


def _read(data: Any, rows: np.ndarray) -> np.ndarray:
    first, last = int(rows.min()), int(rows.max())
    # Files read one range much faster than many rows; a few rows far apart are not worth it.
    if last - first < 4 * len(rows):
        return data[first : last + 1][rows - first]
    order = np.argsort(rows)
    found = data[rows[order]]
    return found[np.argsort(order)]


def lazy_flows(
    reader: Reader,
    *,
    n_frames: int,
    shape: tuple[int, int],
    channels: Sequence[int],
    key: object,
) -> da.Array:
    """Frames (time, channel, y, x) that are read by blocks, or one by one, when asked for.

    Args:
        channels: 0 for inflow, 1 for outflow.
        key: what tells these frames from others.
    """
    frames = _Frames(reader, (n_frames, len(channels), *shape), tuple(channels))
    chunks: Any = (frames_in_chunk(2, shape), -1, -1, -1)
    return da.from_array(
        frames,
        chunks=chunks,
        name=f"flows-{tokenize(key, n_frames, shape, tuple(channels))}",
        meta=np.empty((0, 0, 0, 0), dtype="float32"),
    )


class _Frames:
    """What dask needs of an array: its size, and its parts on demand."""

    dtype = np.dtype("float32")
    ndim = 4

    def __init__(
        self, reader: Reader, shape: tuple[int, int, int, int], channels: tuple[int, ...]
    ) -> None:
        self.shape = shape
        self._reader = reader
        self._channels = list(channels)

    def __getitem__(self, index: tuple[Any, ...]) -> np.ndarray:
        wanted = np.arange(self.shape[0])[index[0]]
        if not np.size(wanted):
            return np.empty((0, *self.shape[1:]), dtype="float32")[(slice(None), *index[1:])]
        block = self._reader(np.atleast_1d(wanted))[:, self._channels]
        if not np.ndim(wanted):
            return block[(0, *index[1:])]
        return block[(slice(None), *index[1:])]
