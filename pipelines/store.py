"""The analysis-ready store: a series as one memory-mappable array with its labels beside it.

    STORE/frames.npy      float32, or uint8 of 8-bit pictures, (time, channel, y, x), C order
    STORE/labels.nc       times, channels, units, grid and attributes, as NetCDF
    STORE/moments.npy     float64 (time, channel, kind, 5): count, mean, squares, minimum and maximum of
                          each plane's values and of its tendency, the change since one time step before
    STORE/digests.npy     uint8 (time, channel, 16): hash of each plane
    STORE/statistics.nc   of each channel over the training period
    STORE/store.json      schema version, fingerprint of the frames, version of stforecast

A memory map reads windows 20 to 100 times faster than chunked formats, and holds nothing in memory.
Whoever wants the statistics or the fingerprint of some frames adds up those of the planes.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.atomic import atomic_path
from pipelines.moments import Moments
from pipelines.readahead import map_of
from pipelines.store_statistics import (
    digests_of,
    frames_before,
    measure,
    statistics_of,
    training_rows,
)

__all__ = [
    "SCHEMA_VERSION",
    "beside_frames",
    "blocks_of",
    "finish_store",
    "fingerprint_of",
    "is_store",
    "open_store",
    "stored_dtype",
    "stored_moments",
    "write_store",
]

SCHEMA_VERSION = 2
_BLOCK_BYTES = 64 * 2**20
_STATIC = ("orography", "land_sea_mask")
_ARRAYS = ("moments", "digests")


def is_store(path: Path) -> bool:
    """Whether `path` is an analysis-ready store."""
    return (path / "store.json").is_file()


def write_store(
    series: xr.DataArray, path: Path, *, progress: Callable[[int, int], None] | None = None
) -> None:
    """Write a series to a store, one block of times in memory at once.

    Args:
        progress: called with the frames written and the frames in all.
    """
    n_times, n_channels = series.shape[:2]
    before = frames_before(series["time"].values)
    moments = np.empty((n_times, n_channels, 2, 5))
    digests = np.empty((n_times, n_channels, 16), dtype="uint8")
    with atomic_path(path) as folder:
        folder.mkdir()
        frames = np.lib.format.open_memmap(
            folder / "frames.npy", mode="w+", dtype=stored_dtype(series), shape=series.shape
        )
        for start, stop in blocks_of(series):
            frames[start:stop] = series[start:stop].values
            measured = measure(frames, range(start, stop), before=before)
            moments[start:stop], digests[start:stop] = measured
            if progress is not None:
                progress(stop, n_times)
        frames.flush()
        del frames
        np.save(folder / "moments.npy", moments)
        np.save(folder / "digests.npy", digests)
        finish_store(series, folder)


def stored_dtype(series: xr.DataArray) -> str:
    """How a store holds the values of a series: 8-bit pictures as they are, all others as float32."""
    return "uint8" if series.dtype == np.uint8 else "float32"


def finish_store(
    series: xr.DataArray, folder: Path, *, train: str | None = None, source_fingerprint: str = ""
) -> None:
    """Write what follows from the frames, moments and digests in a folder, and make it a store.

    Args:
        series: whose labels and attributes the store has.
        train: period of the statistics, as `training_rows` takes it.
        source_fingerprint: of the files that the frames were read from; empty where not known.
    """
    labels_of(series).to_netcdf(folder / "labels.nc", engine="netcdf4")
    times = series["time"].values
    moments, digests = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS)
    rows = training_rows(times, train)
    statistics_of(moments, series, rows).to_netcdf(folder / "statistics.nc", engine="netcdf4")
    facts = {
        "schema_version": SCHEMA_VERSION,
        "frames_fingerprint": _combined(digests),
        "source_fingerprint": source_fingerprint,
        "stforecast": version("stforecast"),
    }
    (folder / "store.json").write_text(json.dumps(facts, indent=2) + "\n")


def open_store(path: Path) -> xr.DataArray:
    """The series of a store, memory-mapped: nothing but its labels is read.

    Raises:
        ValueError: the folder is no store, or a newer version wrote it.
    """
    if not is_store(path):
        raise ValueError(f"{path} is no analysis-ready store: it has no store.json.")
    try:
        schema = json.loads((path / "store.json").read_text())["schema_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is a damaged store: store.json is not whole. Prepare it again."
        ) from error
    if schema != SCHEMA_VERSION:
        raise ValueError(
            f"{path} has store schema {schema}, but this version reads "
            f"{SCHEMA_VERSION}: prepare it again, or update stforecast."
        )
    try:
        frames = np.load(path / "frames.npy", mmap_mode="r", allow_pickle=False)
        with xr.open_dataset(path / "labels.nc", engine="netcdf4") as file:
            labels = file.load()
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is a damaged store: {error}. Prepare it again.") from error
    labels = labels.set_coords(list(labels.data_vars))
    series = xr.DataArray(
        frames, dims=("time", "channel", "y", "x"), coords=labels.coords, name="series"
    )
    series.attrs = dict(labels.attrs)
    return series


def labels_of(array: xr.DataArray) -> xr.Dataset:
    """Everything of an array but its values, as a dataset that NetCDF can hold."""
    labels = array.coords.to_dataset()
    labels.attrs = dict(array.attrs)
    if "time" in labels:
        # Whole seconds since an epoch as float64 are exact and read by every tool.
        labels["time"].encoding = {"units": "seconds since 1970-01-01", "dtype": "float64"}
    return labels


def fingerprint_of(series: xr.DataArray) -> str:
    """A hash of a series' values and labels; equal for equal data, however they are stored.

    Of a store and its parts the values' part was computed when it was written; others are read once.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update((_known_fingerprint(series) or _frames_fingerprint(series)).encode())
    digest.update(_label_bytes(series))
    return digest.hexdigest()


