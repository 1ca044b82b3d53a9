"""Arrows: even on paper, turned with the projection, as long as the wind is strong.

Directions are checked where they are known: on a map of the pole, where north is towards the middle.
"""

import numpy as np
import pytest
import xarray as xr

from pipelines.variables import channel_of, parse_channel
from stforecast.figures.geography import find_view
from stforecast.figures.wind import arrow_path, lay_arrows, reference_speed, wind_channels

LATITUDE, LONGITUDE = np.arange(85.0, -86, -10), np.arange(0, 360, 10.0)
GLOBE = xr.DataArray(
    np.zeros((18, 36)),
    dims=("y", "x"),
    coords={"latitude": ("y", LATITUDE), "longitude": ("x", LONGITUDE)},
)
ONES, ZEROS = np.ones((18, 36)), np.zeros((18, 36))


def channels(*names):
    return [channel_of(*parse_channel(name)) for name in names]


def arrows_on(view, *, width=200, spacing=20.0):
    height = round(width / view.width_over_height)
    return lay_arrows(view, view.raster(width, height), spacing=spacing)


def test_wind_is_that_of_the_level_that_is_shown():
    known = channels("t2m", "u10", "v10", "z500", "u500", "v500", "z850", "u850")
    assert wind_channels(known) == ("u10", "v10")
    assert wind_channels(known, beside="t2m") == ("u10", "v10")
    assert wind_channels(known, beside="u500") == ("u500", "v500")
    assert wind_channels(known, beside="z500") == ("u500", "v500")
    assert wind_channels(known, beside="z850") is None
    assert wind_channels(known, beside="no such") is None
    assert wind_channels(channels("t2m", "u10")) is None


def test_arrows_stand_in_even_steps():
    arrows = arrows_on(find_view(GLOBE, projection="plate carrée"))
    # 200 by 100 pixels, 20 apart: ten across and five down.
    assert arrows.places.shape == (50, 2)
    across = np.unique(arrows.places[:, 0].round(6))
    np.testing.assert_allclose(np.diff(across), 20)


def test_arrows_are_left_out_beside_the_earth():
    arrows = arrows_on(find_view(GLOBE))
    height = 200 / find_view(GLOBE).width_over_height
    assert len(arrows.places) < 0.95 * round(200 / 20) * round(height / 20)


def test_on_a_flat_map_east_is_right_and_north_is_up():
    arrows = arrows_on(find_view(GLOBE, projection="plate carrée"))
    east = arrows.vectors(arrows.winds(ONES, ZEROS), speed=1.0)
    np.testing.assert_allclose(east, np.tile([20.0, 0.0], (50, 1)), atol=1e-4)
    north = arrows.vectors(arrows.winds(ZEROS, 2 * ONES), speed=4.0)
    np.testing.assert_allclose(north, np.tile([0.0, 10.0], (50, 1)), atol=1e-4)


def test_above_the_pole_north_is_towards_the_middle_and_east_is_anticlockwise():
    view = find_view(GLOBE, region=(-180.0, 30.0, 180.0, 90.0))
    arrows = arrows_on(view)
    from_middle = arrows.places - 100.0
    north = arrows.vectors(arrows.winds(ZEROS, ONES), speed=1.0)
    east = arrows.vectors(arrows.winds(ONES, ZEROS), speed=1.0)
    far = np.hypot(*from_middle.T)
    away = far > 1
    cosine = (north * from_middle).sum(axis=1)[away] / (20 * far[away])
    np.testing.assert_allclose(cosine, -1, atol=1e-3)
    turn = from_middle[:, 0] * east[:, 1] - from_middle[:, 1] * east[:, 0]
    np.testing.assert_allclose(turn[away] / (20 * far[away]), 1, atol=1e-3)


@pytest.mark.parametrize("projection", ["automatic", "orthographic", "lambert azimuthal"])
def test_length_tells_the_speed_whatever_the_direction(projection):
    arrows = arrows_on(find_view(GLOBE, projection=projection))
    length = np.hypot(*arrows.vectors(arrows.winds(3 * ONES, 4 * ONES), speed=10.0).T)
    # 5 m/s of 10: half of the reference arrow.
    np.testing.assert_allclose(length, 10, rtol=1e-9)


def test_storm_does_not_cover_the_map():
    arrows = arrows_on(find_view(GLOBE))
    assert np.hypot(
        *arrows.vectors(arrows.winds(99 * ONES, ZEROS), speed=1.0).T
    ).max() == pytest.approx(40)


def test_no_arrow_where_it_is_calm_or_unknown():
    places = np.array([[10.0, 10.0], [30.0, 10.0], [50.0, 10.0]])
    path = arrow_path(places, np.array([[10.0, 0.0], [0.1, 0.0], [np.nan, 0.0]]), reference=10.0)
    # One arrow of eight points, its tip half of its length ahead of its middle.
    vertices = np.asarray(path.vertices)
    assert vertices.shape == (8, 2)
    assert vertices[:, 0].max() == 15
    none = arrow_path(places, np.zeros((3, 2)), reference=10.0)
    assert np.asarray(none.vertices).shape == (0, 2)


def test_reference_speed_is_round_and_seldom_passed():
    assert reference_speed(np.linspace(0, 18, 101), np.zeros(101)) == 20
    assert reference_speed(np.full(4, 500.0), np.zeros(4)) == 100
    assert reference_speed(np.full(4, np.nan), np.zeros(4)) == 1
