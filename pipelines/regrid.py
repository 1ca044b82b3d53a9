"""Regridding by area: means over the cells of another latitude-longitude grid, tile by tile.

A cell reaches half a step to each side of its centre, and at most to the pole. Areas on the sphere
are differences of sin(latitude) times differences of longitude, so that rows and columns separate:
two small matrices do the whole globe.

Y, X: rows and columns of the source; V, W: rows and columns of the target.

References:
    Jones (1999), First- and second-order conservative remapping schemes for grids in spherical
    coordinates, doi:10.1175/1520-0493(1999)127<2204:FASOCR>2.0.CO;2; first order, which is what
    WeatherBench 2 means by "conservative".
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from pipelines.grid import TOLERANCE, Grid

__all__ = ["Regridding", "cell_bounds", "conservative", "parse_grid"]

_BAND_ROWS = 32
"""Source rows multiplied at once: a band touches few target rows, so that little is multiplied by 0."""

_COVERED = 0.99
"""Least share of a target cell that the source covers; coordinates are off by up to `TOLERANCE`."""


@dataclass(frozen=True, eq=False)
class Regridding:
    """Sums over the target's cells of what lies in the source's cells.

    Sums and areas are float64 of shape (…, V, W) and start at 0 (`blank`). `add` takes any tile of the
    source, in any order, each cell once; `finish` makes means of them.
    """

    source: Grid
    target: Grid
    rows: Float[np.ndarray, "V Y"]
    """Overlap of each target row with each source row, in sin(latitude)."""
    columns: Float[np.ndarray, "W X"]
    """Overlap of each target column with each source column, in radians of longitude."""

    def blank(self, *leading: int) -> tuple[np.ndarray, np.ndarray]:
        """Sums and areas to start from, both 0, with these axes before the target's."""
        shape = (*leading, *self.target.shape)
        return np.zeros(shape), np.zeros(shape)

    def add(
        self,
        sums: Float[np.ndarray, "*F V W"],
        areas: Float[np.ndarray, "*F V W"],
        tile: np.ndarray,
        rows: slice | np.ndarray = slice(None),
        columns: slice | np.ndarray = slice(None),
    ) -> None:
        """Add a tile (…, y, x) to sums and areas, in place; NaN and infinite values count nothing.

        Args:
            rows, columns: which rows and columns of the source grid the tile holds, in its order.
        """
        here_rows, here_columns = self.rows[:, rows], self.columns[:, columns]
        across = _touched(here_columns)
        here_columns = here_columns[across].T
        for start in range(0, tile.shape[-2], _BAND_ROWS):
            band = here_rows[:, start : start + _BAND_ROWS]
            along = _touched(band)
            values = tile[..., start : start + _BAND_ROWS, :].astype("float64")
            present = np.isfinite(values)
            band = band[along]
            if present.all():
                areas[..., along, across] += np.outer(band.sum(1), here_columns.sum(0))
            else:
                areas[..., along, across] += band @ present.astype("float64") @ here_columns
                values[~present] = 0
            sums[..., along, across] += band @ values @ here_columns

    def finish(
        self,
        sums: Float[np.ndarray, "*F V W"],
        areas: Float[np.ndarray, "*F V W"],
        *,
        least: float = 0.5,
    ) -> Float[np.ndarray, "*F V W"]:
        """Means over the present part of each cell, float64.

        Args:
            least: share of a cell's area that must be present; NaN where it is less.
        """
        whole = np.outer(self.rows.sum(1), self.columns.sum(1))
        # A hair below: half of a cell is half of it after rounding, too.
        enough = (areas > 0) & (areas >= (least - 1e-9) * whole)
        return np.divide(sums, areas, out=np.full(sums.shape, np.nan), where=enough)

    def apply(
        self, frames: Float[np.ndarray, "*F Y X"], *, least: float = 0.5
    ) -> Float[np.ndarray, "*F V W"]:
        """Whole frames on the target grid, float64."""
        sums, areas = self.blank(*frames.shape[:-2])
        self.add(sums, areas, frames)
        return self.finish(sums, areas, least=least)


def conservative(source: Grid, target: Grid) -> Regridding:
    """How frames on one grid become area means on another, coarser or finer.

    Both may go around the globe or not, reach the poles or not, and start at any longitude. Over cells
    finer than the source's a mean repeats the source's value.

    Raises:
        ValueError: the target reaches beyond the source, or a grid has a single row or column.
    """
    (south, north), (west, east) = cell_bounds(source)
    (target_south, target_north), (target_west, target_east) = cell_bounds(target)
    rows = _overlap(
        *(np.sin(np.deg2rad(bound)) for bound in (target_south, target_north, south, north))
    )
    around = [
        _overlap(target_west + turn, target_east + turn, west, east)
        for turn in (-720, -360, 0, 360, 720)
    ]
    columns = np.deg2rad(np.sum(around, axis=0))
    heights = np.sin(np.deg2rad(target_north)) - np.sin(np.deg2rad(target_south))
    widths = np.deg2rad(target_east - target_west)
    for name, centres, overlap, whole in (
        ("latitude", target.latitude, rows, heights),
        ("longitude", target.longitude, columns, widths),
    ):
        bare = np.flatnonzero(overlap.sum(1) < _COVERED * whole)
        if len(bare):
            raise ValueError(
                f"the data ({source}) do not cover {len(bare)} of the {len(centres)} "
                f"{'rows' if name == 'latitude' else 'columns'} of the grid wanted, such as that at "
                f"{name} {centres[bare[0]]:g}; choose a grid inside the data, or a finer one."
            )
    return Regridding(source, target, rows, columns)


