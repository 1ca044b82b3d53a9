"""Views: how a grid is laid out on paper, and the coastlines in the same projection.

A view looks up, once for a grid, which cells lie under each pixel. A map is then an indexing and an
image, whatever the projection, in some hundredths of a second.

V, U: height and width of a picture in pixels. Y, X: rows and columns of the grid.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float

from stforecast.figures.boxes import Box, box_of, check_region, crop, steps_of
from stforecast.figures.coastlines import Lines, coastlines_on, graticule_on
from stforecast.figures.projections import PROJECTIONS, Paper, is_polar, lay_out
from stforecast.figures.raster import Raster

__all__ = ["PROJECTIONS", "Box", "View", "find_view", "grid_box", "projections_of", "shows_cells"]

_PIXELS = 640
"""Width of the looked-up image; twice the pixels that a panel has in a README."""

_CITY = 1.0
"""Degrees across below which a grid is a city's: lines drawn for maps of the world, 1:50 million, are
some hundredths of a degree off."""


@dataclass(frozen=True, eq=False)
class View:
    """A grid on paper."""

    paper: Paper
    shape: tuple[int, int]
    """Rows and columns of the grid."""
    latitude: Float[np.ndarray, " Y"] | None = None
    """Degrees north of the rows; None without geography."""
    longitude: Float[np.ndarray, " X"] | None = None
    """Degrees east of the columns."""
    wraps: bool = False
    """The column after the last one is the first."""
    as_cells: bool = False
    """Values belong to cells, and are never interpolated between them."""
    pixels: int = _PIXELS
    """Width of `image`."""
    coastlines: Lines = ()
    borders: Lines = ()
    graticule: Lines = ()
    """Meridians and parallels, where the axes are not in degrees."""

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom, top, in the view's coordinates."""
        return self.paper.extent

    @property
    def aspect(self) -> float:
        """Height of a unit of the vertical axis over the width of one of the horizontal axis."""
        return self.paper.aspect

    @property
    def outline(self) -> Float[np.ndarray, "N 2"] | None:
        """Edge of what is shown, where it is not a rectangle."""
        return self.paper.outline

    @property
    def centre(self) -> float | None:
        """Longitude in degrees at horizontal coordinate 0, where the axes are in degrees."""
        return self.paper.centre

    @property
    def width_over_height(self) -> float:
        """Shape of the image on paper."""
        return self.paper.width_over_height

    @property
    def rows(self) -> Float[np.ndarray, "V U"]:
        """Row of the grid under each pixel of `image`."""
        return self._own.rows

    @property
    def columns(self) -> Float[np.ndarray, "V U"]:
        """Column of the grid under each pixel of `image`."""
        return self._own.columns

    @property
    def inside(self) -> Bool[np.ndarray, "V U"]:
        """Pixels of `image` that lie on the grid."""
        return self._own.inside

    def image(self, field: Float[np.ndarray, "Y X"], *, smooth: bool) -> Float[np.ndarray, "V U"]:
        """The field at each pixel, NaN beside the grid.

        Args:
            field: any values; NaN stays NaN within the cell.
            smooth: between the centres of cells values are interpolated; else each cell has one value.
        """
        return self._own.image(field, smooth=smooth and not self.as_cells)

    def raster(self, width: int, height: int) -> Raster:
        """The cells under the pixels of a picture of any size."""
        return _raster(self, width, height)

    @cached_property
    def _own(self) -> Raster:
        left, right, bottom, top = self.extent
        if self.as_cells and self.paper.projection is None:
            # A pixel a cell: there is nothing between them to interpolate.
            step, rise = self._steps
            return self.raster(
                max(round((right - left) / step), 1), max(round((top - bottom) / rise), 1)
            )
        return self.raster(self.pixels, max(round(self.pixels / self.width_over_height), 2))

    @property
    def _steps(self) -> tuple[float, float]:
        """Degrees between columns and between rows; 1 where there are none."""
        if self.latitude is None or self.longitude is None:
            return 1.0, 1.0
        return steps_of(self.latitude, self.longitude)


