import numpy as np
import pytest
import xarray as xr

from stforecast.figures.boxes import check_region
from stforecast.figures.regions import REGIONS, regions_of


def grid_of(latitude, longitude):
    shape = (len(latitude), len(longitude))
    coordinates = {"latitude": ("y", latitude), "longitude": ("x", longitude)}
    return xr.DataArray(np.zeros(shape), dims=("y", "x"), coords=coordinates)


@pytest.mark.parametrize("name", REGIONS)
def test_regions_are_boxes(name):
    check_region(REGIONS[name])


def test_globe_has_all_regions():
    assert regions_of(grid_of(np.arange(85.0, -86, -10), np.arange(0, 360, 10.0))) == tuple(REGIONS)


@pytest.mark.parametrize("first", [-100.0, 260.0])
def test_grid_has_the_regions_that_it_covers(first):
    found = regions_of(grid_of(np.arange(85.0, 10, -5), first + np.arange(0, 155, 5.0)))
    assert "Europe" in found
    assert "North Atlantic" in found
    assert "Africa" not in found
    assert "Antarctica" not in found


def test_region_as_large_as_the_grid_is_no_part_of_it():
    # What the grid covers and a little more is the grid itself.
    assert "Europe" not in regions_of(grid_of(np.arange(71.0, 34, -2), np.arange(-24.0, 45, 2)))


def test_cells_without_geography_have_no_regions():
    assert regions_of(xr.DataArray(np.zeros((3, 4)), dims=("y", "x"))) == ()
