"""Views: how a grid is laid out on paper, and the coastlines in the same projection.

A view looks up, once for a grid, which cells lie under each pixel. A map is then an indexing and an
image, whatever the projection, in a tenth of a second; and nothing is ever downloaded, as the coastlines
(Natural Earth 1:110 m, public domain) lie beside this package.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import xarray as xr
from cartopy import crs
from cartopy.io.shapereader import Reader
from jaxtyping import Bool, Float
from shapely import LineString, get_parts

__all__ = ["View", "find_view", "natural_earth", "shows_cells"]

_NATURAL_EARTH = Path(__file__).parents[1] / "data/natural_earth/shapefiles/natural_earth"
_COASTLINE = "physical/ne_110m_coastline.shp"
_BORDERS = "cultural/ne_110m_admin_0_boundary_lines_land.shp"

_PIXELS = 640
"""Width of the looked-up image; twice the pixels that a panel has in a README."""

_CAP = 20.0
"""Latitude in degrees beyond which a grid that goes round the Earth is shown from above the pole."""

_CITY = 1.0
"""Degrees across below which a grid is a city's: lines drawn for maps of the world, 1:110 million, are
some tenths of a degree off."""

Lines = tuple[np.ndarray, ...]
"""Polylines, each (n, 2), in the view's coordinates."""


