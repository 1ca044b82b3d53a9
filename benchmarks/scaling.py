"""How time and memory grow with the work: exponents for each number that is doubled.

    python -m benchmarks.scaling

One size after the other is doubled four times from a small base: cells of the grid, channels, history
and horizon together, windows at once, frames of the archive. An exponent of 1 means that twice the work
takes twice the time; what stays below 1 is work that is shared, such as a network's middle layers, whose
width does not grow with the channels. Where a network computes, the exponent of its multiply-adds stands
beside that of the time. Exponents are fitted to the upper three sizes; times are the processor's, of one
thread, the least of several; memory is anonymous: pages of files that the system may drop do not count.
"""

import ctypes
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import xarray as xr
from rich.console import Console

from benchmarks.archives import made_series, quantity
from benchmarks.forecasters import made_forecaster
from benchmarks.measuring import Row, Work, machine, show
from models.counting import count_macs
from pipelines.planes import Planes
from pipelines.series import time_step_of
from pipelines.store import open_store, write_store
from pipelines.windows import WindowDataset, Windows, WindowSpec, window_starts
from stforecast.allocator import keep_memory
from stforecast.baselines.persistence import Persistence
from stforecast.preparing import prepare
from stforecast.training.loss import SquaredError
from stforecast.training.module import TrainingModule
from stforecast.verification.evaluate import evaluate

__all__ = ["exponent", "rows"]

DOUBLINGS = 4
_TURNS = 3
_LEAST_BYTES = 2**20
"""Memory below this is noise of the allocator."""


@dataclass(frozen=True)
class Size:
    """How much work there is."""

    n_rows: int = 32
    """Of the grid."""
    n_columns: int = 32
    channels: int = 2
    steps: int = 4
    """Of the history, and as many of the horizon."""
    batch: int = 4
    """Windows at once."""
    frames: int = 256
    """Of the archive."""


