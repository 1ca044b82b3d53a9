"""A fetch cut into blocks: whole source chunks of one variable, each read once, checked and written.

A block is what an interrupted fetch loses at most in each thread.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import zarr
from zarr.errors import BaseZarrError

from pipelines.fetching.failure import FetchError
from pipelines.fetching.remote import CheckedStore

__all__ = ["Block", "Piece", "chunk_sizes", "flush_chunks", "plan_blocks", "read_block"]

_FIELD_CHUNK_BYTES = 4 * 2**20
"""Bytes of a chunk of the copy, about: small enough to read single frames, large enough for disks."""


@dataclass(frozen=True)
class Block:
    """Frames of one variable: `first` up to `stop`, counted in the copy."""

    variable: str
    first: int
    stop: int

    @property
    def key(self) -> str:
        """What it is called in the journal."""
        return f"{self.variable}:{self.first}-{self.stop}"


@dataclass(frozen=True, eq=False)
class Piece:
    """What was read of a block."""

    values: np.ndarray
    """As stored: packed numbers stay packed."""
    absent: tuple[str, ...]
    """Keys of chunks that the source does not have; their values are the array's fill value."""
    absent_at: int | None
    """The first frame, counted in the copy, that an absent chunk touches."""
    infinite: int
    """How many values are infinite."""
    infinite_at: int | None
    """The first frame, counted in the copy, that holds one."""


def chunk_sizes(
    dims: Sequence[str],
    shape: Sequence[int],
    *,
    itemsize: int,
    time_dim: str,
    level_dim: str | None,
) -> tuple[int, ...]:
    """Chunks of a copy: whole fields of one level, and as many frames as make some megabytes."""
    field = itemsize
    for dim, size in zip(dims, shape, strict=True):
        field *= 1 if dim in (time_dim, level_dim) else size
    frames = max(1, _FIELD_CHUNK_BYTES // field)
    sizes = {time_dim: frames, level_dim: 1}
    return tuple(min(sizes.get(dim, size), size) for dim, size in zip(dims, shape, strict=True))


def plan_blocks(
    variable: str, frames: np.ndarray, *, source_chunk: int, target_chunk: int
) -> list[Block]:
    """Blocks that together hold each wanted frame once, and share no source chunk.

    Args:
        variable: name in the source.
        frames: places along the source's time axis, increasing.
        source_chunk: frames in a chunk of the source.
        target_chunk: frames in a chunk of the copy; a block holds the source chunks that begin in one.
    """
    starts = np.flatnonzero(np.diff(frames // source_chunk, prepend=-1))
    firsts = starts[np.diff(starts // target_chunk, prepend=-1) != 0]
    edges = [*firsts.tolist(), len(frames)]
    return [Block(variable, first, stop) for first, stop in pairwise(edges)]


def read_block(
    array: zarr.Array, store: CheckedStore, block: Block, indices: tuple[np.ndarray, ...], axis: int
) -> Piece:
    """The values of a block, with what is wrong with them.

    Args:
        array: of the source, in `store`.
        store: where absent keys are noted.
        block: which frames.
        indices: wanted places along each dimension of the array.
        axis: of time.

    Raises:
        FetchError: a chunk cannot be had or unpacked.
    """
    wanted = list(indices)
    wanted[axis] = indices[axis][block.first : block.stop]
    try:
        values = np.asarray(array.get_orthogonal_selection(tuple(map(_slice, wanted))))
    except FetchError:
        raise
    except _UNDECODABLE as error:
        # Perhaps it went wrong on the way: the second reading, chunk by chunk, finds out.
        values = _read_chunkwise(array, store, wanted, error)
    absent, absent_at = [], None
    for key, region in _chunks(array, wanted):
        if key in store.absent:
            absent.append(key)
            values[np.ix_(*region)] = _missing_value(array, key, store)
            first = block.first + int(region[axis][0])
            absent_at = first if absent_at is None else min(absent_at, first)
    infinite = np.isinf(values) if values.dtype.kind == "f" else np.zeros((1,) * values.ndim, bool)
    infinite_at = None
    if infinite.any():
        others = tuple(other for other in range(values.ndim) if other != axis)
        infinite_at = block.first + int(np.argmax(infinite.any(axis=others)))
        values[infinite] = np.nan
    return Piece(values, tuple(absent), absent_at, int(infinite.sum()), infinite_at)


# What codecs raise on bytes that are not theirs.
_UNDECODABLE = (ValueError, RuntimeError, OSError, TypeError, EOFError, KeyError, BaseZarrError)


def _read_chunkwise(
    array: zarr.Array, store: CheckedStore, wanted: Sequence[np.ndarray], error: Exception
) -> np.ndarray:
    values = np.empty([len(places) for places in wanted], dtype=array.dtype)
    for key, region in _chunks(array, wanted):
        places = tuple(axis[part] for axis, part in zip(wanted, region, strict=True))
        try:
            values[np.ix_(*region)] = array.get_orthogonal_selection(tuple(map(_slice, places)))
        except FetchError:
            raise
        except _UNDECODABLE as again:
            raise FetchError(
                f"{store.address}/{key} cannot be unpacked ({again}): the chunk is damaged in the "
                "source. Choose other times or variables, or another source."
            ) from error
    return values


def _missing_value(array: zarr.Array, key: str, store: CheckedStore) -> float | int:
    """What says "missing" in an array; for packed numbers its own mark."""
    if array.dtype.kind == "f":
        return float("nan")
    mark = array.attrs.get("_FillValue")
    # Format 2 keeps the mark beside the attributes.
    mark = array.fill_value if mark is None and array.metadata.zarr_format == 2 else mark
    if not isinstance(mark, int | np.integer):
        raise FetchError(
            f"{store.address}/{key} is absent, and {array.dtype} numbers without a _FillValue "
            "cannot say so; choose times without it."
        )
    return int(mark)


def _chunks(
    array: zarr.Array, wanted: Sequence[np.ndarray]
) -> Iterator[tuple[str, tuple[np.ndarray, ...]]]:
    """Key of each stored chunk that the wanted places touch, and which of these lie in it."""
    sizes = array.shards or array.chunks
    per_axis = []
    for places, size in zip(wanted, sizes, strict=True):
        owner = places // size
        per_axis.append([(int(at), np.flatnonzero(owner == at)) for at in np.unique(owner)])
    for combination in product(*per_axis):
        coordinates = tuple(at for at, _ in combination)
        key = f"{array.path}/{array.metadata.encode_chunk_key(coordinates)}"
        yield key, tuple(region for _, region in combination)


def flush_chunks(folder: Path, array: zarr.Array, wanted: Sequence[np.ndarray]) -> None:
    """Make sure that the chunks of a local array that hold some places are on the disk."""
    for key, _ in _chunks(array, wanted):
        descriptor = os.open(folder / key, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _slice(places: np.ndarray) -> slice | np.ndarray:
    """Evenly spaced places as a slice, which zarr reads faster."""
    steps = np.unique(np.diff(places))
    if len(steps) > 1:
        return places
    step = int(steps[0]) if len(steps) else 1
    return slice(int(places[0]), int(places[-1]) + 1, step)
