"""What statistics of an archive take in time, reading and memory, against xarray's mean and std.

    python -m benchmarks.moments

Mean and standard deviation of each of four channels, of half a GiB of NetCDF files of 121×240 fields:
while the files are read; by `.mean()` and `.std()` of xarray and dask in one computation, with the
chunks that xarray chooses and with small ones; by loading everything first. Then `prepare`, which
copies, hashes and measures frames and tendencies, and the statistics of a store that was prepared.
Errors are the greatest ones relative to the standard deviation, against NumPy in float64; memory is what
the way adds to its process at the most, maps of files included.
"""

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr
from rich.console import Console

from benchmarks.archives import quantity
from benchmarks.measuring import Row, Timing, Work, alternate, machine, show
from benchmarks.prepare import make_source
from pipelines.normalise import Normaliser, fit_normaliser
from pipelines.preparing.prepare import prepare
from pipelines.store import open_store
from pipelines.weather_opening import open_parts
from pipelines.weatherbench import open_weatherbench

__all__ = ["rows"]

GIB = 0.5
CHANNELS = ("t2m", "z500", "z700", "z850")

Found = dict[str, tuple[float, float]]
"""Mean and standard deviation of each channel."""


def while_reading(folder: Path) -> Found:
    """By the normaliser of a training, from the files."""
    series = open_weatherbench(folder / "source")
    return _found(series, fit_normaliser(series))


def by_dask(folder: Path) -> Found:
    """By xarray and dask, in one computation."""
    return _by_xarray(folder)


def by_dask_in_chunks(folder: Path) -> Found:
    """The same with small chunks, as somebody chooses them who knows dask."""
    return _by_xarray(folder, chunks={"time": 50})


def loaded(folder: Path) -> Found:
    """By xarray, after everything was loaded."""
    return _by_xarray(folder, load=True)


def preparing(folder: Path) -> Found:
    """By preparing a store, and asking it."""
    out = folder / "made"
    source = folder / "source"
    series = prepare(partial(open_parts, source), out, source=source, request={})
    found = _found(series, fit_normaliser(series))
    shutil.rmtree(out)
    return found


def asking(folder: Path) -> Found:
    """By asking a store that was prepared."""
    series = open_store(folder / "store")
    return _found(series, fit_normaliser(series))


def _by_xarray(folder: Path, *, load: bool = False, chunks: dict[str, int] | None = None) -> Found:
    with xr.open_mfdataset(str(folder / "source" / "*.nc"), chunks=chunks) as opened:
        data = opened.load() if load else opened
        dims = ["time", "latitude", "longitude"]
        both = xr.concat([data.mean(dims), data.std(dims)], dim="kind").compute()
    found = {
        f"z{level:.0f}": tuple(both["z"].sel(level=level).values) for level in both["level"].values
    }
    return {"t2m": tuple(both["t2m"].values), **found}


def _found(series: xr.DataArray, fitted: Normaliser) -> Found:
    pairs = zip(fitted.offset, fitted.scale, strict=True)
    return dict(zip(map(str, series["channel"].values), pairs, strict=True))


WAYS: dict[str, Callable[[Path], Found]] = {
    "while reading": while_reading,
    "xarray and dask": by_dask,
    "xarray and dask, 50 frames a chunk": by_dask_in_chunks,
    "xarray, loaded": loaded,
    "prepare": preparing,
    "prepared store": asking,
}


def working(folder: Path, way: str) -> Work:
    """Work that gives bytes read and taken, and mean and standard deviation of each of `CHANNELS`."""

    def work() -> tuple[float, ...]:
        Path("/proc/self/clear_refs").write_text("5")  # the peak of the memory begins anew
        before = quantity("io", "rchar"), quantity("status", "VmRSS")
        found = WAYS[way](folder)
        read = quantity("io", "rchar") - before[0]
        taken = 1024 * (quantity("status", "VmHWM") - before[1])
        return (read, taken, *(float(number) for name in CHANNELS for number in found[name]))

    return work


def truth(folder: Path) -> np.ndarray:
    """(channel, 2): mean and standard deviation by NumPy in float64, of a prepared store."""
    series = open_store(folder / "store").sel(channel=list(CHANNELS))
    wide = [series.isel(channel=index).values.astype("float64") for index in range(len(CHANNELS))]
    return np.array([(one.mean(), one.std()) for one in wide])


def rows(console: Console) -> list[Row]:
    """All lines of the table."""
    console.print(f"[dim]Mean and standard deviation of {GIB} GiB.[/dim]")
    with tempfile.TemporaryDirectory(prefix="stforecast-statistics-") as made:
        folder = Path(made)
        source = folder / "source"
        make_source(source, "netcdf", GIB)
        size = sum(file.stat().st_size for file in source.iterdir())
        prepare(partial(open_parts, source), folder / "store", source=source, request={})
        right = truth(folder)
        ways = {way: partial(working, folder, way) for way in WAYS}
        timings = alternate(ways, turns=3, warm_up=1)
    rival = timings["xarray and dask"].median
    return [
        Row(
            f"mean and std of {GIB} GiB",
            way,
            one.median,
            "s",
            None if way == "xarray and dask" else rival / one.median,
            "" if way == "xarray and dask" else "xarray and dask",
            _note(one, size, right),
        )
        for way, one in timings.items()
    ]


def _note(one: Timing, size: int, right: np.ndarray) -> str:
    read, taken, *numbers = one.value
    error = np.abs(np.reshape(numbers, right.shape) - right) / right[:, 1:]
    return f"reads {read / size:.2f}× the files, {taken / 2**20:.0f} MiB, error {error.max():.0e}"


def main() -> None:
    """Measure and print."""
    console = Console()
    show(f"Statistics: {machine()}", rows(console), console=console)


if __name__ == "__main__":
    main()
