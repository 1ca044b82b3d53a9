"""Wind: arrows in even steps on paper, turned as the projection turns north and east.

N: arrows. Y, X: rows and columns of the grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.path import Path

from pipelines.series import Channel
from stforecast.figures.geography import View
from stforecast.figures.raster import Raster

__all__ = ["Arrows", "arrow_path", "lay_arrows", "reference_speed", "wind_channels"]

_SPEEDS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 75.0, 100.0)
"""Speeds in m/s that a reference arrow may stand for."""
_STRONG = 90
"""Per cent of the arrows that are at most about as long as the reference arrow."""
_LONGEST = 2.0
"""Length of an arrow over that of the reference arrow, at most."""
_CALM = 0.04
"""Speed over that of the reference arrow below which there is no arrow."""
_HAIR = 1e-3
"""Degrees that a point is moved by, to see where north and east are on paper."""


def wind_channels(
    channels: Sequence[Channel], *, beside: str | None = None
) -> tuple[str, str] | None:
    """Names of the channels with the wind towards the east and the north; None without both.

    Args:
        channels: all that there are.
        beside: name of the channel that is shown: the wind is of its level, or 10 m above the ground
            where it has none. The first pair unless given.
    """
    shown = next((channel for channel in channels if channel.name == beside), None)
    if beside is not None and shown is None:
        return None
    pairs: dict[float | None, dict[str, str]] = {}
    for channel in channels:
        if channel.variable in ("u10", "v10", "u", "v"):
            pairs.setdefault(channel.level, {})[channel.variable[0]] = channel.name
    whole = {level: (pair["u"], pair["v"]) for level, pair in pairs.items() if len(pair) == 2}
    if shown is None:
        return next(iter(whole.values()), None)
    return whole.get(shown.level)


def reference_speed(u: Float[np.ndarray, "..."], v: Float[np.ndarray, "..."]) -> float:
    """A round speed in m/s that few cells pass, for the reference arrow of all fields given."""
    speed = np.hypot(u, v)
    speed = speed[np.isfinite(speed)]
    strong = float(np.percentile(speed, _STRONG)) if speed.size else 1.0
    return next((round_speed for round_speed in _SPEEDS if round_speed >= strong), _SPEEDS[-1])


@dataclass(frozen=True, eq=False)
class Arrows:
    """Places of arrows on a picture, in pixels from its lower left corner."""

    raster: Raster
    """What lies under them: one row, a pixel an arrow."""
    places: Float[np.ndarray, "N 2"]
    """Their middles."""
    east: Float[np.ndarray, "N 2"]
    """Where a wind towards the east blows, a degree of arc a unit of time."""
    north: Float[np.ndarray, "N 2"]
    """Where a wind towards the north blows."""
    spacing: float
    """Between arrows, and length of the reference arrow, in pixels."""

    def winds(
        self, u: Float[np.ndarray, "Y X"], v: Float[np.ndarray, "Y X"]
    ) -> Float[np.ndarray, "N 2"]:
        """The wind under each arrow in m/s, towards the east and the north."""
        both = [self.raster.values(np.asarray(one, "float32"), smooth=True) for one in (u, v)]
        return np.stack(both, axis=1).astype("float64")

    def vectors(self, winds: Float[np.ndarray, "N 2"], *, speed: float) -> Float[np.ndarray, "N 2"]:
        """The arrows of winds in m/s, in pixels; NaN where there is no value.

        Args:
            speed: what the reference arrow stands for, in m/s.
        """
        on_paper = winds[:, :1] * self.east + winds[:, 1:] * self.north
        length = np.hypot(*on_paper.T)
        fast = np.minimum(np.hypot(*winds.T) / speed, _LONGEST) * self.spacing
        # A map may stretch one direction: the length tells the speed, whatever the direction.
        return on_paper * (fast / np.where(length > 0, length, 1.0))[:, None]


def lay_arrows(view: View, whole: Raster, *, spacing: float) -> Arrows:
    """Places for arrows in even steps on a picture of a view.

    Args:
        whole: the raster of the view as large as the picture.
        spacing: between arrows, in pixels.
    """
    height, width = whole.inside.shape
    across, down = max(round(width / spacing), 1), max(round(height / spacing), 1)
    columns = ((np.arange(across) + 0.5) * width / across).astype(int)
    rows = ((np.arange(down) + 0.5) * height / down).astype(int)
    at = np.ix_(rows, columns)
    x, y = (one[at][whole.inside[at]] for one in view.paper.points(width, height))
    left, right, bottom, top = view.extent
    a_unit = np.array([width / (right - left), height / (top - bottom)])
    places = (np.stack([x, y], axis=1) - [left, bottom]) * a_unit
    east, north = view.paper.degrees(x, y)
    shrink = np.cos(np.deg2rad(north)).clip(0.01)
    turn = np.where(north > 0, -_HAIR, _HAIR)  # never past a pole
    moved_east = np.stack(view.paper.place(east + _HAIR / shrink, north), axis=1)
    moved_north = np.stack(view.paper.place(east, north + turn), axis=1)
    start = np.stack(view.paper.place(east, north), axis=1)
    raster = Raster(
        rows=whole.rows[at][whole.inside[at]][None],
        columns=whole.columns[at][whole.inside[at]][None],
        inside=np.ones((1, len(x)), dtype=bool),
        shape=whole.shape,
        wraps=whole.wraps,
    )
    return Arrows(
        raster=raster,
        places=places,
        east=(moved_east - start) * a_unit / _HAIR,
        north=(moved_north - start) * a_unit / turn[:, None],
        spacing=spacing,
    )


def arrow_path(
    places: Float[np.ndarray, "N 2"], vectors: Float[np.ndarray, "N 2"], *, reference: float
) -> Path:
    """Arrows about their middles, as one shape to be filled.

    Args:
        reference: length of the reference arrow, in the units of the places.
    """
    length = np.hypot(*vectors.T)
    drawn = np.isfinite(length) & (length > _CALM * reference)
    places, vectors, length = places[drawn], vectors[drawn], length[drawn, None]
    along = vectors / length
    beside = np.stack([-along[:, 1], along[:, 0]], axis=1)
    # Short arrows are small ones; long ones keep one width.
    thick = 0.035 * reference * np.minimum(1.0, 0.5 + length / reference)
    head = np.minimum(0.34 * reference, 0.55 * length)
    tail, tip = places - vectors / 2, places + vectors / 2
    neck, wing = tip - 0.82 * head * along, tip - head * along
    points = [
        tail + thick * beside,
        neck + thick * beside,
        wing + 0.42 * head * beside,
        tip,
        wing - 0.42 * head * beside,
        neck - thick * beside,
        tail - thick * beside,
        tail + thick * beside,
    ]
    vertices = np.stack(points, axis=1).reshape(-1, 2)
    codes = np.tile([Path.MOVETO, *[Path.LINETO] * 6, Path.CLOSEPOLY], len(places))
    return Path(vertices, codes)
