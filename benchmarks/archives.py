"""Made-up archives for the benchmarks of reading: the same fields as a store, as NetCDF and as Zarr."""

import mmap
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.readahead import map_of
from pipelines.series import Channel, make_series
from pipelines.store import write_store

__all__ = ["HOUR", "forget", "made_series", "make_archive", "quantity"]

HOUR = np.timedelta64(1, "h")
_CHUNK_FRAMES = 24
_BLOCK_FRAMES = 480


def made_series(n_times: int, shape: tuple[int, int, int]) -> xr.DataArray:
    """Hourly fields around 280 K, (time, channel, y, x) float32, coarsely rounded as packed data are."""
    n_channels, n_rows, n_columns = shape
    rng = np.random.default_rng(0)
    noise = np.round(rng.normal(size=(_BLOCK_FRAMES, *shape)) * 16).astype("float32") / 16
    frames = np.empty((n_times, *shape), dtype="float32")
    for start in range(0, n_times, _BLOCK_FRAMES):
        block = frames[start : start + _BLOCK_FRAMES]
        block[:] = 280 + 5 * noise[: len(block)] + np.float32(start / n_times)
    return make_series(
        frames,
        times=np.datetime64("1980-01-01", "ns") + np.arange(n_times) * HOUR,
        channels=[Channel(f"t2m_{n}", "t2m", units="K") for n in range(n_channels)],
        latitude=(np.arange(n_rows)[::-1] + 0.5) * 180 / n_rows - 90,
        longitude=np.arange(n_columns) * 360 / n_columns,
        attrs={"dataset": "weatherbench", "synthetic": "true"},
    )


def make_archive(folder: Path, n_times: int, shape: tuple[int, int, int]) -> None:
    """FOLDER/store, /frames.nc (contiguous) and /frames.zarr (a day a chunk, Zarr's own compression)."""
    series = made_series(n_times, shape)
    folder.mkdir(parents=True)
    write_store(series, folder / "store")
    plain = series.reset_coords(drop=True).drop_vars("channel").to_dataset()
    plain.to_netcdf(folder / "frames.nc", engine="netcdf4")
    chunks = (_CHUNK_FRAMES, *shape)
    plain.to_zarr(
        folder / "frames.zarr", encoding={"series": {"chunks": chunks}}, consolidated=False
    )


def forget(folder: Path, frames: np.ndarray | None = None) -> None:
    """Make the system forget the pages that it holds of the files in a folder: the next reading is cold.

    Args:
        frames: those of the files that this process maps: it lets go of them first.
    """
    whole = None if frames is None else map_of(frames)
    if whole is not None and isinstance(whole.base, mmap.mmap):
        whole.base.madvise(mmap.MADV_DONTNEED)
    for file in folder.rglob("*"):
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            try:
                os.fsync(descriptor)  # pages that are not on the disk yet are kept
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)


def quantity(file: str, name: str) -> int:
    """What the system counts of this process: a line of /proc/self/FILE, such as `rchar` of `io`."""
    return int(next(line.split()[1] for line in _lines(file) if line.startswith(f"{name}:")))


def _lines(file: str) -> Iterator[str]:
    yield from Path("/proc/self", file).read_text().splitlines()
