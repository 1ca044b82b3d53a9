"""Rasters: which cell of a grid lies under each pixel of a picture, looked up once.

V, U: height and width of the picture in pixels. Y, X: rows and columns of the grid.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

__all__ = ["Raster"]


@dataclass(frozen=True, eq=False)
class Raster:
    """The cells under the pixels of a picture."""

    rows: Float[np.ndarray, "V U"]
    """Row of the grid under each pixel, between two rows where it lies between; the top pixel first."""
    columns: Float[np.ndarray, "V U"]
    """Column of the grid under each pixel."""
    inside: Bool[np.ndarray, "V U"]
    """Pixels that lie on the grid."""
    shape: tuple[int, int]
    """Rows and columns of the grid."""
    wraps: bool = False
    """The column after the last one is the first."""

    def image(self, field: Float[np.ndarray, "Y X"], *, smooth: bool) -> Float[np.ndarray, "V U"]:
        """The field at each pixel, NaN beside the grid.

        Args:
            field: any values; NaN stays NaN within the cell.
            smooth: between the centres of cells values are interpolated; else each cell has one value.
        """
        image = np.full(self.inside.shape, np.nan, dtype=field.dtype)
        image[self.inside] = self.values(field, smooth=smooth)
        return image

    def values(self, field: Float[np.ndarray, "Y X"], *, smooth: bool) -> Float[np.ndarray, " N"]:
        """The field at the pixels inside, row by row."""
        flat = self._padded(field).ravel()
        if not smooth:
            return flat[self._nearest]
        width = self.shape[1] + 1
        upper, right, down = self._between
        # Views that begin later: the neighbours need no indices of their own.
        top = np.take(flat, upper)
        top += (np.take(flat[1:], upper) - top) * right
        between = np.take(flat[width:], upper)
        between += (np.take(flat[width + 1 :], upper) - between) * right
        between -= top
        between *= down
        between += top
        # Beside a missing cell nothing can be interpolated.
        missing = np.flatnonzero(np.isnan(between))
        if len(missing) > 0:
            between[missing] = flat[self._nearest[missing]]
        return between

    def cell_at(self, row: int, column: int) -> tuple[int, int] | None:
        """Row and column of the cell under a pixel; None beside the grid."""
        if not self.inside[row, column]:
            return None
        height, width = self.shape
        below = int(np.rint(self.rows[row, column]))
        along = int(np.rint(self.columns[row, column]))
        along = along % width if self.wraps else min(max(along, 0), width - 1)
        return min(max(below, 0), height - 1), along

    def pixel_of(self, row: int, column: int) -> tuple[int, int] | None:
        """Row and column of the pixel next to the middle of a cell; None where the cell is not shown."""
        along = np.abs(self.columns - column)
        if self.wraps:
            along = np.minimum(along, self.shape[1] - along)
        apart = np.maximum(np.abs(self.rows - row), along)
        apart[~self.inside] = np.inf
        # Half of a cell and half of a pixel, which may be wider than a cell is.
        if float(apart.min()) > 0.5 + self._cells_a_pixel:
            return None
        nearest = apart <= apart.min() + 1e-6
        found = np.argwhere(nearest)
        middle = found[len(found) // 2]
        return int(middle[0]), int(middle[1])

    @cached_property
    def _cells_a_pixel(self) -> float:
        """Cells that a pixel is wide or high."""
        steps = [np.abs(np.diff(self.rows, axis=0)), np.abs(np.diff(self.columns, axis=1))]
        return max(float(np.median(step)) if step.size else 0.0 for step in steps)

    def _padded(self, field: np.ndarray) -> np.ndarray:
        """The field with the row and the column after the last: the first column where it wraps."""
        height, width = self.shape
        padded = np.empty((height + 1, width + 1), dtype=field.dtype)
        padded[:height, :width] = field
        padded[:height, width] = field[:, 0 if self.wraps else -1]
        padded[height] = padded[height - 1]
        return padded

    @cached_property
    def _between(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The padded cell up and left of each pixel inside, and how far right and down of it it lies."""
        height, width = self.shape
        rows, columns = self.rows[self.inside], self.columns[self.inside]
        top = np.floor(rows).clip(0, height - 1)
        left = np.floor(columns).clip(0, width - 1)
        upper_left = (top.astype(np.int32) * (width + 1) + left).astype(np.int32)
        right, down = ((columns - left).clip(0, 1), (rows - top).clip(0, 1))
        return upper_left, right.astype("float32"), down.astype("float32")

    @cached_property
    def _nearest(self) -> np.ndarray:
        upper_left, right, down = self._between
        # The padded column is the first one again, so that the seam needs no case of its own.
        aside = np.rint(down) * (self.shape[1] + 1) + np.rint(right)
        return upper_left + aside.astype(np.int32)
