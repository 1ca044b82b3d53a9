"""Fields: what a map shows of a forecast and its truth, in the units shown, and their scales."""

from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.ticker import MaxNLocator

from pipelines.series import Channel, channels_of, names
from pipelines.variables import VARIABLES
from stforecast.figures.palette import ERROR_COLOURS, field_style, pretty_units
from stforecast.figures.panels import Scale
from stforecast.verification.report import lead_text

__all__ = ["Fields", "error_scale", "field_scale", "find_leads", "minute_text", "read_fields"]

_SHOWN = 4
"""Lead times that get a map unless some are named."""
_BEYOND = 0.2
"""Per cent of the values that may lie beyond the ends of a scale."""

_BANDS = 26
"""Bands of one colour on a scale, at most."""


@dataclass(frozen=True, eq=False)
class Fields:
    """One forecast and its truth, (lead_time, y, x), in the units shown."""

    forecast: np.ndarray
    truth: np.ndarray | None
    channel: Channel
    factor: float
    units: str
    init_time: np.datetime64
    lead_times: np.ndarray
    has_degrees: bool
    attrs: dict[str, str]


def read_fields(
    forecast: xr.DataArray, *, init_time: Any, channel: str | None, truth: xr.DataArray | None
) -> Fields:
    """One init_time and one channel, with the truth at the valid times; NaN where it has no frame.

    Raises:
        ValueError: the forecast has no such init_time or channel.
    """
    times = forecast["init_time"].values
    time = times[0] if init_time is None else np.datetime64(init_time, "ns")
    if time not in times:
        raise ValueError(
            f"The forecast does not start at {minute_text(time)}; it starts at "
            f"{names(map(minute_text, times), most=4)}."
        )
    known = [str(name) for name in forecast["channel"].values]
    name = known[0] if channel is None else channel
    if name not in known:
        raise ValueError(f"The forecast has no channel {name!r}; it has {names(known)}.")
    one = forecast.sel(init_time=time, channel=[name])
    its_channel = channels_of(one)[0]
    factor, units = _display(its_channel)
    seen = None
    if truth is not None:
        valid_times = time + forecast["lead_time"].values
        seen = truth.sel(channel=name)
        # Only the frames that exist are read; the others become NaN.
        seen = seen.sel(time=np.intersect1d(seen["time"].values, valid_times))
        seen = np.asarray(seen.reindex(time=valid_times).values, dtype="float64") * factor
    return Fields(
        forecast=np.asarray(one.values[:, 0], dtype="float64") * factor,
        truth=seen,
        channel=its_channel,
        factor=factor,
        units=pretty_units(units),
        init_time=time,
        lead_times=forecast["lead_time"].values,
        has_degrees="latitude" in forecast.coords,
        attrs={key: str(value) for key, value in forecast.attrs.items()},
    )


def find_leads(known: np.ndarray, wanted: Any) -> list[int]:
    """Numbers of the wanted lead times, or of a few that are evenly spread.

    Raises:
        ValueError: the forecast has no such lead_time.
    """
    if wanted is None:
        spread = np.linspace(0, len(known) - 1, min(len(known), _SHOWN))
        return [int(number) for number in spread.round()]
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


def _display(channel: Channel) -> tuple[float, str]:
    """Factor and units to show a channel in: pressures in hPa, precipitation in mm."""
    variable = VARIABLES.get(channel.variable)
    if variable is None or not variable.display_units or variable.units != channel.units:
        return 1.0, channel.units
    return variable.display_factor, variable.display_units


def field_scale(fields: Fields, limits: tuple[float, float] | None) -> Scale:
    """The scale of forecast and truth: over all lead times, so that it stays when others are shown."""
    style = field_style(fields.channel.variable)
    values = [fields.forecast] if fields.truth is None else [fields.forecast, fields.truth]
    finite = np.concatenate([part[np.isfinite(part)] for part in values])
    bounds = (fields.channel.valid_min, fields.channel.valid_max)
    if limits is not None:
        low, high = limits
    elif style.from_zero and np.isfinite(bounds).all():
        low, high = (bound * fields.factor for bound in bounds)
    else:
        low, high = _ends(finite)
        if style.signed:
            high = max(abs(low), abs(high))
            low = -high
        elif style.from_zero:
            # A few showers must not turn all others pale.
            low, high = 0.0, float(np.percentile(finite, 100 - _BEYOND)) if len(finite) else 1.0
            high = high if high > 0 else 1.0
    return _scale(finite, low, high, style.colour_map, fields, given=limits is not None)


def error_scale(error: np.ndarray, limit: float | None, *, fields: Fields) -> Scale:
    """The scale of forecast less truth, symmetric about 0."""
    finite = error[np.isfinite(error)]
    end = limit
    if end is None:
        end = float(np.percentile(np.abs(finite), 100 - _BEYOND)) if len(finite) else 1.0
        end = end or 1.0
    return _scale(finite, -end, end, ERROR_COLOURS, fields, given=limit is not None)


def _scale(
    finite: np.ndarray, low: float, high: float, colours: str, fields: Fields, *, given: bool
) -> Scale:
    """A scale in bands between round numbers where there are coastlines to see them beside."""
    bands: tuple[float, ...] = ()
    if fields.has_degrees:
        steps = MaxNLocator(_BANDS, steps=[1, 2, 2.5, 5, 10])
        ticks = np.asarray(steps.tick_values(low, high))
        if given:
            ticks = np.array([low, *ticks[(ticks > low) & (ticks < high)], high])
        if colours == ERROR_COLOURS:
            # One white band about 0: next to nothing is neither too high nor too low.
            ticks = ticks[np.abs(ticks) > 1e-9 * high]
        bands = tuple(map(float, ticks))
        low, high = bands[0], bands[-1]
    beyond = _beyond(finite, low, high)
    return Scale(low, high, matplotlib.colormaps[colours], fields.units, beyond, bands)


def _ends(finite: np.ndarray) -> tuple[float, float]:
    """Least and greatest value, apart even where all are equal."""
    if len(finite) == 0:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _beyond(finite: np.ndarray, low: float, high: float) -> str:
    if len(finite) == 0:
        return "neither"
    # A hair beyond is rounding, not an outlier.
    hair = 1e-6 * (high - low)
    under, over = finite.min() < low - hair, finite.max() > high + hair
    return {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[int(under), int(over)]


def minute_text(time: Any) -> str:
    """A time for readers, to the minute: "2018-01-01 06:00"."""
    return str(np.datetime_as_string(np.datetime64(time), unit="m")).replace("T", " ")
