"""The wb2 layout: forecasts as WeatherBench 2's own scripts read them.

Dims `time` (init_time), `prediction_timedelta`, [`level`], `latitude` from south to north, `longitude`
in [0, 360); WeatherBench 2's names and units.

References:
    weatherbench2, `scripts/evaluate.py` and `docs/source/submit.md`.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import xarray as xr

from pipelines.series import Channel, channels_of, names
from pipelines.units import convert, find_units
from pipelines.variables import VARIABLES
from stforecast.layouts.labels import (
    LATITUDE,
    LONGITUDE,
    accumulation_of,
    assemble,
    cell_numbers,
    file_attributes,
    foreign_channel,
    kept_attributes,
)

__all__ = ["LAYOUT", "from_wb2", "to_wb2"]

LAYOUT = "stforecast wb2 1"
"""Name and version of the layout, in the attribute `layout` of the files."""

_GRID = ("latitude", "longitude")
_STEPS = ("time", "prediction_timedelta")


@dataclass(frozen=True)
class _Plane:
    """Where a channel stands in a dataset."""

    channel: Channel
    name: str
    """Of the variable in the dataset."""
    level: int | None = None
    """Along the dataset's `level`; None where the variable has no such dimension."""


def to_wb2(forecast: xr.DataArray) -> xr.Dataset:
    """The forecast as a dataset that WeatherBench 2 scores, in WeatherBench 2's names and units.

    Variables on levels stand along `level` if all of them have the same levels; else each level is a
    variable of its own, `geopotential_500` (WeatherBench 2: `--pressure_level_suffixes=True`).

    Raises:
        ValueError: the grid has no latitude and longitude, or two channels would share a name.
    """
    if "latitude" not in forecast.coords:
        raise ValueError(
            "The wb2 layout needs latitude and longitude, which this grid does not have; name its "
            "place (place.extent), or write the cf layout."
        )
    channels = channels_of(forecast)
    planes = _planes(channels, forecast["lead_time"].values)
    fields = forecast.swap_dims(y="latitude", x="longitude").rename(
        init_time="time", lead_time="prediction_timedelta"
    )
    fields = fields.drop_vars([name for name in fields.coords if "channel" in fields[name].dims])
    arrays = {}
    for name in dict.fromkeys(plane.name for plane in planes):
        own = [number for number, plane in enumerate(planes) if plane.name == name]
        own.sort(key=lambda number: planes[number].level or 0)
        arrays[name] = _variable(fields, [planes[number] for number in own], own)
    dataset = _label(xr.Dataset(arrays).sortby("latitude"))
    described = [
        # JSON has no infinities: a limit that is not there is left out.
        {key: value for key, value in asdict(channel).items() if value not in (np.inf, -np.inf)}
        for channel in channels
    ]
    dataset.attrs = file_attributes(forecast) | {
        "layout": LAYOUT,
        "channels": json.dumps(described),
    }
    return dataset


def _planes(channels: Sequence[Channel], lead_times: np.ndarray) -> list[_Plane]:
    """The place of each channel, in the order of the channels."""
    levels: dict[str, set[float]] = {}
    for channel in channels:
        if channel.level is not None:
            levels.setdefault(channel.variable, set()).add(channel.level)
    shared = len({frozenset(own) for own in levels.values()}) == 1 and all(
        level.is_integer() for own in levels.values() for level in own
    )
    planes = []
    for channel in channels:
        name = _long_name(channel, lead_times)
        if channel.level is None:
            planes.append(_Plane(channel, name))
        elif shared:
            planes.append(_Plane(channel, name, int(channel.level)))
        else:
            planes.append(_Plane(channel, f"{name}_{channel.level:g}"))
    places = [(plane.name, plane.level) for plane in planes]
    twice = {plane.channel.name for plane in planes if places.count((plane.name, plane.level)) > 1}
    if twice:
        raise ValueError(
            f"Channels {names(sorted(twice))} would get the same WeatherBench 2 name; write them to "
            "files of their own."
        )
    return planes


def _long_name(channel: Channel, lead_times: np.ndarray) -> str:
    """WeatherBench 2's name of a variable; precipitation has the hours of its sum in it."""
    variable = VARIABLES.get(channel.variable)
    name = channel.variable if variable is None else variable.wb2_name or variable.short
    if name != "total_precipitation":
        return name
    period = accumulation_of(channel, lead_times) or lead_times[0]
    return f"{name}_{period / np.timedelta64(1, 'h'):g}hr"


def _variable(fields: xr.DataArray, planes: list[_Plane], numbers: list[int]) -> xr.DataArray:
    """One variable of the dataset, of one plane or of one for each level."""
    array = fields.isel(channel=numbers)
    dims = (*_STEPS, *_GRID)
    if planes[0].level is None:
        array = array.isel(channel=0)
    else:
        levels = np.array([plane.level for plane in planes], dtype="int64")
        array = array.rename(channel="level").assign_coords(level=("level", levels))
        dims = (*_STEPS, "level", *_GRID)
    channel = planes[0].channel
    units = _stored_units(channel)
    array = _converted(array.transpose(*dims), channel.units, units)
    long_name = channel.long_name
    if planes[0].level is not None:
        long_name = long_name.removesuffix(f" at {planes[0].level} hPa")
    texts = {
        "units": units,
        "standard_name": channel.standard_name,
        "long_name": long_name,
        "short_name": channel.variable,
    }
    array.attrs = {key: text for key, text in texts.items() if text}
    return array


def _stored_units(channel: Channel) -> str:
    variable = VARIABLES.get(channel.variable)
    if variable is None or not variable.wb2_units or channel.units != variable.units:
        return channel.units
    return variable.wb2_units