DOUBLED: dict[str, Callable[[Size, int], Size]] = {
    "grid cells": lambda base, n: replace(
        base, n_rows=base.n_rows * 2 ** ((n + 1) // 2), n_columns=base.n_columns * 2 ** (n // 2)
    ),
    "channels": lambda base, n: replace(base, channels=base.channels * 2**n),
    "history": lambda base, n: replace(base, steps=base.steps * 2**n),
    "batch": lambda base, n: replace(base, batch=base.batch * 2**n),
    "archive": lambda base, n: replace(base, frames=base.frames * 2**n),
}
"""What a size is after so many doublings of one of its numbers."""


def stored(size: Size, folder: Path) -> xr.DataArray:
    """An archive of a size in a store, memory-mapped."""
    write_store(
        made_series(size.frames, (size.channels, size.n_rows, size.n_columns)), folder / "store"
    )
    return open_store(folder / "store")


def forecasting(size: Size, folder: Path) -> Work:
    """A batch of forecasts at the end of the archive."""
    series = stored(size, folder)
    forecaster = made_forecaster(series, history=size.steps, horizon=size.steps)
    init_times = series["time"].values[-size.batch :]
    return lambda: forecaster.forecast(series, init_times=init_times, steps=size.steps)


def training(size: Size, folder: Path) -> Work:
    """A training step with a batch that is read from the archive."""
    series = stored(size, folder)
    forecaster = made_forecaster(series, history=size.steps, horizon=size.steps)
    spec = WindowSpec(size.steps, size.steps)
    step = time_step_of(series["time"].values)
    starts = window_starts(series["time"].values, spec, time_step=step, within=range(size.frames))
    data = WindowDataset(series.values, starts, spec)
    module = TrainingModule(
        forecaster.network.train(),
        forecaster.normaliser,
        SquaredError(),
        forecaster.experiment.training,
        planes=Planes(),
        seed=0,
        steps_an_epoch=1000,
    )
    optimiser = module.make_optimiser()
    chosen = np.random.default_rng(0).integers(len(starts), size=size.batch).tolist()

    def take_step() -> None:
        windows: Windows = data.__getitems__(chosen)
        optimiser.zero_grad()
        module.training_step(windows, 0).backward()
        optimiser.step()

    return take_step


def evaluating(size: Size, folder: Path) -> Work:
    """Scores of persistence at the init times of a quarter of the archive: verification alone."""
    series = stored(size, folder)
    step = time_step_of(series["time"].values)
    init_times = series["time"].values[: size.frames // 4]
    forecasters = {"persistence": Persistence(step)}
    return lambda: evaluate(
        forecasters, series, init_times=init_times, steps=size.steps, batch_size=size.batch
    )


def preparing(size: Size, folder: Path) -> Work:
    """NetCDF files of 256 frames copied to a store with its statistics."""
    raw, dims = folder / "raw", ("time", "level", "latitude", "longitude")
    raw.mkdir()
    series = made_series(size.frames, (size.channels, size.n_rows, size.n_columns))
    levels = np.linspace(100, 1000, size.channels).round()
    for start in range(0, size.frames, Size.frames):
        part = series.isel(time=slice(start, start + Size.frames))
        labels = {
            "time": part["time"].values,
            "level": ("level", levels, {"units": "hPa"}),
            "latitude": ("latitude", part["latitude"].values, {"units": "degrees_north"}),
            "longitude": ("longitude", part["longitude"].values, {"units": "degrees_east"}),
        }
        fields = xr.Dataset({"t": (dims, part.values, {"units": "K"})}, labels)
        fields.to_netcdf(raw / f"t_{start:06d}.nc", engine="netcdf4")
    made = iter(range(1000))
    return lambda: prepare("weatherbench", folder / f"store-{next(made)}", data=raw)


WORK: dict[str, tuple[Callable[[Size, Path], Work], Size, tuple[str, ...]]] = {
    "forecast": (forecasting, Size(), tuple(DOUBLED)),
    "training step": (training, Size(), tuple(DOUBLED)),
    "evaluate": (evaluating, Size(n_rows=64, n_columns=64, frames=192), tuple(DOUBLED)),
    "prepare": (preparing, Size(), ("grid cells", "channels", "archive")),
}
"""What is measured, from which base, and what of it is doubled."""


NETWORK = ("forecast", "training step")
"""Work that is mostly a network's."""


def multiply_adds(name: str, doubled: str) -> list[float]:
    """Of a network's forecasts at each size."""
    return [_multiply_adds(DOUBLED[doubled](WORK[name][1], n)) for n in range(DOUBLINGS + 1)]


def _multiply_adds(size: Size) -> float:
    series = made_series(2, (size.channels, size.n_rows, size.n_columns))
    network = made_forecaster(series, history=size.steps, horizon=size.steps).network
    return size.batch * count_macs(
        network,
        history=size.steps,
        channels=size.channels,
        height=size.n_rows,
        width=size.n_columns,
    )


def measure(name: str) -> dict[str, tuple[list[float], list[float]]]:
    """Seconds and bytes at each size, by what is doubled."""
    torch.set_num_threads(1)
    make, base, doubled = WORK[name]
    sizes = {
        what: [DOUBLED[what](base, number) for number in range(DOUBLINGS + 1)] for what in doubled
    }
    # Memory first: as soon as the allocator keeps what it has, nobody sees what is needed.
    held = {what: [_of_work(make, one, most_held) for one in sizes[what]] for what in doubled}
    keep_memory()
    return {
        what: ([_of_work(make, one, _least_seconds) for one in sizes[what]], held[what])
        for what in doubled
    }


def _of_work(
    make: Callable[[Size, Path], Work], size: Size, found: Callable[[Work], float]
) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return found(make(size, Path(folder)))


def _least_seconds(work: Work) -> float:
    """Of the processor, in the fastest of some turns."""
    work()
    seconds = []
    for _ in range(_TURNS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def most_held(work: Work) -> float:
    """Bytes of anonymous memory that some work takes at the most, beyond what is held before."""
    ctypes.CDLL(None).malloc_trim(0)  # what making the work has left is given back
    before, most, ended = quantity("status", "RssAnon"), 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not ended.wait(0.001):
            most = max(most, quantity("status", "RssAnon"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        ended.set()
        watcher.join()
    return max(most - before, 0) * 1024


def exponent(values: list[float]) -> float:
    """Exponent with which values grow that were measured at sizes 1, 2, 4, …, over the last three."""
    upper = np.log2(values[-3:])
    return float(np.polyfit(np.arange(len(upper)), upper, 1)[0])


def rows(console: Console) -> list[Row]:
    """Exponents of time, with those of memory beside them."""
    spawn = multiprocessing.get_context("spawn")
    found = []
    for name in WORK:
        console.print(f"scaling: {name}")
        with ProcessPoolExecutor(1, mp_context=spawn) as process:  # memory starts anew
            measured = process.submit(measure, name).result()
        found += [row(name, what, *measured[what]) for what in measured]
    return found


def row(name: str, doubled: str, seconds: list[float], held: list[float]) -> Row:
    """A line of the table."""
    times = " ".join(f"{1e3 * value:.3g}" for value in seconds)
    memory = " ".join(f"{value / 1e6:.3g}" for value in held)
    work = (
        f"multiply-adds {exponent(multiply_adds(name, doubled)):.2f}; " if name in NETWORK else ""
    )
    growth = f"{exponent(held):.2f}" if min(held[-3:]) > _LEAST_BYTES else "none to see"
    return Row(
        *(name, doubled, exponent(seconds), "exponent"),
        note=f"{work}memory {growth}; ms {times}; MB {memory}",
    )


def main() -> None:
    """Print the table."""
    console = Console()
    show(f"Growth; {machine()}", rows(console), console=console)


if __name__ == "__main__":
    main()
