"""Files and stores of weather data: found, told apart and opened; nothing but labels is read."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import netCDF4
import numpy as np
import xarray as xr
from scipy.io import netcdf_file

from pipelines.series import names
from pipelines.weather_calendars import decode_times
from pipelines.weather_coordinates import NoTimeError, find_time
from pipelines.weather_grib import open_grib
from pipelines.weather_static import find_static

__all__ = ["Kind", "Source", "find_places", "open_source", "open_sources", "is_zarr", "walk"]

_NETCDF = (".nc", ".nc4", ".nc3", ".cdf", ".netcdf")
_GRIB = (".grib", ".grb", ".grib2", ".grb2", ".gribfile")
_METADATA = ("zarr.json", ".zarray", ".zgroup")
_CHUNK = re.compile(r"c|\d+(\.\d+)*")
_START, _STOP = "valid_time_start", "valid_time_stop"

Kind = Literal["netcdf", "zarr", "grib"]


@dataclass(frozen=True, eq=False)
class Source:
    """One file or store, opened but not read; of a GRIB file one variable and its levels."""

    path: Path
    kind: Kind
    dataset: xr.Dataset
    """Everything in it, lazy, without the decoded times."""
    time_dim: str
    """Dimension of the frames; empty where there are static fields only."""
    times: np.ndarray
    """UTC, datetime64[ns], as they stand: perhaps unsorted."""
    frames: np.ndarray
    """Which of the file's frames each time is: an index along `time_dim`."""
    calendar: str = "standard"
    notes: tuple[str, ...] = ()
    """What was left out on opening."""

    @property
    def is_synthetic(self) -> bool:
        """Whether it says of itself that it is made up."""
        return str(self.dataset.attrs.get("synthetic", "")).casefold() in ("true", "1", "yes")

    @property
    def is_zarr(self) -> bool:
        """Whether it is a Zarr store."""
        return self.kind == "zarr"


def find_places(path: Path) -> list[Path]:
    """The file or Zarr store at `path`, or all of those in the folder, in order of name.

    GRIB is known by its name or its first bytes.

    Raises:
        ValueError: there are none; the message says what there is, and the way out.
    """
    if not path.exists():
        raise ValueError(
            f"{path} does not exist; name a NetCDF or GRIB file, a Zarr store or a folder."
        )
    if path.is_file() or is_zarr(path):
        return [path]
    found, other = [], []
    for place in walk(path):
        (found if _is_data(place) else other).append(place)
    if found:
        return sorted(found)
    there = f"it holds {names(place.name for place in other)}" if other else "it is empty"
    raise ValueError(
        f"{path} has no NetCDF or GRIB file and no Zarr store: {there}. Name a folder that has, "
        "itself or in folders such as 2m_temperature."
    )


def _is_data(place: Path) -> bool:
    if is_zarr(place) or place.suffix.lower() in (*_NETCDF, *_GRIB):
        return True
    with place.open("rb") as stream:  # files of ECMWF often have no ending
        return stream.read(4) == b"GRIB"


def walk(folder: Path) -> Iterator[Path]:
    """The files and Zarr stores in a folder and below, in order of name; hidden ones are left out."""
    for place in sorted(folder.iterdir()):
        if place.name.startswith("."):  # hidden, or half-written
            continue
        if place.is_file() or is_zarr(place):
            yield place
        elif place.is_dir():
            yield from walk(place)


def is_zarr(path: Path) -> bool:
    """Whether a folder is a Zarr store."""
    return path.is_dir() and any((path / name).is_file() for name in ("zarr.json", ".zgroup"))


def open_sources(path: Path) -> list[Source]:
    """What a file or store holds: one source, or of GRIB one for each variable and its levels.

    Raises:
        ValueError: as `open_source`, or the GRIB file cannot be read.
    """
    if path.is_file() and _head(path).startswith(b"GRIB"):
        return [_source(path, "grib", dataset) for dataset in open_grib(path)]
    return [open_source(path)]


def open_source(path: Path) -> Source:
    """A NetCDF file or Zarr store, opened with its times; its values are not read.

    Where it says of itself since when and until when it holds data, as the store ARCO-ERA5 does,
    other times are left out.

    Raises:
        ValueError: it cannot be read, or has no usable times; path and the way out are named.
    """
    if path.is_dir():
        return _source(path, "zarr", _open_zarr(path))
    return _source(path, "netcdf", _open_netcdf(path))


