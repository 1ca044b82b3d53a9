"""Figures of a report: when there are frames, what is missing, where, and how values are spread."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipelines.checking import Report, VariableSummary
from stforecast.checking.numbers import short_number
from stforecast.figures.frames import clean_axes, draw_head, make_panels, number_text
from stforecast.figures.palette import FAINT, INK, pretty_units
from stforecast.figures.panels import make_figure

__all__ = ["plot_histograms", "plot_missing", "plot_missing_maps", "plot_times"]

_THERE, _GONE = "#0072B2", "#D55E00"
_MOST = 24
"""Variables that a figure shows; more would not be read."""
_BINS = 400
"""Points along the time axis."""
_COLUMNS = 3


def plot_times(report: Report) -> Figure:
    """When each variable has frames: a bar for each run of them, and marks where they lack.

    Raises:
        ValueError: there is no variable.
    """
    shown = _shown(report)
    height = 0.75 + 0.3 * len(shown) + 0.45
    figure = make_figure(9.0, height)
    axes = figure.add_axes((0.13, 0.45 / height, 0.84, 0.3 * len(shown) / height))
    lacking = 0
    for row, variable in enumerate(shown):
        runs = _runs(np.unique(variable.times))
        axes.broken_barh(
            [(first, last - first) for first, last in runs], (row - 0.3, 0.6), color=_THERE
        )
        for (_, before), (after, _) in pairwise(runs):
            lacking += 1
            axes.plot([before, after], [row, row], color=_GONE, linewidth=3, solid_capstyle="butt")
            axes.plot((before + after) / 2, row - 0.42, marker="v", color=_GONE, markersize=4)
    axes.set_yticks(range(len(shown)), [variable.name for variable in shown])
    axes.set_ylim(len(shown) - 0.4, -0.75)
    _date_axis(axes)
    draw_head(figure, "Times", f"blue: frames; orange: gaps between them ({lacking})")
    return figure


def plot_missing(report: Report) -> Figure:
    """Share of missing values against time, a panel for each variable.

    Raises:
        ValueError: there is no variable.
    """
    shown = _shown(report)
    figure, panels = make_panels(len(shown), min(len(shown), _COLUMNS))
    for axes, variable in zip(panels, shown, strict=True):
        days, mean, most = _binned(variable)
        axes.fill_between(days, 100 * most, color=_GONE, alpha=0.25, linewidth=0, step="mid")
        axes.plot(days, 100 * mean, color=_GONE, linewidth=1.2, drawstyle="steps-mid")
        top = 100 * float(most.max(initial=0))
        axes.set_ylim(0, 105 if top > 50 else max(1.15 * top, 1))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        clean_axes(axes)
        _date_axis(axes)
        _title(axes, f"{variable.name}: {100 * variable.share_missing:.3g} % missing")
    draw_head(figure, "Missing values by time", "per cent of a frame; pale: the worst frame nearby")
    return figure


def plot_missing_maps(report: Report) -> Figure | None:
    """Where values are missing, a panel for each variable that lacks some; None where none does.

    Rows run from north to south and columns from west to east where the grid says so.
    """
    shown = [
        variable for variable in report.variables.values() if float(variable.missing_map.max()) > 0
    ][:_MOST]
    if not shown:
        return None
    colours = LinearSegmentedColormap.from_list("missing", ["#ffffff", "#fdd0a2", _GONE, "#5a1f00"])
    figure, panels = make_panels(len(shown), min(len(shown), _COLUMNS))
    for axes, variable in zip(panels, shown, strict=True):
        share = variable.missing_map
        top = max(float(share.max()), 1e-9)
        image = axes.imshow(
            100 * share.values,
            cmap=colours,
            vmin=0,
            vmax=100 * top,
            aspect="auto",
            interpolation="nearest",
            extent=_extent(variable),
        )
        axes.tick_params(length=2.5, width=0.5, color=FAINT, labelcolor=INK, labelsize=7)
        for spine in axes.spines.values():
            spine.set(color=FAINT, linewidth=0.6)
        bar = figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02)
        bar.outline.set(linewidth=0.5, edgecolor=FAINT)  # pyright: ignore[reportCallIssue]
        bar.ax.tick_params(length=2, width=0.5, color=FAINT, labelcolor=INK, labelsize=7)
        _title(axes, f"{variable.name}: up to {100 * top:.3g} %")
    draw_head(figure, "Missing values by place", "per cent of the times of a cell")
    return figure


def plot_histograms(report: Report) -> Figure:
    """How values are spread, with the ends of what occurs in nature, a panel for each variable.

    Raises:
        ValueError: there is no variable.
    """
    shown = _shown(report)
    figure, panels = make_panels(len(shown), min(len(shown), _COLUMNS))
    for axes, variable in zip(panels, shown, strict=True):
        middle = variable.histogram["middle"].values
        share = 100 * variable.histogram.values / max(int(variable.histogram.sum()), 1)
        width = middle[1] - middle[0]
        axes.bar(middle, share, width=width, color=_THERE, linewidth=0)
        low, high = middle[0] - width, middle[-1] + width
        axes.set_xlim(low, high)
        for end in (variable.low, variable.high):
            if low < end < high:
                axes.axvline(end, color=_GONE, linewidth=1)
                beyond = (low, end) if end == variable.low else (end, high)
                axes.axvspan(*beyond, color=_GONE, alpha=0.12, linewidth=0)
        clean_axes(axes)
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.xaxis.set_major_formatter(FuncFormatter(number_text))
        units = pretty_units(variable.units)
        _title(axes, f"{variable.name} ({units})" if units else variable.name)
        axes.set_xlabel(_range_text(variable), fontsize=7, color=FAINT)
    draw_head(figure, "Values", "per cent of a sample; orange: does not occur in nature")
    return figure


def _shown(report: Report) -> Sequence[VariableSummary]:
    if not report.variables:
        raise ValueError(f"{report.path} has no variable that could be drawn.")
    return list(report.variables.values())[:_MOST]


def _runs(times: np.ndarray) -> list[tuple[float, float]]:
    """First and last day of each run of frames without a gap, as matplotlib counts days."""
    days = _days(times)
    if len(days) < 2:
        return [(float(days[0]) - 0.5, float(days[0]) + 0.5)]
    steps = np.diff(times)
    sizes, counts = np.unique(steps, return_counts=True)
    step = sizes[counts.argmax()]
    ends = np.flatnonzero(steps > step)
    width = float(step / np.timedelta64(1, "D"))
    starts, stops = np.append(0, ends + 1), np.append(ends, len(days) - 1)
    return [
        (float(first), float(last) + width)
        for first, last in zip(days[starts], days[stops], strict=True)
    ]


def _binned(variable: VariableSummary) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days, and the mean and the largest share of missing values around each."""
    days, share = _days(variable.times), variable.missing.values
    groups = np.array_split(np.arange(len(days)), min(len(days), _BINS))
    mean = np.array([share[group].mean() for group in groups])
    most = np.array([share[group].max() for group in groups])
    return np.array([days[group].mean() for group in groups]), mean, most


