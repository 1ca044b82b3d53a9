"""Points: one cell's values as time goes on, forecast beside truth and baselines."""

from dataclasses import replace

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.dates import date2num, num2date
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from stforecast.figures.fields import minute_text
from stforecast.figures.frames import clean_axes, number_text
from stforecast.figures.palette import FAINT, INK, ForecasterStyle, forecaster_style
from stforecast.figures.panels import make_figure

__all__ = ["plot_point"]

_WIDTH, _LEFT, _RIGHT = 5.0, 0.6, 0.22
"""Inches: so narrow that text is still read at the width of a telephone."""
_HEAD, _PLOT, _FOOT = 0.86, 1.75, 0.34
"""Title, axes and dates, in inches."""
_UNITS, _LEGEND_ROW = 0.36, 0.17
"""Units above the axes, and a row of the legend, in inches."""
_LEGEND_COLUMNS = 3
_TEXT = 8.5
"""Points of all text but the title."""

_NO_BASELINES = ("valid_time", "lead_hours", "history", "forecast", "truth", "error")
"""Columns of a table of a point; all others are baselines."""
_SHORTEST = 1 / 60
"""Hours between frames below which they are numbered: nobody reads seconds off a video."""
_HISTORY = ForecasterStyle(INK, (0.0, ()), "History")
_FORECAST = replace(forecaster_style("simvp"), label="Forecast")
_THIN = 1.2
"""Width of a baseline's line in points."""
_MOST_MARKED = 60
"""Times of which each has a mark of its own."""
_NEAR_ZERO = 0.25
"""An axis begins at 0 if the least value is below this share of the greatest."""
_COUNTS = "vehicles"
"""Units that begin with it count something, and 0 means none."""

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14400, 43200)
"""Minutes between labels of the axis of time: even steps from midnight, or from day to day."""
_MOST_LABELS = 6


def plot_point(
    table: pd.DataFrame,
    *,
    place: str,
    title: str,
    units: str,
    init_time: np.datetime64,
    zone: str,
    forecaster: str = "",
) -> Figure:
    """Values at one cell against time: history, forecast, truth as far as it is known, and baselines.

    Args:
        table: a row for each valid time, in order: `valid_time`, `lead_hours` (0 and below of the
            history), `history`, `forecast`, `truth`, and a column for each baseline by name; NaN where
            there is no value.
        place: where the cell lies, for readers.
        title: what is shown.
        units: of the values, for readers.
        init_time: when the forecast starts.
        zone: whose time the times are, for readers.
        forecaster: name of who made the forecast, by which it looks as in other figures; "Forecast"
            where it is not told.

    Raises:
        ValueError: the table has no rows, or lacks a column.
    """
    missing = [name for name in _NO_BASELINES[:5] if name not in table.columns]
    if missing or table.empty:
        lack = f"lacks {', '.join(missing)}" if missing else "has no rows"
        raise ValueError(f"The table of a point {lack}; it is made by `point_table`.")
    counted = _step_hours(table) < _SHORTEST
    start = f"from {minute_text(init_time)} {zone}"
    figure, axes = _make_axes(len(_lines_of(table)))
    positions, start_position = _positions(axes, table, init_time)
    _draw_lines(axes, table, positions, forecaster)
    clean_axes(axes)
    axes.tick_params(labelsize=_TEXT)
    _limit(axes, table, positions, units)
    axes.axvline(start_position, color=FAINT, linewidth=0.8, linestyle=(0.0, (3, 2)), zorder=1)
    axes.axvspan(axes.get_xlim()[0], start_position, color="#f3f4f6", zorder=0, linewidth=0)
    axes.set_title(units, fontsize=_TEXT, color=INK, loc="left", pad=6)
    _draw_head(figure, title, place, "frames from the last input" if counted else start)
    _draw_legend(figure, axes)
    return figure


def _lines_of(table: pd.DataFrame) -> list[str]:
    """Columns that hold values to draw."""
    known = [name for name in table.columns if name not in ("valid_time", "lead_hours", "error")]
    return [name for name in known if np.isfinite(_column(table, name)).any()]


