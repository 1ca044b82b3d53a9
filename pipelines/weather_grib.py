"""GRIB files as datasets: one for each variable and set of levels that share their times.

Messages are looked up by the time at which they are valid, so that sums since the start of a
forecast lie on one time axis. Nothing is written beside the file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from dask.utils import SerializableLock
from xarray.backends import BackendArray
from xarray.core.indexing import IndexingSupport, LazilyIndexedArray, explicit_indexing_adapter

from pipelines.grib_library import load_eccodes
from pipelines.series import names

if TYPE_CHECKING:
    from cfgrib.messages import Message

__all__ = ["open_grib"]

Offset = int | tuple[int, int]
"""Where a message lies in its file; the second number is that of a field in a multi-field message."""

_LEVELS = {"isobaricInhPa": "hPa", "isobaricInPa": "Pa"}
_EVEN = ("regular_ll", "regular_gg")
_MISSING = -1e30
_LOCK = SerializableLock()  # ecCodes keeps tables that threads share


@dataclass(frozen=True)
class _Key:
    """What tells the variables of a file apart."""

    name: str
    level_type: str
    grid: str
    step_type: str


@dataclass(frozen=True)
class _Place:
    """One message: its place in the cube of its variable, and in the file."""

    time: np.datetime64
    level: float
    member: int
    step: str
    version: str
    offset: Offset


def open_grib(path: Path) -> list[xr.Dataset]:
    """The variables of a GRIB file, lazy, each with a time axis of valid times.

    Dimensions are time, the levels where there are several, latitude and longitude. A grid that is
    not latitude by longitude has one dimension, `values`, and no coordinates.

    Raises:
        ValueError: cfgrib is not installed, the file is cut short or damaged, or two messages stand
            for one time: members of an ensemble, or forecasts.
    """
    try:
        load_eccodes()
        from cfgrib.messages import FileStream
        from gribapi.errors import GribInternalError
    except ImportError as error:
        raise ValueError(
            f"{path} is GRIB, and reading GRIB needs cfgrib: pip install 'stforecast[grib]'"
        ) from error
    places: dict[_Key, list[_Place]] = {}
    attrs: dict[_Key, dict[str, Any]] = {}
    grids: dict[str, xr.Dataset] = {}
    try:
        for offset, message in FileStream(str(path), errors="raise").items():
            key = _key(message)
            if key not in places:
                attrs[key] = _attributes(message)
            if key.grid not in grids:
                grids[key.grid] = _grid(message)
            places.setdefault(key, []).append(_place(message, offset))
    except (GribInternalError, EOFError, KeyError) as error:
        raise ValueError(
            f"{path} cannot be read: the GRIB file is cut short or damaged ({error}). Fetch or copy "
            "it again."
        ) from error
    datasets = []
    for key, own in places.items():
        _check_single(path, key.name, own)
        for cube in _cubes(own):
            datasets.append(_dataset(path, key, cube, attrs[key], grids[key.grid]))
    return datasets


def _key(message: "Message") -> _Key:
    return _Key(
        name=str(message["shortName"]),
        level_type=str(message["typeOfLevel"]),
        grid=str(message["md5GridSection"]),
        step_type=str(message["stepType"]),
    )


def _attributes(message: "Message") -> dict[str, Any]:
    standard_name = str(message["cfName"])
    return {
        "long_name": str(message["name"]),
        "units": str(message["units"]),
        "GRIB_shortName": str(message["shortName"]),
        "GRIB_cfVarName": str(message["cfVarName"]),
        "GRIB_typeOfLevel": str(message["typeOfLevel"]),
        "GRIB_gridType": str(message["gridType"]),
        "GRIB_stepType": str(message["stepType"]),
        **({} if standard_name == "unknown" else {"standard_name": standard_name}),
    }


def _grid(message: "Message") -> xr.Dataset:
    if message["gridType"] not in _EVEN:
        return xr.Dataset(coords={"values": np.arange(message["numberOfPoints"])})
    top, bottom, first, last = (
        float(message[f"{axis}Of{end}GridPointInDegrees"])
        for axis in ("latitude", "longitude")
        for end in ("First", "Last")
    )
    is_even = message["gridType"] == "regular_ll"
    latitude = np.linspace(top, bottom, message["Nj"]) if is_even else message["distinctLatitudes"]
    # In the order of the values: ecCodes' distinct longitudes are sorted, across 0° as well.
    way = -1 if message["iScansNegatively"] else 1
    span = way * (last - first) % 360 or 360
    longitude = np.round(first + way * np.linspace(0, span, message["Ni"]), 6)
    if span < 360 <= longitude.max():
        longitude = longitude - 360  # a region across Greenwich
    return xr.Dataset(
        coords={
            "latitude": ("latitude", latitude, {"units": "degrees_north"}),
            "longitude": ("longitude", longitude, {"units": "degrees_east"}),
        }
    )


def _place(message: "Message", offset: Offset) -> _Place:
    date, clock = f"{message['validityDate']:08d}", f"{message['validityTime']:04d}"
    time = f"{date[:4]}-{date[4:6]}-{date[6:]}T{clock[:2]}:{clock[2:]}"
    return _Place(
        time=np.datetime64(time, "ns"),
        level=float(message["level"]),
        member=int(message.get("number") or 0),
        step=str(message["stepRange"]),
        version=str(message.get("expver") or ""),
        offset=offset,
    )


def _check_single(path: Path, name: str, places: Sequence[_Place]) -> None:
    members = sorted({place.member for place in places})
    if len(members) > 1:
        raise ValueError(
            f"{path}: {name} has {len(members)} members of an ensemble ('number' "
            f"{names(members)}), which a frame has no place for; select one, for example with "
            f"`grib_copy -w number={members[0]} IN OUT`."
        )
    seen: dict[tuple[np.datetime64, float], _Place] = {}
    for place in places:
        other = seen.setdefault((place.time, place.level), place)
        if other is place:
            continue
        when = np.datetime_as_string(place.time, unit="m")
        if other.step != place.step:
            raise ValueError(
                f"{path}: {name} stands several times for {when}, at the steps {other.step} and "
                f"{place.step} of forecasts: these are not a series; select one, for example with "
                f"`grib_copy -w stepRange={other.step} IN OUT`."
            )
        raise ValueError(
            f"{path}: {name} stands twice for {when}; remove one of the messages, or fetch the "
            "file again."
        )


def _cubes(places: Sequence[_Place]) -> list[dict[float, dict[np.datetime64, _Place]]]:
    """The messages by level and time, in groups of levels that have the same times.

    So a time that a level lacks is absent from its axis, instead of standing there empty.
    """
    by_level: dict[float, dict[np.datetime64, _Place]] = {}
    for place in places:
        by_level.setdefault(place.level, {})[place.time] = place
    groups: dict[frozenset, dict[float, dict[np.datetime64, _Place]]] = {}
    for level, own in by_level.items():
        groups.setdefault(frozenset(own), {})[level] = own
    return list(groups.values())


def _dataset(
    path: Path,
    key: _Key,
    cube: Mapping[float, Mapping[np.datetime64, _Place]],
    attrs: Mapping[str, Any],
    grid: xr.Dataset,
) -> xr.Dataset:
    levels = list(cube)
    times = sorted(cube[levels[0]])
    offsets = np.empty((len(times), len(levels)), dtype=object)
    for column, level in enumerate(levels):
        offsets[:, column] = [cube[level][time].offset for time in times]
    versions = [cube[levels[0]][time].version for time in times]
    level_attrs = {"units": _LEVELS.get(key.level_type, "1")}
    coordinates = {
        "time": ("time", np.array(times)),
        "expver": ("time", np.array(versions)),
        **grid.coords,
    }
    dims = ["time", *grid.sizes]
    if len(levels) > 1:
        dims.insert(1, key.level_type)
        coordinates[key.level_type] = (key.level_type, np.array(levels), level_attrs)
    else:
        offsets = offsets[:, 0]
        coordinates[key.level_type] = ((), levels[0], level_attrs)
    messages = _Messages(str(path), offsets, tuple(grid.sizes.values()))
    variable = xr.Variable(dims, LazilyIndexedArray(messages), dict(attrs))
    return xr.Dataset({key.name: variable}, coords=coordinates)


class _Messages(BackendArray):
    """Values of messages, float32, unpacked when they are asked for."""

    def __init__(self, path: str, offsets: np.ndarray, field: tuple[int, ...]) -> None:
        self._path, self._offsets, self._field = path, offsets, field
        self.shape, self.dtype = (*offsets.shape, *field), np.dtype("float32")

    def __getitem__(self, key: Any) -> Any:
        return explicit_indexing_adapter(key, self.shape, IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> np.ndarray:
        load_eccodes()  # a worker reads what another process opened
        from cfgrib.dataset import get_values_in_order
        from cfgrib.messages import Message

        offsets = self._offsets
        for axis in reversed(range(offsets.ndim)):
            offsets = offsets[(slice(None),) * axis + (key[axis],)]
        wanted = np.asarray(offsets, dtype=object)
        whole = np.empty((wanted.size, *self._field), dtype=self.dtype)
        with _LOCK, Path(self._path).open("rb") as stream:
            for row, offset in enumerate(wanted.ravel()):
                message = Message.from_file(stream, offset)
                if message["bitmapPresent"]:
                    message["missingValue"] = _MISSING  # the usual 9999 may be a value
                shape: Any = self._field
                values = np.asarray(get_values_in_order(message, shape), dtype=self.dtype)
                if message["bitmapPresent"]:
                    values[values == np.float32(_MISSING)] = np.nan
                if message.get("jPointsAreConsecutive"):  # column by column
                    values = values.reshape(self._field[::-1]).T
                whole[row] = values.reshape(self._field)
        result = whole.reshape(*wanted.shape, *self._field)
        for axis, chosen in enumerate(reversed(key[self._offsets.ndim :]), start=1):
            result = result[(..., chosen, *[slice(None)] * (axis - 1))]
        return result
