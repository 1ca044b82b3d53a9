"""A made-up city: centres, homes, roads and a river on the unit square, and who hears which beat when.

The traffic of a cell is a sum of signals, each heard some minutes late: what runs in along a road passes
one cell after the other, so that neighbours up the road tell what a cell is about to see.

L: lag in steps of 5 minutes, S: signal, C: channel (inflow, outflow), Q: quarter,
Y: row (north to south), X: column.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

__all__ = ["LAGS", "PATTERNS", "ROADS", "SIGNALS", "City", "city_on", "nearness"]

# Points are (y, x): 0, 0 is the north-western corner, 1, 1 the south-eastern one. All is invented.
_CENTRES = ((0.44, 0.42, 1.0, 0.12), (0.74, 0.72, 0.7, 0.09), (0.20, 0.70, 0.6, 0.08))
"""y, x, share of the jobs, radius."""
_SUBURBS = ((0.25, 0.22), (0.80, 0.30), (0.47, 0.80), (0.12, 0.48), (0.88, 0.86))
_SUBURB_RADIUS = 0.15
ROADS = (
    ((0.00, 0.20), (0.44, 0.42)),
    ((1.00, 0.15), (0.44, 0.42)),
    ((0.42, 0.00), (0.44, 0.42)),
    ((0.47, 1.00), (0.44, 0.42)),
    ((1.00, 0.95), (0.74, 0.72), (0.44, 0.42)),
    ((0.05, 1.00), (0.20, 0.70), (0.44, 0.42)),
)
"""Each from the edge of the city to the main centre, with traffic both ways."""
_ROAD_WIDTH = 0.045
_STREETS = 0.14  # of a road's end, where it splits
PATTERNS = ((0.2, 0.2), (0.2, 0.8), (0.8, 0.2), (0.8, 0.8), (0.45, 0.45))
"""Centres of the quarters that have good days and bad days of their own."""
_PATTERN_RADIUS = 0.25

SIGNALS = (*(f"{way} {n}" for n in range(len(ROADS)) for way in ("in", "out")), "base", "am", "pm")
"""One in and one out for each road; all day, morning and evening for what stays near."""
_LAG_HOURS = 1 / 12
_CROSSING_HOURS = 4.0  # one side of the city to the other, at the pace of a jam
LAGS = 48
"""Lags that the city knows; the longest road, 0.77 sides, takes 0.77 · 4 h · 12 = 37 of them."""
_TRIP_LAGS = 4  # who leaves home arrives 20 minutes later

_ROAD_VEHICLES = 480.0  # an hour, in a cell that a road runs through, at signal 1
_LOCAL_VEHICLES = {"base": 90.0, "am": 90.0, "pm": 90.0}  # an hour, on average over the cells


@dataclass(frozen=True, eq=False)
class City:
    """A grid of cells, and what each cell hears of each signal."""

    y: Float[np.ndarray, "Y X"]
    """Rows of the cells' centres, 0 to 1 from north to south."""
    x: Float[np.ndarray, "Y X"]
    """Columns of the cells' centres, 0 to 1 from west to east."""
    response: Float[np.ndarray, "L S C Y X"]
    """Vehicles an hour in a cell for a signal of 1, by the lag at which it is heard."""
    patterns: Float[np.ndarray, "Q Y X"]
    """0 to 1: how much a cell belongs to a quarter."""

    @property
    def activity(self) -> Float[np.ndarray, "Y X"]:
        """Vehicles an hour where every signal is 1: where much goes on."""
        return self.response.sum((0, 1)).mean(0)


