"""How fast windows are read, against what people do otherwise and against what a training step takes.

    python -m benchmarks.input

Windows of 12 + 12 hourly frames at random places, in batches of 16, on one thread, from made-up
archives of 32×64 with one channel and 128×256 with three: by the loader of the training from the store;
window by window, stacked, by `xarray.isel(...).load()` from the store, from NetCDF (contiguous) and from
Zarr (a day a chunk); by xbatcher from the store and from NetCDF. Cold is after the system was made to
forget the files, warm the same windows once more. Then what a training step takes and how long it waits,
and how memory grows with the archive.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Hashable, Iterator
from functools import partial
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np
import xarray as xr
from rich.console import Console

from benchmarks.archives import forget, made_series, make_archive, quantity
from benchmarks.measuring import Row, Work, alternate, machine, show
from pipelines.store import open_store, write_store
from stforecast.allocator import keep_memory

# torch and Lightning are imported where they are used: most of the processes need neither.

__all__ = ["rows"]

BATCH = 16
HISTORY, HORIZON = 12, 12
LENGTH = HISTORY + HORIZON
ARCHIVES = {"32×64×1": (30_000, (1, 32, 64)), "128×256×3": (1_000, (3, 128, 256))}
BATCHES = {"32×64×1": (16, 4), "128×256×3": (1, 1)}
"""That are read at a time: by the loader, by the others."""
STEPS = {"weatherbench": (2_000, (1, 32, 64)), "taxibj": (2_000, (2, 32, 32))}
"""Frames of the archives that a step of each dataset's default preset is measured on."""
LENGTHS = (1, 4, 16)
SHORTEST = 2_500
"""Frames of the shortest archive whose memory is measured."""

Reader = Callable[[xr.DataArray, int], Iterator[object]]
"""Reads so many batches of a series, the same each time."""


def by_loader(series: xr.DataArray, n_batches: int) -> Iterator[object]:
    """The training's own loader."""
    from pipelines.windows import WindowDataset, WindowSpec
    from stforecast.training.batches import make_loader

    dataset = WindowDataset(
        series.data, np.arange(len(series) - LENGTH + 1), WindowSpec(HISTORY, HORIZON)
    )
    loader = make_loader(dataset, batch_size=BATCH, seed=0, rank=0, n_processes=1, pin_memory=False)
    return islice(iter(loader), n_batches)


def by_isel(series: xr.DataArray, n_batches: int) -> Iterator[object]:
    """Windows loaded one by one, and stacked."""
    for starts in _starts(series, n_batches):
        yield np.stack([series.isel(time=slice(s, s + LENGTH)).load().data for s in starts])


def by_xbatcher(series: xr.DataArray, n_batches: int) -> Iterator[object]:
    """Windows of xbatcher's generator, and stacked."""
    from xbatcher import BatchGenerator

    sizes: dict[Hashable, int] = {**series.sizes, "time": LENGTH}
    windows = BatchGenerator(series, sizes, input_overlap={"time": LENGTH - 1})
    return (
        np.stack([np.asarray(windows[start]) for start in starts])
        for starts in _starts(series, n_batches)
    )


def _starts(series: xr.DataArray, n_batches: int) -> list[list[int]]:
    most = len(series) - LENGTH + 1
    return np.random.default_rng(0).integers(0, most, (n_batches, BATCH)).tolist()


READERS: dict[str, tuple[str, Reader]] = {
    "loader": ("store", by_loader),
    "isel, store": ("store", by_isel),
    "isel, NetCDF": ("netcdf", by_isel),
    "isel, Zarr": ("zarr", by_isel),
    "xbatcher, store": ("store", by_xbatcher),
    "xbatcher, NetCDF": ("netcdf", by_xbatcher),
}
"""Of each way, what it reads and how."""


def reading(folder: Path, way: str, n_batches: int) -> Work:
    """Work that reads batches cold, then warm, and gives medians: (seconds cold, warm)."""
    keep_memory()
    source, read = READERS[way]
    series = _opened(folder, source)
    mapped = series.data if source == "store" else None
    took: list[list[float]] = [[], []]

    def work() -> tuple[float, ...]:
        forget(folder, mapped)
        for state in (0, 1):
            batches = read(series, n_batches)
            began = time.perf_counter()
            for _ in batches:
                pass
            took[state].append(time.perf_counter() - began)
        forget(folder, mapped)  # what one process maps, no other can make the system forget
        # The first turn finds neither memory nor code warm.
        return tuple(statistics.median(one[1:] or one) for one in took)

    return work


def _opened(folder: Path, source: str) -> xr.DataArray:
    if source == "store":
        return open_store(folder / "store")
    if source == "netcdf":
        return xr.open_dataset(folder / "frames.nc", engine="netcdf4")["series"]
    return xr.open_zarr(folder / "frames.zarr", chunks=None, consolidated=False)["series"]


