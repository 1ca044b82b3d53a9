"""Sequences: one lead time along a day, beside what happened."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from stforecast.figures.fields import minute_text, read_sequence, zone_text
from stforecast.figures.geography import find_view
from stforecast.figures.panels import make_figure
from stforecast.figures.rows import draw_bars, draw_head, draw_rows, rows_of, sheet_of

__all__ = ["plot_sequence"]

_COLUMNS = 8
"""Valid times beside each other, at most, before another block of rows begins."""


def plot_sequence(
    forecasts: xr.DataArray,
    truth: xr.DataArray,
    *,
    channel: str | None = None,
    lead_time: Any = None,
    valid_times: Sequence[Any] | np.ndarray | None = None,
) -> Figure:
    """Maps of forecasts of one lead time as the day goes on, in three rows: truth, forecast, error.

    Each column is a forecast of its own, made `lead_time` before the time that it shows. All columns
    share one scale for truth and forecast, and one for the error, forecast less truth.

    Args:
        forecasts: (init_time, lead_time, channel, y, x), of many init times; lazy ones are read where
            they are shown only.
        truth: the series, on the forecasts' grid; grey where it has no frame or no value.
        channel: the first one unless given.
        lead_time: such as "30min" or a timedelta; the first one unless given.
        valid_times: up to eight, evenly spread, unless given; more than eight are shown in several
            blocks of rows.

    Raises:
        ValueError: the forecasts have no such channel, lead_time or valid time, none is named, or the
            truth is on another grid.
    """
    fields = read_sequence(
        forecasts, lead_time=lead_time, channel=channel, valid_times=valid_times, truth=truth
    )
    rows = rows_of(fields, range(len(fields.forecast)), limits=None, error_limit=None)
    count = len(fields.forecast)
    # Blocks of equal length: 12 valid times make 6 and 6, not 8 and 4.
    n_columns = -(-count // -(-count // _COLUMNS))
    sheet = sheet_of(rows, find_view(forecasts), n_columns=n_columns)
    figure = make_figure(*sheet.size)
    ahead = fields.lead_texts[0].removeprefix("+")
    draw_head(figure, sheet, fields, f"{fields.made_by}, {ahead} ahead, {zone_text(fields.attrs)}")
    stamps = [minute_text(time).split() for time in fields.valid_times]
    titles = [(clock, date) for date, clock in stamps]
    draw_rows(figure, sheet, rows, titles, smooth=True)
    draw_bars(figure, sheet, rows)
    return figure