def _source(path: Path, kind: Kind, dataset: xr.Dataset) -> Source:
    none = np.empty(0, "datetime64[ns]"), np.empty(0, "int64")
    try:
        try:
            name = find_time(dataset)
        except NoTimeError:
            if not find_static(dataset):
                raise
            return Source(path, kind, dataset, "", *none)
        labels = decode_times(dataset[name])
    except ValueError as error:
        dataset.close()
        raise ValueError(f"{path}: {error}") from error
    if not dataset[name].size:
        raise ValueError(f"{path} has no frames: its time axis is empty; fetch or make it again.")
    times, frames, notes = labels.times, labels.frames, [labels.note]
    inside = _filled(times, dataset)
    if not inside.all():
        notes.append(
            f"{int((~inside).sum())} times before {dataset.attrs[_START]} or after "
            f"{dataset.attrs[_STOP]} are left out, since {path.name} holds nothing there"
        )
        times, frames = times[inside], frames[inside]
    if not len(times):
        raise ValueError(f"{path} has no frames: {'; '.join(filter(None, notes))}.")
    return Source(
        path=path,
        kind=kind,
        dataset=dataset,
        time_dim=str(dataset[name].dims[0]),
        times=times,
        frames=frames,
        calendar=labels.calendar,
        notes=tuple(filter(None, notes)),
    )


def _filled(times: np.ndarray, dataset: xr.Dataset) -> np.ndarray:
    """Whether each time lies where the dataset says that it holds data."""
    try:
        start, stop = (np.datetime64(str(dataset.attrs[key])) for key in (_START, _STOP))
    except (KeyError, ValueError):  # it says nothing, or nothing that is a date
        return np.ones(len(times), bool)
    # A date without a clock means the whole day.
    return (times >= start) & (times < stop + np.timedelta64(1, np.datetime_data(stop)[0]))


def _open_netcdf(path: Path) -> xr.Dataset:
    _check_content(path)
    try:
        return xr.open_dataset(path, engine="netcdf4", decode_times=False, decode_timedelta=False)
    except (OSError, RuntimeError, ValueError) as error:
        raise ValueError(
            f"{path} cannot be read: it is cut short, damaged or no NetCDF ({error}). Fetch or "
            "copy it again."
        ) from error


def _open_zarr(path: Path) -> xr.Dataset:
    _check_members(path)
    try:
        return xr.open_dataset(
            path,
            engine="zarr",
            decode_times=False,
            decode_timedelta=False,
            backend_kwargs={"consolidated": _is_consolidated(path)},
        )
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise ValueError(
            f"{path} cannot be read: the Zarr store is incomplete or damaged ({error}). Fetch or "
            "copy it again."
        ) from error


def _check_members(path: Path) -> None:
    # Zarr passes over an array without metadata as if it had never been there.
    if (path / ".zmetadata").is_file():
        return
    for place in sorted(path.iterdir()):
        if place.is_dir() and not any((place / name).is_file() for name in _METADATA):
            chunks = [each.name for each in place.iterdir() if _CHUNK.fullmatch(each.name)]
            if chunks:
                raise ValueError(
                    f"{path} cannot be read: the Zarr store is incomplete, since {place.name} has "
                    f"chunks ({names(chunks, most=2)}) but no metadata. Fetch or copy it again."
                )


def _is_consolidated(path: Path) -> bool:
    if (path / "zarr.json").is_file():
        return "consolidated_metadata" in json.loads((path / "zarr.json").read_text())
    return (path / ".zmetadata").is_file()


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(512)


def _check_content(path: Path) -> None:
    """Refuse what is not NetCDF, by its first bytes: servers send error pages under any name."""
    head = _head(path)
    if not head:
        raise ValueError(f"{path} is empty (0 bytes); fetch or copy it again.")
    if head.startswith(b"PK"):
        raise ValueError(f"{path} is a zip archive; unpack it and name the folder.")
    if head.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise ValueError(
            f"{path} is a web page, not data: the download failed and saved the page of an error; "
            "delete it and fetch it again."
        )
    if head.startswith(b"CDF"):
        _check_length(path, head)
    elif not head.startswith(b"\x89HDF"):
        raise ValueError(
            f"{path} is not a NetCDF or GRIB file (it starts with {head[:8]!r}); name such a file, a "
            "Zarr store or a folder of them."
        )


def _check_length(path: Path, head: bytes) -> None:
    # The NetCDF library reads zeros where a classic file is cut short; scipy refuses.
    size = path.stat().st_size
    try:
        if head[3:4] == b"\x05":  # which scipy does not know
            with netCDF4.Dataset(path) as opened:
                least = sum(each.size * each.dtype.itemsize for each in opened.variables.values())
            short = size < least
        else:
            with netcdf_file(os.fspath(path), mmap=True):
                short = False
    except (OSError, ValueError, TypeError, IndexError):
        short = True
    if short:
        raise ValueError(
            f"{path} cannot be read: it is cut short ({size} bytes). Fetch or copy it again."
        )
