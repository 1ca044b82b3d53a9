"""One cell of a forecast: found on the grid, named, and its values over time as a table."""

import numpy as np
import pandas as pd
import xarray as xr

from stforecast.viewing.shown import Shown

__all__ = ["find_cell", "place_text", "point_table", "value_text"]


def point_table(shown: Shown, row: int, column: int) -> pd.DataFrame:
    """The values of one cell, in the units shown: a row for each time, history first.

    Columns `valid_time`, `lead_hours` (0 and below in the history), `history`, `forecast`, `truth`,
    `error` (forecast less truth), then one for each baseline; NaN where there is no value.

    Raises:
        ValueError: the grid has no such cell.
    """
    rows, columns = shown.grid.shape
    if not (0 <= row < rows and 0 <= column < columns):
        raise ValueError(
            f"Row {row}, column {column} lies beside the grid of {rows}×{columns} cells; count "
            f"from 0 to {rows - 1} and {columns - 1}."
        )
    fields = shown.fields
    past, ahead = len(shown.history_times), len(fields.lead_times)
    before, after = np.full(past, np.nan), np.full(ahead, np.nan)
    forecast = fields.forecast[:, row, column].astype("float64")
    truth = after if fields.truth is None else fields.truth[:, row, column].astype("float64")
    times = np.concatenate([shown.history_times, fields.valid_times])
    columns_of = {
        "valid_time": times,
        "lead_hours": (times - fields.init_times[0]) / np.timedelta64(1, "h"),
        "history": np.concatenate([shown.history[:, row, column].astype("float64"), after]),
        "forecast": np.concatenate([before, forecast]),
        "truth": np.concatenate([before, truth]),
        "error": np.concatenate([before, forecast - truth]),
    }
    columns_of |= {
        name: np.concatenate([before, frames[:, row, column].astype("float64")])
        for name, frames in shown.baselines.items()
    }
    return pd.DataFrame(columns_of)


def find_cell(grid: xr.DataArray, latitude: float, longitude: float) -> tuple[int, int]:
    """Row and column of the cell whose centre is nearest to a place in degrees.

    Args:
        grid: as `Forecasts.grid`.
        longitude: in any range: -10 and 350 are the same.

    Raises:
        ValueError: the grid has no geography, or the place lies outside of it.
    """
    if "latitude" not in grid.coords or "longitude" not in grid.coords:
        raise ValueError(
            "This grid has no latitude and longitude; give the row and the column of the cell, counted "
            "from 0."
        )
    if not np.isfinite([latitude, longitude]).all() or abs(latitude) > 90:
        raise ValueError(
            f"{latitude:g}, {longitude:g} is no place on Earth; give degrees north from -90 to 90, then "
            "degrees east."
        )
    north, east = grid["latitude"].values, grid["longitude"].values
    apart = np.abs(north - latitude)
    row = int(apart.argmin())
    around = np.abs((east - longitude + 180) % 360 - 180)
    column = int(around.argmin())
    # Up to the edge of the outer cells; a pole has no cell beyond it.
    reach = _reach(north)
    beyond_pole = abs(latitude) > np.abs(north).max() and np.abs(north).max() + 2 * reach >= 90
    if (apart[row] > reach and not beyond_pole) or around[column] > _reach(east):
        raise ValueError(
            f"{degrees_text(latitude, longitude)} lies outside of the grid, which has latitudes from "
            f"{north.min():g} to {north.max():g} and longitudes from {east.min():g} to {east.max():g}."
        )
    return row, column


def _reach(degrees: np.ndarray) -> float:
    """Half a cell, and a hair for rounding; of a single row, or column, half a degree."""
    if len(degrees) < 2:
        return 0.5
    return float(np.abs(np.diff(degrees)).max()) / 2 + 1e-6


def place_text(grid: xr.DataArray, row: int, column: int) -> str:
    """Where a cell lies, for readers: "51.5°N 0.25°W", "row 3, column 5"; in a city both."""
    numbers = [
        int(grid[name].values[index]) if name in grid.coords else index
        for name, index in (("row", row), ("column", column))
    ]
    cell = f"row {numbers[0]}, column {numbers[1]}"
    if "latitude" not in grid.coords:
        return cell
    place = degrees_text(
        float(grid["latitude"].values[row]), float(grid["longitude"].values[column])
    )
    return f"{place} ({cell})" if "place" in grid.attrs else place


def degrees_text(latitude: float, longitude: float) -> str:
    """A place for readers: "51.5°N 0.25°W"."""
    east = (longitude + 180) % 360 - 180
    parts = []
    for value, sides in ((latitude, "NS"), (east, "EW")):
        number = f"{abs(value):.3f}".rstrip("0").rstrip(".")
        parts.append(f"{number}°{sides[value < 0] if float(number) else ''}")
    return " ".join(parts)


def value_text(value: float | np.floating, *, signed: bool = False) -> str:
    """A value for readers, never with an exponent.

    To 1 from 10 000 on, to 0.1 from 100 on, else to 0.01. Forecast, truth and their difference then
    do not contradict each other.
    """
    if not np.isfinite(value):
        return "–"
    decimals = 0 if abs(value) >= 10_000 else 1 if abs(value) >= 100 else 2
    rounded = round(float(value), decimals) + 0.0  # no −0
    return f"{rounded:{'+' if signed and rounded else ''}.{decimals}f}".replace("-", "−")
