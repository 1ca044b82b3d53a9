"""Curves: scores against lead time, and the loss of a training."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    MultipleLocator,
    NullFormatter,
)

from pipelines.clips import FRAME_STEP
from pipelines.series import names
from stforecast.figures.frames import (
    LEFT,
    RIGHT,
    clean_axes,
    draw_head,
    draw_legend,
    make_panels,
    number_text,
)
from stforecast.figures.palette import FAINT, INK, forecaster_style, pretty_units
from stforecast.figures.panels import make_figure
from stforecast.lead_texts import is_counted
from stforecast.verification.score_units import score_units
from stforecast.verification.skill import headline_metric

__all__ = [
    "METRICS",
    "draw_axes",
    "find_clock",
    "forecaster_handles",
    "plot_history",
    "plot_scores",
    "rules_text",
]

_COLUMNS = 4

METRICS = {
    "rmse": "RMSE",
    "mse": "MSE",
    "mae": "MAE",
    "bias": "Bias (forecast − truth)",
    "acc": "Anomaly correlation (ACC)",
    "mape": "MAPE of active cells",
    "rmse_active": "RMSE of active cells",
    "mae_active": "MAE of active cells",
    "mse_mean": "MSE of a pixel",
    "ssim": "Structural similarity (SSIM)",
    "psnr": "Peak signal-to-noise ratio (PSNR)",
    "lpips": "Perceptual distance (LPIPS)",
}
"""Names of metrics for readers."""

_FROM_ZERO = ("rmse", "mse", "mae", "mape", "rmse_active", "mae_active", "mse_mean", "lpips")


def plot_scores(
    scores: xr.Dataset, *, metric: str | None = None, channels: Sequence[str] | None = None
) -> Figure:
    """Score against lead time, a line for each forecaster and a panel for each channel.

    Args:
        scores: `score` (forecaster, metric, channel, lead_time), `units` along (metric, channel).
        metric: the headline's (`headline_metric`), else their first one, unless given.
        channels: all of them unless given.

    Raises:
        ValueError: the scores do not have the metric or a channel.
    """
    known = [str(name) for name in scores["metric"].values]
    metric = (headline_metric(scores) or known[0]) if metric is None else metric
    if metric not in known:
        raise ValueError(f"metric {metric!r} is not in the scores, which hold {names(known)}.")
    known = [str(name) for name in scores["channel"].values]
    channels = known if channels is None else list(channels)
    if not set(channels) <= set(known):
        missing = names(name for name in channels if name not in known)
        raise ValueError(f"The scores have no channel {missing}; they have {names(known)}.")
    table = scores["score"].sel(metric=metric)
    clock = find_clock(table["lead_time"].values, counted=is_counted(scores.attrs))
    n_columns = min(len(channels), _COLUMNS)
    handles = forecaster_handles([str(name) for name in scores["forecaster"].values])
    figure, panels = make_panels(
        len(channels), n_columns, legend=[str(one.get_label()) for one in handles]
    )
    for number, (axes, channel) in enumerate(zip(panels, channels, strict=True)):
        factor, units = score_units(scores, metric=metric, channel=channel)
        units = pretty_units(units)
        _draw_scores(axes, table.sel(channel=channel) * factor, metric=metric, clock=clock)
        axes.set_title(
            f"{channel} ({units})" if units else channel,
            fontsize=8.5,
            fontweight="bold",
            color=INK,
            loc="left",
            pad=5,
        )
        if number >= len(channels) - n_columns:
            axes.set_xlabel(f"Lead time ({clock[0]})", fontsize=7.5, color=FAINT)
    draw_head(figure, METRICS.get(metric, metric), rules_text(scores))
    draw_legend(figure, handles, n_columns=4 * n_columns)
    return figure


def find_clock(
    lead_times: np.ndarray, *, counted: bool = False
) -> tuple[str, np.timedelta64, tuple[float, ...]]:
    """Unit of the lead times, its length, and the steps in which people count it.

    Args:
        counted: frames are counted, as those of video are.
    """
    if counted:
        return "frames", FRAME_STEP, (1, 2, 5, 10, 20, 50)
    if lead_times[-1] >= np.timedelta64(4, "D"):
        return "days", np.timedelta64(1, "D"), (1, 2, 5, 10, 30)
    if lead_times[-1] >= np.timedelta64(4, "h"):
        return "hours", np.timedelta64(1, "h"), (1, 2, 3, 6, 12, 24)
    if lead_times[-1] >= np.timedelta64(4, "m"):
        return "minutes", np.timedelta64(1, "m"), (1, 2, 5, 10, 15, 30, 60)
    return "seconds", np.timedelta64(1, "s"), (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)


def _draw_scores(
    axes: Axes,
    table: xr.DataArray,
    *,
    metric: str,
    clock: tuple[str, np.timedelta64, tuple[float, ...]],
) -> None:
    """One panel: (forecaster, lead_time)."""
    leads = table["lead_time"].values / clock[1]
    for name in table["forecaster"].values:
        style = forecaster_style(str(name))
        axes.plot(
            leads,
            table.sel(forecaster=name).values,
            color=style.colour,
            linestyle=style.line,
            linewidth=1.6,
            marker=style.marker if len(leads) <= 24 else "",
            markersize=3.5,
            markeredgewidth=0,
            label=str(name),
            clip_on=False,
            zorder=3 if style.marker else 2,
        )
    draw_axes(axes, table.values, last=float(leads[-1]), metric=metric, clock=clock)


def draw_axes(
    axes: Axes,
    values: np.ndarray,
    *,
    last: float,
    metric: str,
    clock: tuple[str, np.timedelta64, tuple[float, ...]],
) -> None:
    """Axes of scores against lead time, as fits the metric.

    Args:
        values: all that are drawn.
        last: lead time, in the clock's units.
        clock: as `find_clock` gives it.
    """
    clean_axes(axes)
    finite = values[np.isfinite(values)]
    top = float(finite.max()) if len(finite) else 1.0
    if metric in _FROM_ZERO:
        axes.set_ylim(0, 1.06 * top or 1.0)
    elif metric == "acc":
        low = float(finite.min()) if len(finite) else 0.0
        axes.set_ylim(min(0.0, low) if low < 0.4 else np.floor(low * 10) / 10, 1.0)
    elif metric == "bias":
        axes.axhline(0, color=FAINT, linewidth=0.7, zorder=1)
    axes.set_xlim(0, last)
    step = next((step for step in clock[2] if last / step <= 6), clock[2][-1])
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(number_text))


def plot_history(history: pd.DataFrame) -> Figure:
    """Loss of a training, epoch by epoch, with the best epoch; the learning rate below.

    Args:
        history: columns epoch, train_loss, validation_loss, learning_rate.

    Raises:
        ValueError: no epoch is finished yet.
    """
    if history.empty:
        raise ValueError("The history holds no epoch yet: there is nothing to draw.")
    figure = make_figure(5.6, 4.0)
    upper = figure.add_axes((LEFT / 5.6, 0.32, 1 - (LEFT + RIGHT) / 5.6, 0.475))
    lower = figure.add_axes((LEFT / 5.6, 0.115, 1 - (LEFT + RIGHT) / 5.6, 0.12), sharex=upper)
    _draw_losses(upper, history)
    epochs = history["epoch"].to_numpy()
    rates = history["learning_rate"].to_numpy(dtype="float64")
    marker = "o" if len(epochs) == 1 else ""
    lower.plot(epochs, rates, color=INK, linewidth=0.9, marker=marker, markersize=3)
    clean_axes(lower)
    lower.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
    lower.set_ylim(0, 1.1 * float(np.nanmax(rates)) or 1.0)
    lower.yaxis.set_major_locator(FixedLocator([0.0, float(np.nanmax(rates))]))
    lower.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.2g}"))
    lower.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
    lower.set_title("Learning rate", fontsize=7.5, color=FAINT, loc="left", pad=4)
    lower.set_xlabel("Epoch", fontsize=7.5, color=FAINT)
    draw_head(figure, "Loss", "mean squared error of normalised values")
    draw_legend(figure, upper.get_legend_handles_labels()[0], n_columns=3)
    return figure


def _draw_losses(axes: Axes, history: pd.DataFrame) -> None:
    epochs = history["epoch"].to_numpy()
    marker = "o" if len(epochs) == 1 else ""
    for column, label, colour in (
        ("train_loss", "Training", FAINT),
        ("validation_loss", "Validation", forecaster_style("simvp").colour),
    ):
        loss = history[column].to_numpy(dtype="float64")
        axes.plot(epochs, loss, color=colour, linewidth=1.6, label=label, marker=marker)
    validation = history["validation_loss"].to_numpy(dtype="float64")
    if np.isfinite(validation).any():
        best = int(np.nanargmin(validation))
        colour = forecaster_style("convlstm").colour
        axes.axvline(epochs[best], color=colour, linewidth=0.7, alpha=0.5, zorder=1)
        axes.plot(
            epochs[best],
            validation[best],
            marker="o",
            markersize=5.5,
            markerfacecolor="white",
            markeredgecolor=colour,
            markeredgewidth=1.4,
            linestyle="",
            label=f"Best: epoch {epochs[best]:g}, {validation[best]:.4g}",
            zorder=4,
        )
    axes.set_yscale("log")
    clean_axes(axes)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(number_text))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(labelbottom=False)


def forecaster_handles(forecasters: Sequence[str], *, markers: bool = True) -> list[Artist]:
    """Lines of a legend, one for each forecaster."""
    handles: list[Artist] = []
    for name in forecasters:
        style = forecaster_style(name)
        handles.append(
            Line2D(
                [],
                [],
                color=style.colour,
                linestyle=style.line,
                marker=style.marker if markers else "",
                markersize=3.5,
                markeredgewidth=0,
                linewidth=1.6,
                label=style.label,
            )
        )
    return handles


def rules_text(scores: xr.Dataset) -> str:
    """By which rules and over which forecasts the scores were computed, as far as they say."""
    attrs = scores.attrs
    parts = [str(attrs.get("dataset", ""))]
    if attrs.get("synthetic") == "true":
        parts[0] += " (synthetic)"
    if "split" in attrs:
        parts.append(f"{attrs['split']} split")
    if "n_init_times" in attrs:
        parts.append(f"{attrs['n_init_times']} forecasts")
    if "dialect" in attrs:
        parts.append(f"dialect {attrs['dialect']}")
    return "  ·  ".join(part for part in parts if part)
