"""Maps of a forecast: beside the truth and the error, or alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from pipelines.series import Channel, channels_of, names
from stforecast.figures.geography import View, find_view
from stforecast.figures.palette import (
    ERROR_COLOURS,
    FAINT,
    INK,
    field_style,
    forecaster_style,
    pretty_units,
)
from stforecast.figures.panels import Scale, Sheet, draw_colour_bar, draw_panel, make_figure

__all__ = ["plot_maps"]

_COLUMNS = 4
"""Panels beside each other before a forecast alone begins another row."""
_BEYOND = 0.2
"""Per cent of the errors that may lie beyond the ends of their scale."""


def plot_maps(
    forecast: xr.DataArray,
    *,
    init_time: Any = None,
    lead_times: Sequence[Any] | np.ndarray | None = None,
    channel: str | None = None,
    truth: xr.DataArray | None = None,
    limits: tuple[float, float] | None = None,
    error_limit: float | None = None,
    smooth: bool = True,
) -> Figure:
    """Maps of one forecast at some lead times; with a truth in three rows: truth, forecast, error.

    Truth and forecast share one scale, taken from all lead times of the forecast, so that it is the
    same whichever of them are shown. The error is forecast less truth, on a scale about 0.

    Args:
        forecast: (init_time, lead_time, channel, y, x).
        init_time: the first one unless given.
        lead_times: such as "6h" or a timedelta; up to four, evenly spread, unless given.
        channel: the first one unless given.
        truth: the series, looked up at the valid times; grey where it has no frame or no value.
        limits: ends of the scale of truth and forecast, in the units shown.
        error_limit: end of the scale of the error, in the units shown.
        smooth: interpolate between the centres of cells; else each cell has one colour.

    Raises:
        ValueError: the forecast has no such init_time, lead_time or channel.
    """
    fields = _read(forecast, init_time=init_time, channel=channel, truth=truth)
    leads = _lead_numbers(forecast["lead_time"].values, lead_times)
    scale = _field_scale(fields, limits)
    view = find_view(forecast)
    if fields.truth is None:
        sheet = Sheet(-(-len(leads) // _COLUMNS), min(len(leads), _COLUMNS), view, row_gap=0.5)
        rows = [_Row("", fields.forecast, scale)] * sheet.n_rows
        places = [(divmod(number, _COLUMNS), lead) for number, lead in enumerate(leads)]
        bars = [(0, sheet.n_rows - 1, scale)]
    else:
        error = fields.forecast - fields.truth
        error_scale = _error_scale(error, error_limit, units=scale.units)
        sheet = Sheet(3, len(leads), view)
        rows = [
            _Row("Truth", fields.truth, scale),
            _Row("Forecast", fields.forecast, scale),
            _Row("Error", error, error_scale),
        ]
        places = [((row, column), lead) for row in range(3) for column, lead in enumerate(leads)]
        bars = [(0, 1, scale), (2, 2, error_scale)]
    figure = make_figure(*sheet.size)
    _draw_titles(figure, sheet, fields)
    _draw_rows(figure, sheet, rows, places, fields, smooth=smooth)
    for first, last, its_scale in bars:
        draw_colour_bar(figure, sheet.bar_box(first, last), scale=its_scale)
    return figure


@dataclass(frozen=True, eq=False)
class _Fields:
    """One forecast and its truth, (lead_time, y, x), in the units shown."""

    forecast: np.ndarray
    truth: np.ndarray | None
    channel: Channel
    factor: float
    offset: float
    units: str
    init_time: np.datetime64
    lead_times: np.ndarray
    attrs: dict[str, str]


@dataclass(frozen=True, eq=False)
class _Row:
    """One row of panels."""

    label: str
    values: np.ndarray
    """(lead_time, y, x)."""
    scale: Scale


def _read(
    forecast: xr.DataArray, *, init_time: Any, channel: str | None, truth: xr.DataArray | None
) -> _Fields:
    times = forecast["init_time"].values
    time = times[0] if init_time is None else np.datetime64(init_time, "ns")
    if time not in times:
        raise ValueError(
            f"The forecast does not start at {_minute(time)}; it starts at "
            f"{names(map(_minute, times), most=4)}."
        )
    known = [str(name) for name in forecast["channel"].values]
    name = known[0] if channel is None else channel
    if name not in known:
        raise ValueError(f"The forecast has no channel {name!r}; it has {names(known)}.")
    one = forecast.sel(init_time=time, channel=[name])
    its_channel = channels_of(one)[0]
    factor, offset, units = _display(its_channel)
    seen = None
    if truth is not None:
        valid_times = time + forecast["lead_time"].values
        seen = truth.sel(channel=name)
        # Only the frames that exist are read; the others become NaN.
        seen = seen.sel(time=np.intersect1d(seen["time"].values, valid_times))
        seen = np.asarray(seen.reindex(time=valid_times).values, dtype="float64") * factor + offset
    return _Fields(
        forecast=np.asarray(one.values[:, 0], dtype="float64") * factor + offset,
        truth=seen,
        channel=its_channel,
        factor=factor,
        offset=offset,
        units=pretty_units(units),
        init_time=time,
        lead_times=forecast["lead_time"].values,
        attrs={key: str(value) for key, value in forecast.attrs.items()},
    )


def _lead_numbers(known: np.ndarray, wanted: Any) -> list[int]:
    if wanted is None:
        spread = np.linspace(0, len(known) - 1, min(len(known), _COLUMNS))
        return [int(number) for number in spread.round()]
    numbers = []
    for lead_time in wanted:
        found = np.flatnonzero(known == pd.Timedelta(lead_time).to_timedelta64())
        if len(found) == 0:
            raise ValueError(
                f"The forecast has no lead_time {lead_name(pd.Timedelta(lead_time))}; it has "
                f"{names([lead_name(pd.Timedelta(lead)) for lead in known], most=8)}."
            )
        numbers.append(int(found[0]))
    return numbers


def _display(channel: Channel) -> tuple[float, float, str]:
    return 1.0, 0.0, channel.units


def _field_scale(fields: _Fields, limits: tuple[float, float] | None) -> Scale:
    style = field_style(fields.channel.variable)
    values = [fields.forecast] if fields.truth is None else [fields.forecast, fields.truth]
    finite = np.concatenate([part[np.isfinite(part)] for part in values])
    bounds = (fields.channel.valid_min, fields.channel.valid_max)
    if limits is not None:
        low, high = limits
    elif style.from_zero and np.isfinite(bounds).all():
        low, high = (bound * fields.factor + fields.offset for bound in bounds)
    else:
        low, high = _ends(finite)
        if style.signed:
            high = max(abs(low), abs(high))
            low = -high
        elif style.from_zero:
            # A few showers must not turn all others pale.
            low, high = 0.0, float(np.percentile(finite, 100 - _BEYOND)) if high > 0 else 1.0
            high = high or 1.0
    return Scale(
        low, high, matplotlib.colormaps[style.colour_map], fields.units, _beyond(finite, low, high)
    )


def _error_scale(error: np.ndarray, limit: float | None, *, units: str) -> Scale:
    finite = error[np.isfinite(error)]
    if limit is None:
        limit = float(np.percentile(np.abs(finite), 100 - _BEYOND)) if len(finite) else 1.0
        limit = limit or 1.0
    colours = matplotlib.colormaps[ERROR_COLOURS]
    return Scale(-limit, limit, colours, units, _beyond(finite, -limit, limit))


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


def _draw_titles(figure: Figure, sheet: Sheet, fields: _Fields) -> None:
    channel, attrs = fields.channel, fields.attrs
    title = channel.long_name or channel.standard_name.replace("_", " ") or channel.name
    title = title[0].upper() + title[1:]
    level = "" if channel.level is None else f"{channel.level:g} hPa"
    if level and level not in title:
        title += f" at {level}"
    left = sheet.left
    figure.text(*sheet.at(left, 0.3), title, fontsize=11, fontweight="bold", color=INK)
    zone = attrs.get("time_zone", "UTC")
    dataset = attrs.get("dataset", "")
    if attrs.get("synthetic") == "true":
        dataset += " (synthetic)"
    by = forecaster_style(attrs["forecaster"]).label if "forecaster" in attrs else "Forecast"
    below = [f"{by} from {_minute(fields.init_time)} {zone}", dataset]
    figure.text(
        *sheet.at(left, 0.5),
        "  ·  ".join(text for text in below if text),
        fontsize=8,
        color=FAINT,
    )


def _draw_rows(
    figure: Figure,
    sheet: Sheet,
    rows: list[_Row],
    places: list[tuple[tuple[int, int], int]],
    fields: _Fields,
    *,
    smooth: bool,
) -> None:
    titled = {0} if fields.truth is not None else set(range(sheet.n_rows))
    lowest = {column: row for (row, column), _ in places}
    for (row, column), lead in places:
        axes = figure.add_axes(sheet.box(row, column))
        ticks = ("left " if column == 0 else "") + ("bottom" if lowest[column] == row else "")
        draw_panel(
            axes,
            rows[row].values[lead],
            sheet.view,
            scale=rows[row].scale,
            smooth=smooth,
            ticks=ticks,
        )
        if row in titled:
            _draw_column_title(figure, sheet, (row, column), fields, lead)
        if column == 0 and rows[row].label:
            left, bottom, _, height = sheet.box(row, column)
            figure.text(
                sheet.at(0.16, 0)[0],
                bottom + height / 2,
                rows[row].label,
                rotation=90,
                fontsize=8.5,
                fontweight="bold",
                color=INK,
                ha="center",
                va="center",
            )


def _draw_column_title(
    figure: Figure, sheet: Sheet, place: tuple[int, int], fields: _Fields, lead: int
) -> None:
    left, bottom, width, height = sheet.box(*place)
    lead_time = fields.lead_times[lead]
    above = bottom + height
    for text, inches, style in (
        (lead_name(pd.Timedelta(lead_time)), 0.2, {"fontweight": "bold", "color": INK}),
        (_minute(fields.init_time + lead_time), 0.06, {"color": FAINT}),
    ):
        figure.text(
            left + width / 2,
            above + inches / sheet.size[1],
            text,
            fontsize=8 if inches > 0.1 else 7,
            ha="center",
            va="bottom",
            **style,
        )


def lead_name(lead_time: pd.Timedelta) -> str:
    """A lead time for readers: "+6 h", "+30 min", "+5 d" from ten days on."""
    minutes = lead_time / pd.Timedelta(minutes=1)
    if minutes >= 10 * 1440 and minutes % 1440 == 0:
        return f"+{minutes / 1440:g} d"
    if minutes >= 60 and minutes % 30 == 0:
        return f"+{minutes / 60:g} h"
    return f"+{minutes:g} min" if minutes >= 1 else f"+{minutes * 60:g} s"


def _minute(time: Any) -> str:
    return str(np.datetime_as_string(np.datetime64(time), unit="m")).replace("T", " ")
