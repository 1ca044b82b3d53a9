"""Maps of one field: as pictures in some hundredths of a second, and as figures.

Y, X: rows and columns of the grid. V, U: height and width of the picture in pixels.
"""

from functools import cached_property
from io import BytesIO

import numpy as np
from jaxtyping import Float, UInt8
from matplotlib.colors import to_rgb
from PIL import Image

from stforecast.figures.field_figure import plot_field
from stforecast.figures.geography import View
from stforecast.figures.map_frame import PIXELS_PER_INCH, draw_frame
from stforecast.figures.map_marks import ring_shapes, shapes_ink, wind_shapes
from stforecast.figures.palette import MISSING
from stforecast.figures.panels import Scale
from stforecast.figures.wind import Arrows, lay_arrows

__all__ = ["FieldMap", "Wind", "plot_field"]

Wind = tuple[Float[np.ndarray, "Y X"], Float[np.ndarray, "Y X"]]
"""Towards the east and towards the north, in m/s."""

_LEVELS = 8192
"""Steps of a scale; a band of colour ends within half of one of where it should."""
_ARROWS = 0.17
"""Between arrows of wind, in inches of the picture."""

_RING = 0.045
"""Radius of the ring about a marked cell, in inches of the picture."""


class FieldMap:
    """One map, drawn again and again: all but the field is drawn once.

    A step is a look-up: of the cell under each pixel, then of its colour. Threads may share a map.
    """

    def __init__(
        self,
        view: View,
        scale: Scale,
        *,
        width: int = 900,
        smooth: bool = True,
        wind_speed: float | None = None,
    ) -> None:
        """Draws the frame.

        Args:
            view: what `find_view` gives.
            scale: of all fields that are to come.
            width: of the picture in pixels; texts suit a display at half of it.
            smooth: interpolate between the centres of cells, where the grid's values allow it.
            wind_speed: what the reference arrow stands for, in m/s; unless given, a round speed that
                suits each wind, which may change from step to step.
        """
        self._view = view
        self._smooth = smooth and not view.as_cells
        self._frame = draw_frame(view, scale, width=width)
        self._speed = wind_speed
        _, _, wide, high = self._frame.box
        self._raster = view.raster(wide, high)
        self._is_full = bool(self._raster.inside.all())
        self._low, self._high = scale.low, scale.high
        self._colours = _colour_table(scale)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self._frame.paper.shape[:2]
        return width, height

    def pixels(
        self,
        field: Float[np.ndarray, "Y X"],
        *,
        wind: Wind | None = None,
        mark: tuple[int, int] | None = None,
    ) -> UInt8[np.ndarray, "V U 3"]:
        """The picture of a field, grey where it has no value.

        Args:
            field: in the units of the scale.
            wind: drawn as arrows.
            mark: row and column of a cell that gets a ring.

        Raises:
            ValueError: the field has another shape than the grid.
        """
        if field.shape != self._view.shape:
            raise ValueError(
                f"The field has {field.shape[0]} × {field.shape[1]} cells, but the view is of a grid of "
                f"{self._view.shape[0]} × {self._view.shape[1]}; find the view of the field's own grid."
            )
        left, top, width, height = self._frame.box
        painted = self._paint(field)
        self._frame.over.lay_on(painted)
        shapes = []
        if wind is not None:
            shapes += wind_shapes(self._arrows, wind, width=width, speed=self._speed)
        if mark is not None:
            shapes += ring_shapes(self._raster, mark, radius=_RING * PIXELS_PER_INCH)
        if shapes:
            shapes_ink(shapes, size=(width, height)).lay_on(painted)
        picture = self._frame.paper.copy()
        picture[top : top + height, left : left + width] = painted
        return picture

    def png(
        self,
        field: Float[np.ndarray, "Y X"],
        *,
        wind: Wind | None = None,
        mark: tuple[int, int] | None = None,
    ) -> bytes:
        """The same as a PNG."""
        stream = BytesIO()
        image = Image.fromarray(self.pixels(field, wind=wind, mark=mark))
        image.save(stream, format="PNG", compress_level=1)
        return stream.getvalue()

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column of the grid at a place on the picture; None beside the map.

        Args:
            x, y: fractions of the picture's width and height, from its upper left corner.
        """
        left, top, width, height = self._frame.box
        column = int(np.floor(x * self.size[0])) - left
        row = int(np.floor(y * self.size[1])) - top
        if not (0 <= row < height and 0 <= column < width):
            return None
        return self._raster.cell_at(row, column)

    @cached_property
    def _arrows(self) -> Arrows:
        return lay_arrows(self._view, self._raster, spacing=_ARROWS * PIXELS_PER_INCH)

    def _paint(self, field: np.ndarray) -> np.ndarray:
        """The field alone in its colours, white beside the grid: (height, width, 3)."""
        values = self._raster.values(np.asarray(field, dtype="float32"), smooth=self._smooth)
        # Level 0 is below the scale, the last but one above it, the last missing.
        values -= np.float32(self._low)
        values *= np.float32(_LEVELS / (self._high - self._low))
        values += np.float32(1)
        np.clip(values, 0, _LEVELS + 1, out=values)
        values[np.isnan(values)] = _LEVELS + 2
        colours = np.take(self._colours, values.astype(np.intp))
        inside = self._raster.inside
        if self._is_full:
            whole = colours.reshape(inside.shape)
        else:
            whole = np.full(inside.shape, 0xFFFFFFFF, dtype=np.uint32)
            whole[inside] = colours
        return np.ascontiguousarray(whole.view(np.uint8).reshape(*inside.shape, 4)[..., :3])


def _colour_table(scale: Scale) -> np.ndarray:
    """Colours of the levels of a scale, four bytes each in one number: red, green, blue, 255."""
    span = scale.high - scale.low
    levels = scale.low + (np.arange(-1, _LEVELS + 1) + 0.5) * span / _LEVELS
    table = np.empty((_LEVELS + 3, 4), dtype=np.uint8)
    table[:-1] = scale.colours(scale.norm(levels), bytes=True)
    table[-1] = [*(round(255 * part) for part in to_rgb(MISSING)), 255]
    return table.view(np.uint32)[:, 0]
