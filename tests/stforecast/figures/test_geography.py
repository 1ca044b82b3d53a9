"""Views: the right cell under each pixel, and lines from the bundled files."""

import numpy as np
import pytest
import xarray as xr
from cartopy import crs

from stforecast.figures.coastlines import natural_earth
from stforecast.figures.geography import PROJECTIONS, find_view, projections_of, shows_cells


def grid_of(latitude, longitude):
    shape = (len(latitude), len(longitude))
    coordinates = {"latitude": ("y", latitude), "longitude": ("x", longitude)}
    return xr.DataArray(np.zeros(shape), dims=("y", "x"), coords=coordinates)


GLOBE = grid_of(np.linspace(87.1875, -87.1875, 32), np.arange(64) * 5.625)


def shown_at(view, image, point):
    """The value of an image at a point in the view's coordinates."""
    left, right, bottom, top = view.extent
    height, width = image.shape
    column = int((point[0] - left) / (right - left) * width)
    row = int((top - point[1]) / (top - bottom) * height)
    return image[row, column]


@pytest.mark.parametrize(("longitude", "latitude"), [(0, 0), (100, 50), (-120, -40), (179, 10)])
def test_globe_shows_each_cell_at_its_place(longitude, latitude):
    view = find_view(GLOBE)
    point = crs.Robinson().transform_point(longitude, latitude, crs.PlateCarree())
    east = np.broadcast_to(GLOBE["longitude"].values, GLOBE.shape)
    north = np.broadcast_to(GLOBE["latitude"].values[:, None], GLOBE.shape)
    shown = shown_at(view, view.image(east, smooth=False), point)
    # The centre of a cell is at most half of 5.625° away, and a pixel is a degree wide.
    assert abs((shown - longitude + 180) % 360 - 180) < 4
    assert abs(shown_at(view, view.image(north, smooth=False), point) - latitude) < 4


