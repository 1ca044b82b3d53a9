"""Frames of fields, lazy: each dask chunk reads its part of one file and puts it in order."""

from collections.abc import Sequence
from typing import Any

import dask.array as da
import numpy as np
from dask.base import tokenize

from pipelines.units import Conversion
from pipelines.weather_fields import Field

__all__ = ["CHUNK_BYTES", "frames_in_chunk", "lazy_frames"]

CHUNK_BYTES = 32 * 2**20


def frames_in_chunk(channels: int, shape: tuple[int, int]) -> int:
    """How many frames of float32 make a chunk of some tens of megabytes."""
    return max(CHUNK_BYTES // (4 * channels * shape[0] * shape[1]), 1)


def lazy_frames(
    field: Field,
    *,
    times: np.ndarray,
    levels: Sequence[float],
    conversion: Conversion,
    frames: int,
) -> da.Array:
    """The field at its `times`, as (time, level, y, x) on the grid and in the units of the series.

    Args:
        times: some of the field's.
        levels: hPa, in the wanted order; empty where the variable has none.
        frames: in one chunk, unless the file is stored in longer ones.
    """
    kept = field.order[np.searchsorted(field.times, times)]
    time_dim, level_dim = field.source.time_dim, field.level_dim
    chosen = _as_slice(kept)
    variable = field.array.variable.isel({time_dim: chosen})
    if level_dim is not None:
        places = np.array([field.levels.index(level) for level in levels])
        variable = variable.isel({level_dim: _as_slice(places)})
    dims = [time_dim, *([level_dim] if level_dim else []), field.y_dim, field.x_dim]
    variable = variable.isel({dim: 0 for dim in variable.dims if dim not in dims})
    stored = field.array.encoding.get("preferred_chunks", {}).get(time_dim, 1)
    if isinstance(chosen, slice):  # so many of the chosen frames lie in one stored chunk
        stored = max(stored // abs(chosen.step or 1), 1)
    chunked: Any = variable.chunk(
        dict.fromkeys(variable.dims, -1) | {time_dim: _aligned(frames, stored)},
        name=_token(field, times, levels),
    ).data
    ordered = chunked.transpose([variable.dims.index(dim) for dim in dims])
    if level_dim is None:
        ordered = ordered[:, None]
    grid = field.placement.grid
    return ordered.map_blocks(
        _arrange,
        rows=_as_slice(field.placement.rows),
        columns=field.placement.columns,
        conversion=conversion,
        dtype="float32",
        chunks=(*ordered.chunks[:2], (grid.shape[0],), (grid.shape[1],)),
        meta=np.empty((0, 0, 0, 0), dtype="float32"),
    )


def _arrange(
    block: np.ndarray, *, rows: slice | np.ndarray, columns: np.ndarray, conversion: Conversion
) -> np.ndarray:
    placed = block[:, :, rows]
    if not np.array_equal(columns, np.arange(block.shape[-1])):
        placed = placed[..., columns]
    # Convert in the precision of the file: packed integers come as float64.
    return np.ascontiguousarray(conversion.apply(placed), dtype="float32")


def _aligned(frames: int, stored: int) -> int:
    """Frames of a chunk in whole stored chunks, so that none is read and unpacked twice."""
    if stored <= frames:
        return frames - frames % stored
    return stored if stored <= 4 * frames else frames


def _as_slice(indices: np.ndarray) -> slice | np.ndarray:
    """The same selection as a slice, where it is one: files read slices much faster."""
    steps = np.unique(np.diff(indices))
    if len(indices) == 1:
        return slice(int(indices[0]), int(indices[0]) + 1)
    if len(steps) != 1 or steps[0] == 0:
        return indices
    step = int(steps[0])
    stop = int(indices[-1]) + (1 if step > 0 else -1)
    return slice(int(indices[0]), stop if stop >= 0 else None, step)


def _token(field: Field, times: np.ndarray, levels: Sequence[float]) -> str:
    changed = field.source.path.stat().st_mtime_ns
    key = tokenize(str(field.source.path.resolve()), changed, field.name, times, list(levels))
    return f"{field.variable.short}-{key}"