def _make_axes(n_lines: int) -> tuple[Figure, Axes]:
    """A sheet with room for the legend of so many lines, and its axes."""
    legend = -(-n_lines // _LEGEND_COLUMNS) * _LEGEND_ROW
    height = _HEAD + legend + _UNITS + _PLOT + _FOOT
    figure = make_figure(_WIDTH, height)
    box = (_LEFT / _WIDTH, _FOOT / height, 1 - (_LEFT + _RIGHT) / _WIDTH, _PLOT / height)
    return figure, figure.add_axes(box)


def _draw_head(figure: Figure, title: str, *below: str) -> None:
    height = figure.get_size_inches()[1]
    left = _LEFT / _WIDTH
    figure.text(left, 1 - 0.3 / height, title, fontsize=11, fontweight="bold", color=INK)
    for number, text in enumerate(below):
        top = 0.51 + 0.19 * number
        figure.text(left, 1 - top / height, text, fontsize=_TEXT, color=FAINT)


def _draw_legend(figure: Figure, axes: Axes) -> None:
    height = figure.get_size_inches()[1]
    handles = axes.get_legend_handles_labels()[0]
    figure.legend(
        # What is known, and the forecast, before those that it is measured by.
        handles=sorted(handles, key=lambda handle: -handle.get_zorder()),
        loc="upper left",
        bbox_to_anchor=((_LEFT - 0.08) / _WIDTH, 1 - (_HEAD - 0.1) / height),
        ncols=_LEGEND_COLUMNS,
        frameon=False,
        fontsize=_TEXT,
        labelcolor=INK,
        handlelength=2.2,
        columnspacing=1.4,
        labelspacing=0.35,
    )


def _step_hours(table: pd.DataFrame) -> float:
    leads = table["lead_hours"].to_numpy(dtype="float64")
    return float(np.diff(leads).min()) if len(leads) > 1 else float(abs(leads[0])) or 1.0


def _positions(
    axes: Axes, table: pd.DataFrame, init_time: np.datetime64
) -> tuple[np.ndarray, float]:
    """Where each row and the start stand on the horizontal axis, and that axis itself."""
    step = _step_hours(table)
    if step < _SHORTEST:
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(number_text))
        return table["lead_hours"].to_numpy(dtype="float64") / step, 0.0
    times = table["valid_time"].to_numpy(dtype="datetime64[ns]")
    positions = date2num(times)
    minutes = (positions[-1] - positions[0]) * 24 * 60
    every = next((step for step in _STEPS if minutes / step <= _MOST_LABELS), _STEPS[-1])
    axes.xaxis.set_major_locator(MultipleLocator(every / (24 * 60)))
    axes.xaxis.set_major_formatter(FuncFormatter(_date_text))
    return positions, float(date2num(init_time))


def _date_text(position: float, _number: object = None) -> str:
    """The day at midnight, else the time of the day."""
    # Days are counted in fractions: half a second settles which minute is meant.
    time = num2date(position + 0.5 / 86_400)
    return f"{time.day} {time:%b}" if time.hour == time.minute == 0 else f"{time:%H:%M}"


def _draw_lines(axes: Axes, table: pd.DataFrame, positions: np.ndarray, forecaster: str) -> None:
    for name in table.columns:
        if name not in _NO_BASELINES:
            _draw_line(axes, positions, _column(table, name), forecaster_style(name), width=_THIN)
    history, forecast = _column(table, "history"), _column(table, "forecast")
    truth = _column(table, "truth")
    few = len(table) <= _MOST_MARKED
    _draw_line(axes, positions, history, _HISTORY, width=1.6, markers=few)
    # The forecast sets out from the last value that was known.
    before = table["lead_hours"].to_numpy(dtype="float64") <= 0
    joined = np.where(before, np.nan, forecast)
    if before.any():
        last = int(np.flatnonzero(before)[-1])
        joined[last] = history[last] if np.isfinite(joined).any() else np.nan
    style = forecaster_style(forecaster) if forecaster else _FORECAST
    _draw_line(axes, positions, joined, style, width=2.0, markers=few)
    if np.isfinite(truth).any():
        axes.plot(
            positions,
            truth,
            color=INK,
            linestyle="",
            marker="o",
            markersize=4.2 if few else 2.6,
            markerfacecolor="white",
            markeredgewidth=1.1 if few else 0.8,
            label="Truth",
            clip_on=False,
            zorder=5,
        )


def _draw_line(
    axes: Axes,
    positions: np.ndarray,
    values: Float[np.ndarray, " N"],
    style: ForecasterStyle,
    *,
    width: float,
    markers: bool = False,
) -> None:
    if np.isnan(values).all():
        return
    axes.plot(
        positions,
        values,
        color=style.colour,
        linestyle=style.line,
        linewidth=width,
        marker=style.marker if markers else "",
        markersize=3.4,
        markeredgewidth=0,
        label=style.label,
        clip_on=False,
        zorder=4 if style is _HISTORY else 3 if width > _THIN else 2,
    )


def _column(table: pd.DataFrame, name: str) -> Float[np.ndarray, " N"]:
    return table[name].to_numpy(dtype="float64")


def _limit(axes: Axes, table: pd.DataFrame, positions: np.ndarray, units: str) -> None:
    """Both axes to their ends; a note where there is no value at all."""
    values = table[_lines_of(table)].to_numpy(dtype="float64")
    values = values[np.isfinite(values)]
    if len(positions) > 1:
        axes.set_xlim(positions[0], positions[-1])
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(number_text))
    if len(values) == 0:
        axes.set_ylim(0, 1)
        axes.set_yticks([])
        axes.text(
            0.5,
            0.5,
            "no values at this cell",
            transform=axes.transAxes,
            fontsize=_TEXT,
            color=FAINT,
            ha="center",
            va="center",
        )
        return
    low, high = float(values.min()), float(values.max())
    if units.startswith(_COUNTS) or 0 <= low < _NEAR_ZERO * high or low == high == 0:
        axes.set_ylim(min(low, 0.0), 1.06 * high or 1.0)
    else:
        margin = 0.08 * (high - low) or 0.5
        axes.set_ylim(low - margin, high + margin)
