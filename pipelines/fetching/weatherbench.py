"""ERA5 from WeatherBench 2's public bucket, or any Zarr store of weather data, as a local Zarr store."""

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import xarray as xr
import zarr

from pipelines.fetching.blocks import Block, Piece, chunk_sizes, plan_blocks
from pipelines.fetching.copying import Copying, consolidate, copy_blocks, write_template
from pipelines.fetching.failure import FetchError, Patience
from pipelines.fetching.remote import CheckedStore, Metadata, open_store, read_metadata, web_address
from pipelines.fetching.selection import Selection, select
from pipelines.fetching.workplace import Workplace, open_workplace
from pipelines.series import names, parse_step

__all__ = ["GRIDS", "fetch_weatherbench"]

_BUCKET = "gs://weatherbench2/datasets/era5"
GRIDS = {
    "64x32": f"{_BUCKET}/1959-2023_01_10-6h-64x32_equiangular_conservative.zarr",
    "240x121": f"{_BUCKET}/1959-2023_01_10-6h-240x121_equiangular_with_poles_conservative.zarr",
    "1440x721": f"{_BUCKET}/1959-2023_01_10-wb13-6h-1440x721.zarr",
}
"""Columns × rows to the store of that grid (weatherbench2.readthedocs.io, data guide)."""

_HEADLINE = ("t2m", "z500", "t850")
"""What WeatherBench compares, and enough to start with."""


def fetch_weatherbench(
    out: Path,
    *,
    source: str | None = None,
    grid: str | None = None,
    variables: Sequence[str] | None = None,
    levels: Sequence[float] | None = None,
    years: str | None = None,
    time_step: str | None = None,
    workers: int = 4,
    retries: int = 5,
    allow_missing: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
    say: Callable[[str], None] = lambda text: None,
    patience: Patience | None = None,
) -> list[Path]:
    """Copy a part of a Zarr store to the folder `out`, which appears when it is whole and checked.

    Args:
        out: a new folder; an interrupted fetch of the same goes on where it was.
        source: gs://, http://, https://, another fsspec address, or a folder; WeatherBench 2's ERA5
            on `grid` unless given.
        grid: a key of `GRIDS`, the first unless given; a source of one's own has its own.
        variables: such as "t2m", "z500"; of WeatherBench 2, t2m, z500 and t850 unless given; ("all",)
            or those of another source unless given: all with a time axis.
        levels: hPa; those that `variables` name, else all.
        years: "2010/2018": years, dates or times, inclusive; all unless given.
        time_step: such as "6h"; the source's own unless given.
        workers: blocks read at a time.
        retries: attempts after the first, at each read.
        allow_missing: write absent chunks and infinite values as missing, and leave out times that the
            source lacks, instead of refusing them.
        progress: told the bytes done and in all.
        say: told what is about to be done, and what was odd.
        patience: instead of `retries`, with pauses too.

    Raises:
        ValueError: the source has not what is asked for, the disk has no room, or `out` is taken.
        FetchError: the source cannot be read, or is not whole.
    """
    if workers < 1:
        raise ValueError(f"workers is {workers}; give 1 or more.")
    if out.exists():
        raise ValueError(f"{out} exists already; name a new folder.")
    if variables is not None and not variables:
        raise ValueError("--variables is empty; name one, or leave it out.")
    if variables is None and source is None:
        variables = _HEADLINE
    if variables is not None and [text.casefold() for text in variables] == ["all"]:
        variables = None
    if source is not None and grid is not None:
        raise ValueError(
            f"--grid {grid} chooses one of the published stores, but --source {source} names another; "
            "leave one of them out. `stforecast prepare --grid` regrids what was fetched."
        )
    named = source or _of_grid(grid)
    store = open_store(web_address(named), patience=patience or Patience(retries=retries))
    try:
        metadata = read_metadata(store)
        dataset = _open_labels(store, metadata)
        step = None if time_step is None else parse_step(time_step)
        try:
            selection = select(
                dataset, variables=variables, levels=levels, years=years, time_step=step
            )
        except ValueError as error:
            raise ValueError(f"{named}: {error}") from error
        _check_times(selection, years=years, allow_missing=allow_missing, say=say)
        group = zarr.open_group(store, mode="r", use_consolidated=metadata.is_consolidated)
        copying = Copying(store, group, dataset, selection, allow_missing)
        _fetch(copying, metadata, out, named=named, workers=workers, progress=progress, say=say)
    finally:
        store.close()
    return [out]


def _of_grid(grid: str | None) -> str:
    if grid is None:
        return next(iter(GRIDS.values()))
    if grid not in GRIDS:
        raise ValueError(f"grid {grid!r} is not published; there are {', '.join(GRIDS)}.")
    return GRIDS[grid]


def _open_labels(store: CheckedStore, metadata: Metadata) -> xr.Dataset:
    try:
        dataset = xr.open_zarr(
            store,
            consolidated=metadata.is_consolidated,
            decode_times=False,
            decode_timedelta=False,
            mask_and_scale=False,
            chunks=None,
        )
    except FetchError:
        raise
    except (ValueError, KeyError, OSError, RuntimeError) as error:
        raise FetchError(f"{store.address} cannot be opened as a Zarr store: {error}.") from error
    if not dataset.variables:
        raise ValueError(
            f"{store.address} is an empty or broken Zarr store: it names no array. Check the address, "
            "or name another source."
        )
    return dataset


