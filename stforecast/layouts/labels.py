"""Labels of both layouts: what a file says of itself, and forecasts put together again."""

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
import xarray as xr

from pipelines.series import Channel, make_series
from pipelines.variables import VARIABLES, channel_of, match_variable, parse_channel

__all__ = [
    "LATITUDE",
    "LONGITUDE",
    "accumulation_of",
    "assemble",
    "file_attributes",
    "foreign_channel",
    "init_stamp",
    "kept_attributes",
    "lead_units",
]

LATITUDE = {
    "standard_name": "latitude",
    "long_name": "latitude",
    "units": "degrees_north",
    "axis": "Y",
}
LONGITUDE = {
    "standard_name": "longitude",
    "long_name": "longitude",
    "units": "degrees_east",
    "axis": "X",
}

_KEPT = ("dataset", "synthetic", "time_zone", "forecaster")
"""Attributes that a forecast has in memory."""


def file_attributes(forecast: xr.DataArray) -> dict[str, str]:
    """What the file says of itself: who made it, from what, when."""
    attrs = {key: str(forecast.attrs[key]) for key in _KEPT if key in forecast.attrs}
    release = version("stforecast")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    made_by = attrs.get("forecaster", "forecaster unknown")
    of = f" of {attrs['dataset']}" if "dataset" in attrs else ""
    attrs |= {
        "title": f"Forecast{of} by {made_by}",
        "source": f"{made_by}, stforecast {release}",
        "history": f"{now} written by stforecast {release}",
        "references": "Names, units and axes: docs/conventions.md of stforecast",
    }
    if attrs.get("synthetic") == "true":
        attrs["title"] += " (synthetic data)"
        attrs["comment"] = "Synthetic data: they show how things work, not what will happen."
    return attrs


def kept_attributes(attrs: dict[str, object]) -> dict[str, str]:
    """The attributes that a forecast has in memory, out of those of a file."""
    return {key: str(attrs[key]) for key in _KEPT if key in attrs}


def init_stamp(init_time: np.datetime64) -> str:
    """An init_time for a file's name: "20180101T06", and as much more as tells it apart."""
    whole = init_time == init_time.astype("datetime64[s]")
    text = str(np.datetime_as_string(init_time, unit="s" if whole else "ms"))
    for ending in (":00", ":00"):
        text = text.removesuffix(ending)
    return text.translate(str.maketrans("", "", "-:."))


def lead_units(lead_times: np.ndarray) -> str:
    """The longest of hours, seconds and nanoseconds that counts all lead times in whole numbers."""
    for units, step in (("hours", "h"), ("seconds", "s")):
        if not (lead_times % np.timedelta64(1, step)).astype("int64").any():
            return units
    return "nanoseconds"


def accumulation_of(channel: Channel, lead_times: np.ndarray) -> np.timedelta64 | None:
    """Over which time before a channel's values are summed; None where they are not.

    That of `tp6h` is in its name. `tp` and the like are summed over one time step, which is the first
    lead time.
    """
    variable = VARIABLES.get(channel.variable)
    if variable is None or "time: sum" not in variable.cell_methods:
        return None
    hours = variable.short.removeprefix("tp").removesuffix("h")
    if hours.isdigit():
        return np.timedelta64(int(hours), "h").astype("timedelta64[ns]")
    return lead_times[0]


def foreign_channel(name: str, *, level: float | None = None, units: str = "1") -> Channel:
    """What a variable in a file of someone else is, by its name; an unknown name is taken as it is."""
    variable = match_variable(name)
    if variable is not None:
        return channel_of(variable, level)
    try:
        return channel_of(*parse_channel(name))
    except ValueError:
        label = name if level is None else f"{name}{level:g}"
        return Channel(label, name, level, units=units)


def assemble(
    frames: xr.DataArray,
    *,
    init_times: np.ndarray,
    lead_times: np.ndarray,
    channels: Sequence[Channel],
    latitude: np.ndarray | None,
    longitude: np.ndarray | None,
    attrs: dict[str, str],
) -> xr.DataArray:
    """The forecast of `frames` (init_time, lead_time, channel, y, x), labelled as in memory."""
    # The series' own labels, so that they can never differ from it.
    empty = np.empty((0, *frames.shape[2:]), dtype="float32")
    like = make_series(
        empty,
        times=np.empty(0, dtype="datetime64[ns]"),
        channels=channels,
        latitude=latitude,
        longitude=longitude,
        attrs={},
    )
    forecast = xr.DataArray(
        frames.data,
        dims=("init_time", "lead_time", "channel", "y", "x"),
        coords={
            "init_time": init_times.astype("datetime64[ns]"),
            "lead_time": lead_times.astype("timedelta64[ns]"),
            **{name: like[name] for name in like.coords if name != "time"},
        },
        name="forecast",
        attrs=attrs,
    )
    return forecast.assign_coords(valid_time=forecast["init_time"] + forecast["lead_time"])
