"""Several runs in one figure: their scores against lead time, and their trainings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from pipelines.series import names
from stforecast.baselines.of_dataset import BASELINE_NAMES
from stforecast.comparing import Comparison
from stforecast.figures.curves import METRICS, draw_axes, find_clock, rules_text
from stforecast.figures.frames import (
    clean_axes,
    draw_head,
    draw_legend,
    make_panels,
    number_text,
)
from stforecast.figures.palette import FAINT, INK, forecaster_style, pretty_units
from stforecast.lead_texts import is_counted
from stforecast.verification.score_units import score_units
from stforecast.verification.skill import headline_metric

__all__ = ["plot_comparison", "plot_histories", "run_colour"]

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#882255", "#332288")
"""Okabe and Ito's colours, then two of Tol's: one for each run, whatever its network."""
_MARKERS = ("o", "^", "s", "D", "v", "P", "X", "h", "<", ">", "*")
_LONGEST = 40
"""Letters of a run's name in a legend."""
_SAME = 1e-6
"""Relative difference of two scores that are the same but for rounding."""


def run_colour(number: int) -> str:
    """The colour of a run by its place among those compared."""
    return _COLOURS[number % len(_COLOURS)]


def plot_comparison(comparison: Comparison, *, channel: str, metric: str | None = None) -> Figure:
    """Score against lead time: a line for each run's forecaster, and the baselines beside them.

    A baseline that scores the same in all runs is drawn once; else each run has its own, in the run's
    colour: then the runs were not scored on the same forecasts.

    Args:
        channel: one that a run at least is scored on; the others have no line.
        metric: the headline's of the first run (`headline_metric`) unless given.

    Raises:
        ValueError: no run has such a channel, or their scores do not have the metric.
    """
    if channel not in comparison.channels:
        raise ValueError(
            f"No run is scored on channel {channel!r}; there are {names(comparison.channels)}."
        )
    metric = headline_metric(comparison.scores[0]) if metric is None else metric
    chosen: dict[int, xr.DataArray] = {}
    shown = ""
    for number, scores in enumerate(comparison.scores):
        if channel in scores["channel"].values:
            known = [str(name) for name in scores["metric"].values]
            if metric not in known:
                raise ValueError(
                    f"The scores of {comparison.names[number]} have no metric {metric!r}; they have "
                    f"{names(known)}."
                )
            factor, units = score_units(scores, metric=metric, channel=channel)
            chosen[number] = scores["score"].sel(metric=metric, channel=channel) * factor
            shown = pretty_units(units)
    clock = find_clock(
        np.unique([t["lead_time"].values[-1] for t in chosen.values()]),
        counted=is_counted(comparison.scores[0].attrs),
    )
    lines = [*_lines_of_runs(chosen, comparison.names), *_lines_of_baselines(chosen)]
    labels = [line.label for line in lines if line.label]
    figure, (axes,) = make_panels(1, 1, legend=labels)
    handles = _draw(axes, lines, hours=clock[1])
    drawn = np.concatenate([table.values.ravel() for table in chosen.values()])
    last = max(float(table["lead_time"].values[-1] / clock[1]) for table in chosen.values())
    draw_axes(axes, drawn, last=last, metric=metric, clock=clock)
    axes.set_xlabel(f"Lead time ({clock[0]})", fontsize=7.5, color=FAINT)
    title = f"{channel} ({shown})" if shown else channel
    axes.set_title(title, fontsize=8.5, fontweight="bold", color=INK, loc="left", pad=5)
    draw_head(figure, METRICS.get(metric, metric), _below(comparison))
    draw_legend(figure, handles, n_columns=3)
    return figure


def _below(comparison: Comparison) -> str:
    if comparison.notes:
        return "the runs are not scored alike: mind the notes of the comparison"
    return rules_text(comparison.scores[0])


@dataclass(frozen=True, eq=False)
class _Line:
    """Scores against lead time, and how they are drawn."""

    row: xr.DataArray
    colour: str
    line: tuple[float, tuple[float, ...]]
    width: float
    label: str = ""
    """In the legend; empty where another line stands for it."""
    marker: str = ""
    key: str = ""
    """Colour in the legend, where it is another."""


def _lines_of_runs(chosen: Mapping[int, xr.DataArray], labels: Sequence[str]) -> list[_Line]:
    lines = []
    for number, table in chosen.items():
        found = [str(name) for name in table["forecaster"].values]
        for name in (name for name in found if name not in BASELINE_NAMES):
            label = f"{_shortened(labels[number])} ({forecaster_style(name).label})"
            marker = _MARKERS[number % len(_MARKERS)] if table.sizes["lead_time"] <= 24 else ""
            row = table.sel(forecaster=name)
            lines.append(_Line(row, run_colour(number), (0.0, ()), 1.6, label, marker))
    return lines