def _days(times: np.ndarray) -> np.ndarray:
    return (times - np.datetime64("1970-01-01", "ns")) / np.timedelta64(1, "D")


def _date_axis(axes: Axes) -> None:
    locator = AutoDateLocator(minticks=3, maxticks=7)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.xaxis.get_offset_text().set(fontsize=7, color=FAINT)
    axes.tick_params(length=2.5, width=0.5, color=FAINT, labelcolor=INK, labelsize=7)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set(color=FAINT, linewidth=0.6)


def _extent(variable: VariableSummary) -> tuple[float, float, float, float] | None:
    """Edges in degrees; None where the grid has none, or a single row or column."""
    share = variable.missing_map
    if "latitude" not in share.coords or min(share.shape) < 2:
        return None
    latitude, longitude = share["latitude"].values, share["longitude"].values
    tall, wide = (latitude[1] - latitude[0]) / 2, (longitude[1] - longitude[0]) / 2
    return (
        float(longitude[0] - wide),
        float(longitude[-1] + wide),
        float(latitude[-1] + tall),
        float(latitude[0] - tall),
    )


def _range_text(variable: VariableSummary) -> str:
    if np.isnan(variable.mean):
        return "no value"
    least, mean, most, low, high = map(
        short_number,
        (variable.minimum, variable.mean, variable.maximum, variable.low, variable.high),
    )
    found = f"{least} to {most}, mean {mean}"
    if not np.isfinite([variable.low, variable.high]).all():
        return found
    return f"{found}\nin nature {low} to {high}"


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text, fontsize=8.5, fontweight="bold", color=INK, loc="left", pad=5)
