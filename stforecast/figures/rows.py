"""Rows of panels with their labels: what figures of forecasts and their truth have in common."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from stforecast.figures.fields import Fields
from stforecast.figures.geography import View
from stforecast.figures.palette import FAINT, INK
from stforecast.figures.panels import Scale, Sheet, draw_colour_bar, draw_panel
from stforecast.figures.scales import error_scale, field_scale

__all__ = ["Row", "draw_bars", "draw_head", "draw_rows", "rows_of", "sheet_of"]

_TITLE_GAP = 0.5
"""Room for titles above a further block of rows, in inches."""


@dataclass(frozen=True, eq=False)
class Row:
    """One row of panels, which goes on in the next block if it is too long for the sheet."""

    label: str
    values: np.ndarray
    """(panel, y, x)."""
    scale: Scale


def rows_of(
    fields: Fields,
    shown: Sequence[int],
    *,
    limits: tuple[float, float] | None,
    error_limit: float | None,
) -> list[Row]:
    """Truth, forecast and error, or the forecast alone, each with its scale over all fields.

    Args:
        shown: numbers of the fields that get a panel.
        limits, error_limit: ends of the scales, in the units shown.
    """
    scale = field_scale(fields, limits)
    chosen = list(shown)
    if fields.truth is None:
        return [Row("", fields.forecast[chosen], scale)]
    error = fields.forecast - fields.truth
    return [
        Row("Truth", fields.truth[chosen], scale),
        Row("Forecast", fields.forecast[chosen], scale),
        Row("Error", error[chosen], error_scale(error, error_limit, fields=fields)),
    ]


def sheet_of(rows: Sequence[Row], view: View, *, n_columns: int) -> Sheet:
    """A sheet for rows of at most so many columns, with as many blocks of them as it takes."""
    n_panels = len(rows[0].values)
    return Sheet(
        n_rows=len(rows) * -(-n_panels // n_columns),
        n_columns=min(n_panels, n_columns),
        view=view,
        block=len(rows),
        block_gap=_TITLE_GAP,
    )


def draw_head(figure: Figure, sheet: Sheet, fields: Fields, what: str) -> None:
    """Title, a faint line of what and of which data, and what a reader of the map must know."""
    title = fields.title
    left = sheet.left
    figure.text(*sheet.at(left, 0.3), title, fontsize=11, fontweight="bold", color=INK)
    below = "  ·  ".join(text for text in (what, fields.source) if text)
    figure.text(*sheet.at(left, 0.5), below, fontsize=8, color=FAINT)
    note = fields.attrs.get("place_note", "")
    if sheet.view.latitude is None:
        note = "rows and columns of the grid"
    figure.text(*sheet.at(left, sheet.size[1] - 0.05), note, fontsize=5.5, color=FAINT)


def draw_rows(
    figure: Figure,
    sheet: Sheet,
    rows: Sequence[Row],
    titles: Sequence[tuple[str, str]],
    *,
    smooth: bool,
) -> None:
    """All panels, with the rows' labels at the left and two lines of title above each column.

    Args:
        titles: of each panel of a row: one in bold and one below it.
    """
    for sheet_row in range(sheet.n_rows):
        block, offset = divmod(sheet_row, len(rows))
        row, first = rows[offset], block * sheet.n_columns
        _draw_label(figure, sheet, sheet_row, row.label)
        for number in range(first, min(first + sheet.n_columns, len(titles))):
            place = (sheet_row, number - first)
            is_lowest = offset == len(rows) - 1 and number + sheet.n_columns >= len(titles)
            ticks = ("left " if number == first else "") + ("bottom" if is_lowest else "")
            draw_panel(
                figure.add_axes(sheet.box(*place)),
                row.values[number],
                sheet.view,
                scale=row.scale,
                smooth=smooth,
                ticks=ticks,
            )
            if offset == 0:
                _draw_column_title(figure, sheet, place, titles[number])


def draw_bars(figure: Figure, sheet: Sheet, rows: Sequence[Row]) -> None:
    """Colour bars: one beside all rows of a forecast alone; else in each block of fields and errors."""
    if len(rows) == 1:
        draw_colour_bar(figure, sheet.bar_box(0, sheet.n_rows - 1), scale=rows[0].scale)
        return
    for first in range(0, sheet.n_rows, len(rows)):
        last = first + len(rows) - 1
        draw_colour_bar(figure, sheet.bar_box(first, last - 1), scale=rows[0].scale)
        draw_colour_bar(figure, sheet.bar_box(last, last), scale=rows[-1].scale)


def _draw_label(figure: Figure, sheet: Sheet, row: int, label: str) -> None:
    if not label:
        return
    _, bottom, _, height = sheet.box(row, 0)
    figure.text(
        sheet.at(0.16, 0)[0],
        bottom + height / 2,
        label,
        rotation=90,
        fontsize=8.5,
        fontweight="bold",
        color=INK,
        ha="center",
        va="center",
    )


def _draw_column_title(
    figure: Figure, sheet: Sheet, place: tuple[int, int], title: tuple[str, str]
) -> None:
    left, bottom, width, height = sheet.box(*place)
    above = bottom + height
    for text, inches, size, weight, colour in (
        (title[0], 0.2, 8, "bold", INK),
        (title[1], 0.06, 7, "normal", FAINT),
    ):
        figure.text(
            left + width / 2,
            above + inches / sheet.size[1],
            text,
            fontsize=size,
            fontweight=weight,
            color=colour,
            ha="center",
            va="bottom",
        )
