"""Lines on paper: where they are on Earth, cropped, and cut where they are out of sight."""

import numpy as np
import pytest

from stforecast.figures.coastlines import (
    coastlines_on,
    graticule_on,
    graticule_step,
    natural_earth,
)
from stforecast.figures.projections import Paper, lay_out

GLOBE = (-180.0, -90.0, 180.0, 90.0)


def paper_of(projection="automatic", region=None):
    return lay_out(projection, box=GLOBE, region=region, is_global=True)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("coastlines_110m", 134),
        ("borders_110m", 333),
        ("coastlines_50m", 1600),
        ("borders_50m", 362),
    ],
)
def test_bundled_lines_are_whole_and_on_earth(name, count):
    lines = natural_earth(name)
    assert len(lines) == count
    points = np.concatenate([np.array(line.coords) for line in lines])
    # A line across the dateline ends a step beyond it.
    assert np.abs(points[:, 0]).max() < 180.5
    assert np.abs(points[:, 1]).max() < 90
    # No line runs across the map to come back at its other side.
    steps = [np.abs(np.diff(np.array(line.coords), axis=0)).max() for line in lines]
    assert max(steps) < 25


def nearest(lines, paper, east, north):
    """Degrees between a place and the nearest point of some lines."""
    points = np.concatenate(lines)
    lon, lat = paper.degrees(points[:, 0], points[:, 1])
    apart = np.hypot((lon - east + 180) % 360 - 180, lat - north)
    return np.nanmin(apart)


PLACES = [
    ((-10.0, 30.0, 10.0, 45.0), -5.6, 36.0),  # Gibraltar
    ((170.0, -25.0, 200.0, -10.0), 178.44, -18.14),  # Fiji, across the dateline
    ((-190.0, -25.0, -160.0, -10.0), 178.44, -18.14),  # the same from the other side
    ((340.0, 45.0, 370.0, 65.0), -5.7, 50.07),  # Land's End, in longitudes beyond 360
]


@pytest.mark.parametrize(("region", "east", "north"), PLACES)
@pytest.mark.parametrize("projection", ["plate carrée", "lambert azimuthal"])
def test_coastlines_lie_where_they_are(projection, region, east, north):
    paper = paper_of(projection, region)
    coastlines, _ = coastlines_on(paper)
    assert nearest(coastlines, paper, east, north) < 0.3


def test_close_maps_have_more_detail_than_wide_ones():
    close, _ = coastlines_on(paper_of("plate carrée", (-15.0, 40.0, 30.0, 65.0)))
    wide, _ = coastlines_on(paper_of("plate carrée", (-15.0, 0.0, 60.0, 65.0)))
    # The wide map holds the close one, and has fewer points all the same.
    assert sum(map(len, close)) > 3 * sum(map(len, wide))


def test_borders_are_left_out_of_the_whole_earth():
    assert coastlines_on(paper_of())[1] == ()
    assert coastlines_on(paper_of(region=(-25.0, 34.0, 45.0, 72.0)))[1] != ()


def test_lines_are_cropped_to_what_is_seen():
    coastlines, _ = coastlines_on(paper_of("plate carrée", (0.0, 40.0, 20.0, 50.0)))
    points = np.concatenate(coastlines)
    assert np.abs(points[:, 0]).max() <= 10
    assert points[:, 1].min() >= 40
    assert points[:, 1].max() <= 50


def test_open_sea_has_no_lines():
    assert coastlines_on(paper_of("plate carrée", (-140.0, -40.0, -130.0, -35.0))) == ((), ())


def test_globe_shows_no_line_of_its_far_side():
    coastlines, _ = coastlines_on(paper_of("orthographic"))
    points = np.concatenate(coastlines)
    assert np.isfinite(points).all()
    assert np.hypot(*points.T).max() <= 6_378_138
    # Nothing leaps across: a degree is 111 km at most, a kept step of a coast some of them.
    assert max(np.abs(np.diff(line, axis=0)).max() for line in coastlines) < 600_000


def test_meridians_and_parallels_are_drawn_where_there_are_no_axes():
    assert graticule_on(paper_of("plate carrée")) == ()
    lines = graticule_on(paper_of())
    # Every 30°: 13 meridians, with both at the edge, and parallels from 60° south to 60° north.
    assert len(lines) == 13 + 5


@pytest.mark.parametrize(("height", "step"), [(4, 1), (30, 5), (60, 10), (100, 15), (180, 30)])
def test_steps_of_degrees_are_round(height, step):
    assert graticule_step((0.0, -height / 2, 10.0, height / 2)) == step


def test_paper_without_degrees_has_no_meridians():
    assert graticule_on(Paper((0.0, 4.0, 0.0, 3.0))) == ()
