"""Errors in detail: where they are, how they are distributed, and forecast against truth."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from stforecast.figures.curves import forecaster_handles, rules_text
from stforecast.figures.error_fields import ERROR_METRICS, error_field, error_field_scale
from stforecast.figures.error_numbers import (
    ShownChannel,
    find_lead,
    find_name,
    pooled_error,
    quantiles,
    shown_channel,
)
from stforecast.figures.fields import find_leads
from stforecast.figures.frames import (
    LEFT,
    clean_axes,
    draw_head,
    draw_legend,
    make_panels,
    number_text,
)
from stforecast.figures.geography import find_view, shows_cells
from stforecast.figures.palette import FAINT, INK, forecaster_style
from stforecast.figures.panels import Sheet, draw_colour_bar, draw_panel, make_figure
from stforecast.lead_texts import is_counted, lead_text

__all__ = ["plot_error_histogram", "plot_error_map", "plot_scatter"]

_BEYOND = 0.002
"""Share of the errors that may lie beyond the ends of an axis."""
_DISPLAY_BINS = 61
_RARE = 1e-4
"""Least share of errors on a logarithmic axis."""
_SIZE = (4.9, 4.9)
"""Width and height of a scatter in inches."""


def plot_error_map(
    errors: xr.Dataset,
    *,
    channel: str,
    lead_time: Any = None,
    forecaster: str | None = None,
    metric: str = "rmse",
) -> Figure:
    """Map of the errors of each cell over all forecasts, with the error of the whole map in words.

    Args:
        errors: as `ErrorDetails.summarise` gives them, with maps.
        lead_time: such as "6h"; the last one unless given.
        forecaster: the first one unless given.
        metric: "rmse", "bias" or "skill": 1 − RMSE / RMSE of persistence, where 0 is no better; grey
            where persistence is all but perfect.

    Raises:
        ValueError: the errors have no maps or no such channel, lead time or forecaster, or the metric
            is unknown.
    """
    if metric not in ERROR_METRICS:
        raise ValueError(f"metric {metric!r} is unknown; known: {', '.join(ERROR_METRICS)}.")
    if "count" not in errors:
        raise ValueError(
            "The errors hold no maps: the grid was too large to keep them. Evaluate fewer variables."
        )
    shown = shown_channel(errors, channel)
    name = find_name(errors, forecaster)
    at = {"channel": channel, "lead_time": find_lead(errors, lead_time)}
    field = error_field(errors.sel(at), name, metric=metric)
    factor, units = (1.0, "") if metric == "skill" else (shown.factor, shown.units)
    template = errors["count"].sel(at)
    template.attrs = {key: errors.attrs[key] for key in ("place",) if key in errors.attrs}
    cells = shows_cells(template)
    scale = error_field_scale(field * factor, metric=metric, units=units, bands=not cells)
    sheet = Sheet(1, 1, find_view(template))
    figure = make_figure(*sheet.size)
    of_map = pooled_error(errors.sel(at), name, metric=metric) * factor
    whole = f"{number_text(float(f'{of_map:.3g}'))} {units}".strip()
    ahead = lead_text(at["lead_time"], counted=is_counted(errors.attrs))
    what = f"{forecaster_style(name).label} {ahead}: {ERROR_METRICS[metric]}"
    notes = [str(errors.attrs.get("place_note", ""))]
    if metric == "skill" and np.isnan(field).any():
        notes.append("grey: nothing to beat, persistence is all but perfect there")
    foot = sheet.size[1] - 0.05
    for text, inches, size, weight, colour in (
        (shown.title, 0.3, 11, "bold", INK),
        (f"{what}  ·  whole map {whole}", 0.5, 7.5, "normal", INK),
        (rules_text(errors), 0.66, 7.5, "normal", FAINT),
        ("  ·  ".join(note for note in notes if note), foot, 5.5, "normal", FAINT),
    ):
        figure.text(
            *sheet.at(sheet.left, inches), text, fontsize=size, fontweight=weight, color=colour
        )
    draw_panel(
        figure.add_axes(sheet.box(0, 0)),
        field * factor,
        sheet.view,
        scale=scale,
        smooth=not cells,
        ticks="left bottom",
    )
    draw_colour_bar(figure, sheet.bar_box(0, 0), scale=scale)
    return figure


def plot_error_histogram(
    errors: xr.Dataset,
    *,
    channel: str,
    lead_times: Sequence[Any] | np.ndarray | None = None,
    forecasters: Sequence[str] | None = None,
) -> Figure:
    """How often errors are how large: a panel for each lead time, a line for each forecaster.

    Args:
        errors: as `ErrorDetails.summarise` gives them.
        lead_times: such as "6h"; up to four, evenly spread, unless given.
        forecasters: all unless given.

    Raises:
        ValueError: the errors have no such channel, lead time or forecaster.
    """
    shown = shown_channel(errors, channel)
    known = errors["lead_time"].values
    leads = [known[number] for number in find_leads(known, lead_times)]
    wanted = errors["forecaster"].values if forecasters is None else forecasters
    names = [find_name(errors, str(name)) for name in wanted]
    one = errors.sel(channel=channel)
    edges = one["error_edge"].values * shown.factor
    counts = (
        one["errors"]
        .sel(forecaster=names, lead_time=leads)
        .transpose("lead_time", "forecaster", "error_bin")
    )
    bins = _display_edges(edges, counts.values, whole=shown.counted)
    labels = [forecaster_style(name).label for name in names]
    figure, panels = make_panels(len(leads), min(len(leads), 2), legend=labels)
    for axes, lead, rows in zip(panels, leads, counts.values, strict=True):
        _draw_histogram(axes, names, rows, edges=edges, bins=bins, log=shown.counted)
        axes.set_title(
            lead_text(lead, counted=is_counted(errors.attrs)),
            fontsize=8.5,
            fontweight="bold",
            color=INK,
            loc="left",
            pad=5,
        )
    for axes in panels[-min(len(leads), 2) :]:
        axes.set_xlabel(f"Forecast − truth ({shown.units})", fontsize=7.5, color=FAINT)
    draw_head(figure, shown.title, rules_text(errors))
    draw_legend(figure, forecaster_handles(names, markers=False), n_columns=3)
    return figure


def _display_edges(edges: np.ndarray, counts: np.ndarray, *, whole: bool) -> np.ndarray:
    """Even bins about 0 over nearly all errors; of counts as wide as a whole number of fine ones."""
    ends = [quantiles(row, edges, (_BEYOND, 1 - _BEYOND)) for row in counts.sum(axis=0)]
    # The outer bins are open: what is in them has no place on an axis.
    reach = min(float(np.abs(ends).max()) or edges[-1] / _DISPLAY_BINS, edges[-2])
    if not whole:
        return np.linspace(-reach, reach, _DISPLAY_BINS + 1)
    fine = edges[1] - edges[0]
    n_fine = max(1, 2 * round(reach / fine / _DISPLAY_BINS) + 1)
    n_sides = int(np.ceil(reach / (n_fine * fine)))
    return n_fine * fine * (np.arange(-n_sides, n_sides + 2) - 0.5)


def _draw_histogram(
    axes: Axes,
    names: Sequence[str],
    counts: np.ndarray,
    *,
    edges: np.ndarray,
    bins: np.ndarray,
    log: bool,
) -> None:
    """One panel: counts (forecaster, error_bin); on a logarithmic axis where nearly all errors are 0."""
    for number, (name, row) in enumerate(zip(names, counts, strict=True)):
        style = forecaster_style(name)
        below = np.concatenate([[0], np.cumsum(row)]) / max(row.sum(), 1)
        shares = np.maximum(np.diff(np.interp(bins, edges, below)), _RARE / 10)
        middles = (bins[:-1] + bins[1:]) / 2
        if number == 0:
            axes.fill_between(middles, shares, color=style.colour, alpha=0.12, linewidth=0)
        axes.plot(middles, shares, color=style.colour, linestyle=style.line, linewidth=1.4)
    clean_axes(axes)
    axes.axvline(0, color=FAINT, linewidth=0.7, zorder=1)
    axes.set_xlim(bins[0], bins[-1])
    if log:
        axes.set_yscale("log")
        axes.set_ylim(_RARE, 1)
        axes.yaxis.set_major_locator(LogLocator())
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(number_text))


def plot_scatter(errors: xr.Dataset, *, channel: str, lead_time: Any = None) -> Figure:
    """Forecast against truth of every cell and forecast: how many, with the line on which both agree.

    Correlation, bias and RMSE, weighted as the scores are, stand on it.

    Args:
        errors: as `ErrorDetails.summarise` gives them; the first forecaster is shown.
        lead_time: such as "6h"; the last one unless given.

    Raises:
        ValueError: the errors have no such channel or lead time.
    """
    shown = shown_channel(errors, channel)
    lead = find_lead(errors, lead_time)
    one = errors.sel(channel=channel, lead_time=lead)
    name = str(errors["forecaster"].values[0])
    edges = one["value_edge"].values * shown.factor
    counts = one["values"].transpose("forecast_bin", "truth_bin").values
    used = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
    first, last = (used[0], used[-1] + 1) if len(used) else (0, len(counts))
    width, height = _SIZE
    figure = make_figure(width, height)
    axes = figure.add_axes((LEFT / width, 0.5 / height, 3.4 / width, 3.4 / height))
    extent = (edges[first], edges[last], edges[first], edges[last])
    image = axes.imshow(
        np.ma.masked_equal(counts[first:last, first:last], 0),
        extent=extent,
        origin="lower",
        cmap="viridis",
        norm=LogNorm(1, max(int(counts.max()), 10)),
        interpolation="nearest",
        aspect="equal",
        zorder=2,
    )
    axes.plot(extent[:2], extent[:2], color=INK, linewidth=0.8, zorder=3)
    clean_axes(axes)
    axes.grid(axis="x", color="#e6e8eb", linewidth=0.6)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
        axis.set_major_formatter(FuncFormatter(number_text))
    units = f" ({shown.units})" if shown.units else ""
    label = forecaster_style(name).label
    axes.set_xlabel(f"Truth{units}", fontsize=7.5, color=FAINT)
    ahead = lead_text(lead, counted=is_counted(errors.attrs))
    axes.set_ylabel(f"{label} {ahead}{units}", fontsize=7.5, color=FAINT)
    box = (4.22 / width, 0.5 / height, 0.1 / width, 3.1 / height)
    bar = figure.colorbar(image, cax=figure.add_axes(box))
    bar.outline.set(linewidth=0.5, edgecolor=FAINT)  # pyright: ignore[reportCallIssue]
    bar.ax.tick_params(which="both", length=2, width=0.5, color=FAINT, labelcolor=INK, labelsize=7)
    bar.ax.set_title("values", fontsize=7.5, color=INK, pad=5, loc="left")
    draw_head(figure, shown.title, rules_text(errors))
    numbers = _numbers(one, name, shown)
    figure.text(LEFT / width, 1 - 0.7 / height, numbers, fontsize=7.5, color=INK)
    return figure


def _numbers(one: xr.Dataset, name: str, shown: ShownChannel) -> str:
    """Correlation, bias, RMSE and number of values of one channel and lead time."""
    rmse, bias = (
        pooled_error(one, name, metric=metric) * shown.factor for metric in ("rmse", "bias")
    )
    # Both to the third digit of the RMSE.
    decimals = 2 - int(np.floor(np.log10(rmse))) if rmse > 0 and np.isfinite(rmse) else 2
    texts = [f"{value:.{max(decimals, 0)}f}".replace("-", "−") for value in (rmse, bias)]
    parts = [f"r {float(one['correlation'].sel(forecaster=name)):.3f}"]
    parts.append(f"RMSE {texts[0]}, bias {texts[1]} {shown.units}".rstrip())
    return "  ·  ".join([*parts, f"{int(one['values'].sum()):,} values".replace(",", "\u2009")])
