"""Strips: what a forecast saw, what happened and what it said, frame beside frame.

It is how forecasts of video are shown, and it reads as well for a region or a city: time goes to the
right, and one scale holds for all frames.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipelines.clips import FRAME_STEP
from stforecast.figures.fields import Fields, find_leads, minute_text, read_fields
from stforecast.figures.geography import View, find_view
from stforecast.figures.palette import FAINT, INK
from stforecast.figures.panels import draw_panel, make_figure
from stforecast.figures.rows import Row
from stforecast.figures.scales import error_scale, field_scale
from stforecast.figures.strip_layout import MARGIN, StripBlock, StripLayout
from stforecast.lead_texts import lead_text

__all__ = ["plot_fields_strip", "plot_strip"]

_MOST_FRAMES = 10
"""Frames in a row."""
_MOST_WIDE = 6
"""Frames in a row unless more are named, of maps that are wide: they need the room."""
_WIDE = 1.35
"""Width over height of such a map."""

_LEAST_INPUT = 4
"""Frames of the input that are shown beside fewer lead times, if there are so many."""

_PIXELS = 320
"""Width at which a map is looked up: that of the greatest frame on paper."""
_BAR = (2.6, 0.09)
"""Greatest width and height of a colour bar, in inches."""
_BAR_GAP = 0.55

_SHORTEST = np.timedelta64(60, "s")
"""A time step below which frames are numbered: nobody reads seconds off a video."""


def plot_strip(
    forecast: xr.DataArray,
    truth: xr.DataArray | None = None,
    *,
    history: xr.DataArray | None = None,
    init_time: Any = None,
    channel: str | None = None,
    lead_times: Sequence[Any] | np.ndarray | None = None,
    limits: tuple[float, float] | None = None,
    error_limit: float | None = None,
) -> Figure:
    """One forecast frame by frame, in rows of time: input, truth, forecast, and error.

    Input, truth and forecast share one scale, over all frames there are; the error, forecast less
    truth, has one about 0.

    Args:
        forecast: (init_time, lead_time, channel, y, x).
        truth: the series, looked up at the valid times; grey where it has no frame or no value.
        history: a series whose frames up to the init time were the input: the last ten of them are
            shown, or as many as there are lead times if those are more than five.
        init_time: the first one unless given.
        channel: the first one unless given.
        lead_times: such as "6h" or a timedelta; up to ten, evenly spread, unless given (six of a wide
            map).
        limits: ends of the scale of input, truth and forecast, in the units shown.
        error_limit: end of the scale of the error, in the units shown.

    Raises:
        ValueError: the forecast has no such init_time, lead_time or channel, more than ten lead times
            are named, or the history has no frame up to the init time.
    """
    fields = read_fields(forecast, init_time=init_time, channel=channel, truth=truth)
    seen = times = None
    if history is not None:
        start = fields.init_times[0]
        times = history["time"].values
        times = times[times <= start][-_MOST_FRAMES:]
        if len(times) == 0:
            raise ValueError(
                f"The history has no frame up to {minute_text(start)}, when the forecast starts; give "
                "the series that it was made from."
            )
        chosen = history.sel(time=times, channel=fields.channel.name)
        seen = np.asarray(chosen.values, dtype="float64") * fields.factor
    return plot_fields_strip(
        fields,
        forecast,
        history=seen,
        history_times=times,
        lead_times=lead_times,
        limits=limits,
        error_limit=error_limit,
    )


def plot_fields_strip(
    fields: Fields,
    grid: xr.DataArray,
    *,
    history: np.ndarray | None = None,
    history_times: np.ndarray | None = None,
    lead_times: Sequence[Any] | np.ndarray | None = None,
    limits: tuple[float, float] | None = None,
    error_limit: float | None = None,
) -> Figure:
    """The strip of a forecast that is at hand, as `plot_strip` draws it.

    Args:
        fields: of one init time, at all its lead times.
        grid: anything on the forecast's grid, with its latitudes and longitudes if it has any.
        history: frames (H, y, x) of the input, the last one at the init time, in the units shown; the
            row is left out where there are none.
        history_times: (H,).
        lead_times, limits, error_limit: as for `plot_strip`.

    Raises:
        ValueError: there is no such lead time, more than ten are named, or history and its times do
            not belong together.
    """
    counts = [0 if part is None else len(part) for part in (history, history_times)]
    if counts[0] != counts[1]:
        raise ValueError(
            f"A history comes with the time of each frame, but there are {counts[0]} frames and "
            f"{counts[1]} times."
        )
    view = find_view(grid, pixels=_PIXELS)
    shown = _leads_shown(fields.lead_times, lead_times, view)
    blocks = _blocks_of(fields, shown, history, history_times, limits, error_limit)
    layout = StripLayout(blocks, view)
    figure = make_figure(*layout.size)
    _draw_head(figure, layout, fields)
    for number, block in enumerate(blocks):
        _draw_block(figure, layout, number, block)
    _draw_bars(figure, layout, blocks[-1].rows)
    return figure


def _leads_shown(known: np.ndarray, wanted: Any, view: View) -> list[int]:
    """Numbers of the lead times that get a frame."""
    if wanted is None:
        most = _MOST_WIDE if view.width_over_height > _WIDE else _MOST_FRAMES
        spread = np.linspace(0, len(known) - 1, min(len(known), most)).round()
        return [int(number) for number in spread]
    shown = find_leads(known, wanted)
    if not 0 < len(shown) <= _MOST_FRAMES:
        raise ValueError(
            f"A strip shows 1 to {_MOST_FRAMES} lead times, but {len(shown)} are named; leave "
            "lead_times out for a few that are evenly spread."
        )
    return shown


def _blocks_of(
    fields: Fields,
    shown: list[int],
    history: np.ndarray | None,
    history_times: np.ndarray | None,
    limits: tuple[float, float] | None,
    error_limit: float | None,
) -> list[StripBlock]:
    known = [part for part in (fields.truth, history) if part is not None and len(part) > 0]
    # One scale for all frames, whichever of them are shown: the input's are among them.
    scale = field_scale(replace(fields, truth=np.concatenate(known) if known else None), limits)
    step = _numbered_step(fields)
    blocks = []
    if history is not None and history_times is not None and len(history) > 0:
        most = max(len(shown), _LEAST_INPUT)
        frames, times = history[-most:], history_times[-most:]
        before = times - fields.init_times[0]
        titles = _titles(before, times, step)
        blocks.append(StripBlock((Row("Input", frames, scale),), titles))
    rows = [Row("Forecast", fields.forecast[shown], scale)]
    if fields.truth is not None:
        error = fields.forecast - fields.truth
        errors = error_scale(error, error_limit, fields=fields)
        rows = [
            Row("Truth", fields.truth[shown], scale),
            *rows,
            Row("Error", error[shown], errors),
        ]
    titles = _titles(fields.lead_times[shown], fields.valid_times[shown], step)
    return [*blocks, StripBlock(tuple(rows), titles)]


def _titles(
    leads: np.ndarray, times: np.ndarray, step: np.timedelta64 | None
) -> tuple[tuple[str, str], ...]:
    """How long after the init time, and when; numbers of frames where they are numbered."""
    if step is not None:
        numbers = [round(lead / step) for lead in leads]
        return tuple((f"{n:+d}".replace("-", "−") if n else "0", "") for n in numbers)
    stamps = [minute_text(time).split() for time in times]
    clocks = {clock for _, clock in stamps}
    titles = []
    for lead, (date, clock) in zip(leads, stamps, strict=True):
        day = f"{int(date[8:])} {_MONTHS[int(date[5:7]) - 1]}"
        when = day if clocks == {"00:00"} else clock if len(times) > 6 else f"{day} {clock}"
        ahead = lead_text(abs(lead)).removeprefix("+").replace(" min", "\u202fmin")
        sign = "+" if lead > np.timedelta64(0) else "−" if lead < np.timedelta64(0) else ""
        titles.append((sign + ahead if sign else "start", when))
    return tuple(titles)


def _numbered_step(fields: Fields) -> np.timedelta64 | None:
    """Time step of frames that are numbered; None of those whose times readers want to see."""
    step = fields.lead_times[0]
    if fields.counted:
        return min(step, FRAME_STEP)
    return step if step < _SHORTEST else None


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _draw_head(figure: Figure, layout: StripLayout, fields: Fields) -> None:
    said = fields.made_from
    if _numbered_step(fields) is not None:
        said = f"{fields.made_by}, frames counted from the last input"
    below = "  ·  ".join(text for text in (said, fields.source) if text)
    figure.text(*layout.at(MARGIN, 0.32), fields.title, fontsize=11, fontweight="bold", color=INK)
    figure.text(*layout.at(MARGIN, 0.53), below, fontsize=8, color=FAINT)


def _draw_block(figure: Figure, layout: StripLayout, number: int, block: StripBlock) -> None:
    width, height = layout.panel
    for index, row in enumerate(block.rows):
        top = layout.top(number, index)
        label = layout.at(MARGIN, top + height / 2)
        figure.text(*label, row.label, fontsize=8.5, fontweight="bold", color=INK, va="center")
        for column, values in enumerate(row.values):
            left = layout.left(column)
            axes = figure.add_axes(layout.box(left, top, width, height))
            draw_panel(axes, values, layout.view, scale=row.scale, smooth=True)
    for column, (ahead, when) in enumerate(block.titles):
        middle = layout.left(column) + width / 2
        top = layout.top(number, 0)
        for text, above, size, weight, colour in (
            (ahead, 0.19 if when else 0.06, 8, "bold", INK),
            (when, 0.05, 7, "normal", FAINT),
        ):
            figure.text(
                *layout.at(middle, top - above),
                text,
                fontsize=size,
                fontweight=weight,
                color=colour,
                ha="center",
                va="bottom",
            )


def _draw_bars(figure: Figure, layout: StripLayout, rows: Sequence[Row]) -> None:
    """Colour bars below all rows: of the values, and of the error if there is one."""
    width = min(_BAR[0], (layout.size[0] - layout.left(0) - MARGIN - _BAR_GAP) / 2)
    top = layout.top(len(layout.blocks), 0) + 0.14
    for number, row in enumerate((rows[0], rows[-1]) if len(rows) > 1 else rows):
        left = layout.left(0) + number * (width + _BAR_GAP)
        scale = row.scale
        bar = figure.colorbar(
            ScalarMappable(scale.norm, scale.colours),
            cax=figure.add_axes(layout.box(left, top, width, _BAR[1])),
            orientation="horizontal",
            extend=scale.beyond,
            extendfrac=0.04,
            spacing="proportional",
        )
        bar.outline.set(linewidth=0.5, edgecolor=FAINT)  # pyright: ignore[reportCallIssue]
        bar.ax.tick_params(
            length=2, width=0.5, color=FAINT, labelcolor=INK, labelsize=7, pad=2, which="both"
        )
        bar.ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10], min_n_ticks=3))
        said = ", ".join(text for text in ("Error" if number else "", scale.units) if text)
        figure.text(*layout.at(left, top + 0.36), said, fontsize=7.5, color=INK)
