"""New frames made of those of a series, lazily: taken over, interpolated, averaged, or missing.

N: new frame.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr
from dask.delayed import delayed
from jaxtyping import Float, Int

__all__ = ["Plan", "take_frames"]

_BLOCK_BYTES = 32 * 2**20


@dataclass(frozen=True, eq=False)
class Plan:
    """Which frames of a series each new frame is made of."""

    times: np.ndarray
    starts: Int[np.ndarray, "N"]
    stops: Int[np.ndarray, "N"]
    """From the first to before the last; nothing where both are equal."""
    weights: Float[np.ndarray, "N"]
    """Of the second of two frames, in linear interpolation; NaN where a mean is taken."""

    @property
    def counts(self) -> np.ndarray:
        """Frames that each new one is made of."""
        return self.stops - self.starts

    def only(self, kept: np.ndarray) -> "Plan":
        """The new frames that are to be kept."""
        return Plan(self.times[kept], self.starts[kept], self.stops[kept], self.weights[kept])


def take_frames(series: xr.DataArray, plan: Plan) -> xr.DataArray:
    """The new frames, and the labels of the last frame that each is made of."""
    old = series["time"].values.astype("datetime64[ns]")
    if np.array_equal(plan.times, old) and (plan.counts == 1).all():
        return series
    blocks = [_block(series, part) for part in _blocks(series, plan)]
    coordinates: dict[str, Any] = {"time": plan.times}
    for name in series.coords:
        if name == "time":
            continue
        coordinate = series[name].variable
        if coordinate.dims != ("time",):
            coordinates[str(name)] = coordinate
            continue
        values = coordinate.values
        # Absent is NaN, and no whole number or truth value can be that.
        values = values.astype("float64") if values.dtype.kind in "iub" else values
        blank: Any = np.nan if values.dtype.kind == "f" else np.zeros(1, values.dtype)[0]
        last = np.where(plan.counts > 0, values[np.maximum(plan.stops - 1, 0)], blank)
        coordinates[str(name)] = ("time", last, coordinate.attrs)
    return xr.DataArray(
        da.concatenate(blocks, axis=0),
        dims=series.dims,
        coords=coordinates,
        name=series.name,
        attrs=series.attrs,
    )


def _blocks(series: xr.DataArray, plan: Plan) -> Iterator[Plan]:
    """Parts of the plan that end with a chunk of the series, and fit in memory."""
    frame_bytes = max(4 * int(np.prod(series.shape[1:])), 1)
    most = max(_BLOCK_BYTES // frame_bytes, 1)
    if series.chunks is None:
        ends = np.arange(most, series.sizes["time"] + most, most)
    else:
        ends = np.cumsum(series.chunks[0])
    chunk = np.searchsorted(ends, plan.stops - 1, side="right")
    chunk = np.maximum.accumulate(np.where(plan.counts > 0, chunk, 0))
    edges = np.flatnonzero(np.diff(chunk, prepend=-1, append=-1))
    for start, stop in pairwise(edges):
        for first in range(start, stop, most):
            yield plan.only(np.arange(first, min(first + most, stop)))


def _block(series: xr.DataArray, plan: Plan) -> da.Array:
    """The lazy frames of one part of the plan."""
    n_times, shape = len(plan.times), series.shape[1:]
    made = plan.counts > 0
    if not made.any():
        return da.full((n_times, *shape), np.nan, dtype="float32")
    low, high = int(plan.starts[made].min()), int(plan.stops[made].max())
    starts = np.where(made, plan.starts - low, 0)
    stops = np.where(made, plan.stops - low, 0)
    frames = series.data
    if series.chunks is None:
        # dask would copy and hash an array that it is given: it is given a way to read one.
        def read() -> np.ndarray:
            return np.asarray(frames[low:high])

        source = da.from_delayed(
            delayed(read, pure=False)(), shape=(high - low, *shape), dtype=series.dtype
        )
    else:
        source = frames[low:high].rechunk({0: -1})
    return source.map_blocks(
        _combine,
        starts=starts,
        stops=stops,
        weights=plan.weights,
        dtype="float32",
        chunks=((n_times,), *source.chunks[1:]),
        meta=np.empty((0,) * source.ndim, dtype="float32"),
    )


def _combine(
    frames: np.ndarray, *, starts: np.ndarray, stops: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    made = np.full((len(starts), *frames.shape[1:]), np.nan, dtype="float32")
    for row, (start, stop, weight) in enumerate(zip(starts, stops, weights, strict=True)):
        if stop - start == 1:
            made[row] = frames[start]
        elif stop > start and np.isfinite(weight):
            # From the first frame on: two equal values give that value.
            made[row] = frames[start] + np.float32(weight) * (frames[start + 1] - frames[start])
        elif stop > start:
            values = frames[start:stop].astype("float64")
            present = np.isfinite(values)
            count = present.sum(axis=0)
            total = np.where(present, values, 0).sum(axis=0)
            enough = 2 * count >= stop - start
            made[row] = np.divide(total, count, np.full(total.shape, np.nan), where=enough)
    return made
