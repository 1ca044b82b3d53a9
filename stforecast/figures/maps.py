"""Maps of a forecast: beside the truth and the error, or alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from stforecast.figures.fields import find_leads, minute_text, read_fields
from stforecast.figures.geography import find_view
from stforecast.figures.panels import make_figure
from stforecast.figures.rows import draw_bars, draw_head, draw_rows, rows_of, sheet_of

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
    same whichever of them are shown. The error is forecast less truth, on a scale about 0. Counts are
    shown cell by cell, from 0 on, with an arrow where a cell or two are beyond the scale.

    Args:
        forecast: (init_time, lead_time, channel, y, x).
        init_time: the first one unless given.
        lead_times: such as "6h" or a timedelta; up to four, evenly spread, unless given.
        channel: the first one unless given.
        truth: the series, looked up at the valid times; grey where it has no frame or no value. On
            the forecast's grid: laid out as it is.
        limits: ends of the scale of truth and forecast, in the units shown.
        error_limit: end of the scale of the error, in the units shown.
        smooth: interpolate between the centres of cells; else each cell has one colour, as it has in
            a city and on a grid without geography whatever is asked for.

    Raises:
        ValueError: the forecast has no such init_time, lead_time or channel, or the truth is on
            another grid.
    """
    fields = read_fields(forecast, init_time=init_time, channel=channel, truth=truth)
    leads = find_leads(forecast["lead_time"].values, lead_times)
    rows = rows_of(fields, leads, limits=limits, error_limit=error_limit)
    n_columns = _COLUMNS if truth is None else len(leads)
    sheet = sheet_of(rows, find_view(forecast), n_columns=n_columns)
    figure = make_figure(*sheet.size)
    draw_head(figure, sheet, fields, fields.made_from)
    titles = [
        (fields.lead_texts[lead], "" if fields.counted else minute_text(fields.valid_times[lead]))
        for lead in leads
    ]
    draw_rows(figure, sheet, rows, titles, smooth=smooth)
    draw_bars(figure, sheet, rows)
    return figure