def filling(folder: Path) -> Work:
    """Work that reads warm batches by the loader, and gives the most anonymous memory (bytes)."""
    keep_memory()
    series = open_store(folder / "store")

    def work() -> int:
        return max(1024 * quantity("status", "RssAnon") for _ in by_loader(series, 64))

    return work


def training(folder: Path, dataset: str) -> Work:
    """Work that trains one step on a cold batch, and gives the seconds that it waited for the batch."""
    from pipelines.normalise import fit_normaliser
    from stforecast.experiment import load_experiment
    from stforecast.presets import base_experiment
    from stforecast.training.batches import make_loader
    from stforecast.training.loss import SquaredError
    from stforecast.training.module import TrainingModule
    from stforecast.training.plan import make_plan
    from stforecast.training.train import build_planned

    keep_memory()
    series = open_store(folder / "store").assign_attrs(dataset=dataset)
    plan = make_plan(load_experiment(base=base_experiment(dataset)), series)
    module = TrainingModule(
        build_planned(plan),
        fit_normaliser(series),
        SquaredError(plan.row_weights),
        plan.experiment.training,
        planes=plan.extra.planes(),
        seed=0,
        steps_an_epoch=100,
    )
    made = module.configure_optimizers()
    assert isinstance(made, dict)
    optimiser = made["optimizer"]
    windows = plan.windows("train")
    batches = iter(
        make_loader(windows, batch_size=BATCH, seed=0, rank=0, n_processes=1, pin_memory=False)
    )

    def work() -> float:
        forget(folder, series.data)
        began = time.perf_counter()
        batch = next(batches)
        waited = time.perf_counter() - began
        optimiser.zero_grad()
        module.training_step(batch, 0).backward()
        optimiser.step()
        return waited

    return work


def read_rows(folder: Path) -> list[Row]:
    """Windows a second, of each archive, warm and cold."""
    made = []
    wanted = [way for way in READERS if "xbatcher" not in way or find_spec("xbatcher")]
    for name, (n_times, shape) in ARCHIVES.items():
        make_archive(folder / name, n_times, shape)
        counts = {way: BATCHES[name][way != "loader"] for way in wanted}
        timings = alternate(
            {way: partial(reading, folder / name, way, count) for way, count in counts.items()},
            turns=5,
            warm_up=1,
        )
        window = 4 * LENGTH * int(np.prod(shape)) / 1e6
        for index, state in enumerate(("cold", "warm")):
            rates = {
                way: BATCH * count / timings[way].value[index] for way, count in counts.items()
            }
            for way, rate in rates.items():
                ratio = rates["loader"] / rate
                made.append(
                    Row(
                        f"reading {name}, {state}",
                        way,
                        rate,
                        "windows/s",
                        None if way == "loader" else ratio,
                        "" if way == "loader" else "by the loader",
                        f"{rate * window:.0f} MB/s",
                    )
                )
    return made


def step_rows(folder: Path) -> list[Row]:
    """What a training step takes, and how long it waits."""
    made = []
    for dataset, (n_times, shape) in STEPS.items():
        place = folder / dataset
        write_store(made_series(n_times, shape), place / "store")
        step = alternate({"step": partial(training, place, dataset)}, turns=2, warm_up=1)["step"]
        waited, took = step.value, step.seconds[-1]
        made.append(
            Row(
                f"{dataset}'s preset, batch {BATCH}, cold",
                "training step",
                BATCH / step.median,
                "windows/s",
                took / waited,
                "by the loader",
                f"waits {waited * 1e3:.1f} ms of {took * 1e3:.0f} ms: {waited / took:.2%}",
            )
        )
    return made


def memory_rows(folder: Path) -> list[Row]:
    """The loader's memory, of archives of several lengths."""
    places = {times: folder / f"length {times}" for times in LENGTHS}
    for times, place in places.items():
        write_store(made_series(times * SHORTEST, ARCHIVES["32×64×1"][1]), place / "store")
    ways = {str(times): partial(filling, place) for times, place in places.items()}
    timings = alternate(ways, turns=3, warm_up=1)
    return [
        Row(
            f"archive of {int(times) * SHORTEST:,} frames",
            "loader",
            one.value / 2**20,
            "MiB",
            timings["1"].value / one.value,
            "of the shortest",
            "anonymous memory of the process at the most",
        )
        for times, one in timings.items()
    ]


def rows(console: Console) -> list[Row]:
    """All lines of the table."""
    lines = []
    with tempfile.TemporaryDirectory(prefix="stforecast-input-") as folder:
        for part in (read_rows, step_rows, memory_rows):
            console.print(f"[dim]{part.__doc__}[/dim]")
            lines += part(Path(folder))
    return lines


def main() -> None:
    """Measure and print."""
    console = Console()
    show(f"Input: {machine()}", rows(console), console=console)


if __name__ == "__main__":
    main()
