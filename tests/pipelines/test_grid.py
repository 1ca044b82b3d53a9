import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.grid import Grid, difference_of, place_grid, same_grid

LATITUDE = np.linspace(87.1875, -87.1875, 32)
LONGITUDE = np.arange(64) * 5.625


@pytest.mark.parametrize(
    ("latitude", "longitude", "is_global", "circular"),
    [
        (LATITUDE, LONGITUDE, True, True),
        (np.linspace(90, -90, 721), np.arange(1440) * 0.25, True, True),
        (np.linspace(90, -89.75, 720), np.arange(1440) * 0.25, True, True),
        (np.linspace(60, 20, 9), LONGITUDE, False, True),
        (LATITUDE, LONGITUDE[:32], False, False),
        (LATITUDE, LONGITUDE[:63], False, False),
        (np.array([50.0]), LONGITUDE, False, True),
        (LATITUDE, np.array([5.0]), False, False),
    ],
)
def test_the_globe_is_known_from_regions(latitude, longitude, is_global, circular):
    grid = Grid(latitude, longitude)
    assert (grid.is_global, grid.circular) == (is_global, circular)


def test_a_grid_cannot_be_changed():
    grid = Grid(LATITUDE, LONGITUDE)
    assert grid.shape == (32, 64)
    with pytest.raises(ValueError, match="read-only"):
        grid.latitude[0] = 0


@pytest.mark.parametrize(
    ("stored", "columns", "expected"),
    [
        ([0, 90, 180, 270], [0, 1, 2, 3], [0, 90, 180, 270]),
        ([-180, -90, 0, 90], [2, 3, 0, 1], [0, 90, 180, 270]),
        ([0, 90, 180, 270, 360], [0, 1, 2, 3], [0, 90, 180, 270]),
        ([-180, -90, 0, 90, 180], [2, 3, 0, 1], [0, 90, 180, 270]),
        ([-70, -60, -50], [0, 1, 2], [-70, -60, -50]),
        ([190, 200, 210], [0, 1, 2], [190, 200, 210]),
        ([350, 355, 0, 5], [0, 1, 2, 3], [-10, -5, 0, 5]),
        ([0, 5, 350, 355], [2, 3, 0, 1], [-10, -5, 0, 5]),
        ([5, 0, -5], [2, 1, 0], [-5, 0, 5]),
        ([-5, 0, 5], [0, 1, 2], [-5, 0, 5]),
        ([175, 180, -175], [0, 1, 2], [175, 180, 185]),
        ([-5], [0], [-5]),
    ],
)
def test_longitudes_of_any_convention_become_contiguous(stored, columns, expected):
    placement = place_grid(np.array([10.0, 0.0]), np.array(stored, dtype=float))
    assert placement.columns.tolist() == columns
    np.testing.assert_allclose(placement.grid.longitude, expected)


def test_rows_go_from_north_to_south():
    placement = place_grid(LATITUDE[::-1], LONGITUDE)
    assert placement.rows.tolist() == list(range(31, -1, -1))
    np.testing.assert_allclose(placement.grid.latitude, LATITUDE)


@given(
    shift=st.integers(0, 63),
    turned=st.booleans(),
    west=st.sampled_from([0, -180, 360]),
    n=st.integers(2, 64),
)
def test_any_storage_of_a_grid_gives_the_same_grid(shift, turned, west, n):
    longitude = (np.arange(n) * 5.625 + 300 - west) % 360 + west
    order = np.roll(np.arange(n), shift)
    order = order[::-1] if turned else order
    placement = place_grid(LATITUDE, longitude[order])
    assert same_grid(placement.grid, place_grid(LATITUDE, np.arange(n) * 5.625 + 300).grid)
    around = (longitude[order][placement.columns] - placement.grid.longitude) % 360
    assert np.minimum(around, 360 - around).max() < 1e-6


def test_float32_rounding_is_accepted():
    latitude = np.linspace(90, -90, 721).astype("float32")
    longitude = (np.arange(3600) * 0.1).astype("float32")
    assert place_grid(latitude, longitude).grid.is_global


@pytest.mark.parametrize(
    ("latitude", "longitude", "message"),
    [
        ([10, np.nan, 0], [0, 1], "latitude holds missing values"),
        ([10, 0], [0, np.nan], "longitude holds missing values"),
        ([10, 0, 100], [300, 310], "latitude reaches 100°, beyond the poles"),
        ([0, 100, 200], [10, 0, -10], "seem to be swapped"),
        ([10, 10, 0], [0, 1], "latitude holds 10° twice"),
        ([10, 0], [0, 1, 1, 2], "longitude holds 1° twice"),
        ([10, 0, -20], [0, 1], "latitude is unevenly spaced, in steps of 10° to 20°; regrid"),
        ([85.76, 80.27, 74.74, 69.21], [0, 1], "as on a Gaussian grid; regrid"),
        ([10, 0], [0, 1, 3], "longitude is unevenly spaced"),
        ([], [0, 1], "latitude of a grid must be a row"),
    ],
)
def test_coordinates_of_no_even_grid_are_refused(latitude, longitude, message):
    with pytest.raises(ValueError, match=message):
        place_grid(np.array(latitude, dtype=float), np.array(longitude, dtype=float))


@pytest.mark.parametrize(
    ("latitude", "longitude", "message"),
    [
        ([10.0, 0.0], [5.0, 0.0], "longitude of a grid must increase, but it starts 5, 0"),
        ([10.0, 0.0], [0.0, 180.0, 360.0], "longitude spans 360°, from 0 to 360"),
        ([10.0, np.nan], [0.0, 1.0], "latitude of a grid holds missing values"),
        ([[10.0]], [0.0, 1.0], "must be a row of numbers"),
    ],
)
def test_a_grid_checks_itself(latitude, longitude, message):
    with pytest.raises(ValueError, match=message):
        Grid(np.array(latitude), np.array(longitude))


def test_grids_are_the_same_whatever_the_turn_of_longitude():
    grid = Grid(np.array([10.0, 0.0]), np.array([-10.0, -5.0, 0.0]))
    assert same_grid(grid, Grid(np.array([10.0005, 0.0]), np.array([350.0, 355.0, 360.0])))
    assert difference_of(grid, grid) == ""


@pytest.mark.parametrize(
    ("latitude", "longitude", "difference"),
    [
        ([10, 0, -10], [0, 120, 240], "3×3 cells.* against 2×3 cells.*regrid"),
        ([0, 10], [0, 120, 240], "latitude runs the other way; turn the rows"),
        ([11, 1], [0, 120, 240], "latitude 11, 1 against 10, 0; regrid"),
        ([10, 0], [120, 240, 360], "the same columns, but from 120° instead of 0°; roll"),
        ([10, 0], [5, 125, 245], "longitude 5, 125, 245 against 0, 120, 240; regrid"),
    ],
)
def test_the_difference_of_two_grids_is_told(latitude, longitude, difference):
    other = Grid(np.array([10.0, 0.0]), np.array([0.0, 120.0, 240.0]))
    grid = Grid(np.array(latitude, dtype=float), np.array(longitude, dtype=float))
    with pytest.raises(AssertionError, match=difference):
        raise AssertionError(difference_of(grid, other))
    assert not same_grid(grid, other)
