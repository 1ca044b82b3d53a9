"""The copy that a fetch makes: a local Zarr store, empty at first, filled block by block in threads."""

import threading
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import dask.array
import numpy as np
import xarray as xr
import zarr
from zarr.codecs import BloscCodec
from zarr.errors import ZarrUserWarning

from pipelines.fetching.blocks import Block, Piece, chunk_sizes, flush_chunks, read_block
from pipelines.fetching.remote import CheckedStore
from pipelines.fetching.selection import Selection
from pipelines.fetching.workplace import Workplace

__all__ = ["Copying", "consolidate", "copy_blocks", "write_template"]

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Copying:
    """One fetch: from where, what, and to where."""

    store: CheckedStore
    source: zarr.Group
    dataset: xr.Dataset
    """Labels of the source, neither decoded nor read."""
    selection: Selection
    allow_missing: bool
    """Whether absent chunks and infinite values are written as missing."""
    locks: defaultdict[str, threading.Lock] = field(
        default_factory=lambda: defaultdict(threading.Lock)
    )
    """Of each variable: neighbouring blocks share a chunk of the copy."""


def write_template(copying: Copying, folder: Path, *, told: dict[str, str]) -> None:
    """Write the labels, coordinates and fields without time of the copy; its values are to come.

    Names, attributes, order of dimensions and packing are the source's.
    """
    chosen = copying.selection
    arrays, encoding = {}, {}
    dataset = _selected(copying)
    for name in chosen.variables:
        array = dataset[name]
        sizes = chunk_sizes(
            list(map(str, array.dims)),
            array.shape,
            itemsize=array.dtype.itemsize,
            time_dim=chosen.time_dim,
            level_dim=chosen.level_dim,
        )
        empty = dask.array.empty(array.shape, chunks=-1, dtype=array.dtype)
        arrays[name] = xr.Variable(array.dims, empty, array.attrs)
        compressor = BloscCodec(cname="zstd", clevel=3, shuffle="shuffle")
        encoding[name] = {"chunks": sizes, "compressors": [compressor]}
    arrays |= {name: dataset[name].load().variable for name in chosen.static}
    coordinates = {
        name: array.load().variable
        for name, array in dataset.coords.items()
        if set(array.dims) <= {dim for name in arrays for dim in arrays[name].dims}
    }
    template = xr.Dataset(arrays, coords=coordinates, attrs=dataset.attrs | told)
    template = template.drop_encoding()
    template.to_zarr(folder, zarr_format=3, consolidated=False, compute=False, encoding=encoding)


def _selected(copying: Copying) -> xr.Dataset:
    chosen = copying.selection
    places: dict[str, np.ndarray] = {chosen.time_dim: chosen.frames}
    if chosen.level_dim is not None:
        places[chosen.level_dim] = chosen.levels
    return copying.dataset[[*chosen.variables, *chosen.static]].isel(places)


def copy_blocks(
    copying: Copying,
    place: Workplace,
    blocks: Sequence[Block],
    *,
    workers: int,
    progress: Progress,
) -> list[tuple[Block, Piece]]:
    """Read, check and write blocks in threads, and write down each one that is done.

    Gives the blocks that are not, since they hold absent chunks or infinite values that are not
    allowed; the others are done all the same.

    Args:
        progress: told the values done and in all, of these blocks, in bytes.

    Raises:
        FetchError: the source fails; what is done already stays.
    """
    target = zarr.open_group(place.data, mode="r+", use_consolidated=False)
    total = sum(_size(copying, block) for block in blocks)
    done, refused = 0, []
    waiting, running = iter(blocks), dict[Future[Piece], Block]()
    progress(0, total)
    with ThreadPoolExecutor(workers) as pool:
        try:
            while True:
                # Few in advance: what is read waits in memory until it is written.
                for block in islice(waiting, workers - len(running)):
                    running[pool.submit(_copy, copying, place, target, block)] = block
                if not running:
                    return refused
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    block, piece = running.pop(future), future.result()
                    done += _size(copying, block)
                    progress(done, total)
                    if _is_refused(copying, piece):
                        refused.append((block, piece))
                    else:
                        place.finish(block.key, _facts(piece))
        except BaseException:
            copying.store.stop.set()  # the others stop where they wait for the network
            raise


def _copy(copying: Copying, place: Workplace, target: zarr.Group, block: Block) -> Piece:
    source, copy = copying.source[block.variable], target[block.variable]
    if not isinstance(source, zarr.Array) or not isinstance(copy, zarr.Array):
        raise TypeError(f"{block.variable} is no array.")
    array = copying.dataset[block.variable]
    axis = array.dims.index(copying.selection.time_dim)
    indices = copying.selection.indices(list(map(str, array.dims)), array.shape)
    piece = read_block(source, copying.store, block, indices, axis)
    if _is_refused(copying, piece):
        return piece
    # A chunk that was not written would read as missing: chunks that are all missing are written.
    copy = copy.with_config({"write_empty_chunks": True})
    places = [np.arange(size) for size in copy.shape]
    places[axis] = np.arange(block.first, block.stop)
    with copying.locks[block.variable]:
        copy[tuple(slice(int(part[0]), int(part[-1]) + 1) for part in places)] = piece.values
        flush_chunks(place.data, copy, places)
    return piece


def _is_refused(copying: Copying, piece: Piece) -> bool:
    return bool(piece.absent or piece.infinite) and not copying.allow_missing


def _facts(piece: Piece) -> dict[str, int]:
    return {"absent": len(piece.absent), "infinite": piece.infinite}


def _size(copying: Copying, block: Block) -> int:
    """Bytes of a block in the copy, unpacked."""
    array = copying.dataset[block.variable]
    indices = copying.selection.indices(list(map(str, array.dims)), array.shape)
    frame = np.prod([len(places) for places in indices]) // len(copying.selection.frames)
    return int(frame) * (block.stop - block.first) * array.dtype.itemsize


def consolidate(folder: Path, *, told: dict[str, str]) -> None:
    """Add attributes to a store, and gather its metadata in one file, so that it opens quickly."""
    zarr.open_group(folder, mode="r+", use_consolidated=False).attrs.update(told)
    with warnings.catch_warnings():
        # Format 3 does not name consolidation yet; zarr and xarray read it, others skip it.
        warnings.simplefilter("ignore", ZarrUserWarning)
        zarr.consolidate_metadata(folder, zarr_format=3)
