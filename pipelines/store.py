"""The analysis-ready store: a series as one memory-mappable array with its labels beside it.

    STORE/frames.npy    float32 (time, channel, y, x), C order
    STORE/labels.nc     times, channels, units, grid and attributes, as NetCDF
    STORE/store.json    schema version and fingerprint of the frames

A memory map reads windows 20 to 100 times faster than chunked formats, and holds nothing in memory.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.atomic import atomic_path

__all__ = ["beside_frames", "blocks_of", "fingerprint_of", "is_store", "open_store", "write_store"]

SCHEMA_VERSION = 1
_BLOCK_BYTES = 64 * 2**20


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
    digest = hashlib.blake2b(digest_size=16)
    with atomic_path(path) as folder:
        folder.mkdir()
        frames = np.lib.format.open_memmap(
            folder / "frames.npy", mode="w+", dtype="float32", shape=series.shape
        )
        for start, stop in blocks_of(series):
            block = np.ascontiguousarray(series[start:stop].values, dtype="float32")
            frames[start:stop] = block
            digest.update(block.data)
            if progress is not None:
                progress(stop, series.sizes["time"])
        frames.flush()
        del frames
        labels_of(series).to_netcdf(folder / "labels.nc", engine="netcdf4")
        facts = {"schema_version": SCHEMA_VERSION, "frames_fingerprint": digest.hexdigest()}
        (folder / "store.json").write_text(json.dumps(facts, indent=2) + "\n")


def open_store(path: Path) -> xr.DataArray:
    """The series of a store, memory-mapped: nothing but its labels is read.

    Raises:
        ValueError: the folder is no store, or a newer version wrote it.
    """
    if not is_store(path):
        raise ValueError(f"{path} is no analysis-ready store: it has no store.json.")
    facts = json.loads((path / "store.json").read_text())
    if facts["schema_version"] != SCHEMA_VERSION:
        raise ValueError(
            f"{path} has store schema {facts['schema_version']}, but this version reads "
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

    Of a whole store the values' part was computed when it was written; others are read once.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update((_known_fingerprint(series) or _frames_fingerprint(series)).encode())
    digest.update(_label_bytes(series))
    return digest.hexdigest()


def _frames_fingerprint(series: xr.DataArray) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for start, stop in blocks_of(series):
        digest.update(np.ascontiguousarray(series[start:stop].values, dtype="float32").data)
    return digest.hexdigest()


def _known_fingerprint(series: xr.DataArray) -> str | None:
    """What the store says of its frames, if these are all of them, unchanged and in order."""
    if series.chunks is not None:
        return None
    frames = series.data
    chain = [frames]
    while (base := getattr(chain[-1], "base", None)) is not None:
        chain.append(base)
    # A part of a map is a map too: the last one in the chain is the file's.
    maps = [array for array in chain if isinstance(array, np.memmap)]
    file = maps[-1].filename if maps else None
    if file is None:
        return None
    mapped, place = maps[-1], Path(file).parent
    same = (frames.ctypes.data, frames.shape, frames.strides) == (
        mapped.ctypes.data,
        mapped.shape,
        mapped.strides,
    )
    if not same or not is_store(place):
        return None
    return json.loads((place / "store.json").read_text())["frames_fingerprint"]


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
    for name in ("latitude", "longitude", *beside_frames(series)):
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
