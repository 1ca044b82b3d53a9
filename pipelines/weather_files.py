"""Files and stores of weather data: found, told apart and opened; nothing but labels is read."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.io import netcdf_file

from pipelines.series import names
from pipelines.weather_coordinates import find_time

__all__ = ["Source", "find_places", "open_source"]

_NETCDF = (".nc", ".nc4", ".nc3", ".cdf", ".netcdf")
_GRIB = (".grib", ".grb", ".grib2", ".grb2", ".gribfile")
_STANDARD_CALENDARS = ("standard", "gregorian", "proleptic_gregorian")


@dataclass(frozen=True, eq=False)
class Source:
    """One file or store, opened but not read."""

    path: Path
    dataset: xr.Dataset
    """Everything in it, lazy, without the decoded times."""
    time_dim: str
    times: np.ndarray
    """UTC, datetime64[ns], as they stand: perhaps unsorted."""

    @property
    def is_synthetic(self) -> bool:
        """Whether it says of itself that it is made up."""
        return str(self.dataset.attrs.get("synthetic", "")).casefold() in ("true", "1", "yes")

    @property
    def is_zarr(self) -> bool:
        """Whether it is a Zarr store."""
        return self.path.is_dir()


def find_places(path: Path) -> list[Path]:
    """The NetCDF file or Zarr store at `path`, or all of those in the folder, in order of name.

    Raises:
        ValueError: there are none; the message says what there is, and the way out.
    """
    if not path.exists():
        raise ValueError(f"{path} does not exist; name a NetCDF file, a Zarr store or a folder.")
    if path.is_file() or _is_zarr(path):
        return [path]
    found, other = [], []
    for place in _walk(path):
        (found if _is_zarr(place) or place.suffix.lower() in _NETCDF else other).append(place)
    if found:
        return sorted(found)
    gribs = [place for place in other if place.suffix.lower() in _GRIB]
    if gribs:
        raise ValueError(
            f"{path} holds GRIB only ({names(grib.name for grib in gribs)}). {_from_grib(gribs[0])}"
        )
    there = f"it holds {names(place.name for place in other)}" if other else "it is empty"
    raise ValueError(
        f"{path} has no NetCDF file and no Zarr store: {there}. Name a folder that has, itself or in "
        "folders such as 2m_temperature."
    )


def _walk(folder: Path) -> Iterator[Path]:
    for place in sorted(folder.iterdir()):
        if place.name.startswith("."):  # hidden, or half-written
            continue
        if place.is_file() or _is_zarr(place):
            yield place
        elif place.is_dir():
            yield from _walk(place)


def _is_zarr(path: Path) -> bool:
    return path.is_dir() and any((path / name).is_file() for name in ("zarr.json", ".zgroup"))


def open_source(path: Path) -> Source:
    """A NetCDF file or Zarr store, opened with its times; its values are not read.

    Raises:
        ValueError: it cannot be read, or has no usable times; path and the way out are named.
    """
    dataset = _open_zarr(path) if path.is_dir() else _open_netcdf(path)
    try:
        name = find_time(dataset)
        times = _decode_times(dataset[name])
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    if not len(times):
        raise ValueError(f"{path} has no frames: its time axis is empty; fetch or make it again.")
    return Source(path, dataset, str(dataset[name].dims[0]), times)


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


def _is_consolidated(path: Path) -> bool:
    if (path / "zarr.json").is_file():
        return "consolidated_metadata" in json.loads((path / "zarr.json").read_text())
    return (path / ".zmetadata").is_file()


def _check_content(path: Path) -> None:
    """Refuse what is not NetCDF, by its first bytes: servers send error pages under any name."""
    with path.open("rb") as stream:
        head = stream.read(512)
    if not head:
        raise ValueError(f"{path} is empty (0 bytes); fetch or copy it again.")
    if head.startswith(b"GRIB"):
        raise ValueError(f"{path} is GRIB. {_from_grib(path)}")
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
            f"{path} is not a NetCDF file (it starts with {head[:8]!r}); name a NetCDF file, a Zarr "
            "store or a folder of them."
        )


def _check_length(path: Path, head: bytes) -> None:
    # The NetCDF library reads zeros where a classic file is cut short; scipy refuses.
    if head[3:4] not in (b"\x01", b"\x02"):
        return
    try:
        with netcdf_file(os.fspath(path), mmap=True):
            pass
    except (ValueError, TypeError, IndexError) as error:
        raise ValueError(
            f"{path} cannot be read: it is cut short ({path.stat().st_size} bytes). Fetch or copy it "
            "again."
        ) from error


def _from_grib(path: Path) -> str:
    return (
        'GRIB is not read; convert it to NetCDF, for example with `python -c "import xarray; '
        f"xarray.open_dataset('{path}', engine='cfgrib').to_netcdf('{path.stem}.nc')\"` (needs "
        "cfgrib)."
    )


def _decode_times(variable: xr.DataArray) -> np.ndarray:
    name = variable.name
    units = str(variable.attrs.get("units", ""))
    calendar = str(variable.attrs.get("calendar", "standard")).casefold()
    if calendar not in _STANDARD_CALENDARS:
        raise ValueError(
            f"{name} has the calendar {calendar!r}, whose days are not those of the world: "
            "times could not be compared with other data, and 29 February is missing or invented. "
            "Convert it to the standard calendar, for example with xarray's convert_calendar."
        )
    if not np.issubdtype(variable.dtype, np.datetime64):
        if " since " not in units:
            raise ValueError(
                f"{name} has no units such as 'hours since 1979-01-01' "
                f"({units or 'none'}); set them, so that its numbers are times."
            )
        floating = np.issubdtype(variable.dtype, np.floating)
        if floating and not np.isfinite(variable.values).all():
            raise ValueError(f"{name} holds missing times; drop those frames.")
        labels = xr.Dataset({"time": ("frame", variable.values, variable.attrs)})
        try:
            variable = xr.decode_cf(
                labels, decode_times=xr.coders.CFDatetimeCoder(use_cftime=False)
            )["time"]
        except (ValueError, OverflowError) as error:
            raise ValueError(
                f"{name} cannot be decoded from {units!r}; correct the units, and note that years lie "
                f"between 1678 and 2262 ({error})."
            ) from error
    # Fractions of days and hours are not exact: a frame's time is a whole second.
    half = np.timedelta64(500, "ms")
    return (
        (variable.values.astype("datetime64[ns]") + half).astype("datetime64[s]").astype("M8[ns]")
    )
