"""Papers: what they show of the Earth, and that degrees and coordinates undo each other."""

import numpy as np
import pytest

from stforecast.figures.projections import is_polar, lay_out

GLOBE = (-2.5, -90.0, 357.5, 90.0)
EUROPE = (-25.0, 34.0, 45.0, 72.0)


def paper_of(projection, *, box=GLOBE, region=None, is_global=True):
    return lay_out(projection, box=box, region=region, is_global=is_global)


@pytest.mark.parametrize("region", [None, EUROPE, (150.0, -40.0, 200.0, 0.0)])
@pytest.mark.parametrize(
    "projection",
    ["automatic", "plate carrée", "robinson", "orthographic", "lambert azimuthal"],
)
def test_degrees_and_places_undo_each_other(projection, region):
    paper = paper_of(projection, region=region)
    x, y = paper.points(40, 30)
    east, north = paper.degrees(x, y)
    seen = np.isfinite(east)
    assert seen.mean() > 0.6
    back = paper.place(east[seen], north[seen])
    size = np.ptp(paper.extent[:2])
    np.testing.assert_allclose(np.stack(back), [x[seen], y[seen]], atol=1e-6 * size)


@pytest.mark.parametrize(
    ("region", "name"),
    [
        (EUROPE, "LambertAzimuthalEqualArea"),  # far from the equator
        ((-25.0, -37.0, 60.0, 38.0), "LambertAzimuthalEqualArea"),  # large
        ((60.0, 5.0, 95.0, 35.0), "NoneType"),
        ((-180.0, -30.0, 180.0, 30.0), "NoneType"),
        ((-180.0, 60.0, 180.0, 90.0), "NorthPolarStereo"),
        ((-180.0, -90.0, 180.0, -60.0), "SouthPolarStereo"),
        (None, "Robinson"),
    ],
)
def test_projection_suits_the_region(region, name):
    assert type(paper_of("automatic", region=region).projection).__name__ == name


@pytest.mark.parametrize("projection", ["lambert azimuthal", "robinson"])
def test_a_region_all_around_the_earth_is_framed(projection):
    tropics = (-180.0, -30.0, 180.0, 30.0)
    left, right, bottom, top = paper_of(projection, region=tropics).extent
    assert -right == pytest.approx(left)
    assert -top == pytest.approx(bottom)
    # Of 6371 km: the azimuthal one reaches 2 R to either side, and 2 R sin 15° up.
    if projection == "lambert azimuthal":
        assert right == pytest.approx(2 * 6378e3, rel=0.01)
        assert top == pytest.approx(2 * 6378e3 * np.sin(np.deg2rad(15)), rel=0.01)


def test_region_of_a_regional_grid_keeps_equal_steps_of_degrees():
    paper = paper_of("automatic", box=EUROPE, region=(0.0, 40.0, 40.0, 70.0), is_global=False)
    assert (paper.extent, paper.centre) == ((-20, 20, 40, 70), 20)


def test_whole_earth_is_cut_in_the_pacific_wherever_its_data_begin():
    paper = paper_of("plate carrée")
    assert (paper.extent, paper.centre, paper.aspect) == ((-180, 180, -90, 90), 0, 1)


def test_frame_about_a_region_is_as_wide_as_its_middle():
    paper = paper_of("automatic", region=EUROPE)
    left, right, bottom, top = paper.extent
    middle = np.array([bottom + top]) / 2
    (west, east), _ = paper.degrees(np.array([left, right]), np.repeat(middle, 2))
    # The parallel of 53° bends downwards by its ends: a little more than 70 degrees.
    assert east - west == pytest.approx(70, abs=8)
    _, north = paper.degrees(np.array([0.0, 0.0]), np.array([bottom, top]))
    np.testing.assert_allclose(north, [34, 72], atol=0.1)


def test_regional_grid_is_a_fan_with_its_own_edge():
    paper = paper_of("lambert azimuthal", box=EUROPE, is_global=False)
    assert paper.outline is not None
    east, north = paper.degrees(paper.outline[:, 0], paper.outline[:, 1])
    assert north.min() == pytest.approx(34)
    assert (east.min(), east.max()) == (pytest.approx(-25), pytest.approx(45))


def test_hemisphere_ends_at_the_equator():
    paper = paper_of("lambert azimuthal")
    # Areas are kept: half of 4πr², so a circle of radius r√2.
    assert paper.extent[1] == pytest.approx(6_371_000 * np.sqrt(2), rel=2e-3)
    south = paper_of("lambert azimuthal", region=(-180.0, -90.0, 180.0, -60.0))
    assert south.box[3] == pytest.approx(-57, abs=1)


@pytest.mark.parametrize(
    ("box", "latitude"),
    [(GLOBE, 30), ((-180.0, 20.0, 180.0, 90.0), 90), ((-180.0, -90.0, 180.0, -20.0), -90)],
)
def test_viewer_of_the_earth_stands_above_what_there_is(box, latitude):
    paper = paper_of("orthographic", box=box)
    _, north = paper.degrees(np.array([0.0]), np.array([0.0]))
    assert north[0] == pytest.approx(latitude)
    east, _ = paper.degrees(np.array([paper.extent[0]]), np.array([paper.extent[3]]))
    assert np.isnan(east[0])


def test_viewer_of_a_region_stands_above_its_middle():
    paper = paper_of("orthographic", region=(150.0, -40.0, 200.0, 0.0))
    east, north = paper.degrees(np.array([0.0]), np.array([0.0]))
    assert (east[0], north[0]) == (pytest.approx(175), pytest.approx(-20))


def test_points_behind_the_horizon_are_out_of_sight():
    x, _ = paper_of("orthographic").place(np.array([0.0, 180.0]), np.array([0.0, 0.0]))
    assert np.isfinite(x).tolist() == [True, False]


def test_sides_are_measured_on_the_ground():
    # 70 degrees at 53° north are 70 · cos 53° = 42.1 of a great circle; the frame is true in its middle.
    degrees = paper_of("plate carrée", region=EUROPE)
    assert degrees.degrees_across == pytest.approx(42.1, abs=0.1)
    assert paper_of("automatic", region=EUROPE).degrees_across == pytest.approx(42, abs=2)


def test_cap_is_told_from_the_tropics():
    assert is_polar((0, 25, 360, 90))
    assert not is_polar((0, 25, 90, 90))
    assert not is_polar((0, -30, 360, 30))


def test_earth_does_not_begin_again_beside_itself():
    # As wide as the parallel of 45°, so that the upper corners are beside the Earth.
    paper = paper_of("robinson", region=(-180.0, 5.0, 180.0, 85.0))
    left, right, _, top = paper.extent
    east, north = paper.degrees(np.array([left, 0.0, right]), np.full(3, top))
    assert np.isfinite(east).tolist() == [False, True, False]
    assert north[1] == pytest.approx(85)