def stored_moments(series: xr.DataArray) -> Moments | None:
    """Moments (time, channel) of the planes, if the series is a store or a part of one; else None.

    A part has some of the frames at an even distance, or some neighbouring channels.
    """
    table = _of_planes(series, "moments")
    return None if table is None else Moments.from_table(table[:, :, 0])


def _combined(digests: np.ndarray) -> str:
    return hashlib.blake2b(np.ascontiguousarray(digests).data, digest_size=16).hexdigest()


def _frames_fingerprint(series: xr.DataArray) -> str:
    digests = []
    for start, stop in blocks_of(series):
        digests.append(
            digests_of(np.ascontiguousarray(series[start:stop].values, stored_dtype(series)))
        )
    empty = np.empty((0, series.shape[1], 16), dtype="uint8")
    return _combined(np.concatenate([empty, *digests]))


def _known_fingerprint(series: xr.DataArray) -> str | None:
    digests = _of_planes(series, "digests")
    return None if digests is None else _combined(digests)


def _of_planes(series: xr.DataArray, name: str) -> np.ndarray | None:
    """What the store of a memory-mapped series keeps of its planes (time, channel, …)."""
    if series.chunks is not None:
        return None
    mapped = map_of(series.data)
    if mapped is None:
        return None
    file = Path(str(mapped.filename))
    if file.name != "frames.npy" or not is_store(file.parent):
        return None
    chosen = _planes_in(series.data, mapped)
    if chosen is None:
        return None
    kept = np.load(file.parent / f"{name}.npy", mmap_mode="r")
    return np.asarray(kept[np.ix_(*chosen)])


def _planes_in(part: np.ndarray, whole: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Which times and channels of a whole array a view of it holds; None if it cuts planes."""
    if part.ndim != 4 or 0 in part.shape or part.shape[2:] != whole.shape[2:]:
        return None
    if part.dtype != whole.dtype or part.strides[2:] != whole.strides[2:]:
        return None
    offset = part.ctypes.data - whole.ctypes.data
    chosen = []
    for axis in (0, 1):
        first, offset = divmod(offset, whole.strides[axis])
        step = part.strides[axis] // whole.strides[axis] if part.shape[axis] > 1 else 1
        if step * whole.strides[axis] != part.strides[axis] and part.shape[axis] > 1:
            return None
        chosen.append(first + step * np.arange(part.shape[axis]))
    return None if offset else (chosen[0], chosen[1])


def blocks_of(series: xr.DataArray) -> Iterator[tuple[int, int]]:
    """Ranges of times that each fit in memory, along the chunks of a lazy series."""
    n_times = series.sizes["time"]
    frame_bytes = max(series.dtype.itemsize * int(np.prod(series.shape[1:])), 1)
    frames = max(_BLOCK_BYTES // frame_bytes, 1)
    edges = {0, n_times}
    if series.chunks is None:
        edges |= set(range(0, n_times, frames))
    else:
        # A block that cuts a chunk would read it twice.
        start = 0
        for stop in np.cumsum(series.chunks[0]):
            if stop - start >= frames:
                edges.add(int(stop))
                start = int(stop)
    yield from pairwise(sorted(edges))


def _label_bytes(series: xr.DataArray) -> bytes:
    parts = [series["time"].values.astype("datetime64[ns]").tobytes()]
    for name in ("channel", "units"):
        parts.append("\0".join(map(str, series[name].values)).encode())
    for name in ("latitude", "longitude", *_STATIC, *beside_frames(series)):
        if name in series.coords:
            parts.append(np.asarray(series[name].values, dtype="float64").tobytes())
    if "holidays" in series.attrs:
        parts.append(str(series.attrs["holidays"]).encode())
    return b"\1".join(parts)


def beside_frames(series: xr.DataArray) -> list[str]:
    """The coordinates that hold a value for each frame, such as the weather: inputs to networks."""
    return [
        str(name) for name in series.coords if series[name].dims == ("time",) and name != "time"
    ]
