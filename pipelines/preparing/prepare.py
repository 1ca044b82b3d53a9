"""Preparing a store: plan, copy, measure, finish."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.grid import Grid
from pipelines.preparing.array_file import ArrayFile
from pipelines.preparing.block import LIMIT, Block
from pipelines.preparing.lazy import SeriesCopying
from pipelines.preparing.regridded import find_regridding
from pipelines.preparing.weather import WeatherCopying
from pipelines.preparing.workers import Run, start_workers
from pipelines.preparing.workplace import (
    Workplace,
    fingerprint_of_request,
    open_workplace,
    source_files,
)
from pipelines.store import SCHEMA_VERSION, finish_store, open_store, stored_dtype
from pipelines.store_statistics import DIGEST_BYTES, frames_before, measure, training_rows
from pipelines.weather_opening import OpenedWeather
from pipelines.weatherbench import lazy_series

__all__ = ["Opener", "prepare"]

Copying = WeatherCopying | SeriesCopying

Opener = Callable[[], OpenedWeather | xr.DataArray]
"""Opens the source: weather data, or any lazy series. Other processes get it too: let it be a function
of a module, or a `functools.partial` of one."""

Tell = Callable[[str, int, int], None]
"""Takes what is done, how many bytes of it, and out of how many."""

_SYNC_BYTES = 512 * 2**20
"""What is copied anew at most when the process was killed; each time the disk must have everything."""

_MEASURED_BYTES = 64 * 2**20


@dataclass(frozen=True)
class _Job:
    """What a worker needs to know; two jobs of one fingerprint are the same."""

    fingerprint: str
    opener: Opener = field(compare=False)
    grid: str | Grid | None = field(compare=False)


def prepare(
    opener: Opener,
    out: Path,
    *,
    source: Path,
    request: Mapping[str, object],
    grid: str | Grid | None = None,
    train: str | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    tell: Tell | None = None,
    say: Callable[[str], None] | None = None,
) -> xr.DataArray:
    """Copy a source to a store, out of core, and give the store's series.

    A store appears whole or not at all. A process that was interrupted or killed goes on where it was
    when it is started again with the same request and unchanged files.

    Args:
        out: the store; must not exist.
        source: the file or folder that `opener` reads, whose changes are watched for.
        request: what `opener` was told; JSON can write it.
        grid: of the store, as `parse_grid` reads it; the source's own unless given.
        train: period of the statistics, "first/last"; the first 70 % of the frames unless given.
        workers, scheduler: as `start_workers` takes them.
        tell: is called as blocks are done.
        say: is told what becomes of work that was begun before.

    Raises:
        ValueError: the source cannot be read, has changed in between, or does not cover the grid; the
            disk has no room; the store exists or is being prepared by another process.
    """
    if out.exists():
        raise ValueError(f"{out} exists already; name a new folder.")
    files = source_files(source)
    wish = [grid.latitude.tolist(), grid.longitude.tolist()] if isinstance(grid, Grid) else grid
    asked = {
        **request,
        "source": str(source.resolve()),
        "grid": wish,
        "layout": [SCHEMA_VERSION, LIMIT, version("stforecast")],
        "files": files,
    }
    job = _Job(fingerprint_of_request(asked), opener, grid)
    try:
        copying = _copying(job)
        # A period without frames is found before anything is copied.
        training_rows(copying.series["time"].values, train)
        with open_workplace(out, asked, say=say or _ignore) as place:
            arrays = _arrays(place, copying)
            with start_workers(workers, scheduler) as run:
                account = _Account(place, run, tell)
                account.work(
                    "copying", copying.blocks, partial(_copy, job, arrays), [arrays["frames"]]
                )
                if source_files(source) != files:
                    raise ValueError(
                        f"{source} has changed while it was read, so {out} would mix old and new; "
                        "start again when it is complete."
                    )
                before = frames_before(copying.series["time"].values)
                account.work(
                    "measuring",
                    _measured(arrays["frames"].shape),
                    partial(_measure, arrays, before),
                    [arrays["moments"], arrays["digests"]],
                )
            finish_store(
                copying.series, place.store, train=train, source_fingerprint=job.fingerprint
            )
            _move(place.store, out)
    finally:
        _copying.cache_clear()  # the source's files are closed
    return open_store(out)


@lru_cache(maxsize=1)
def _copying(job: _Job) -> Copying:
    """The source, opened once in each process."""
    opened = job.opener()
    if isinstance(opened, OpenedWeather):
        return WeatherCopying(opened, find_regridding(lazy_series(opened), job.grid))
    return SeriesCopying(opened, find_regridding(opened, job.grid))


def _copy(job: _Job, arrays: Mapping[str, ArrayFile], numbered: tuple[int, Block]) -> None:
    _copying(job).copy(numbered[1], arrays["frames"])


def _measured(shape: tuple[int, ...]) -> list[Block]:
    """Ranges of frames, of some of the channels where a frame is large."""
    plane = max(4 * shape[2] * shape[3], 1)
    channels = min(max(_MEASURED_BYTES // plane, 1), shape[1])
    times = max(_MEASURED_BYTES // (plane * channels), 1)
    return [
        Block(
            plane
            * (min(time + times, shape[0]) - time)
            * (min(first + channels, shape[1]) - first),
            (time, min(time + times, shape[0])),
            channels=(first, min(first + channels, shape[1])),
        )
        for time in range(0, shape[0], times)
        for first in range(0, shape[1], channels)
    ]


def _measure(
    arrays: Mapping[str, ArrayFile], before: np.ndarray, numbered: tuple[int, Block]
) -> None:
    block = numbered[1]
    frames = np.load(arrays["frames"].path, mmap_mode="r")[:, slice(*block.channels)]
    measured = measure(frames, range(*block.frames), before=before)
    places = np.arange(*block.frames), np.arange(*block.channels)
    for name, values in zip(("moments", "digests"), measured, strict=True):
        arrays[name].write(values, *places)


def _arrays(place: Workplace, copying: Copying) -> dict[str, ArrayFile]:
    """The store's arrays, made anew unless some of their blocks are done.

    Raises:
        ValueError: the disk has no room for them.
    """
    shape = copying.series.shape
    layouts = {
        "frames": (shape, stored_dtype(copying.series)),
        "moments": ((*shape[:2], 2, 5), "float64"),
        "digests": ((*shape[:2], DIGEST_BYTES), "uint8"),
    }
    needed = sum(int(np.prod(size)) * np.dtype(dtype).itemsize for size, dtype in layouts.values())
    taken = sum(512 * file.stat().st_blocks for file in place.store.iterdir())
    free = shutil.disk_usage(place.folder).free
    if needed - taken > free:
        raise ValueError(
            f"{place.folder.parent} has {free / 1e9:.1f} GB of room, but the store needs "
            f"{needed / 1e9:.1f} GB; choose another disk, fewer variables, a longer time step or a "
            "coarser grid."
        )
    arrays = {}
    for name, (size, dtype) in layouts.items():
        path = place.store / f"{name}.npy"
        if path.exists() and place.done:
            kept = np.load(path, mmap_mode="r")
            arrays[name] = ArrayFile(path, kept.shape, kept.dtype, kept.offset)
        else:
            arrays[name] = ArrayFile.create(path, size, dtype)
    if not place.done:
        copying.fill(arrays["frames"])
    return arrays


@dataclass(frozen=True)
class _Account:
    """Runs blocks that are not done, and keeps account of them."""

    place: Workplace
    run: Run
    tell: Tell | None

    def work(
        self,
        kind: str,
        blocks: Sequence[Block],
        function: Callable[[tuple[int, Block]], None],
        arrays: Sequence[ArrayFile],
    ) -> None:
        """Run blocks of a kind; `arrays` are those that they write to."""
        total = sum(block.size for block in blocks)
        left = [
            (number, block)
            for number, block in enumerate(blocks)
            if f"{kind}-{number}" not in self.place.done
        ]
        finished = total - sum(block.size for _, block in left)
        pending, unsynced = [], 0
        try:
            for number, block in self.run(function, left):
                pending.append(f"{kind}-{number}")
                finished, unsynced = finished + block.size, unsynced + block.size
                if unsynced >= _SYNC_BYTES:
                    self._keep(pending, arrays)
                    pending, unsynced = [], 0
                if self.tell is not None:
                    self.tell(kind, finished, total)
        finally:
            self._keep(pending, arrays)

    def _keep(self, pending: Sequence[str], arrays: Sequence[ArrayFile]) -> None:
        for array in arrays:
            array.sync()
        self.place.record(pending)


def _move(store: Path, out: Path) -> None:
    for file in store.iterdir():
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
    store.rename(out)


def _ignore(text: str) -> None:
    """Say nothing."""
