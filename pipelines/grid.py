"""Latitude-longitude grids: found in a file, checked, put into one order, compared.

Rows run from north to south, columns from west to east without a jump. A global grid starts in
[0, 360); a regional one stays in one piece, so across Greenwich it reads −10 … 12.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

__all__ = ["Grid", "Placement", "difference_of", "place_grid", "same_grid"]

TOLERANCE = 1e-3
"""Degrees by which a coordinate may be off its place, as float32 files and WeatherBench 2 have it."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Rows and columns of evenly spaced cell centres, in degrees north and east."""

    latitude: np.ndarray
    """In the order of the rows: north to south in every series that this package makes."""
    longitude: np.ndarray
    """Increasing and contiguous; values below 0 and above 180 are both fine."""

    def __post_init__(self) -> None:
        for name in ("latitude", "longitude"):
            values = np.array(getattr(self, name), dtype="float64")
            values.setflags(write=False)
            object.__setattr__(self, name, values)
            _check_axis(name, values)
        if len(self.longitude) > 1 and self.longitude[1] < self.longitude[0]:
            raise ValueError(
                f"longitude of a grid must increase, but it starts {_few(self.longitude)}."
            )
        if self.longitude[-1] - self.longitude[0] > 360 - TOLERANCE:
            raise ValueError(
                f"longitude spans {self.longitude[-1] - self.longitude[0]:g}°, from "
                f"{self.longitude[0]:g} to {self.longitude[-1]:g}; a grid goes around the globe "
                "once: drop the repeated columns."
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.latitude), len(self.longitude)

    @property
    def circular(self) -> bool:
        """Whether the last column is the neighbour of the first."""
        columns = len(self.longitude)
        if columns < 2:
            return False
        step = (self.longitude[-1] - self.longitude[0]) / (columns - 1)
        return bool(abs(columns * step - 360) < min(0.01 * step, 10 * TOLERANCE))

    @property
    def is_global(self) -> bool:
        """Whether it goes around the globe and from pole to pole."""
        if not self.circular or len(self.latitude) < 2:
            return False
        step = abs(self.latitude[1] - self.latitude[0]) + TOLERANCE
        return bool(self.latitude.max() + step >= 90 and self.latitude.min() - step <= -90)

    def __str__(self) -> str:
        return (
            f"{len(self.latitude)}×{len(self.longitude)} cells, latitude "
            f"{self.latitude[0]:g} to {self.latitude[-1]:g}, longitude {self.longitude[0]:g} to "
            f"{self.longitude[-1]:g}"
        )


@dataclass(frozen=True, eq=False)
class Placement:
    """Where the rows and columns of a file's arrays go in the grid."""

    grid: Grid
    rows: np.ndarray
    """Index into the file's rows for each row of the grid."""
    columns: np.ndarray
    """Index into the file's columns for each column of the grid."""


def place_grid(latitude: np.ndarray, longitude: np.ndarray) -> Placement:
    """The grid of a file's coordinates, and how its arrays are put into the order of the grid.

    A repeated column at 360° is left out.

    Raises:
        ValueError: the coordinates are not those of an even latitude-longitude grid.
    """
    latitude = np.asarray(latitude, dtype="float64")
    longitude = np.asarray(longitude, dtype="float64")
    if not np.isfinite(latitude).all() or not np.isfinite(longitude).all():
        name = "longitude" if np.isfinite(latitude).all() else "latitude"
        raise ValueError(
            f"{name} holds missing values; write the coordinates of every row and column."
        )
    if np.abs(latitude).max(initial=0) > 90 + TOLERANCE >= np.abs(longitude).max(initial=0):
        raise ValueError(
            f"latitude reaches {np.abs(latitude).max():g}° and longitude stays within ±90°: the "
            "two seem to be swapped; exchange their names."
        )
    rows = np.argsort(-latitude, kind="stable")
    columns, east = _columns(longitude)
    return Placement(Grid(latitude[rows], east), rows, columns)