def city_on(grid: tuple[int, int]) -> City:
    """The city on a grid of rows and columns; always the same one, a finer grid shows more of it.

    A cell has the same traffic whatever the grid: more cells are more vehicles.
    """
    rows, columns = grid
    y, x = np.meshgrid(
        (np.arange(rows) + 0.5) / rows, (np.arange(columns) + 0.5) / columns, indexing="ij"
    )
    cell = 1 / min(grid)
    dry = np.abs(y - _river(x)) > np.maximum(0.025, 0.5 / rows)
    response = np.zeros((LAGS, len(SIGNALS), 2, *grid), dtype="float32")
    for number, points in enumerate(ROADS):
        _add_road(response[:, 2 * number : 2 * number + 2], y, x, points=points, cell=cell, dry=dry)
    jobs = sum(share * nearness(y, x, at=(a, b), radius=r) for a, b, share, r in _CENTRES)
    homes = sum(nearness(y, x, at=at, radius=_SUBURB_RADIUS) for at in _SUBURBS)
    jobs, homes = (part * dry / (part * dry).mean() for part in (jobs + 0.04, homes + 0.04))
    ends = {"base": (0.3 * jobs + 0.7 * homes,) * 2, "am": (homes, jobs), "pm": (jobs, homes)}
    for name, (origin, destination) in ends.items():
        signal = SIGNALS.index(name)
        response[0, signal, 1] = _LOCAL_VEHICLES[name] * origin
        response[_TRIP_LAGS, signal, 0] = _LOCAL_VEHICLES[name] * destination
    quarters = [nearness(y, x, at=at, radius=_PATTERN_RADIUS) for at in PATTERNS]
    return City(y=y, x=x, response=response, patterns=np.stack(quarters))


def nearness(y: np.ndarray, x: np.ndarray, *, at: tuple[float, float], radius: float) -> np.ndarray:
    """1 at a point, falling off as a Gaussian; the radius is where it is 1/e."""
    return np.exp(-((y - at[0]) ** 2 + (x - at[1]) ** 2) / radius**2)


def _river(x: np.ndarray) -> np.ndarray:
    """The row of the river at a column; nobody stops in it, and only roads cross."""
    return 0.60 + 0.08 * np.sin(2 * np.pi * (0.9 * x + 0.1))


def _add_road(
    response: np.ndarray,
    y: np.ndarray,
    x: np.ndarray,
    *,
    points: tuple[tuple[float, float], ...],
    cell: float,
    dry: np.ndarray,
) -> None:
    """Add a road's two signals, in and out, to a response (lag, signal, channel, y, x)."""
    distance, along, length = _beside(y, x, points)
    weight = np.exp(-((distance / max(_ROAD_WIDTH, 0.4 * cell)) ** 2))
    weight[~dry & (distance > 0.5 * cell)] = 0
    weight[weight < 0.02] = 0
    # More and more join on the way in, until the road splits into the streets of the centre.
    joined = 0.5 + 0.5 * along / length
    split = np.minimum(1, 0.35 + 0.65 * (length - along) / _STREETS)
    vehicles = _ROAD_VEHICLES * weight * joined * split
    row, column = np.nonzero(vehicles)
    for signal, driven in enumerate((along, length - along)):
        # Into a cell over its near edge, out of it over its far one.
        for channel, ahead in enumerate((-0.5, 0.5)):
            hours = (driven + ahead * cell) * _CROSSING_HOURS
            lag = np.clip(np.rint(hours / _LAG_HOURS).astype(int), 0, LAGS - 1)
            response[lag[row, column], signal, channel, row, column] += vehicles[row, column]


def _beside(
    y: np.ndarray, x: np.ndarray, points: tuple[tuple[float, float], ...]
) -> tuple[np.ndarray, np.ndarray, float]:
    """Distance of each cell from a road, how far along the nearest point lies, and the road's length."""
    nearest = np.full(y.shape, np.inf)
    along = np.zeros(y.shape)
    driven = 0.0
    for (y0, x0), (y1, x1) in pairwise(points):
        length = float(np.hypot(y1 - y0, x1 - x0))
        share = np.clip(((y - y0) * (y1 - y0) + (x - x0) * (x1 - x0)) / length**2, 0, 1)
        distance = np.hypot(y - y0 - share * (y1 - y0), x - x0 - share * (x1 - x0))
        along = np.where(distance < nearest, driven + share * length, along)
        nearest = np.minimum(nearest, distance)
        driven += length
    return nearest, along, driven
