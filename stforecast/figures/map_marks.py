"""Marks on a map that change from step to step: arrows of wind, and a ring about a cell.

They are shapes, drawn without a figure: figures hold themselves in circles, and a thousand of them would
stay in memory for a while.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyBboxPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D, IdentityTransform

from stforecast.figures.map_frame import PIXELS_PER_INCH, Ink, ink_of
from stforecast.figures.palette import INK
from stforecast.figures.raster import Raster
from stforecast.figures.wind import Arrows, arrow_path, reference_speed

__all__ = ["Shape", "ring_shapes", "shapes_ink", "wind_shapes"]

_LETTERS = 0.52
"""Size of letters over the length of the reference arrow."""


@dataclass(frozen=True, eq=False)
class Shape:
    """Something drawn on a map, in pixels from its lower left corner."""

    path: Path
    fill: str = "none"
    edge: str = "none"
    line: float = 0.0
    """Width of the edge in points."""
    alpha: float = 1.0


def shapes_ink(shapes: Iterable[Shape], *, size: tuple[int, int]) -> Ink:
    """Shapes as pixels of a map.

    Args:
        size: width and height of the map in pixels.
    """
    renderer = RendererAgg(*size, PIXELS_PER_INCH)
    for shape in shapes:
        pen = renderer.new_gc()
        has_edge = shape.edge != "none"
        pen.set_linewidth(shape.line)
        pen.set_foreground(
            to_rgba(shape.edge if has_edge else shape.fill, shape.alpha), isRGBA=True
        )
        inner = None if shape.fill == "none" else to_rgba(shape.fill, shape.alpha)
        renderer.draw_path(pen, shape.path, IdentityTransform(), inner)
        pen.restore()
    return ink_of(np.array(renderer.buffer_rgba()))


def ring_shapes(raster: Raster, cell: tuple[int, int], *, radius: float) -> list[Shape]:
    """A dark ring with a white edge about the middle of a cell; nothing where it is not shown.

    Args:
        raster: of the map.
        cell: row and column.
        radius: in pixels.
    """
    found = raster.pixel_of(*cell)
    if found is None:
        return []
    place = (found[1] + 0.5, raster.inside.shape[0] - found[0] - 0.5)
    ring = Path.circle(place, radius)
    return [Shape(ring, edge="white", line=2.4), Shape(ring, edge=INK, line=1.1)]


def wind_shapes(
    arrows: Arrows,
    wind: tuple[Float[np.ndarray, "Y X"], Float[np.ndarray, "Y X"]],
    *,
    width: int,
    speed: float | None,
) -> list[Shape]:
    """Arrows of a wind, and a reference arrow with its speed in the lower right corner.

    Args:
        wind: towards the east and the north, in m/s.
        width: of the map in pixels.
        speed: of the reference arrow in m/s; a round one unless given.
    """
    winds = arrows.winds(*wind)
    pace = reference_speed(*winds.T) if speed is None else speed
    length = arrows.spacing
    vectors = arrows.vectors(winds, speed=pace)
    label = _letters(f"{pace:g} m s⁻¹")
    letters = Affine2D().scale(_LETTERS * length)
    wide = float(label.get_extents().x1) * _LETTERS * length
    right = width - 0.25 * length
    left = right - wide - 2.0 * length
    plate = FancyBboxPatch(
        (left, 0.25 * length),
        right - left,
        0.9 * length,
        boxstyle=f"round,pad=0,rounding_size={0.15 * length}",
    ).get_path()
    middle = np.array([[left + 0.8 * length, 0.7 * length]])
    sample = arrow_path(middle, np.array([[length, 0.0]]), reference=length)
    letters = letters.translate(right - wide - 0.25 * length, 0.52 * length)
    return [
        Shape(
            arrow_path(arrows.places, vectors, reference=length),
            fill=INK,
            edge="white",
            line=0.35,
        ),
        Shape(plate, fill="white", alpha=0.85),
        Shape(sample, fill=INK),
        Shape(label.transformed(letters), fill=INK),
    ]


@lru_cache(maxsize=32)
def _letters(text: str) -> Path:
    """The outlines of a text of size 1, from its lower left corner."""
    # Font outlines are made in whole steps: at size 1 they would be coarse.
    outlines = TextPath((0, 0), text, size=100)
    return Path(outlines.vertices / 100, outlines.codes)
