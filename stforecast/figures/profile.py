"""Profiles: traffic through the usual week, and how well each of its periods is forecast."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter

from pipelines.series import channels_of, names, parse_step
from stforecast.figures.curves import METRICS, rules_text
from stforecast.figures.fields import find_leads, zone_text
from stforecast.figures.frames import (
    LEFT,
    clean_axes,
    draw_head,
    draw_legend,
    legend_columns,
    number_text,
)
from stforecast.figures.palette import FAINT, INK, forecaster_style, pretty_units
from stforecast.figures.panels import make_figure
from stforecast.layouts.labels import count_units
from stforecast.lead_texts import lead_text
from stforecast.verification.periods import PEAK_HOURS
from stforecast.verification.score_units import score_units

__all__ = ["plot_periods", "plot_week"]

_WEEK = (7.4, 4.5)
"""Width and height of the sheet of a week, in inches."""
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_N_WORKDAYS = 5
_PEAK = "#fbe9d0"
"""Rush hours."""
_NIGHT = "#e6e8eb"
"""Lines between days."""
_TOO_HIGH, _TOO_LOW = "#b2182b", "#2166ac"
"""Ends of the error's colour map, as on maps: red is too high."""

_BAR, _BARS = 0.25, 2.1
"""Width of a bar with its gap, and height of the greatest, in inches."""
_HEAD, _FOOT, _NARROWEST = 0.84, 0.5, 4.6
"""Title and units, names of periods, and what the title needs, in inches."""
_LEGEND_COLUMNS, _LEGEND_ROW = 5, 0.17

PERIOD_LABELS = {
    "peak": "Peak hours",
    "off_peak": "Other hours",
    "weekday": "Weekdays",
    "weekend": "Weekends\nand holidays",
}
"""Names of periods for readers."""


def plot_week(profile: xr.Dataset, *, channel: str, lead_time: Any = None) -> Figure:
    """The usual week: mean of truth and forecast at each time of each day; below, their difference.

    The rush hours of working days are shaded. A time that no verified forecast falls on is left out.

    Args:
        profile: `truth_mean` and `forecast_mean` (channel, lead_time, slot) with the labels of the
            channels; slot 0 begins on Monday at 00:00, and the attribute `time_step` is its length.
            The forecast is that of the first `forecaster`.
        lead_time: such as "30min" or a timedelta; the first one unless given.

    Raises:
        ValueError: there is no profile, or no such channel or lead time in it.
    """
    if "truth_mean" not in profile:
        raise ValueError(
            "There is no profile of the week: only traffic whose times are true has one; evaluate the "
            "run again, with `stforecast evaluate RUN`."
        )
    known = [str(name) for name in profile["channel"].values]
    if channel not in known:
        raise ValueError(f"The profile has no channel {channel!r}; it has {names(known)}.")
    leads = profile["lead_time"].values
    lead = 0 if lead_time is None else find_leads(leads, [lead_time])[0]
    chosen = profile.isel(lead_time=lead).sel(channel=channel)
    truth, forecast = (chosen[f"{name}_mean"].values for name in ("truth", "forecast"))
    hours = parse_step(str(profile.attrs["time_step"])) / np.timedelta64(1, "h")
    starts = np.arange(len(truth)) * hours
    its_channel = channels_of(profile["truth_mean"])[known.index(channel)]
    style = forecaster_style(str(profile["forecaster"].values[0]))
    figure = make_figure(*_WEEK)
    upper, lower = _week_axes(figure)
    upper.plot(starts, truth, color=INK, linewidth=1.3, label="Truth", zorder=3)
    upper.plot(starts, forecast, color=style.colour, linewidth=1.3, label=style.label, zorder=4)
    error = forecast - truth
    for sign, colour in ((1, _TOO_HIGH), (-1, _TOO_LOW)):
        part = np.where(sign * error > 0, error, 0.0)
        lower.bar(starts, part, width=hours, align="edge", color=colour, linewidth=0, zorder=2)
    _limit_week(upper, lower, truth, forecast)
    units = count_units(its_channel, leads) or pretty_units(its_channel.units)
    upper.set_title(units, fontsize=7.5, color=INK, loc="left", pad=5)
    lower.set_title("Forecast − truth", fontsize=7.5, color=INK, loc="left", pad=4)
    title = its_channel.long_name or channel
    draw_head(figure, f"{title[0].upper()}{title[1:]}: the usual week", _told(profile, leads[lead]))
    _draw_week_legend(figure, style.colour, style.label)
    return figure


