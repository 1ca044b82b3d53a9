"""Maps of a forecast: beside the truth and the error, or alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from stforecast.figures.fields import (
    Fields,
    error_scale,
    field_scale,
    find_leads,
    minute_text,
    read_fields,
)
from stforecast.figures.geography import find_view
from stforecast.figures.palette import FAINT, INK, forecaster_style
from stforecast.figures.panels import Scale, Sheet, draw_colour_bar, draw_panel, make_figure
from stforecast.verification.report import lead_text

__all__ = ["plot_maps"]

_COLUMNS = 4
"""Panels beside each other before a forecast alone begins another row."""


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
    fields = read_fields(forecast, init_time=init_time, channel=channel, truth=truth)
    leads = find_leads(forecast["lead_time"].values, lead_times)
    scale = field_scale(fields, limits)
    view = find_view(forecast)
    if fields.truth is None:
        sheet = Sheet(-(-len(leads) // _COLUMNS), min(len(leads), _COLUMNS), view, row_gap=0.5)
        rows = [_Row("", fields.forecast, scale)] * sheet.n_rows
        places = [(divmod(number, _COLUMNS), lead) for number, lead in enumerate(leads)]
        bars = [(0, sheet.n_rows - 1, scale)]
    else:
        error = fields.forecast - fields.truth
        scale_of_error = error_scale(error, error_limit, fields=fields)
        sheet = Sheet(3, len(leads), view)
        rows = [
            _Row("Truth", fields.truth, scale),
            _Row("Forecast", fields.forecast, scale),
            _Row("Error", error, scale_of_error),
        ]
        places = [((row, column), lead) for row in range(3) for column, lead in enumerate(leads)]
        bars = [(0, 1, scale), (2, 2, scale_of_error)]
    figure = make_figure(*sheet.size)
    _draw_titles(figure, sheet, fields)
    _draw_rows(figure, sheet, rows, places, fields, smooth=smooth)
    for first, last, its_scale in bars:
        draw_colour_bar(figure, sheet.bar_box(first, last), scale=its_scale)
    return figure


@dataclass(frozen=True, eq=False)
class _Row:
    """One row of panels."""

    label: str
    values: np.ndarray
    """(lead_time, y, x)."""
    scale: Scale


def _draw_titles(figure: Figure, sheet: Sheet, fields: Fields) -> None:
    channel, attrs = fields.channel, fields.attrs
    title = channel.long_name or channel.standard_name.replace("_", " ") or channel.name
    title = title[0].upper() + title[1:]
    left = sheet.left
    figure.text(*sheet.at(left, 0.3), title, fontsize=11, fontweight="bold", color=INK)
    zone = attrs.get("time_zone", "UTC")
    dataset = attrs.get("dataset", "")
    if attrs.get("synthetic") == "true":
        dataset += " (synthetic)"
    by = forecaster_style(attrs["forecaster"]).label if "forecaster" in attrs else "Forecast"
    below = [f"{by} from {minute_text(fields.init_time)} {zone}", dataset]
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
    fields: Fields,
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
            _, bottom, _, height = sheet.box(row, column)
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
    figure: Figure, sheet: Sheet, place: tuple[int, int], fields: Fields, lead: int
) -> None:
    left, bottom, width, height = sheet.box(*place)
    lead_time = fields.lead_times[lead]
    above = bottom + height
    for text, inches, size, weight, colour in (
        (lead_text(lead_time), 0.2, 8, "bold", INK),
        (minute_text(fields.init_time + lead_time), 0.06, 7, "normal", FAINT),
    ):
        figure.text(
            left + width / 2,
            above + inches / sheet.size[1],
            text,
            fontsize=size,
            fontweight=weight,
            color=colour,
            ha="center",
            va="bottom",
        )
