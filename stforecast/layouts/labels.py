"""Labels of all layouts: what a file says of itself, and forecasts put together again."""

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
import xarray as xr

from pipelines.series import Channel, make_series, name_step
from pipelines.variables import VARIABLES, channel_of, match_variable, parse_channel

__all__ = [
    "LATITUDE",
    "LONGITUDE",
    "accumulation_of",
    "assemble",
    "cell_numbers",
    "count_units",
    "file_attributes",
    "foreign_channel",
    "init_stamp",
    "kept_attributes",
    "lead_units",
    "step_of_leads",
    "summed_over",
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

_KEPT = ("dataset", "synthetic", "time_zone", "clock", "place", "place_note", "forecaster")
"""Attributes that a forecast has in memory."""

_COUNTS = {"inflow": "vehicles", "outflow": "vehicles"}
"""What is counted in variables that are counts per time step; their units are 1."""


def file_attributes(forecast: xr.DataArray) -> dict[str, str]:
    """What the file says of itself: who made it, from what, when.

    A forecast with an attribute `history` is told by that, so that its bytes need not depend on the
    time of writing.
    """
    attrs = {key: str(forecast.attrs[key]) for key in _KEPT if key in forecast.attrs}
    release = version("stforecast")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    made_by = attrs.get("forecaster", "forecaster unknown")
    of = f" of {attrs['dataset']}" if "dataset" in attrs else ""
    attrs |= {
        "title": f"Forecast{of} by {made_by}",
        "source": f"{made_by}, stforecast {release}",
        "history": str(forecast.attrs.get("history", f"{now} written by stforecast {release}")),
        "references": "Names, units and axes: docs/conventions.md of stforecast",
    }
    comments = []
    if attrs.get("synthetic") == "true":
        attrs["title"] += " (synthetic data)"
        comments.append("Synthetic data: they show how things work, not what will happen.")
    if "place_note" in attrs:
        comments.append(f"Latitude and longitude: {attrs['place_note']}.")
    if comments:
        attrs["comment"] = " ".join(comments)
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


def step_of_leads(lead_times: np.ndarray) -> np.timedelta64:
    """The time step of a forecast: its first lead time, or less where others lie closer together."""
    return min(lead_times[0], *np.diff(lead_times)) if len(lead_times) > 1 else lead_times[0]


def count_units(channel: Channel, lead_times: np.ndarray) -> str:
    """What a count is, for readers: "vehicles per 30 min"; empty where a channel is none."""
    if channel.variable not in _COUNTS or channel.units != "1":
        return ""
    step = name_step(step_of_leads(lead_times))
    unit = step.lstrip("0123456789")
    number = step.removesuffix(unit)
    period = "day" if unit == "d" else unit
    return f"{_COUNTS[channel.variable]} per {period if number == '1' else f'{number} {period}'}"


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


def summed_over(
    channel: Channel, lead_times: np.ndarray
) -> tuple[np.timedelta64, np.timedelta64] | None:
    """From when to when, about the time of a frame, its values are summed; None where they are not.

    Counts are named after the start of their slot, sums such as precipitation after their end.
    """
    instant = np.timedelta64(0, "ns")
    if count_units(channel, lead_times):
        return instant, step_of_leads(lead_times)
    accumulation = accumulation_of(channel, lead_times)
    return None if accumulation is None else (-accumulation, instant)


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


def cell_numbers(
    array: xr.DataArray | xr.Dataset, grid: tuple[str, str]
) -> dict[str, tuple[str, np.ndarray]]:
    """`row` and `column` of the data where a grid was turned: the dimension of ours, and the numbers.

    Args:
        grid: names of the dimensions that are y and x of ours.
    """
    ours = dict(zip(grid, ("y", "x"), strict=True))
    return {
        name: (ours[str(array[name].dims[0])], array[name].values.astype("int64"))
        for name in ("row", "column")
        if name in array.coords and array[name].dims[:1] in {(dim,) for dim in ours}
    }


def assemble(
    frames: xr.DataArray,
    *,
    init_times: np.ndarray,
    lead_times: np.ndarray,
    channels: Sequence[Channel],
    latitude: np.ndarray | None,
    longitude: np.ndarray | None,
    attrs: dict[str, str],
    numbers: dict[str, tuple[str, np.ndarray]],
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
            **numbers,
        },
        name="forecast",
        attrs=attrs,
    )
    return forecast.assign_coords(valid_time=forecast["init_time"] + forecast["lead_time"])
