"""The figure of a benchmark: error against latency."""

from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from stforecast.benchmarking.results import Results
from stforecast.benchmarking.scores import Score
from stforecast.figures.curves import METRICS
from stforecast.figures.frames import (
    clean_axes,
    draw_head,
    draw_legend,
    make_panels,
    number_text,
)
from stforecast.figures.palette import (
    FAINT,
    FORECASTER_STYLES,
    INK,
    ForecasterStyle,
    forecaster_style,
    pretty_units,
)

__all__ = ["plot_benchmark"]

_COLUMNS = 4
_MARGIN = 1.6
"""Free room at either end of the latencies, as a factor."""
_NARROW = 5
"""Range of latencies, as a factor, that needs more ticks."""
_LETTERS = (7.0, 4.2)
"""Size of the points' names, and about how wide a letter of it is, in points."""
_PLACES = (
    (8, -2.5),
    (8, 6.5),
    (8, -11.5),
    (-8, -2.5),
    (-8, 6.5),
    (-8, -11.5),
    (8, 15.5),
    (8, -20.5),
)
"""Where a name may stand beside its point, in points; the first place that is free."""


def plot_benchmark(results: Results, *, metric: str | None = None) -> Figure:
    """Score against the latency of one window: a panel for each channel, baselines as lines.

    Bars are the deviations over seeds.

    Args:
        metric: one that the scores have, an error; RMSE, or else their first one, unless given.
    """
    metric = results.scores[0].metric if metric is None else metric
    chosen = [score for score in results.scores if score.metric == metric]
    channels = list(dict.fromkeys(score.channel for score in chosen))
    n_columns = min(len(channels), _COLUMNS)
    figure, panels = make_panels(len(channels), n_columns)
    for number, (axes, channel) in enumerate(zip(panels, channels, strict=True)):
        own = [score for score in chosen if score.channel == channel]
        for score in own:
            _draw(axes, score, results)
        units = pretty_units(own[0].units)
        _finish(axes, results, f"{channel} ({units})" if units else channel)
        _name_points(axes, [score for score in own if score.kind == "network"], results)
        if number >= len(channels) - n_columns:
            axes.set_xlabel(
                f"Latency of one window (ms)\n{results.device}", fontsize=7.5, color=FAINT
            )
    parts = (results.facts["dataset"], f"{results.split} split", f"dialect {results.dialect}")
    draw_head(figure, f"{METRICS[metric]} over all lead times, and its price", "  ·  ".join(parts))
    baselines = dict.fromkeys(score.forecaster for score in chosen if score.kind == "baseline")
    draw_legend(figure, [_handle(name) for name in baselines], n_columns=2 * n_columns)
    return figure


def _draw(axes: Axes, score: Score, results: Results) -> None:
    """A network as a point with its deviation, a baseline as a line."""
    style = _style(score.forecaster)
    if score.kind == "baseline":
        axes.axhline(score.mean, color=style.colour, linestyle=style.line, linewidth=1.2, zorder=2)
        return
    axes.errorbar(
        1e3 * results.costs[score.forecaster].latency,
        score.mean,
        yerr=score.deviation,
        color=style.colour,
        marker=style.marker,
        markersize=6,
        markeredgewidth=0,
        elinewidth=1.1,
        capsize=2.5,
        zorder=3,
    )


def _name_points(axes: Axes, scores: Sequence[Score], results: Results) -> None:
    """The networks' names beside their points, clear of each other where there is room."""
    size, letter = _LETTERS
    pixels = axes.figure.dpi / 72
    points = [(1e3 * results.costs[score.forecaster].latency, score.mean) for score in scores]
    places = [tuple(axes.transData.transform(point) / pixels) for point in points]
    taken = [(x - 4, y - 4, 8.0, 8.0) for x, y in places]
    for score, point, (x, y) in zip(scores, points, places, strict=True):
        style = _style(score.forecaster)
        width = letter * len(style.label)
        boxes = [
            (x + right - (width if right < 0 else 0), y + up, width, size) for right, up in _PLACES
        ]
        free = (number for number, box in enumerate(boxes) if not any(_meet(box, t) for t in taken))
        number = next(free, 0)
        right, up = _PLACES[number]
        taken.append(boxes[number])
        axes.annotate(
            style.label,
            point,
            xytext=(right, up),
            textcoords="offset points",
            ha="left" if right > 0 else "right",
            fontsize=size,
            color=style.colour,
            zorder=4,
        )


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two boxes (left, bottom, width, height) overlap."""
    return all(
        one[side] < other[side] + other[side + 2] and other[side] < one[side] + one[side + 2]
        for side in (0, 1)
    )


def _finish(axes: Axes, results: Results, title: str) -> None:
    clean_axes(axes)
    axes.set_xscale("log")
    latencies = [1e3 * cost.latency for cost in results.costs.values()]
    axes.set_xlim(min(latencies) / _MARGIN, max(latencies) * _MARGIN)
    axes.margins(y=0.1)
    narrow = max(latencies) < _NARROW * min(latencies)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7) if narrow else (1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(number_text))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(number_text))
    axes.set_title(title, fontsize=8.5, fontweight="bold", color=INK, loc="left", pad=5)


def _style(label: str) -> ForecasterStyle:
    """A translator that is known by its own name looks as it does elsewhere."""
    translator = label.partition(":")[2]
    return forecaster_style(translator if translator in FORECASTER_STYLES else label)


def _handle(name: str) -> Artist:
    style = _style(name)
    return Line2D(
        [],
        [],
        color=style.colour,
        linestyle=style.line,
        label=style.label,
    )