def difference_of(grid: Grid, other: Grid) -> str:
    """How two grids differ, and the way out; empty if they are the same.

    Longitudes are compared modulo 360°; all within `TOLERANCE`.
    """
    if grid.shape != other.shape:
        return f"{grid} against {other}; regrid one to the other"
    if np.abs(grid.latitude - other.latitude).max() > TOLERANCE:
        if np.abs(grid.latitude - other.latitude[::-1]).max() <= TOLERANCE:
            return "latitude runs the other way; turn the rows of one around"
        return f"latitude {_few(grid.latitude)} against {_few(other.latitude)}; regrid one to the other"
    apart = np.abs(grid.longitude - other.longitude) % 360
    if np.minimum(apart, 360 - apart).max() <= TOLERANCE:
        return ""
    rolled = np.abs(np.sort(grid.longitude % 360) - np.sort(other.longitude % 360))
    if grid.circular and rolled.max() <= TOLERANCE:
        return (
            f"the same columns, but from {grid.longitude[0]:g}° instead of {other.longitude[0]:g}°; "
            "roll the columns of one"
        )
    return (
        f"longitude {_few(grid.longitude)} against {_few(other.longitude)}; regrid one to the other"
    )


def same_grid(grid: Grid, other: Grid) -> bool:
    """Whether all cells of two grids have the same centres, row by row and column by column."""
    return not difference_of(grid, other)


def _columns(longitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The order of the columns from west to east, and their longitudes without a jump."""
    turn = abs(longitude[-1] - longitude[0]) % 360 if len(longitude) > 2 else 180
    if min(turn, 360 - turn) < TOLERANCE:  # the first column once more
        return _columns(longitude[:-1])
    around = (longitude + TOLERANCE / 2) % 360 - TOLERANCE / 2
    columns = np.argsort(around, kind="stable")
    east = around[columns]
    gaps = np.diff(east, append=east[0] + 360)
    if len(east) > 1 and np.ptp(gaps) <= 2 * TOLERANCE:  # all around: starts in [0, 360)
        return columns, east
    steps = np.diff(longitude)
    if (steps > 0).all() and (not len(steps) or np.ptp(steps) <= 2 * TOLERANCE):
        return np.arange(len(longitude)), longitude
    first = (int(gaps.argmax()) + 1) % len(east)
    columns, east = np.roll(columns, -first), np.roll(east, -first)
    east = np.where(east < east[0], east + 360, east)
    return columns, east - 360 if east[0] >= 180 else east


def _check_axis(name: Literal["latitude", "longitude"], values: np.ndarray) -> None:
    if values.ndim != 1 or not len(values):
        raise ValueError(f"{name} of a grid must be a row of numbers, but it is {values!r}.")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} of a grid holds missing values.")
    if name == "latitude" and np.abs(values).max() > 90 + TOLERANCE:
        raise ValueError(
            f"latitude reaches {values[np.abs(values).argmax()]:g}°, beyond the poles; are they "
            "degrees of another kind (projected metres, radians, shifted by 90)?"
        )
    steps = np.diff(values)
    if not len(steps):
        return
    twice = np.flatnonzero(np.abs(steps) < TOLERANCE / 10)
    if len(twice):
        raise ValueError(f"{name} holds {values[twice[0]]:g}° twice; drop the repeated cells.")
    even = np.linspace(values[0], values[-1], len(values))
    if np.abs(values - even).max() > TOLERANCE:
        sizes = np.abs(steps)
        gaussian = name == "latitude" and sizes.max() < 1.2 * sizes.min()
        raise ValueError(
            f"{name} is unevenly spaced, in steps of {sizes.min():g}° to {sizes.max():g}°"
            f"{', as on a Gaussian grid' if gaussian else ''}; regrid the data to an even "
            "latitude-longitude grid, for example with `cdo remapbil,r64x32 IN OUT`."
        )


def _few(values: np.ndarray) -> str:
    if len(values) <= 3:
        return ", ".join(f"{value:g}" for value in values)
    return f"{values[0]:g}, {values[1]:g}, … {values[-1]:g}"
