"""The cf layout: forecasts of one init_time as CF-1.8 describes them.

Dims `time` (the valid time), `latitude` and `longitude` (or `y` and `x`), short names; the init_time is
the scalar `forecast_reference_time`, the lead time is `forecast_period` along `time`.

References:
    CF Conventions 1.8, https://cfconventions.org.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from pipelines.series import Channel, channels_of, names
from pipelines.variables import VARIABLES
from stforecast.layouts.labels import (
    LATITUDE,
    LONGITUDE,
    assemble,
    cell_numbers,
    count_units,
    file_attributes,
    foreign_channel,
    kept_attributes,
    lead_units,
    summed_over,
)

__all__ = ["from_cf", "to_cf"]

_STEPS = {"hours": "h", "seconds": "s", "nanoseconds": "ns"}
_GRIDS = (("latitude", "longitude"), ("y", "x"))


def to_cf(forecast: xr.DataArray) -> xr.Dataset:
    """The forecast of one init_time as a dataset after CF-1.8; each channel is a variable.

    Raises:
        ValueError: the forecast has several init times.
    """
    if forecast.sizes["init_time"] != 1:
        raise ValueError(
            f"A cf file holds one init_time, but the forecast has {forecast.sizes['init_time']}; "
            "choose one with .isel(init_time=[0])."
        )
    channels = channels_of(forecast)
    lead_times = forecast["lead_time"].values
    periods = {span for channel in channels if (span := summed_over(channel, lead_times))}
    dims = ("time", *_grid_dims(forecast))
    numbers = _cell_numbers(forecast)
    coordinates = _coordinates(forecast) | numbers
    dataset = xr.Dataset(coords=coordinates, attrs=_attributes(forecast))
    for number, channel in enumerate(channels):
        heights = _height(channel)
        dataset = dataset.assign_coords(heights)
        array = forecast.isel(init_time=0, channel=number)
        attrs = _variable(channel, lead_times, beside_sums=bool(periods))
        dataset[channel.name] = (dims, array.data.astype("float32"), attrs)
        # CF: each variable names the coordinates that are not its dimensions.
        auxiliary = ["forecast_reference_time", "forecast_period", *heights, *numbers]
        dataset[channel.name].encoding = {"coordinates": " ".join(auxiliary)}
    if len(periods) == 1:
        times, (first, last) = dataset["time"].values, periods.pop()
        dataset["time"].attrs["bounds"] = "time_bounds"
        dataset["time_bounds"] = (("time", "bound"), np.stack([times + first, times + last], 1))
    _encode_times(dataset, lead_times)
    return dataset


def _grid_dims(forecast: xr.DataArray) -> tuple[str, str]:
    return ("latitude", "longitude") if "latitude" in forecast.coords else ("y", "x")


def _cell_numbers(forecast: xr.DataArray) -> dict[str, Any]:
    """Rows and columns of the data along the grid of the file, where the forecast has them."""
    rows, columns = _grid_dims(forecast)
    numbers = cell_numbers(forecast, ("y", "x"))
    return {
        name: (
            rows if dim == "y" else columns,
            values.astype("int32"),
            {"long_name": f"{name} of the data"},
        )
        for name, (dim, values) in numbers.items()
    }


def _coordinates(forecast: xr.DataArray) -> dict[str, Any]:
    init_time, lead_times = forecast["init_time"].values[0], forecast["lead_time"].values
    units = lead_units(lead_times)
    periods = lead_times / np.timedelta64(1, _STEPS[units])
    zone = forecast.attrs.get("time_zone", "UTC").replace("unknown", "time zone unknown")
    local = {} if zone == "UTC" else {"comment": f"local civil time, {zone}"}
    if forecast.attrs.get("clock") == "artificial":
        local = {"comment": "artificial clock: the data have no times"}
    coordinates: dict[str, Any] = {
        "time": (
            "time",
            init_time + lead_times,
            {"standard_name": "time", "long_name": "valid time", "axis": "T", **local},
        ),
        "forecast_reference_time": (
            (),
            init_time,
            {
                "standard_name": "forecast_reference_time",
                "long_name": "time at which the forecast starts",
                **local,
            },
        ),
        "forecast_period": (
            "time",
            periods,
            {
                "standard_name": "forecast_period",
                "long_name": "time since the forecast started",
                "units": units,
            },
        ),
    }
    if "latitude" in forecast.coords:
        coordinates["latitude"] = ("latitude", forecast["latitude"].values, LATITUDE)
        coordinates["longitude"] = ("longitude", forecast["longitude"].values, LONGITUDE)
    else:
        for name, text in (("y", "row of the grid"), ("x", "column of the grid")):
            numbers = np.arange(forecast.sizes[name], dtype="int32")
            # No axis: CF would take Y and X for degrees.
            coordinates[name] = (name, numbers, {"long_name": text, "units": "1"})
    return coordinates


def _height(channel: Channel) -> dict[str, Any]:
    """The scalar coordinate that says at which height or pressure a channel is; none for many."""
    variable = VARIABLES.get(channel.variable)
    if channel.level is not None:
        attrs = {
            "standard_name": "air_pressure",
            "long_name": "pressure",
            "units": "hPa",
            "positive": "down",
        }
        return {f"pressure_{_digits(channel.level)}": ((), float(channel.level), attrs)}
    if variable is not None and variable.height_m is not None:
        attrs = {
            "standard_name": "height",
            "long_name": "height above the ground",
            "units": "m",
            "positive": "up",
        }
        return {f"height_{_digits(variable.height_m)}m": ((), float(variable.height_m), attrs)}
    return {}


def _digits(value: float) -> str:
    """A number as a part of a CF name, which has no points."""
    return f"{value:g}".replace(".", "_")


def _variable(channel: Channel, lead_times: np.ndarray, *, beside_sums: bool) -> dict[str, Any]:
    variable = VARIABLES.get(channel.variable)
    methods = "" if variable is None else variable.cell_methods
    if count_units(channel, lead_times):
        methods = "time: sum"
    elif beside_sums and not methods:
        # Beside a sum the others must say that they are none.
        methods = "time: point"
    # CF wants one of the two names.
    long_name = channel.long_name or ("" if channel.standard_name else channel.name)
    texts = {
        "standard_name": channel.standard_name,
        "long_name": long_name + _counting(channel, lead_times),
        "units": channel.units,
        "short_name": channel.variable,
        "cell_methods": methods,
    }
    limits = {"valid_min": channel.valid_min, "valid_max": channel.valid_max}
    finite = {key: np.float32(value) for key, value in limits.items() if np.isfinite(value)}
    return {key: text for key, text in texts.items() if text} | finite


def _counting(channel: Channel, lead_times: np.ndarray) -> str:
    """What a count's long name ends in, as its units do not say it: " per 30 min"."""
    _, per, period = count_units(channel, lead_times).partition(" per ")
    return per + period