def _check_times(
    selection: Selection, *, years: str | None, allow_missing: bool, say: Callable[[str], None]
) -> None:
    lacking = selection.lacking
    if not len(lacking):
        return
    told = f"{len(lacking)} times: {names(np.datetime_as_string(lacking, unit='m'), most=5)}"
    if years is not None and not allow_missing:
        raise ValueError(
            f"the source lacks {told}. Ask for other --years or another --time-step, or leave them "
            "out with --allow-missing."
        )
    say(f"note: the source lacks {told}; the copy has a gap there")


def _fetch(
    copying: Copying,
    metadata: Metadata,
    out: Path,
    *,
    named: str,
    workers: int,
    progress: Callable[[int, int], None],
    say: Callable[[str], None],
) -> None:
    selection = copying.selection
    request = {
        "source": named,
        "variables": list(selection.variables),
        "levels": selection.levels.tolist(),
        "first": str(selection.times[0]),
        "last": str(selection.times[-1]),
        "frames": len(selection.times),
        "times": int(selection.times.view("int64").sum() % 2**53),
    }
    sizes = {name: _bytes_of(copying, name) for name in selection.variables}
    say(_size_told(copying, sum(sizes.values())))
    told = {"fetched_from": named}
    with open_workplace(
        out,
        request=request,
        source={"metadata": metadata.key, "sha256": metadata.fingerprint},
        prepare=lambda folder: write_template(copying, folder, told=told),
    ) as place:
        blocks = [block for name in selection.variables for block in _blocks(copying, name)]
        left = [block for block in blocks if block.key not in place.finished]
        if len(left) < len(blocks):
            say(f"{len(blocks) - len(left)} of {len(blocks)} blocks are here already")
        _check_room(out, sum(sizes.values()) * len(left) // max(1, len(blocks)))
        refused = copy_blocks(copying, place, left, workers=workers, progress=progress)
        if refused:
            raise FetchError(_refusal(copying, refused))
        if read_metadata(copying.store) != metadata:
            raise FetchError(
                f"{named} changed while it was fetched (its metadata are others now): the copy "
                f"may mix two versions. Delete {place.folder} and fetch again."
            )
        note = _note(place)
        if note:
            say(f"note: {note}")
            told["fetch_note"] = note
        consolidate(place.data, told=told)
        place.publish()


def _blocks(copying: Copying, name: str) -> list[Block]:
    source = copying.source[name]
    selection = copying.selection
    array = copying.dataset[name]
    axis = array.dims.index(selection.time_dim)
    if not isinstance(source, zarr.Array):
        raise TypeError(f"{name} is no array.")
    dims = list(map(str, array.dims))
    shape = [len(places) for places in selection.indices(dims, array.shape)]
    sizes = chunk_sizes(
        dims,
        shape,
        itemsize=array.dtype.itemsize,
        time_dim=selection.time_dim,
        level_dim=selection.level_dim,
    )
    stored = (source.shards or source.chunks)[axis]
    return plan_blocks(name, selection.frames, source_chunk=stored, target_chunk=sizes[axis])


def _bytes_of(copying: Copying, name: str) -> int:
    """Bytes of a variable in the copy, before compression."""
    array = copying.dataset[name]
    indices = copying.selection.indices(list(map(str, array.dims)), array.shape)
    return int(np.prod([len(places) for places in indices])) * array.dtype.itemsize


def _size_told(copying: Copying, size: int) -> str:
    selection = copying.selection
    levels = f" on {len(selection.levels)} levels" if len(selection.levels) else ""
    first, last = np.datetime_as_string(selection.times[[0, -1]], unit="m")
    return (
        f"{len(selection.frames)} frames, {first} to {last}, of {names(selection.variables)}"
        f"{levels}: {size / 1e6:.0f} MB before compression"
    )


def _check_room(out: Path, size: int) -> None:
    free = shutil.disk_usage(out.parent).free
    if size > free:
        raise ValueError(
            f"{out} needs up to {size / 1e9:.2f} GB, but the disk has {free / 1e9:.2f} GB left; "
            "choose fewer --variables, --levels or --years, a coarser --grid or longer --time-step."
        )


def _refusal(copying: Copying, refused: Sequence[tuple[Block, Piece]]) -> str:
    """What is wrong with the source, with counts and first times of each variable."""
    parts = []
    for name in copying.selection.variables:
        pieces = [piece for block, piece in refused if block.variable == name]
        absent = [key for piece in pieces for key in piece.absent]
        infinite = sum(piece.infinite for piece in pieces)
        if absent:
            parts.append(
                f"{name} lacks {len(absent)} chunks (first {absent[0]}, from "
                f"{_first(copying, [piece.absent_at for piece in pieces])})"
            )
        if infinite:
            parts.append(
                f"{name} holds {infinite} infinite values (from "
                f"{_first(copying, [piece.infinite_at for piece in pieces])})"
            )
    return (
        f"{copying.store.address} is not whole: {'; '.join(parts)}. The rest is fetched and stays; "
        "fetch again when the source is mended, or with --allow-missing to write them as missing."
    )


def _first(copying: Copying, frames: Sequence[int | None]) -> str:
    earliest = min(frame for frame in frames if frame is not None)
    return str(np.datetime_as_string(copying.selection.times[earliest], unit="m"))


def _note(place: Workplace) -> str:
    """What is missing in the copy although it was not said to be missing in the source."""
    counts: Counter[str] = Counter()
    for facts in place.finished.values():
        counts.update({kind: facts[kind] for kind in ("absent", "infinite")})
    told = {"absent": "chunks that the source lacks", "infinite": "infinite values"}
    parts = [f"{counts[kind]} {words}" for kind, words in told.items() if counts[kind]]
    return f"{' and '.join(parts)} are missing values in the copy" if parts else ""
