"""Regions: parts of the Earth that are looked at often."""

import xarray as xr

from stforecast.figures.boxes import Box
from stforecast.figures.geography import grid_box

__all__ = ["REGIONS", "regions_of"]

REGIONS: dict[str, Box] = {
    "Europe": (-25.0, 34.0, 45.0, 72.0),
    "North Atlantic": (-80.0, 20.0, 10.0, 70.0),
    "North Pacific": (120.0, 15.0, 240.0, 65.0),
    "Mediterranean": (-10.0, 28.0, 42.0, 48.0),
    "Africa": (-25.0, -37.0, 60.0, 38.0),
    "Middle East": (25.0, 10.0, 65.0, 45.0),
    "South Asia": (60.0, 0.0, 100.0, 40.0),
    "East Asia": (95.0, 15.0, 150.0, 55.0),
    "Australia": (105.0, -50.0, 180.0, 0.0),
    "North America": (-140.0, 15.0, -50.0, 70.0),
    "Central America": (-120.0, 3.0, -55.0, 35.0),
    "South America": (-90.0, -58.0, -30.0, 15.0),
    "Tropics": (-180.0, -30.0, 180.0, 30.0),
    "Arctic": (-180.0, 60.0, 180.0, 90.0),
    "Antarctica": (-180.0, -90.0, 180.0, -60.0),
}
"""West, south, east, north in degrees; east of the dateline longitudes pass 180."""

_MOST = 0.8
"""Part of a region that a grid must cover."""
_LARGER = 1.2
"""How many times as large as the region a grid must be, for the region to be a part of it."""


def regions_of(array: xr.DataArray) -> tuple[str, ...]:
    """Names of the regions that a grid covers, or at least most of each."""
    if "latitude" not in array.coords:
        return ()
    grid = grid_box(array)
    grid_area = (grid[2] - grid[0]) * (grid[3] - grid[1])
    return tuple(
        name
        for name, region in REGIONS.items()
        if _covered(region, grid) >= _MOST and grid_area >= _LARGER * _covered_area(region, region)
    )


def _covered(region: Box, grid: Box) -> float:
    """Part of a region that lies on a grid, of its area in degrees."""
    return _covered_area(region, grid) / _covered_area(region, region)


def _covered_area(region: Box, grid: Box) -> float:
    high = min(region[3], grid[3]) - max(region[1], grid[1])
    if grid[2] - grid[0] > 359:
        return max(high, 0.0) * (region[2] - region[0])
    # A grid counts its longitudes from anywhere.
    wide = max(
        min(region[2] + turn, grid[2]) - max(region[0] + turn, grid[0])
        for turn in (-360.0, 0.0, 360.0)
    )
    return max(high, 0.0) * max(wide, 0.0)
