"""The point that is looked at: typed or clicked, its values now and its series in time."""

import re
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.address import adopt_text, not_here, publish
from app.charts import series_of
from app.clickable import Click
from app.drawn import show_picture
from app.opening import PANELS
from app.pictures import Sight, cell_at, forecasts_of
from stforecast.figures.palette import forecaster_style
from stforecast.viewing.forecasts import Forecasts
from stforecast.viewing.point import find_cell, place_text, value_text
from stforecast.viewing.shown import Shown
from stforecast.viewing.shown import View as Kind

__all__ = ["choose_point", "point_clicked", "show_values"]

_NUMBER = r"([-+−]?\d+(?:[.,]\d+)?) ?°? ?([NSEWnsew]?)"
_POINT = re.compile(rf"{_NUMBER} ?[,;/ ] ?{_NUMBER}")
_LONGEST = 60
"""Characters of a point: an address may hold anything, and a pattern takes its time over it."""


def choose_point(forecasts: Forecasts, notice: DeltaGenerator) -> tuple[int, int] | None:
    """Draw the field for a point; the row and column of its cell, None while there is none.

    Args:
        notice: where it is said that the point is no good.
    """
    on_earth = "latitude" in forecasts.grid.coords
    adopt_text("point")
    text = st.text_input(
        "Point",
        key="point",
        placeholder="Click a map, or 52.5, 13.4" if on_earth else "Click a map, or row, column",
        icon=":material/location_on:",
        label_visibility="collapsed",
        help="Latitude and longitude in degrees north and east."
        if on_earth
        else "Row and column, counted from 0 at the upper left.",
        persist_state="session",
        width=215,
    )
    try:
        cell = _cell_of(forecasts, text) if text.strip() else None
    except ValueError as error:
        with notice:
            not_here("point", text, str(error).rstrip("."))
        cell = None
    publish("point", text.strip() if cell is not None else "")
    return cell


def _cell_of(forecasts: Forecasts, text: str) -> tuple[int, int]:
    """The cell of a typed point.

    Raises:
        ValueError: the text is no point, or the point lies beside the grid.
    """
    grid = forecasts.grid
    on_earth = "latitude" in grid.coords
    parts = _POINT.fullmatch(" ".join(text.split())[:_LONGEST])
    if parts is None:
        example = "52.5, 13.4 or 52.5N 13.4E" if on_earth else "12, 7"
        raise ValueError(f"a point is written as {example}")
    first, second = (
        float(parts[number].replace("−", "-").replace(",", "."))
        * (-1 if parts[number + 1].upper() in ("S", "W") and parts[number + 1] else 1)
        for number in (1, 3)
    )
    if parts[2].upper() in ("E", "W") and parts[2]:
        first, second = second, first
    whole = first.is_integer() and second.is_integer() and not (parts[2] or parts[4])
    in_city = "place" in grid.attrs and whole
    if on_earth and not (
        in_city and 0 <= first < grid.sizes["y"] and 0 <= second < grid.sizes["x"]
    ):
        return find_cell(grid, first, second)
    height, width = grid.sizes["y"], grid.sizes["x"]
    row, column = round(first), round(second)
    if not (0 <= row < height and 0 <= column < width):
        raise ValueError(f"the grid has rows 0 to {height - 1} and columns 0 to {width - 1}")
    return row, column


def point_clicked(sight: Sight, panels: list[Kind], click: Click) -> None:
    """Take the cell under a click for the point; beside the map there is none."""
    if not 0 <= click.panel < len(panels):
        return
    cell = cell_at(sight, panels[click.panel], click.x, click.y)
    if cell is not None:
        st.session_state["point"] = _text_of(forecasts_of(sight.entry), cell)


def _text_of(forecasts: Forecasts, cell: tuple[int, int]) -> str:
    """A cell as a visitor would type it."""
    row, column = cell
    if "latitude" not in forecasts.grid.coords:
        return f"{row}, {column}"
    latitude = float(forecasts.grid["latitude"].values[row])
    longitude = (float(forecasts.grid["longitude"].values[column]) + 180) % 360 - 180
    return f"{latitude:.6g}, {longitude:.6g}"


def show_values(sight: Sight, shown: Shown, cell: tuple[int, int], number: int) -> None:
    """Draw the values at a cell at one lead time, and its series over all of them."""
    row, column = cell
    kinds: tuple[Kind, ...] = ("forecast", "truth", "error")
    values = {
        PANELS[what]: field for what in kinds if (field := shown.field(what, number)) is not None
    }
    values |= {
        forecaster_style(name).label: fields[number] for name, fields in shown.baselines.items()
    }
    units = shown.fields.units
    cells = "".join(
        f"<div><small>{escape(name)}</small><b>"
        f"{value_text(field[row, column], signed=name == PANELS['error'])}</b></div>"
        for name, field in values.items()
    )
    place = escape(place_text(forecasts_of(sight.entry).grid, row, column))
    st.html(
        f'<div class="place"><div><small>{f"{escape(units)} at" if units else "At"}</small>'
        f"<b>{place}</b></div>{cells}</div>"
    )
    show_picture(series_of(sight, cell), alt=f"Series of {sight.channel} at {place}")
