"""Chunks that are absent from a Zarr store: what an interrupted copy leaves, and reading hides."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import zarr

from pipelines.weather_fields import Field

__all__ = ["Absent", "absent_chunks"]


@dataclass(frozen=True)
class Absent:
    """Chunks of one array that its store has no file for."""

    count: int
    first: np.datetime64
    """Of the times asked for, the first in one of them."""
    reads_as: float
    """Value that is read there, in the units of the file; NaN where it counts as missing."""


def absent_chunks(field: Field, times: np.ndarray, levels: Sequence[float]) -> Absent | None:
    """The chunks that hold `times` and `levels` of a field, and that its store lacks.

    Names are listed and nothing is read, so of a sharded array whole shards are found only. A
    chunk that was never written because all of it is the fill value looks the same. None where
    nothing is absent, or the field lies in no Zarr store.
    """
    if not field.source.is_zarr:
        return None
    wanted = np.isin(field.times, times)
    own, frames = field.times[wanted], field.order[wanted]
    array = zarr.open_array(str(field.source.path), path=field.name, mode="r")
    sizes = dict(zip(field.array.dims, array.shards or array.chunks, strict=True))
    rows = frames // sizes[field.source.time_dim]
    indices = []
    for dim, length in zip(field.array.dims, array.shape, strict=True):
        if dim == field.source.time_dim:
            indices.append(np.unique(rows))
        elif dim == field.level_dim:
            places = np.array([field.levels.index(level) for level in levels])
            indices.append(np.unique(places // sizes[dim]))
        else:
            indices.append(np.arange(-(-length // sizes[dim])))
    folder, listed = field.source.path / field.name, {}
    axis = field.array.dims.index(field.source.time_dim)
    absent = [
        int(place[axis])
        for place in product(*indices)
        if not _exists(folder / array.metadata.encode_chunk_key(tuple(map(int, place))), listed)
    ]
    if not absent:
        return None
    return Absent(len(absent), own[np.isin(rows, absent)][0], _decoded_fill(field, array))


def _exists(file: Path, listed: dict[Path, set[str]]) -> bool:
    """Whether a file is there; folders are listed once."""
    if file.parent not in listed:
        is_folder = file.parent.is_dir()
        listed[file.parent] = set(os.listdir(file.parent)) if is_folder else set()
    return file.name in listed[file.parent]


def _decoded_fill(field: Field, array: zarr.Array) -> float:
    """What is read where nothing is stored."""
    fill, encoding = array.fill_value, field.array.encoding
    if fill is None:
        fill = 0
    missing = [encoding[key] for key in ("_FillValue", "missing_value") if key in encoding]
    if any(np.array_equal(fill, value) for value in missing):
        return np.nan
    return float(fill) * encoding.get("scale_factor", 1) + encoding.get("add_offset", 0)
