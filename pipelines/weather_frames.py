"""Frames of fields, lazy: each dask chunk reads its part of the files and puts it in order."""

import itertools
from collections.abc import Mapping, Sequence

import dask.array as da
import numpy as np
from dask.base import tokenize

from pipelines.units import Conversion
from pipelines.weather_fields import Field, as_slice
from pipelines.weather_parts import Part

__all__ = ["CHUNK_BYTES", "frames_in_chunk", "held_by", "lazy_frames", "time_chunks"]

CHUNK_BYTES = 32 * 2**20


def frames_in_chunk(channels: int, shape: tuple[int, int]) -> int:
    """How many frames of float32 make a chunk of some tens of megabytes."""
    return max(CHUNK_BYTES // (4 * channels * shape[0] * shape[1]), 1)


def lazy_frames(
    parts: Sequence[Part],
    times: np.ndarray,
    conversions: Mapping[Field, Conversion],
    *,
    chunks: tuple[int, ...],
) -> da.Array:
    """The frames (time, channel, y, x) of channels that come from the same fields, float32.

    They are on the grid and in the units of the series. At a time that no field has, all is NaN.

    Args:
        times: in order.
        chunks: how many times each dask chunk holds.
    """
    frames = _Frames(parts, times, conversions)
    fields = parts[0].fields
    changed = [field.source.path.stat().st_mtime_ns for field in fields]
    paths = [str(field.source.path.resolve()) for field in fields]
    name = parts[0].variable.short
    names = [field.name for field in fields]
    token = tokenize(paths, changed, names, times, [part.level for part in parts])
    return da.from_array(
        frames,
        chunks=(chunks, *((size,) for size in frames.shape[1:])),  # type: ignore[arg-type]
        name=f"{name}-{token}",
        asarray=False,
        meta=np.empty((0, 0, 0, 0), dtype="float32"),
    )


class _Frames:
    """What dask cuts into chunks: it has a shape, and reads the frames that are asked for."""

    def __init__(
        self, parts: Sequence[Part], times: np.ndarray, conversions: Mapping[Field, Conversion]
    ) -> None:
        self._fields = [(field, conversions[field]) for field in parts[0].fields]
        self._levels = [part.level for part in parts if part.level is not None]
        self._holders, self._frames = held_by(parts[0].fields, times)
        self.shape = (len(times), len(parts), *parts[0].fields[0].placement.grid.shape)
        self.dtype, self.ndim = np.dtype("float32"), 4

    def __getitem__(self, index: tuple[slice | np.ndarray | int, ...]) -> np.ndarray:
        """Values; of times and levels only those in the index are read."""
        times = np.atleast_1d(np.arange(self.shape[0])[index[0]])
        channels = np.atleast_1d(np.arange(self.shape[1])[index[1]])
        holders, frames = self._holders[times], self._frames[times]
        levels = [self._levels[channel] for channel in channels] if self._levels else []
        result = np.full((len(times), len(channels), *self.shape[2:]), np.nan, dtype="float32")
        for holder in np.unique(holders[holders >= 0]):
            field, conversion = self._fields[holder]
            own = np.flatnonzero(holders == holder)
            values = field.read(as_slice(frames[own]), levels)
            result[as_slice(own)] = _arranged(field, conversion.apply(values))
        for axis, kept in reversed(list(enumerate(index))):
            if axis > 1 or not isinstance(kept, slice | np.ndarray | list):
                single = kept if axis > 1 else 0
                result = result[(*[slice(None)] * axis, single)]
        return result


def held_by(fields: Sequence[Field], times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which field holds each time (−1: none), and which of the file's frames it is there."""
    holders, frames = np.full(len(times), -1), np.full(len(times), -1)
    for number, field in enumerate(fields):
        places = np.searchsorted(field.times, times)
        places[places == len(field.times)] = 0
        own = field.times[places] == times
        holders[own] = number
        frames[own] = field.order[places[own]]
    return holders, frames


def time_chunks(
    groups: Sequence[Sequence[Field]], times: np.ndarray, *, channels: int, shape: tuple[int, int]
) -> tuple[int, ...]:
    """How many times go into each chunk: tens of megabytes, in whole stored chunks of the files.

    Args:
        groups: the fields of each variable; those that are stored in the longest chunks decide.
        channels, shape: of a frame.
    """
    frames = frames_in_chunk(channels, shape)
    fields = max(groups, key=lambda group: max(field.stored_chunks["time"] for field in group))
    holders, places = held_by(fields, times)
    edges = np.flatnonzero(np.diff(holders)) + 1  # a chunk ends where a file does
    if len(edges) > len(times) // frames + len(fields):  # but not where files take turns
        edges = edges[:0]
    chunks: list[int] = []
    bounds = [0, *map(int, edges), len(times)]
    for start, stop in itertools.pairwise(bounds):
        stored = fields[holders[start]].stored_chunks["time"] if holders[start] >= 0 else 1
        step = abs(int(places[start + 1] - places[start])) if stop - start > 1 else 1
        lead = int(-places[start] % stored) if step == 1 and holders[start] >= 0 else 0
        if 0 < lead < min(frames, stop - start):  # the first lies inside a stored chunk
            chunks.append(lead)
            start += lead
        stored = max(stored // max(step, 1), 1)  # so many of the wanted frames lie in one
        size = _aligned(frames, stored)
        chunks += [size] * ((stop - start) // size)
        chunks += [rest] if (rest := (stop - start) % size) else []
    return tuple(chunks)


def _aligned(frames: int, stored: int) -> int:
    """Frames of a chunk in whole stored chunks, so that none is read and unpacked twice."""
    if stored <= frames:
        return frames - frames % stored
    return stored if stored <= 4 * frames else frames


def _arranged(field: Field, values: np.ndarray) -> np.ndarray:
    """The rows and columns of the file in the order of the grid."""
    placed = values[:, :, as_slice(field.placement.rows)]
    columns = field.placement.columns
    if not np.array_equal(columns, np.arange(values.shape[-1])):
        placed = placed[..., columns]
    return placed