@dataclass(frozen=True, eq=False)
class View:
    """A grid on paper."""

    extent: tuple[float, float, float, float]
    """Left, right, bottom, top, in the view's coordinates."""
    aspect: float
    """Height of a unit of the vertical axis over the width of one of the horizontal axis."""
    rows: Float[np.ndarray, "V U"]
    """Row of the grid under each pixel, between two rows where it lies between; the top pixel first."""
    columns: Float[np.ndarray, "V U"]
    """Column of the grid under each pixel."""
    inside: Bool[np.ndarray, "V U"]
    """Pixels that lie on the grid."""
    wraps: bool = False
    """The column after the last one is the first."""
    coastlines: Lines = ()
    borders: Lines = ()
    outline: Float[np.ndarray, "N 2"] | None = None
    """Edge of the Earth, where the projection is not a rectangle."""
    centre: float | None = None
    """Longitude in degrees at horizontal coordinate 0, where the axes are in degrees; None elsewhere."""

    @property
    def width_over_height(self) -> float:
        """Shape of the image on paper."""
        left, right, bottom, top = self.extent
        return (right - left) / ((top - bottom) * self.aspect)

    def image(self, field: Float[np.ndarray, "Y X"], *, smooth: bool) -> Float[np.ndarray, "V U"]:
        """The field at each pixel, NaN beside the grid.

        Args:
            field: any values; NaN stays NaN within the cell.
            smooth: between the centres of cells values are interpolated; else each cell has one value.
        """
        nearest = self._at(field, np.rint(self.rows), np.rint(self.columns))
        if smooth:
            top, left = np.floor(self.rows), np.floor(self.columns)
            down, right = self.rows - top, self.columns - left
            between = (
                (1 - down) * (1 - right) * self._at(field, top, left)
                + (1 - down) * right * self._at(field, top, left + 1)
                + down * (1 - right) * self._at(field, top + 1, left)
                + down * right * self._at(field, top + 1, left + 1)
            )
            # Beside a missing cell nothing can be interpolated.
            nearest = np.where(np.isnan(between) | np.isnan(nearest), nearest, between)
        return np.where(self.inside, nearest, np.nan)

    def _at(self, field: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        height, width = field.shape
        column = columns.astype(int)
        column = column % width if self.wraps else column.clip(0, width - 1)
        return field[rows.astype(int).clip(0, height - 1), column]


def find_view(array: xr.DataArray) -> View:
    """The view of the grid of a series or a forecast.

    A grid around the Earth is shown in Robinson's projection, or from above the pole if it holds a
    polar cap alone; a region in equal steps of degrees, true to shape in its middle; a city likewise,
    but cell by cell and without coastlines; a grid without geography as square cells.
    """
    if "latitude" not in array.coords:
        return _cells(array.sizes["y"], array.sizes["x"])
    latitude = tuple(map(float, array["latitude"].values))
    longitude = tuple(map(float, array["longitude"].values))
    return _geographic(latitude, longitude, as_cells=shows_cells(array))


def shows_cells(array: xr.DataArray) -> bool:
    """Whether the values of a grid belong to its cells alone, and are never interpolated between them.

    So it is with counts: on a grid without geography, on one that a place was given to (attribute
    `place`), and on any that is less than a degree across.
    """
    if "latitude" not in array.coords or "place" in array.attrs:
        return True
    spans = (np.ptp(array[name].values) for name in ("latitude", "longitude"))
    return bool(max(spans) < _CITY)


def _cells(height: int, width: int) -> View:
    rows, columns = np.meshgrid(np.arange(float(height)), np.arange(float(width)), indexing="ij")
    inside = np.ones((height, width), dtype=bool)
    return View((0.0, float(width), 0.0, float(height)), 1.0, rows, columns, inside)


@lru_cache(maxsize=16)
def _geographic(
    latitude: tuple[float, ...], longitude: tuple[float, ...], *, as_cells: bool
) -> View:
    lat, lon = np.array(latitude), np.array(longitude)
    step = (lon[-1] - lon[0]) / max(len(lon) - 1, 1)
    if len(lon) > 1 and lon[-1] - lon[0] + 1.5 * step >= 360:
        return _global(lat, lon)
    return _regional(lat, lon, step, as_cells=as_cells)


def _global(lat: np.ndarray, lon: np.ndarray) -> View:
    if lat.min() >= _CAP or lat.max() <= -_CAP:
        pole = crs.NorthPolarStereo() if lat.min() > 0 else crs.SouthPolarStereo()
        edge = lat[np.abs(lat).argmin()]
        radius = abs(pole.transform_point(90.0, edge, crs.PlateCarree())[0])
        angle = np.linspace(0, 2 * np.pi, 361)
        outline = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return _projected(lat, lon, pole, outline)
    robinson = crs.Robinson()
    return _projected(lat, lon, robinson, np.array(robinson.boundary.coords)[:, :2])


def _projected(
    lat: np.ndarray, lon: np.ndarray, projection: crs.Projection, outline: np.ndarray
) -> View:
    (left, bottom), (right, top) = outline.min(axis=0), outline.max(axis=0)
    height = round(_PIXELS * (top - bottom) / (right - left))
    x = left + (np.arange(_PIXELS) + 0.5) * (right - left) / _PIXELS
    y = top - (np.arange(height) + 0.5) * (top - bottom) / height
    degrees = crs.PlateCarree().transform_points(projection, *np.meshgrid(x, y))
    rows, columns, inside = _look_up(lat, lon, degrees[..., 0], degrees[..., 1], wraps=True)
    return View(
        extent=(left, right, bottom, top),
        aspect=1.0,
        rows=rows,
        columns=columns,
        inside=inside & _within(outline, x, y),
        wraps=True,
        coastlines=_project(_COASTLINE, projection),
        outline=outline,
    )


def _regional(lat: np.ndarray, lon: np.ndarray, step: float, *, as_cells: bool) -> View:
    centre = (lon[0] + lon[-1]) / 2
    step_north = abs(lat[0] - lat[-1]) / (len(lat) - 1) if len(lat) > 1 else step or 1.0
    half = (step or step_north) / 2
    left, right = lon[0] - half - centre, lon[-1] + half - centre
    bottom = max(lat.min() - step_north / 2, -90.0)
    top = min(lat.max() + step_north / 2, 90.0)
    aspect = 1 / max(np.cos(np.deg2rad((bottom + top) / 2)), 0.2)
    if as_cells:
        # A pixel a cell: there is nothing between them to interpolate.
        rows, columns = np.meshgrid(np.argsort(-lat), np.argsort(lon), indexing="ij")
        rows, columns = rows.astype(float), columns.astype(float)
        inside = np.ones(rows.shape, dtype=bool)
    else:
        height = max(round(_PIXELS * (top - bottom) * aspect / (right - left)), 2)
        x = left + (np.arange(_PIXELS) + 0.5) * (right - left) / _PIXELS
        y = top - (np.arange(height) + 0.5) * (top - bottom) / height
        east, north = np.meshgrid(x + centre, y)
        rows, columns, inside = _look_up(lat, lon, east, north, wraps=False)
    with_lines = not as_cells or max(right - left, top - bottom) > _CITY
    # Around the region's own middle, so that no coastline is cut within it.
    projection = crs.PlateCarree(central_longitude=(centre + 180) % 360 - 180)
    return View(
        extent=(left, right, bottom, top),
        aspect=aspect,
        rows=rows,
        columns=columns,
        inside=inside,
        coastlines=_project(_COASTLINE, projection) if with_lines else (),
        borders=_project(_BORDERS, projection) if with_lines else (),
        centre=centre,
    )


def _look_up(
    lat: np.ndarray, lon: np.ndarray, east: np.ndarray, north: np.ndarray, *, wraps: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row and column, as fractions, of points on the Earth, and whether they are points at all."""
    inside = np.isfinite(east) & np.isfinite(north)
    order = np.argsort(lat)
    rows = np.interp(np.where(inside, north, 0.0), lat[order], order.astype(float))
    if wraps:
        around = np.append(lon, lon[0] + 360)
        east = lon[0] + (np.where(inside, east, lon[0]) - lon[0]) % 360
        columns = np.interp(east, around, np.arange(len(around), dtype=float))
    else:
        columns = np.interp(east, lon, np.arange(len(lon), dtype=float))
    return rows, columns, inside


def _within(outline: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pixels within a convex outline."""
    order = np.argsort(outline[:, 1])
    edge = np.abs(outline[order])
    # Robinson's and the pole's outlines mirror left and right: the width at a height says it all.
    levels, starts = np.unique(outline[order, 1].round(6), return_index=True)
    widths = np.maximum.reduceat(edge[:, 0], starts)
    return np.abs(x)[None, :] <= np.interp(y, levels, widths)[:, None]


@cache
def natural_earth(name: str) -> tuple[LineString, ...]:
    """Lines of a bundled file, in degrees: "physical/ne_110m_coastline.shp"."""
    lines = get_parts(list(Reader(_NATURAL_EARTH / name).geometries()))
    return tuple(lines)


def _project(name: str, projection: crs.Projection) -> Lines:
    plane = crs.PlateCarree()
    projected = [projection.project_geometry(line, plane) for line in natural_earth(name)]
    return tuple(np.array(part.coords) for line in projected for part in get_parts(line))