def test_seam_at_the_last_longitude_is_closed():
    view = find_view(GLOBE)
    wave = np.cos(np.deg2rad(GLOBE["longitude"].values)) * np.ones((32, 1))
    image = view.image(wave, smooth=True)
    middle = image[len(image) // 2]
    # Between 354° and 0° the cosine rises from 0.995 to 1: no gap, no jump.
    steps = np.abs(np.diff(middle[np.isfinite(middle)]))
    assert steps.max() < 0.02
    assert np.isfinite(middle).sum() > 0.99 * len(middle)


def test_pixels_beside_the_globe_hold_nothing():
    view = find_view(GLOBE)
    image = view.image(np.ones(GLOBE.shape), smooth=True)
    assert np.isnan(image[0, 0])
    assert np.isnan(image[-1, -1])
    # Robinson's Earth covers 87 % of its rectangle.
    assert np.isfinite(image).mean() == pytest.approx(0.87, abs=0.02)


def test_interpolation_keeps_a_slope_and_cells_keep_their_values():
    region = grid_of(np.array([60.0, 50.0, 40.0]), np.array([-20.0, -10.0, 0.0, 10.0]))
    view = find_view(region)
    slope = np.broadcast_to(region["longitude"].values, region.shape)
    smooth = view.image(slope, smooth=True)[view.rows.shape[0] // 2]
    left, right, *_ = view.extent
    pixels = np.linspace(left, right, len(smooth) + 1)[:-1] + view.centre
    inner = (pixels > -19) & (pixels < 9)
    np.testing.assert_allclose(smooth[inner], pixels[inner], atol=0.1)
    assert set(np.unique(view.image(slope, smooth=False))) == {-20, -10, 0, 10}


def test_region_reaches_half_a_cell_beyond_its_centres():
    region = grid_of(np.array([60.0, 50.0]), np.array([-10.0, 0.0, 10.0]))
    view = find_view(region)
    assert view.extent == (-15, 15, 45, 65)
    assert view.centre == 0
    # At 55° north a degree of longitude is as wide as 0.57 of a degree of latitude.
    assert view.aspect == pytest.approx(1 / np.cos(np.deg2rad(55)))


def test_region_that_ends_at_a_pole_goes_no_further():
    view = find_view(grid_of(np.array([90.0, 80.0]), np.array([0.0, 10.0])))
    assert view.extent[3] == 90


def test_single_row_and_column_have_a_size():
    view = find_view(grid_of(np.array([50.0]), np.array([10.0])))
    assert view.image(np.full((1, 1), 7.0), smooth=True).min() == 7


def test_polar_cap_is_seen_from_above():
    cap = grid_of(np.arange(87.5, 29, -5.0), np.arange(0, 360, 30.0))
    view = find_view(cap)
    north = np.broadcast_to(cap["latitude"].values[:, None], cap.shape)
    image = view.image(north, smooth=False)
    middle = len(image) // 2
    assert image[middle, middle] == 87.5
    assert np.isnan(image[0, 0])
    assert view.extent[0] == pytest.approx(-view.extent[1])


def test_southern_cap_is_seen_from_below():
    cap = grid_of(np.arange(-32.5, -90, -5.0), np.arange(0, 360, 30.0))
    view = find_view(cap)
    north = np.broadcast_to(cap["latitude"].values[:, None], cap.shape)
    image = view.image(north, smooth=False)
    assert image[len(image) // 2, len(image) // 2] == -87.5


def test_missing_cell_is_missing_and_its_neighbours_are_not():
    region = grid_of(np.array([60.0, 50.0, 40.0]), np.array([-10.0, 0.0, 10.0]))
    view = find_view(region)
    field = np.ones((3, 3))
    field[1, 1] = np.nan
    for smooth in (True, False):
        # One cell of nine.
        assert np.isnan(view.image(field, smooth=smooth)).mean() == pytest.approx(1 / 9, abs=0.02)


def test_coastlines_of_a_region_lie_where_they_are():
    # The Strait of Gibraltar, 5.6° west, with the region's middle at 5° east.
    view = find_view(grid_of(np.arange(45.0, 29, -1), np.arange(-20.0, 31, 1)))
    points = np.concatenate(view.coastlines) + [view.centre, 0]
    strait = np.abs(points - [-5.6, 36.0]).sum(axis=1).min()
    assert strait < 1.5
    assert len(view.borders) > 0


def test_coastlines_of_a_region_across_the_dateline_lie_where_they_are():
    # Fiji, 178° east, in a region from 160 to 200.
    view = find_view(grid_of(np.arange(-10.0, -31, -1), np.arange(160.0, 201, 1)))
    points = np.concatenate(view.coastlines) + [view.centre, 0]
    assert np.abs(points - [178.0, -17.8]).sum(axis=1).min() < 1


def test_views_are_made_once():
    assert find_view(GLOBE) is find_view(GLOBE.copy())


def test_bundled_lines_are_whole():
    assert len(natural_earth("coastlines_110m")) == 134
    assert len(natural_earth("borders_110m")) > 180


def test_grid_without_geography_is_shown_cell_by_cell():
    view = find_view(xr.DataArray(np.zeros((3, 4)), dims=("y", "x")))
    field = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(view.image(field, smooth=False), field)
    assert view.coastlines == ()


CITY = grid_of(40.8 - 0.0125 - 0.025 * np.arange(4), -74 + 0.02 + 0.04 * np.arange(5))


def test_city_is_shown_cell_by_cell_whatever_is_asked_for():
    view = find_view(CITY)
    field = np.arange(20.0).reshape(4, 5)
    for smooth in (True, False):
        np.testing.assert_array_equal(view.image(field, smooth=smooth), field)


def test_city_lies_in_its_box_and_is_true_to_the_ground():
    view = find_view(CITY)
    left, right, bottom, top = view.extent
    np.testing.assert_allclose(
        [left + view.centre, right + view.centre, bottom, top], [-74, -73.8, 40.7, 40.8]
    )
    # 0.2° of longitude at 40.75° north are 0.2 · cos 40.75° = 0.1515 of the 0.1° of latitude.
    assert view.width_over_height == pytest.approx(1.515, abs=1e-3)


def test_city_has_neither_coastlines_nor_borders():
    view = find_view(CITY)
    assert view.coastlines == ()
    assert view.borders == ()


def test_grid_in_any_order_has_north_up_and_west_left():
    field = np.arange(20.0).reshape(4, 5)
    turned = grid_of(CITY["latitude"].values[::-1], CITY["longitude"].values[::-1])
    image = find_view(turned).image(field[::-1, ::-1], smooth=False)
    np.testing.assert_array_equal(image, field)


def test_city_is_told_from_a_region_by_its_place_or_its_size():
    region = grid_of(np.arange(60.0, 50, -0.04), np.arange(0, 5, 0.04))
    assert not shows_cells(region)
    assert find_view(region).coastlines
    assert shows_cells(CITY)
    assert shows_cells(region.drop_vars(["latitude", "longitude"]))
    # Counts of a whole country: cells, but its coastlines mean something.
    country = region.assign_attrs(place="own")
    assert shows_cells(country)
    assert find_view(country).coastlines
    assert find_view(country).rows.shape == country.shape


def test_city_of_one_row_or_one_column_has_a_size():
    for shape in ((1, 3), (3, 1), (1, 1)):
        latitude, longitude = 40 - 0.01 * np.arange(shape[0]), 116 + 0.01 * np.arange(shape[1])
        view = find_view(grid_of(latitude, longitude))
        assert view.image(np.ones(shape), smooth=True).shape == shape
        assert view.width_over_height > 0


REGION = grid_of(np.arange(60.0, 39, -5), np.arange(300.0, 341, 5))
CAP = grid_of(np.arange(87.5, 29, -5.0), np.arange(0, 360, 30.0))


def test_projections_suit_the_grid():
    assert projections_of(GLOBE) == PROJECTIONS
    assert "robinson" not in projections_of(CAP)
    assert projections_of(REGION) == ("automatic", "plate carrée", "lambert azimuthal")
    assert projections_of(CITY) == ("automatic",)
    assert projections_of(xr.DataArray(np.zeros((3, 4)), dims=("y", "x"))) == ()


@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize("region", [None, (-30.0, 20.0, 50.0, 70.0), (150.0, -45.0, 200.0, 0.0)])
def test_globe_shows_each_latitude_at_its_place_in_any_projection(projection, region):
    view = find_view(GLOBE, projection=projection, region=region, pixels=90)
    north = np.broadcast_to(GLOBE["latitude"].values[:, None], GLOBE.shape)
    image = view.image(north, smooth=True)
    height, width = image.shape
    assert width == 90
    expected = view.paper.degrees(*view.paper.points(width, height))[1]
    seen = view.inside & (np.abs(expected) < 87)
    np.testing.assert_allclose(image[seen], expected[seen], atol=0.01)


def test_region_of_the_globe_fills_its_frame():
    for region in ((-25.0, 34.0, 45.0, 72.0), (170.0, -20.0, 190.0, 10.0)):
        assert find_view(GLOBE, region=region, pixels=60).inside.all()


def test_region_across_the_seam_has_no_gap():
    view = find_view(GLOBE, region=(-20.0, -15.0, 20.0, 15.0), pixels=80)
    wave = np.cos(np.deg2rad(GLOBE["longitude"].values)) * np.ones((32, 1))
    middle = view.image(wave, smooth=True)[len(view.rows) // 2]
    assert np.abs(np.diff(middle)).max() < 0.02
    assert middle.argmax() in range(37, 43)


def test_fan_shows_the_grid_alone():
    view = find_view(REGION, projection="lambert azimuthal", pixels=80)
    assert 0.6 < view.inside.mean() < 0.95
    assert view.outline is not None


def test_region_of_counts_has_a_pixel_a_cell():
    country = REGION.assign_attrs(place="own")
    view = find_view(country, region=(-52, 43, -38, 52))
    field = np.arange(45.0).reshape(5, 9)
    # Rows 50 and 45, columns 310 to 320.
    np.testing.assert_array_equal(view.image(field, smooth=True), field[2:4, 2:5])


def test_globe_without_poles_is_empty_there():
    belt = grid_of(np.arange(55.0, -56, -10), np.arange(0, 360, 10.0))
    image = find_view(belt).image(np.ones(belt.shape), smooth=True)
    middle = image[:, image.shape[1] // 2]
    assert np.isnan(middle[0])
    assert np.isnan(middle[-1])
    assert np.isfinite(middle[len(middle) // 2])


def test_wrong_projection_or_region_is_refused():
    with pytest.raises(ValueError, match="'robinson' does not suit this grid; choose among auto"):
        find_view(REGION, projection="robinson")
    with pytest.raises(ValueError, match="'mercator' does not suit"):
        find_view(GLOBE, projection="mercator")
    with pytest.raises(ValueError, match="holds no cell of the grid"):
        find_view(REGION, region=(100, 40, 120, 50))
    with pytest.raises(ValueError, match="from west to east"):
        find_view(REGION, region=(10, 40, 0, 50))
    cells = xr.DataArray(np.zeros((3, 4)), dims=("y", "x"))
    with pytest.raises(ValueError, match="the grid has no degrees; leave the region out"):
        find_view(cells, region=(0, 0, 10, 10))