def _week_axes(figure: Figure) -> tuple[Axes, Axes]:
    """Axes of the values and of the error, both with days and rush hours."""
    width, height = _WEEK
    across = (LEFT / width, 1 - (LEFT + 0.2) / width)
    upper = figure.add_axes((across[0], 1.72 / height, across[1], 1.72 / height))
    lower = figure.add_axes((across[0], 0.4 / height, across[1], 0.86 / height), sharex=upper)
    for axes in (upper, lower):
        clean_axes(axes)
        axes.set_xlim(0, 7 * 24)
        for day in range(1, 7):
            axes.axvline(24 * day, color=_NIGHT, linewidth=0.8, zorder=1)
        for day in range(_N_WORKDAYS):
            for start, stop in PEAK_HOURS:
                axes.axvspan(24 * day + start, 24 * day + stop, color=_PEAK, linewidth=0, zorder=0)
        axes.yaxis.set_major_formatter(FuncFormatter(number_text))
    lower.axhline(0, color=FAINT, linewidth=0.6, zorder=3)
    lower.xaxis.set_major_locator(FixedLocator([24.0 * day for day in range(8)]))
    lower.xaxis.set_major_formatter(NullFormatter())
    lower.xaxis.set_minor_locator(FixedLocator([24.0 * day + 12 for day in range(7)]))
    lower.xaxis.set_minor_formatter(FuncFormatter(lambda hour, _: _DAYS[int(hour // 24)]))
    lower.tick_params(axis="x", which="minor", length=0, labelsize=8)
    upper.tick_params(axis="x", which="both", length=0, labelbottom=False)
    return upper, lower


def _limit_week(upper: Axes, lower: Axes, truth: np.ndarray, forecast: np.ndarray) -> None:
    """Values from 0, as counts are; the error about 0."""
    tops = []
    for values in (np.concatenate([truth, forecast]), forecast - truth):
        finite = np.abs(values[np.isfinite(values)])
        tops.append(1.06 * float(finite.max()) if len(finite) and finite.max() > 0 else 1.0)
    upper.set_ylim(0, tops[0])
    lower.set_ylim(-tops[1], tops[1])
    upper.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    lower.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10], symmetric=True))


def _draw_week_legend(figure: Figure, colour: str, label: str) -> None:
    handles = [
        Line2D([], [], color=INK, linewidth=1.3, label="Truth"),
        Line2D([], [], color=colour, linewidth=1.3, label=label),
        Patch(color=_PEAK, label="Peak hours"),
    ]
    draw_legend(figure, handles, n_columns=3)


def _told(profile: xr.Dataset, lead_time: np.timedelta64) -> str:
    """How far ahead, over what and by whose clock."""
    attrs = {key: str(value) for key, value in profile.attrs.items()}
    parts = [f"{lead_text(lead_time).removeprefix('+')} ahead, mean of a cell"]
    if "split" in attrs:
        parts.append(f"{attrs['split']} split")
    if "n_init_times" in attrs:
        parts.append(f"{attrs['n_init_times']} forecasts")
    parts.append(zone_text(attrs) if "time_zone" in attrs else "")
    return "  ·  ".join(part for part in parts if part)


def plot_periods(scores: xr.Dataset, *, channel: str, metric: str = "rmse") -> Figure:
    """Scores in each period of the week over all lead times, a bar for each forecaster.

    Args:
        scores: `pooled_by_period` (period, forecaster, metric, channel), as `evaluate` gives them for
            traffic whose times are true.
        metric: one of theirs.

    Raises:
        ValueError: the scores have no periods, or lack the channel or the metric.
    """
    if "pooled_by_period" not in scores:
        raise ValueError(
            "The scores have no periods: only traffic whose times are true has them; evaluate the run "
            "in the dialect of traffic."
        )
    for name, wanted in (("channel", channel), ("metric", metric)):
        known = [str(one) for one in scores[name].values]
        if wanted not in known:
            raise ValueError(f"The scores have no {name} {wanted!r}; they have {names(known)}.")
    table = scores["pooled_by_period"].sel(metric=metric, channel=channel)
    table = table.transpose("period", "forecaster")
    factor, units = score_units(scores, channel=channel, metric=metric)
    values = table.values * factor
    forecasters = [str(name) for name in table["forecaster"].values]
    periods = [str(name) for name in table["period"].values]
    width = max(LEFT + len(periods) * (len(forecasters) + 1) * _BAR + 0.2, _NARROWEST)
    labels = [forecaster_style(name).label for name in forecasters]
    columns = min(_LEGEND_COLUMNS, legend_columns(labels, width))
    legend = -(-len(forecasters) // columns) * _LEGEND_ROW
    height = _HEAD + legend + _BARS + _FOOT
    figure = make_figure(width, height)
    axes = figure.add_axes((LEFT / width, _FOOT / height, 1 - (LEFT + 0.2) / width, _BARS / height))
    clean_axes(axes)
    _draw_bars(axes, values, forecasters)
    axes.set_xticks(range(len(periods)), [PERIOD_LABELS.get(name, name) for name in periods])
    axes.tick_params(axis="x", length=0, labelsize=8, pad=4)
    axes.set_title(pretty_units(units), fontsize=7.5, color=INK, loc="left", pad=9)
    title = f"{METRICS.get(metric, metric)} by period: {channel}"
    draw_head(figure, title, rules_text(scores))
    draw_legend(figure, _patches(forecasters), n_columns=columns)
    return figure


def _draw_bars(axes: Axes, values: np.ndarray, forecasters: list[str]) -> None:
    """A bar for each forecaster in each period (period, forecaster), with its number at its end."""
    n_bars = len(forecasters)
    share = 1 / (n_bars + 1)
    for number, name in enumerate(forecasters):
        middles = np.arange(len(values)) + (number - (n_bars - 1) / 2) * share
        column = values[:, number]
        axes.bar(
            middles, column, width=0.92 * share, color=forecaster_style(name).colour, linewidth=0
        )
        for middle, value in zip(middles, column, strict=True):
            if np.isfinite(value):
                axes.annotate(
                    _score_text(float(value)),
                    (middle, value),
                    xytext=(0, 2 if value >= 0 else -2),
                    textcoords="offset points",
                    ha="center",
                    va="bottom" if value >= 0 else "top",
                    fontsize=6.5,
                    color=INK,
                )
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    axes.set_xlim(-0.5, len(values) - 0.5)
    axes.set_ylim(1.08 * min(low, 0.0), 1.08 * max(high, 0.0) if max(high, -low) > 0 else 1.0)
    if low < 0:
        axes.axhline(0, color=FAINT, linewidth=0.6)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(number_text))


def _score_text(value: float) -> str:
    """A score with three digits: "44.3", "0.0120", "1234"."""
    text = f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}"
    return text.replace("-", "−")


def _patches(forecasters: list[str]) -> list[Artist]:
    styles = [forecaster_style(name) for name in forecasters]
    return [Patch(color=style.colour, label=style.label) for style in styles]