def parse_grid(text: str, source: Grid) -> Grid:
    """The grid that a text names, cut to where the source is.

    Args:
        text: "5.625": even cells of so many degrees, from pole to pole and from 0° on; "64x32": as
            many columns and rows around the globe, as WeatherBench 2 names its grids. Rows lie between
            the poles; where there are half as many as columns and one more ("240x121"), on them too.
        source: of a region: the cells that lie in it whole are taken.

    Raises:
        ValueError: the text names no grid, or fewer than two rows and columns of it lie in the source.
    """
    n_columns, n_rows = _size_of(text)
    if n_rows == n_columns // 2 + 1:
        latitude = np.linspace(90, -90, n_rows)
    else:
        half = 90 / n_rows
        latitude = np.linspace(90 - half, half - 90, n_rows)
    step = 360 / n_columns
    whole = Grid(latitude, np.arange(n_columns) * step)
    (south, north), (_, _) = cell_bounds(whole)
    (source_south, source_north), (source_west, source_east) = cell_bounds(source)
    slack = 2 * TOLERANCE
    inside = (south >= source_south.min() - slack) & (north <= source_north.max() + slack)
    rows = latitude[inside]
    columns = whole.longitude
    if not source.circular:
        first = np.ceil((source_west[0] - slack) / step + 0.5)
        last = np.floor((source_east[-1] + slack) / step - 0.5)
        columns = np.arange(first, last + 1) * step
    if len(rows) < 2 or len(columns) < 2:
        raise ValueError(
            f"grid {text!r} has {len(rows)} rows and {len(columns)} columns whose cells lie in the "
            f"data ({source}); at least two of each are needed: choose a finer grid."
        )
    return Grid(rows, columns)


def cell_bounds(
    grid: Grid,
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """(south, north) of the rows and (west, east) of the columns, in degrees.

    An outer row with less than a step between it and the pole reaches to the pole, as in the weights
    of the scores.

    Raises:
        ValueError: a single row or column, whose size nothing tells.
    """
    for name, centres in (("latitude", grid.latitude), ("longitude", grid.longitude)):
        if len(centres) < 2:
            raise ValueError(
                f"a grid with a single {name} ({centres[0]:g}) does not tell how large its cells "
                "are; regridding needs at least two."
            )
    # Files have coordinates as float32: evenly spaced ones meet without gap and overlap.
    n_rows, n_columns = grid.shape
    latitude = np.linspace(grid.latitude[0], grid.latitude[-1], n_rows)
    height = abs(latitude[1] - latitude[0])
    south, north = latitude - height / 2, latitude + height / 2
    near = height - 1e-6 * height
    south = np.where(latitude + 90 < near, -90.0, np.maximum(south, -90))
    north = np.where(90 - latitude < near, 90.0, np.minimum(north, 90))
    if grid.circular:
        width = 360 / n_columns
        longitude = grid.longitude[0] + np.arange(n_columns) * width
    else:
        width = (grid.longitude[-1] - grid.longitude[0]) / (n_columns - 1)
        longitude = np.linspace(grid.longitude[0], grid.longitude[-1], n_columns)
    return (south, north), (longitude - width / 2, longitude + width / 2)


def _overlap(
    low: np.ndarray, high: np.ndarray, source_low: np.ndarray, source_high: np.ndarray
) -> np.ndarray:
    """Lengths (target, source) that intervals have in common."""
    upper = np.minimum(high[:, None], source_high)
    return np.maximum(upper - np.maximum(low[:, None], source_low), 0)


def _touched(overlap: np.ndarray) -> slice:
    """The target's rows (or columns) from the first to the last with any overlap."""
    touched = np.flatnonzero(overlap.any(axis=1))
    return slice(int(touched[0]), int(touched[-1]) + 1) if len(touched) else slice(0, 0)


def _size_of(text: str) -> tuple[int, int]:
    """Columns and rows around the globe."""
    columns, by, rows = text.lower().partition("x")
    if by and columns.strip().isdigit() and rows.strip().isdigit():
        size = int(columns), int(rows)
        if min(size) >= 2:
            return size
    elif not by:
        try:
            degrees = float(text.removesuffix("°"))
        except ValueError:
            degrees = np.nan
        n_rows = 180 / degrees if 0 < degrees <= 90 else np.nan
        if abs(n_rows - np.rint(n_rows)) < 1e-6 * n_rows:
            return 2 * int(np.rint(n_rows)), int(np.rint(n_rows))
    raise ValueError(
        f"grid {text!r} is neither degrees that divide 180, such as 5.625 or 1.5, nor columns x rows "
        "around the globe, such as 64x32."
    )
