"""Job states: a calendar of init times, coloured by what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from stforecast.batch.rows import Row
from stforecast.figures.palette import FAINT, INK
from stforecast.figures.panels import make_figure

__all__ = ["JOB_STATE_STYLES", "JobStateStyle", "plot_job_states"]


@dataclass(frozen=True)
class JobStateStyle:
    """How a state looks: a colour, and a mark that survives a grey print."""

    colour: str
    mark: str
    """A marker of matplotlib in the middle of the cell; "" for none."""
    meaning: str
    """In words, for a legend."""
    is_hollow: bool = False
    """An outline: there is nothing yet."""


JOB_STATE_STYLES: dict[str, JobStateStyle] = {
    "done": JobStateStyle("#009E73", "", "done"),
    "degraded": JobStateStyle("#E69F00", ".", "degraded: history with holes"),
    "running": JobStateStyle("#0072B2", ">", "running"),
    "waiting": JobStateStyle("#56B4E9", "", "waiting for data", is_hollow=True),
    "skipped": JobStateStyle("#b4bac1", "_", "skipped"),
    "failed": JobStateStyle("#D55E00", "x", "failed"),
}
"""The states of `Row.state`, from good to bad."""

_GRAVITY = ("done", "skipped", "degraded", "waiting", "running", "failed")
"""Of several init times in one cell the last of these is shown: what asks for a look."""
_LEFT, _RIGHT, _HEAD, _FOOT = 0.62, 0.12, 0.92, 0.3
"""Margins in inches."""
_LARGEST = 0.24
"""Width and height of a cell, in inches, at the most."""
_TALLEST = 3.2
"""Height of all cells together, in inches."""
_MOST_ROWS = 48
_TICK_ROOM = 1.2
"""Inches from date to date."""
_ROW_ROOM = 0.12
"""Inches from time of day to time of day."""
_WEEK = 7


def plot_job_states(rows: Sequence[Row], *, most_days: int = 60, width: float = 7.5) -> Figure:
    """What became of each init time: a column for each day, a row for each time of day.

    Where init times stand closer than half an hour, a cell stands for several, and shows the state
    that most asks for a look.

    Args:
        rows: of a job's record, in any order.
        most_days: the newest so many days are shown, those without an init time too.
        width: of the sheet, in inches.

    Raises:
        ValueError: there is no row, or most_days is below 1.
    """
    if not rows:
        raise ValueError("The record holds no init time yet: there is nothing to draw.")
    if most_days < 1:
        raise ValueError(f"most_days must be at least 1, not {most_days}.")
    times = np.array([np.datetime64(row.init_time, "m") for row in rows])
    last = times.max().astype("datetime64[D]")
    first = max(times.min().astype("datetime64[D]"), last - (most_days - 1))
    shown = times.astype("datetime64[D]") >= first
    cells, slots = _cells(
        times[shown], [row for row, is_in in zip(rows, shown, strict=True) if is_in]
    )
    n_days = int((last - first).astype(int)) + 1
    size = min(_LARGEST, (width - _LEFT - _RIGHT) / n_days)
    height = min(size, _TALLEST / len(slots))
    sheet = _HEAD + len(slots) * height + _FOOT
    figure = make_figure(width, sheet)
    box = (_LEFT / width, _FOOT / sheet, n_days * size / width, len(slots) * height / sheet)
    axes = figure.add_axes(box)
    for (day, slot), row in cells.items():
        at = (int((day - first).astype(int)), slots.index(slot))
        _draw_cell(axes, at, row.state, inches=(size, height))
    _draw_axes(axes, first=first, n_days=n_days, slots=slots, inches=(size, height))
    _draw_head(figure, cells, older=int((~shown).sum()))
    return figure


_Cell = tuple[np.datetime64, int]
"""Day, and minutes since midnight."""


def _cells(times: np.ndarray, rows: Sequence[Row]) -> tuple[dict[_Cell, Row], list[int]]:
    """For each day and time of day one row of the record, and the times of day from early to late."""
    days = times.astype("datetime64[D]")
    minutes = (times - days).astype("timedelta64[m]").astype(int)
    if len(np.unique(minutes)) > _MOST_ROWS:
        minutes = minutes // 30 * 30
    cells: dict[_Cell, Row] = {}
    for day, minute, row in zip(days, minutes.tolist(), rows, strict=True):
        held = cells.get((day, minute))
        if held is None or _gravity(row) > _gravity(held):
            cells[day, minute] = row
    return cells, sorted({minute for _, minute in cells})


def _gravity(row: Row) -> int:
    return _GRAVITY.index(row.state)


def _draw_cell(axes: Axes, at: tuple[int, int], state: str, *, inches: tuple[float, float]) -> None:
    style = JOB_STATE_STYLES[state]
    # A hair's breadth between cells, the same across and down.
    gaps = [min(0.025 / side, 0.2) for side in inches]
    axes.add_patch(
        Rectangle(
            (at[0] + gaps[0] / 2, at[1] + gaps[1] / 2),
            1 - gaps[0],
            1 - gaps[1],
            facecolor="white" if style.is_hollow else style.colour,
            edgecolor=style.colour,
            linewidth=0.8 if style.is_hollow else 0.0,
        )
    )
    points = 72 * min(inches)
    if style.mark and points >= 5:
        axes.plot(
            at[0] + 0.5,
            at[1] + 0.5,
            marker=style.mark,
            markersize=0.42 * points,
            markeredgewidth=max(0.08 * points, 0.7),
            color="white",
        )


def _draw_axes(
    axes: Axes,
    *,
    first: np.datetime64,
    n_days: int,
    slots: Sequence[int],
    inches: tuple[float, float],
) -> None:
    axes.set(xlim=(0, n_days), ylim=(len(slots), 0))
    for spine in axes.spines.values():
        spine.set_visible(False)
    _draw_days(axes, first=first, n_days=n_days, width=inches[0])
    rows = _named_rows(slots, height=inches[1])
    texts = [f"{slots[row] // 60:02d}:{slots[row] % 60:02d}" for row in rows]
    axes.set_yticks([row + 0.5 for row in rows], texts)
    axes.tick_params(length=0, pad=4, labelcolor=INK, labelsize=7.5)


def _draw_days(axes: Axes, *, first: np.datetime64, n_days: int, width: float) -> None:
    """Dates every so many days, in whole weeks where they are many, counted back from the newest."""
    if n_days * width < _TICK_ROOM:
        axes.set_xticks([0.0], [_day_text(first)], ha="left")
        return
    every = int(np.ceil(_TICK_ROOM / width))
    every = every if every <= 3 else -(-every // _WEEK) * _WEEK
    days = list(range(n_days - 1, -1, -every))
    # The last date ends where the cells end: it has no room beyond them.
    places = [float(n_days), *(day + 0.5 for day in days[1:])]
    axes.set_xticks(places, [_day_text(first + day) for day in days])
    axes.get_xticklabels()[0].set_horizontalalignment("right")


def _named_rows(slots: Sequence[int], *, height: float) -> list[int]:
    """Rows whose time of day is written beside them: whole hours, or what comes closest."""
    room = len(slots) * height / _ROW_ROOM
    for step in (1, 30, 60, 120, 180, 360):
        rows = [row for row, minute in enumerate(slots) if minute % step == 0]
        if 0 < len(rows) <= room:
            return rows
    return [0]


def _day_text(day: np.datetime64) -> str:
    """A date as people write it: 3 Jan 2009."""
    return f"{day.item():%-d %b %Y}"


def _draw_head(figure: Figure, cells: dict[_Cell, Row], *, older: int) -> None:
    """Title, a faint line of how many are left out, and a legend of the states that occur."""
    width, height = figure.get_size_inches()
    left = 0.1 / width
    figure.text(left, 1 - 0.26 / height, "Init times", fontsize=10, fontweight="bold", color=INK)
    below = "a column for each day, a row for each time of day"
    if older:
        below += f"; {older} older ones are not shown"
    figure.text(left, 1 - 0.44 / height, below, fontsize=7.5, color=FAINT)
    present = {row.state for row in cells.values()}
    handles = [
        Line2D(
            [],
            [],
            linestyle="",
            marker="s",
            markersize=7,
            markerfacecolor="white" if style.is_hollow else style.colour,
            markeredgecolor=style.colour,
            markeredgewidth=0.9,
            label=style.meaning,
        )
        for state, style in JOB_STATE_STYLES.items()
        if state in present
    ]
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.02 / width, 1 - 0.48 / height),
        ncols=len(handles),
        frameon=False,
        fontsize=7.5,
        labelcolor=INK,
        handletextpad=0.1,
        columnspacing=1.2,
    )