def _lines_of_baselines(chosen: Mapping[int, xr.DataArray]) -> list[_Line]:
    """The baselines, once where they are the same in all runs."""
    lines = []
    for name in BASELINE_NAMES:
        having = {
            number: table.sel(forecaster=name)
            for number, table in chosen.items()
            if name in table["forecaster"].values
        }
        style, rows = forecaster_style(name), list(having.values())
        if rows and _alike(rows):
            longest = max(rows, key=lambda row: row.sizes["lead_time"])
            lines.append(_Line(longest, style.colour, style.line, 1.2, style.label))
        else:
            label = f"{style.label}, of each run"
            for number, row in having.items():
                lines.append(_Line(row, run_colour(number), style.line, 1.0, label, key=FAINT))
                label = ""
    return lines


def _draw(axes: Axes, lines: Sequence[_Line], *, hours: np.timedelta64) -> list[Artist]:
    """Draw lines; what stands in the legend."""
    handles: list[Artist] = []
    for one in lines:
        (drawn,) = axes.plot(
            one.row["lead_time"].values / hours,
            one.row.values,
            color=one.colour,
            linestyle=one.line,
            linewidth=one.width,
            marker=one.marker,
            markersize=3.8,
            markeredgewidth=0,
            clip_on=False,
            zorder=one.width,
        )
        if one.label:
            key = Line2D([], [], label=one.label)
            key.update_from(drawn)
            key.set(label=one.label, color=one.key or one.colour, clip_on=True)
            handles.append(key)
    return handles


def _shortened(name: str) -> str:
    """A name that fits into a legend; of a path its end tells most."""
    return name if len(name) <= _LONGEST else f"…{name[1 - _LONGEST :]}"


def _alike(rows: Sequence[xr.DataArray]) -> bool:
    """Whether all have the same scores at the lead times that they share."""
    for row in rows[1:]:
        ours, theirs = xr.align(rows[0], row, join="inner")
        if not np.allclose(ours.values, theirs.values, rtol=_SAME, atol=0, equal_nan=True):
            return False
    return True


def plot_histories(histories: Mapping[str, pd.DataFrame]) -> Figure:
    """Validation loss of several trainings, epoch by epoch, with their best epochs.

    The training loss is drawn faintly in the same colour.

    Args:
        histories: by the runs' names; columns epoch, train_loss, validation_loss.

    Raises:
        ValueError: there is no history, or none holds a finished epoch.
    """
    if all(history.empty for history in histories.values()):
        raise ValueError("No history holds an epoch: there is nothing to draw. Train a run first.")
    # The longest text that a best epoch makes of a name.
    texts = [f"{_shortened(name)}: 0.00000 at epoch 000" for name in histories]
    figure, (axes,) = make_panels(1, 1, legend=[*texts, ""])
    handles: list[Artist] = []
    for number, (name, history) in enumerate(histories.items()):
        if history.empty:
            continue
        colour, epochs = run_colour(number), history["epoch"].to_numpy()
        training = history["train_loss"].to_numpy(dtype="float64")
        loss = history["validation_loss"].to_numpy(dtype="float64")
        single = "o" if len(epochs) == 1 else ""
        axes.plot(
            epochs, training, color=colour, linewidth=0.9, alpha=0.45, linestyle=(0, (2, 1.5))
        )
        axes.plot(epochs, loss, color=colour, linewidth=1.6, marker=single, markersize=4)
        label = _shortened(name)
        if np.isfinite(loss).any():
            best = int(np.nanargmin(loss))
            axes.plot(
                epochs[best],
                loss[best],
                color=colour,
                marker="o",
                markersize=5,
                markerfacecolor="white",
                markeredgecolor=colour,
                markeredgewidth=1.3,
                linestyle="",
                zorder=4,
            )
            label = f"{label}: {loss[best]:.4g} at epoch {epochs[best]:g}"
        handles.append(Line2D([], [], color=colour, linewidth=1.6, label=label))
    faint = Line2D(
        [], [], color=FAINT, linewidth=0.9, linestyle=(0, (2, 1.5)), label="Training loss"
    )
    axes.set_yscale("log")
    clean_axes(axes)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(number_text))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
    axes.set_xlabel("Epoch", fontsize=7.5, color=FAINT)
    draw_head(figure, "Validation loss", "mean squared error of normalised values")
    draw_legend(figure, [*handles, faint], n_columns=2)
    return figure