def find_view(
    array: xr.DataArray,
    *,
    projection: str = "automatic",
    region: Box | None = None,
    pixels: int = _PIXELS,
) -> View:
    """The view of the grid of a series or a forecast, or of a region of it.

    Unless asked otherwise a grid around the Earth is shown in Robinson's projection, or from above the
    pole if it holds a polar cap alone; a region of it that is large or far from the equator in
    Lambert's azimuthal projection, which keeps areas; a grid that is a region itself in equal steps of
    degrees, true to shape in its middle; a city likewise, but cell by cell and without coastlines; a
    grid without geography as square cells.

    Args:
        array: with coordinates latitude and longitude, where the grid has a geography.
        projection: one of `projections_of(array)`.
        region: west, south, east and north in degrees; longitudes may pass 180 and 360.
        pixels: width of the view's image.

    Raises:
        ValueError: the projection is unknown or does not suit the grid, the region is no box, or it
            holds no cell of the grid.
    """
    if "latitude" not in array.coords:
        _check_projection(projection, ("automatic",))
        height, width = array.sizes["y"], array.sizes["x"]
        if region is not None:
            raise ValueError(f"region {region}: the grid has no degrees; leave the region out.")
        paper = Paper((0.0, float(width), 0.0, float(height)))
        return View(paper, (height, width), as_cells=True, pixels=pixels)
    _check_projection(projection, projections_of(array))
    if region is not None:
        check_region(region)
    latitude = tuple(map(float, array["latitude"].values))
    longitude = tuple(map(float, array["longitude"].values))
    return _geographic(
        latitude,
        longitude,
        as_cells=shows_cells(array),
        projection=projection,
        region=region,
        pixels=pixels,
    )


def projections_of(array: xr.DataArray) -> tuple[str, ...]:
    """Projections that suit a grid; none without geography."""
    if "latitude" not in array.coords:
        return ()
    box = grid_box(array)
    if box[2] - box[0] > 359:
        return tuple(name for name in PROJECTIONS if name != "robinson" or not is_polar(box))
    if max(box[2] - box[0], box[3] - box[1]) < _CITY:
        return ("automatic",)
    return ("automatic", "plate carrée", "lambert azimuthal")


def grid_box(array: xr.DataArray) -> Box:
    """What a grid with latitudes and longitudes covers, to the edges of its cells."""
    return box_of(*(np.asarray(array[name].values, float) for name in ("latitude", "longitude")))


def shows_cells(array: xr.DataArray) -> bool:
    """Whether the values of a grid belong to its cells alone, and are never interpolated between them.

    So it is with counts: on a grid without geography, on one that a place was given to (attribute
    `place`), and on any that is less than a degree across.
    """
    if "latitude" not in array.coords or "place" in array.attrs:
        return True
    spans = (np.ptp(array[name].values) for name in ("latitude", "longitude"))
    return bool(max(spans) < _CITY)


def _check_projection(projection: str, known: tuple[str, ...]) -> None:
    if projection not in known:
        raise ValueError(
            f"projection {projection!r} does not suit this grid; choose among {', '.join(known)}."
        )


@lru_cache(maxsize=32)
def _geographic(
    latitude: tuple[float, ...],
    longitude: tuple[float, ...],
    *,
    as_cells: bool,
    projection: str,
    region: Box | None,
    pixels: int,
) -> View:
    lat, lon = np.array(latitude), np.array(longitude)
    box = box_of(lat, lon)
    is_global = box[2] - box[0] > 359
    if region is not None:
        region = crop(region, lat, lon, is_global=is_global, as_cells=as_cells)
    paper = lay_out(projection, box=box, region=region, is_global=is_global)
    shown = paper.box
    is_city = as_cells and max(shown[2] - shown[0], shown[3] - shown[1]) <= _CITY
    coastlines, borders = ((), ()) if is_city else coastlines_on(paper)
    return View(
        paper,
        (len(lat), len(lon)),
        latitude=lat,
        longitude=lon,
        wraps=is_global,
        as_cells=as_cells,
        pixels=pixels,
        coastlines=coastlines,
        borders=borders,
        graticule=graticule_on(paper),
    )


@lru_cache(maxsize=16)
def _raster(view: View, width: int, height: int) -> Raster:
    """The raster of a view; the last few are kept, as all maps of a page share one."""
    x, y = view.paper.points(width, height)
    if view.latitude is None or view.longitude is None:
        inside = np.ones(x.shape, dtype=bool)
        return Raster(view.shape[0] - 0.5 - y, x - 0.5, inside, view.shape)
    east, north = view.paper.degrees(x, y)
    inside = np.isfinite(east) & np.isfinite(north)
    east, north = np.where(inside, east, 0.0), np.where(inside, north, 0.0)
    west, south, last, top = box_of(view.latitude, view.longitude)
    # A hair of rounding at the edges.
    inside &= (north >= south - 1e-6) & (north <= top + 1e-6)
    order = np.argsort(view.latitude)
    rows = np.interp(north, view.latitude[order], order.astype(float))
    east = west + (east - west) % 360
    order = np.argsort(view.longitude)
    if view.wraps:
        first = view.longitude[0]
        around = np.append(view.longitude, first + 360)
        east = first + (east - first) % 360
        columns = np.interp(east, around, np.arange(len(around), dtype=float))
    else:
        inside &= east <= last + 1e-6
        columns = np.interp(east, view.longitude[order], order.astype(float))
    return Raster(rows.astype("float32"), columns.astype("float32"), inside, view.shape, view.wraps)
