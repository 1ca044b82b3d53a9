"""Fields: what a map shows of a forecast and its truth, in the units shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from pipelines.series import Channel, channels_of, names
from pipelines.variables import display_units
from stforecast.figures.geography import shows_cells
from stforecast.figures.palette import (
    forecaster_style,
    pretty_units,
)
from stforecast.layouts.labels import count_units
from stforecast.lead_texts import is_counted, lead_text

__all__ = [
    "Fields",
    "find_leads",
    "minute_text",
    "read_fields",
    "read_sequence",
    "zone_text",
]

_SHOWN = 4
"""Lead times that get a map unless some are named."""
_IN_SEQUENCE = 8
"""Valid times that a sequence has unless some are named."""
_SAME_DEGREES = 1e-4
"""Degrees that two grids may differ by and be the same: rounding in single precision."""


@dataclass(frozen=True, eq=False)
class Fields:
    """Forecasts of one channel and their truth, (N, y, x), in the units shown."""

    forecast: np.ndarray
    truth: np.ndarray | None
    init_times: np.ndarray
    """(N,)."""
    lead_times: np.ndarray
    """(N,)."""
    channel: Channel
    factor: float
    units: str
    are_cells: bool
    """Values belong to cells, as counts do: colours without bands, and never smoothed."""
    attrs: dict[str, str]

    @property
    def valid_times(self) -> np.ndarray:
        """(N,)."""
        return self.init_times + self.lead_times

    @property
    def counted(self) -> bool:
        """Whether frames are counted, as those of video are, which have no times."""
        return is_counted(self.attrs)

    @property
    def lead_texts(self) -> list[str]:
        """How far ahead each is, for readers."""
        return [lead_text(lead, counted=self.counted) for lead in self.lead_times]

    @property
    def made_from(self) -> str:
        """Who made the first of the forecasts, and when it starts, where there is a time."""
        if self.counted:
            return f"{self.made_by}, frames counted from the last input"
        start = minute_text(self.init_times[0])
        return f"{self.made_by} from {start} {zone_text(self.attrs)}"

    @property
    def title(self) -> str:
        """What is shown."""
        channel = self.channel
        title = channel.long_name or channel.standard_name.replace("_", " ") or channel.name
        return title[0].upper() + title[1:]

    @property
    def made_by(self) -> str:
        """Who made the forecast."""
        if "forecaster" not in self.attrs:
            return "Forecast"
        return forecaster_style(self.attrs["forecaster"]).label

    @property
    def source(self) -> str:
        """From which data, and where they are from."""
        dataset, place = self.attrs.get("dataset", ""), self.attrs.get("place", "own")
        where = "" if place in ("own", dataset) else f", {place}"
        return dataset + (" (synthetic)" if self.attrs.get("synthetic") == "true" else "") + where


def read_fields(
    forecast: xr.DataArray, *, init_time: Any, channel: str | None, truth: xr.DataArray | None
) -> Fields:
    """One init_time and one channel at all lead times, with the truth; NaN where it has no frame.

    Raises:
        ValueError: the forecast has no such init_time or channel, or the truth is on another grid.
    """
    times = forecast["init_time"].values
    time = times[0] if init_time is None else np.datetime64(init_time, "ns")
    if time not in times:
        raise ValueError(
            f"The forecast does not start at {minute_text(time)}; it starts at "
            f"{names(map(minute_text, times), most=4)}."
        )
    one = forecast.sel(init_time=time)
    leads = one["lead_time"].values
    return _labelled(forecast, one, np.full(len(leads), time), leads, channel=channel, truth=truth)


def read_sequence(
    forecasts: xr.DataArray,
    *,
    lead_time: Any,
    channel: str | None,
    valid_times: Sequence[Any] | np.ndarray | None,
    truth: xr.DataArray,
) -> Fields:
    """One lead time and one channel at some valid times, with the truth; nothing else is read.

    Args:
        lead_time: the first one if None.
        valid_times: a few that are evenly spread if None.

    Raises:
        ValueError: the forecasts have no such lead_time, channel or valid time, or the truth is on
            another grid.
    """
    leads = forecasts["lead_time"].values
    lead = 0 if lead_time is None else find_leads(leads, [lead_time])[0]
    known = forecasts["init_time"].values + leads[lead]
    if valid_times is None:
        numbers = _spread(len(known), _IN_SEQUENCE)
    else:
        wanted = np.array([np.datetime64(time, "ns") for time in valid_times])
        if len(wanted) == 0:
            raise ValueError("No valid time is named: valid_times is empty.")
        absent = wanted[~np.isin(wanted, known)]
        if len(absent) > 0:
            raise ValueError(
                f"No forecast {lead_text(leads[lead])} ahead is valid at {minute_text(absent[0])}; "
                f"there are such for {minute_text(known[0])} to {minute_text(known[-1])}."
            )
        numbers = [int(np.flatnonzero(known == time)[0]) for time in wanted]
    chosen = forecasts.isel(init_time=numbers, lead_time=lead)
    return _labelled(
        forecasts,
        chosen,
        chosen["init_time"].values,
        np.full(len(numbers), leads[lead]),
        channel=channel,
        truth=truth,
    )


def _labelled(
    forecast: xr.DataArray,
    chosen: xr.DataArray,
    init_times: np.ndarray,
    lead_times: np.ndarray,
    *,
    channel: str | None,
    truth: xr.DataArray | None,
) -> Fields:
    """The fields of what was chosen (N, channel, y, x) of a forecast."""
    known = [str(name) for name in forecast["channel"].values]
    name = known[0] if channel is None else channel
    if name not in known:
        raise ValueError(f"The forecast has no channel {name!r}; it has {names(known)}.")
    one = chosen.sel(channel=[name])
    its_channel = channels_of(one)[0]
    factor, units = _display(its_channel, forecast["lead_time"].values)
    seen = None
    if truth is not None:
        _check_grid(forecast, truth)
        valid_times = init_times + lead_times
        seen = truth.sel(channel=name)
        # Only the frames that exist are read; the others become NaN.
        seen = seen.sel(time=np.intersect1d(seen["time"].values, valid_times))
        seen = np.asarray(seen.reindex(time=valid_times).values, dtype="float64") * factor
    return Fields(
        forecast=np.asarray(one.values[:, 0], dtype="float64") * factor,
        truth=seen,
        init_times=init_times,
        lead_times=lead_times,
        channel=its_channel,
        factor=factor,
        units=pretty_units(units),
        are_cells=shows_cells(forecast),
        attrs={key: str(value) for key, value in forecast.attrs.items()},
    )


def _check_grid(forecast: xr.DataArray, truth: xr.DataArray) -> None:
    """A truth that was not laid out as the forecast was would stand upside down beside it."""
    for dim, name in (("y", "latitude"), ("x", "longitude")):
        grids = [
            array[name].values if name in array.coords else np.arange(array.sizes[dim])
            for array in (forecast, truth)
        ]
        if grids[0].shape != grids[1].shape or not np.allclose(*grids, rtol=0, atol=_SAME_DEGREES):
            raise ValueError(
                f"The truth has another {name} than the forecast; give both as they are in the data, "
                "or lay out both at the same place."
            )


def find_leads(known: np.ndarray, wanted: Any) -> list[int]:
    """Numbers of the wanted lead times, or of a few that are evenly spread.

    Raises:
        ValueError: the forecast has no such lead_time.
    """
    if wanted is None:
        return _spread(len(known), _SHOWN)
    numbers = []
    for lead_time in wanted:
        wished = pd.to_timedelta(lead_time).to_timedelta64()
        found = np.flatnonzero(known == wished)
        if len(found) == 0:
            raise ValueError(
                f"The forecast has no lead_time {lead_text(wished)}; it has "
                f"{names(map(lead_text, known), most=8)}."
            )
        numbers.append(int(found[0]))
    return numbers


def _spread(count: int, most: int) -> list[int]:
    """At most so many of the numbers below `count`, evenly spread, with the first and the last."""
    return [int(number) for number in np.linspace(0, count - 1, min(count, most)).round()]


def _display(channel: Channel, lead_times: np.ndarray) -> tuple[float, str]:
    """Factor and units to show a channel in: pressures in hPa, counts in vehicles per time step."""
    counts = count_units(channel, lead_times)
    return (1.0, counts) if counts else display_units(channel.variable, channel.units)


def minute_text(time: Any) -> str:
    """A time for readers, to the minute: "2018-01-01 06:00"."""
    return str(np.datetime_as_string(np.datetime64(time), unit="m")).replace("T", " ")


def zone_text(attrs: dict[str, str]) -> str:
    """Whose time the times of a forecast are, for readers: "UTC", "New York time"."""
    if attrs.get("clock") == "artificial":
        return "(artificial clock)"
    zone = attrs.get("time_zone", "UTC")
    if zone == "unknown":
        return "local time"
    area, _, city = zone.rpartition("/")
    return f"{city.replace('_', ' ')} time" if area and area != "Etc" else zone