def _converted(array: xr.DataArray, source: str, target: str) -> xr.DataArray:
    if source == target:
        return array
    have, want = find_units(source), find_units(target)
    conversion = convert(have, want) if have and want else None
    if conversion is None:
        raise ValueError(
            f"{array.name or 'The forecast'}: units {source!r} cannot be turned into {target!r}."
        )
    # In float64, so that the result is rounded once.
    exact = array.astype("float64") * conversion.factor + conversion.offset
    return exact.astype("float32")


def _label(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset with its longitudes in [0, 360), and attributes on the coordinates."""
    inside = dataset["longitude"].values
    dataset = dataset.assign_coords(longitude=inside % 360).sortby("longitude")
    attrs = {
        "latitude": LATITUDE,
        "longitude": LONGITUDE,
        "time": {"long_name": "time at which the forecast starts"},
        "prediction_timedelta": {"long_name": "time since the forecast started"},
        "valid_time": {"standard_name": "time", "long_name": "time that the forecast is about"},
        "level": {
            "standard_name": "air_pressure",
            "long_name": "pressure",
            "units": "hPa",
            "positive": "down",
            "axis": "Z",
        },
    }
    for name, own in attrs.items():
        if name in dataset.coords:
            dataset[name].attrs = dict(own)
    if not np.array_equal(inside, dataset["longitude"].values):
        # Degrees turned by 360 lose their last digits: keep those of the contiguous grid.
        dataset["longitude"].attrs["contiguous"] = [float(value) for value in inside]
    return dataset


def from_wb2(dataset: xr.Dataset) -> xr.DataArray:
    """The forecast of a dataset in the wb2 layout, ours or another's; lazy if the dataset is.

    Raises:
        ValueError: a dimension is missing, or nothing stands on all of them.
    """
    missing = [name for name in (*_STEPS, *_GRID) if name not in dataset.dims]
    if missing:
        raise ValueError(
            f"no dimension {names(missing)}; the wb2 layout has time, prediction_timedelta, "
            "[level], latitude, longitude."
        )
    leads = dataset["prediction_timedelta"].values
    if leads.dtype.kind != "m":
        raise ValueError(
            f"prediction_timedelta is {leads.dtype}, not timedelta64: whether it counts hours or "
            "steps is not known; decode it first."
        )
    planes = _stored_planes(dataset, leads)
    if not planes:
        raise ValueError("no variable has time, prediction_timedelta, latitude and longitude.")
    dataset = _contiguous(dataset).sortby("latitude", ascending=False)
    frames = []
    for plane in planes:
        array = dataset[plane.name]
        units = str(array.attrs.get("units", _stored_units(plane.channel)))
        if plane.level is not None:
            array = array.sel(level=plane.level)
        array = array.drop_vars(["level"], errors="ignore").transpose(*_STEPS, *_GRID)
        frames.append(_converted(array.astype("float32"), units, plane.channel.units))
    stacked = xr.concat(frames, "channel", coords="minimal", compat="override")
    return assemble(
        stacked.transpose(*_STEPS, "channel", *_GRID),
        init_times=dataset["time"].values,
        lead_times=leads,
        channels=[plane.channel for plane in planes],
        latitude=dataset["latitude"].values,
        longitude=dataset["longitude"].values,
        attrs=kept_attributes(dataset.attrs),
        numbers=cell_numbers(dataset, _GRID),
    )


def _stored_planes(dataset: xr.Dataset, lead_times: np.ndarray) -> list[_Plane]:
    """The planes of a dataset: as it describes them, or by the names of its variables."""
    if dataset.attrs.get("layout") == LAYOUT:
        channels = [Channel(**entry) for entry in json.loads(dataset.attrs["channels"])]
        return [plane for plane in _planes(channels, lead_times) if _is_there(plane, dataset)]
    planes = []
    for name, array in dataset.data_vars.items():
        if not {*_STEPS, *_GRID} <= set(array.dims) <= {*_STEPS, *_GRID, "level"}:
            continue
        units = str(array.attrs.get("units", "1"))
        if "level" not in array.dims:
            planes.append(_Plane(foreign_channel(str(name), units=units), str(name)))
            continue
        for level in dataset["level"].values:
            channel = foreign_channel(str(name), level=float(level), units=units)
            planes.append(_Plane(channel, str(name), level.item()))
    return planes


def _is_there(plane: _Plane, dataset: xr.Dataset) -> bool:
    if plane.name not in dataset:
        return False
    return plane.level is None or plane.level in dataset["level"].values


def _contiguous(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset with a region in one piece, −10 … 12 and not 0 … 12, 350 … 360; a globe as it is."""
    longitude = dataset["longitude"].values.astype("float64")
    dataset = dataset.isel(longitude=np.argsort(longitude))
    longitude = np.sort(longitude)
    known = np.atleast_1d(dataset["longitude"].attrs.get("contiguous", []))
    if len(known) == len(longitude) and np.array_equal(np.sort(known % 360), longitude):
        order = np.argsort(np.argsort(known % 360))
        return dataset.isel(longitude=order).assign_coords(longitude=known)
    gaps = np.diff(longitude, append=longitude[0] + 360)
    widest = int(gaps.argmax())
    if widest == len(longitude) - 1 or gaps[widest] < 1.5 * np.median(gaps):
        return dataset
    dataset = dataset.roll(longitude=-(widest + 1), roll_coords=True)
    turned = dataset["longitude"].values.astype("float64")
    return dataset.assign_coords(longitude=np.where(turned > turned[-1], turned - 360, turned))
