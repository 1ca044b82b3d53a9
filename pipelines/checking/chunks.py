"""Chunks of a Zarr store that are not there: their values are made up by the fill value."""

import os
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from pipelines.checking.labels import Labelled

__all__ = ["Absent", "absent_chunks"]


@dataclass(frozen=True, eq=False)
class Absent:
    """What is not there of one array."""

    chunks: int
    """How many chunks of the wanted frames."""
    of: int
    """How many there should be."""
    per_frame: np.ndarray
    """Values of each wanted frame that lie in them."""
    reads_as: float
    """What their values read as: NaN, or a number."""
    everywhere: bool
    """Whether the same places are absent at all times, as the sea is of land data."""


def absent_chunks(path: Path, name: str, labelled: Labelled) -> Absent | None:
    """The absent chunks of an array along the frames of a dataset; None if all are there.

    Of sharded arrays whole shards are looked for. Names are listed, and nothing is read.
    """
    array: Any = zarr.open_group(str(path), mode="r")[name]
    dims = list(getattr(array.metadata, "dimension_names", None) or ())
    dims = dims or list(array.attrs.get("_ARRAY_DIMENSIONS", ()))
    if labelled.time_dim not in dims:
        return None
    stored = array.shards or array.chunks
    shape = array.shape
    grid = [-(-size // chunk) for size, chunk in zip(shape, stored, strict=True)]
    there = _names_in(path / name)
    absent = np.zeros(grid, dtype=bool)
    time = dims.index(labelled.time_dim)
    wanted = np.unique(labelled.frames // stored[time])
    places = [range(size) for size in grid]
    places[time] = wanted.tolist()
    for place in product(*places):
        absent[place] = array.metadata.encode_chunk_key(place) not in there
    if not absent.any():
        return None
    of_times = np.moveaxis(absent, time, 0)
    values = of_times.astype("int64")
    inner = [axis for axis in range(len(dims)) if axis != time]
    for axis in reversed(inner):  # the last axis is summed first
        edges = np.minimum((np.arange(grid[axis]) + 1) * stored[axis], shape[axis])
        values = values @ np.diff(edges, prepend=0)
    chosen = of_times[wanted]
    return Absent(
        chunks=int(chosen.sum()),
        of=int(chosen.size),
        per_frame=values[labelled.frames // stored[time]],
        reads_as=_reads_as(array, labelled.dataset[name].encoding),
        everywhere=bool((chosen == chosen[:1]).all()) and not bool(chosen.all()),
    )


def _reads_as(array: Any, encoding: dict[Any, Any]) -> float:
    fill = array.fill_value
    number = 0.0 if fill is None else float(np.asarray(fill).astype("float64"))
    masked = encoding.get("_FillValue", encoding.get("missing_value"))
    if np.isnan(number) or (masked is not None and float(np.ravel(masked)[0]) == number):
        return float("nan")
    scale, offset = encoding.get("scale_factor", 1.0), encoding.get("add_offset", 0.0)
    return number * float(np.ravel(scale)[0]) + float(np.ravel(offset)[0])


def _names_in(folder: Path) -> set[str]:
    found = set()
    for place, _, files in os.walk(folder):
        within = os.path.relpath(place, folder)
        prefix = "" if within == "." else within.replace(os.sep, "/") + "/"
        found.update(prefix + file for file in files)
    return found
