"""Curves: scores against lead time, and the loss of a training."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from pipelines.series import names
from stforecast.figures.palette import FAINT, INK, forecaster_style, pretty_units
from stforecast.figures.panels import make_figure

__all__ = ["plot_history", "plot_scores"]

_COLUMNS = 4
_PANEL = (2.75, 2.0)
"""Width and height of a panel in inches."""
_LEFT, _RIGHT, _HEAD, _FOOT = 0.66, 0.2, 1.02, 0.5
_GAPS = (0.62, 0.74)
"""Between panels, across and down, in inches."""

METRICS = {
    "rmse": "RMSE",
    "mse": "MSE",
    "mae": "MAE",
    "bias": "Bias (forecast − truth)",
    "acc": "Anomaly correlation (ACC)",
}
"""Names of metrics for readers."""

_FROM_ZERO = ("rmse", "mse", "mae")


def plot_scores(
    scores: xr.Dataset, *, metric: str | None = None, channels: Sequence[str] | None = None
) -> Figure:
    """Score against lead time, a line for each forecaster and a panel for each channel.

    Args:
        scores: `score` (forecaster, metric, channel, lead_time), `units` along (metric, channel).
        metric: "rmse" if the scores have it, else their first one, unless given.
        channels: all of them unless given.

    Raises:
        ValueError: the scores do not have the metric or a channel.
    """
    known = [str(name) for name in scores["metric"].values]
    metric = ("rmse" if "rmse" in known else known[0]) if metric is None else metric
    if metric not in known:
        raise ValueError(f"metric {metric!r} is not in the scores, which hold {names(known)}.")
    known = [str(name) for name in scores["channel"].values]
    channels = known if channels is None else list(channels)
    if not set(channels) <= set(known):
        missing = names(name for name in channels if name not in known)
        raise ValueError(f"The scores have no channel {missing}; they have {names(known)}.")
    table = scores["score"].sel(metric=metric)
    n_columns = min(len(channels), _COLUMNS)
    figure, panels = _grid(len(channels), n_columns)
    for number, (axes, channel) in enumerate(zip(panels, channels, strict=True)):
        _draw_scores(axes, table.sel(channel=channel), metric=metric)
        axes.set_title(
            _channel_title(scores, metric, channel),
            fontsize=8.5,
            fontweight="bold",
            color=INK,
            loc="left",
            pad=5,
        )
        if number >= len(channels) - n_columns:
            unit = "days" if _in_days(table["lead_time"].values) else "hours"
            axes.set_xlabel(f"Lead time ({unit})", fontsize=7.5, color=FAINT)
    _head(figure, METRICS.get(metric, metric), _rules(scores))
    _legend(figure, [str(name) for name in scores["forecaster"].values], n_columns)
    return figure


def _draw_scores(axes: Axes, table: xr.DataArray, *, metric: str) -> None:
    """One panel: (forecaster, lead_time)."""
    lead_times = table["lead_time"].values
    day = np.timedelta64(1, "D") if _in_days(lead_times) else np.timedelta64(1, "h")
    leads = lead_times / day
    for name in table["forecaster"].values:
        style = forecaster_style(str(name))
        axes.plot(
            leads,
            table.sel(forecaster=name).values,
            color=style.colour,
            linestyle=style.line,
            linewidth=1.6,
            marker=style.marker if len(leads) <= 24 else "",
            markersize=3,
            markeredgewidth=0,
            label=str(name),
            clip_on=False,
            zorder=3 if style.marker else 2,
        )
    _clean(axes)
    finite = table.values[np.isfinite(table.values)]
    top = float(finite.max()) if len(finite) else 1.0
    if metric in _FROM_ZERO:
        axes.set_ylim(0, 1.06 * top or 1.0)
    elif metric == "acc":
        low = float(finite.min()) if len(finite) else 0.0
        axes.set_ylim(min(0.0, low) if low < 0.4 else np.floor(low * 10) / 10, 1.0)
    elif metric == "bias":
        axes.axhline(0, color=FAINT, linewidth=0.7, zorder=1)
    axes.set_xlim(0, float(leads[-1]))
    steps = [1, 2, 5, 10] if day == np.timedelta64(1, "D") else [1, 1.2, 2.4, 3, 4.8, 6, 10]
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=steps))


def plot_history(history: pd.DataFrame) -> Figure:
    """Loss of a training, epoch by epoch, with the best epoch; the learning rate below.

    Args:
        history: columns epoch, train_loss, validation_loss, learning_rate.

    Raises:
        ValueError: no epoch is finished yet.
    """
    if history.empty:
        raise ValueError("The history holds no epoch yet: nothing to draw.")
    figure = make_figure(5.6, 3.7)
    upper = figure.add_axes((0.125, 0.335, 0.845, 0.47))
    lower = figure.add_axes((0.125, 0.125, 0.845, 0.14), sharex=upper)
    epochs = history["epoch"].to_numpy()
    marker = "o" if len(epochs) == 1 else ""
    for column, label, colour in (
        ("train_loss", "training", FAINT),
        ("validation_loss", "validation", forecaster_style("simvp").colour),
    ):
        loss = history[column].to_numpy(dtype="float64")
        upper.plot(epochs, loss, color=colour, linewidth=1.6, label=label, marker=marker)
    validation = history["validation_loss"].to_numpy(dtype="float64")
    below = "Mean squared error of normalised values"
    if np.isfinite(validation).any():
        best = int(np.nanargmin(validation))
        colour = forecaster_style("convlstm").colour
        upper.axvline(epochs[best], color=colour, linewidth=0.7, alpha=0.6)
        upper.plot(
            epochs[best],
            validation[best],
            marker="o",
            markersize=5.5,
            markerfacecolor="white",
            markeredgecolor=colour,
            markeredgewidth=1.4,
            linestyle="",
            label=f"best: epoch {epochs[best]:g}, {validation[best]:.4g}",
            zorder=4,
        )
    upper.set_yscale("log")
    _clean(upper)
    upper.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    upper.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    upper.yaxis.set_minor_formatter(NullFormatter())
    upper.tick_params(labelbottom=False)
    lower.plot(
        epochs, history["learning_rate"].to_numpy(), color=INK, linewidth=0.9, marker=marker
    )
    _clean(lower)
    lower.set_ylim(bottom=0)
    lower.yaxis.set_major_locator(MaxNLocator(2))
    lower.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.2g}"))
    lower.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    lower.set_title("Learning rate", fontsize=7, color=FAINT, loc="left", pad=3)
    lower.set_xlabel("Epoch", fontsize=7.5, color=FAINT)
    _head(figure, "Loss", below)
    figure.legend(
        handles=upper.get_legend_handles_labels()[0],
        loc="upper right",
        bbox_to_anchor=(0.985, 0.925),
        ncols=3,
        frameon=False,
        fontsize=7.5,
        labelcolor=INK,
        handlelength=1.6,
        columnspacing=1.2,
    )
    return figure


def _grid(n_panels: int, n_columns: int) -> tuple[Figure, list[Axes]]:
    n_rows = -(-n_panels // n_columns)
    # A single panel has the sheet to itself.
    panel_width, panel_height = (4.6, 2.7) if n_panels == 1 else _PANEL
    across = n_columns * panel_width + (n_columns - 1) * _GAPS[0]
    down = n_rows * panel_height + (n_rows - 1) * _GAPS[1]
    width, height = _LEFT + across + _RIGHT, _HEAD + down + _FOOT
    figure = make_figure(width, height)
    panels = []
    for number in range(n_panels):
        row, column = divmod(number, n_columns)
        left = _LEFT + column * (panel_width + _GAPS[0])
        bottom = height - _HEAD - row * (panel_height + _GAPS[1]) - panel_height
        box = (left / width, bottom / height, panel_width / width, panel_height / height)
        panels.append(figure.add_axes(box))
    return figure, panels


def _head(figure: Figure, title: str, below: str) -> None:
    width, height = figure.get_size_inches()
    left = _LEFT / width
    figure.text(left, 1 - 0.3 / height, title, fontsize=11, fontweight="bold", color=INK)
    figure.text(left, 1 - 0.5 / height, below, fontsize=7.5, color=FAINT)


def _legend(figure: Figure, forecasters: list[str], n_columns: int) -> None:
    width, height = figure.get_size_inches()
    handles = []
    for name in forecasters:
        style = forecaster_style(name)
        handles.append(
            Line2D(
                [],
                [],
                color=style.colour,
                linestyle=style.line,
                marker=style.marker,
                markersize=3,
                markeredgewidth=0,
                linewidth=1.6,
                label=style.label,
            )
        )
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=((_LEFT - 0.08) / width, 1 - 0.52 / height),
        ncols=4 if n_columns == 1 else 8,
        frameon=False,
        fontsize=7.5,
        labelcolor=INK,
        handlelength=2.2,
        columnspacing=1.6,
    )


def _clean(axes: Axes) -> None:
    """Axes without a box: values and a faint grid."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set(color=FAINT, linewidth=0.6)
    axes.tick_params(which="both", length=2.5, width=0.5, color=FAINT, labelcolor=INK, labelsize=7)
    axes.grid(axis="y", color="#e6e8eb", linewidth=0.6)
    axes.set_axisbelow(True)


def _channel_title(scores: xr.Dataset, metric: str, channel: str) -> str:
    units = pretty_units(str(scores["units"].sel(metric=metric, channel=channel).item()))
    return f"{channel} ({units})" if units else channel


def _rules(scores: xr.Dataset) -> str:
    """By which rules and over which forecasts the scores were computed, as far as they say."""
    attrs = scores.attrs
    parts = [str(attrs.get("dataset", attrs.get("experiment_dataset", "")))]
    if attrs.get("synthetic") == "true":
        parts[0] += " (synthetic)"
    if "split" in attrs:
        parts.append(f"{attrs['split']} split")
    if "n_init_times" in attrs:
        parts.append(f"{attrs['n_init_times']} forecasts")
    if "dialect" in attrs:
        parts.append(f"dialect {attrs['dialect']}")
    return "  ·  ".join(part for part in parts if part)


def _in_days(lead_times: np.ndarray) -> bool:
    return bool(lead_times[-1] >= np.timedelta64(4, "D"))