def _attributes(forecast: xr.DataArray) -> dict[str, str]:
    attrs = file_attributes(forecast)
    init_time = np.datetime_as_string(forecast["init_time"].values[0], unit="m")
    zone = attrs.get("time_zone", "UTC").replace("unknown", "local time")
    if attrs.get("clock") == "artificial":
        zone = "(artificial clock)"
    title = f"{attrs['title']} from {init_time} {zone}"
    return {"Conventions": "CF-1.8", **attrs, "title": title}


def _encode_times(dataset: xr.Dataset, lead_times: np.ndarray) -> None:
    """Times as float64 since an epoch (CF-1.8 has no 64-bit integers), exact to the microsecond."""
    init_time = dataset["forecast_reference_time"].values
    units = lead_units(np.append(lead_times, init_time - np.datetime64("1970-01-01", "ns")))
    units = "microseconds" if units == "nanoseconds" else units
    for name in ("time", "forecast_reference_time"):
        dataset[name].encoding = {
            "dtype": "float64",
            "units": f"{units} since 1970-01-01",
            "calendar": "standard",
            "_FillValue": None,
        }
    for name in set(dataset.coords) - {"time", "forecast_reference_time"}:
        dataset[name].encoding = {"_FillValue": None}
    if "time_bounds" in dataset:
        dataset["time_bounds"].encoding = {
            "dtype": "float64",
            "_FillValue": None,
            "coordinates": None,
        }


def from_cf(dataset: xr.Dataset) -> xr.DataArray:
    """The forecast of a dataset in the cf layout.

    Raises:
        ValueError: the init_time or the valid times are missing, or nothing stands on a grid.
    """
    wanted = ("time", "forecast_reference_time")
    missing = [name for name in wanted if name not in dataset.coords]
    if missing:
        raise ValueError(
            f"no coordinate {names(missing)}; the cf layout has the valid times in time and the "
            "init_time in forecast_reference_time."
        )
    grid = next((pair for pair in _GRIDS if set(pair) <= set(dataset.dims)), None)
    planes = [] if grid is None else _planes(dataset, grid)
    if grid is None or not planes:
        raise ValueError("no variable stands on time, latitude and longitude (or time, y and x).")
    init_times = np.atleast_1d(dataset["forecast_reference_time"].values)
    lead_times = dataset["time"].values - init_times[0]
    channels = [_channel(dataset, name, lead_times) for name in planes]
    arrays = [dataset[name].transpose("time", *grid).variable for name in planes]
    frames = np.stack([np.asarray(array.values, dtype="float32") for array in arrays], axis=1)
    has_degrees = grid[0] == "latitude"
    return assemble(
        xr.DataArray(frames[None]),
        init_times=init_times,
        lead_times=lead_times,
        channels=channels,
        latitude=dataset["latitude"].values if has_degrees else None,
        longitude=dataset["longitude"].values if has_degrees else None,
        attrs=kept_attributes(dataset.attrs),
        numbers=cell_numbers(dataset, grid),
    )


def _planes(dataset: xr.Dataset, grid: Sequence[str]) -> list[str]:
    return [
        str(name) for name, array in dataset.data_vars.items() if set(array.dims) == {"time", *grid}
    ]


def _channel(dataset: xr.Dataset, name: str, lead_times: np.ndarray) -> Channel:
    """What a variable is, by its attributes and its scalar coordinates."""
    attrs = dataset[name].attrs
    if "short_name" not in attrs:
        return foreign_channel(name, units=str(attrs.get("units", "1")))
    long_name = str(attrs.get("long_name", ""))
    scalars = str(dataset[name].encoding.get("coordinates", "")).split()
    pressures = [
        float(dataset[scalar].values)
        for scalar in scalars
        if dataset[scalar].attrs.get("standard_name") == "air_pressure"
    ]
    channel = Channel(
        name=name,
        variable=str(attrs["short_name"]),
        level=pressures[0] if pressures else None,
        units=str(attrs.get("units", "1")),
        standard_name=str(attrs.get("standard_name", "")),
        long_name=long_name,
        valid_min=float(attrs.get("valid_min", -np.inf)),
        valid_max=float(attrs.get("valid_max", np.inf)),
    )
    long_name = long_name.removesuffix(_counting(channel, lead_times))
    if long_name == name and not channel.standard_name:
        long_name = ""
    return replace(channel, long_name=long_name)
