"""Pictures: the colour of the cell under each pixel, and all else where it was."""

from io import BytesIO
from threading import Thread

import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import ListedColormap, to_rgb
from PIL import Image

from stforecast.figures.field_map import FieldMap
from stforecast.figures.geography import find_view
from stforecast.figures.palette import MISSING
from stforecast.figures.panels import Scale

COLOURS = ListedColormap(["#ff0000", "#00ff00", "#0000ff"])
SCALE = Scale(0.0, 3.0, COLOURS, "K", bands=(0.0, 1.0, 2.0, 3.0))
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def grid_of(latitude, longitude):
    shape = (len(latitude), len(longitude))
    coordinates = {"latitude": ("y", latitude), "longitude": ("x", longitude)}
    return xr.DataArray(np.zeros(shape), dims=("y", "x"), coords=coordinates)


GLOBE = grid_of(np.arange(85.0, -86, -10), np.arange(0, 360, 10.0))
SEA = grid_of(np.arange(-30.0, -41, -2.5), np.arange(-140.0, -124, 2.5))
CELLS = xr.DataArray(np.zeros((4, 5)), dims=("y", "x"))
CITY = grid_of(40.8 - 0.0125 - 0.025 * np.arange(4), -74 + 0.02 + 0.04 * np.arange(5))


def map_of(grid, *, scale=SCALE, width=300, **options):
    return FieldMap(find_view(grid), scale, width=width, **options)


def pixel_of(drawn, cell):
    """Column and row on the picture of the middle of a cell, found by asking for the cell."""
    width, height = drawn.size
    found = [
        (x, y)
        for y in range(0, height, 7)
        for x in range(0, width, 7)
        if drawn.cell_at((x + 0.5) / width, (y + 0.5) / height) == cell
    ]
    x, y = np.mean(found, axis=0)
    return round(x), round(y)


def test_each_cell_has_its_colour():
    drawn = map_of(CELLS)
    field = np.zeros((4, 5))
    field[1, 2], field[2, 3], field[3, 4] = 0.5, 1.5, 2.5
    picture = drawn.pixels(field)
    for cell, colour in (((1, 2), RED), ((2, 3), GREEN), ((3, 4), BLUE)):
        x, y = pixel_of(drawn, cell)
        assert tuple(picture[y, x]) == colour


def test_beyond_the_scale_are_the_colours_of_its_ends_and_missing_is_grey():
    drawn = map_of(CELLS)
    field = np.full((4, 5), 1.5)
    field[0, 0], field[1, 1], field[2, 2] = -9, 99, np.nan
    picture = drawn.pixels(field)
    grey = tuple(round(255 * part) for part in to_rgb(MISSING))
    for cell, colour in (((0, 0), RED), ((1, 1), BLUE), ((2, 2), grey)):
        x, y = pixel_of(drawn, cell)
        assert tuple(picture[y, x]) == colour


def test_colours_are_those_of_the_scale():
    # A scale without steps: red at 0, half way to white at 1.
    ramp = ListedColormap(np.linspace([1, 0, 0], [1, 1, 1], 256))
    drawn = map_of(CELLS, scale=Scale(0.0, 2.0, ramp))
    x, y = pixel_of(drawn, (2, 2))
    np.testing.assert_allclose(drawn.pixels(np.ones((4, 5)))[y, x], [255, 128, 128], atol=1)


def test_frame_stays_and_the_field_changes():
    drawn = map_of(GLOBE)
    low, high = drawn.pixels(np.zeros(GLOBE.shape)), drawn.pixels(np.full(GLOBE.shape, 3.0))
    changed = (low != high).any(axis=-1)
    rows = np.flatnonzero(changed.any(axis=1))
    # The map is above, the colour bar with its numbers below.
    assert rows.max() < 0.9 * len(low)
    assert (low[rows.max() + 3 :] < 200).any()
    np.testing.assert_array_equal(low[~changed], high[~changed])
    np.testing.assert_array_equal(low, drawn.pixels(np.zeros(GLOBE.shape)))


def test_coastlines_lie_over_the_field():
    scale = Scale(0.0, 1.0, ListedColormap(["#ffffff"]))
    picture = map_of(GLOBE, scale=scale).pixels(np.zeros(GLOBE.shape))
    inner = picture[20:120, 60:240]
    assert (inner.max(axis=-1) < 130).sum() > 100


def test_smooth_maps_are_graded_and_cells_are_not():
    field = np.tile(np.linspace(0, 3, SEA.shape[1]), (SEA.shape[0], 1))
    ramp = ListedColormap(np.linspace([1, 0, 0], [1, 1, 1], 256))
    scale = Scale(0.0, 3.0, ramp)
    shades = [
        len(np.unique(map_of(SEA, scale=scale, smooth=smooth).pixels(field)[60, 100:255], axis=0))
        for smooth in (True, False)
    ]
    assert shades[0] > 30
    assert shades[1] <= SEA.shape[1]


@pytest.mark.parametrize("grid", [GLOBE, SEA, CELLS, CITY], ids=["globe", "sea", "cells", "city"])
@pytest.mark.parametrize("width", [300, 601])
def test_picture_has_the_size_that_it_says(grid, width):
    drawn = map_of(grid, width=width)
    picture = drawn.pixels(np.zeros(grid.shape))
    assert drawn.size[0] == width
    assert picture.shape == (drawn.size[1], width, 3)


def test_tall_grid_gets_a_narrow_map():
    tall = xr.DataArray(np.zeros((40, 4)), dims=("y", "x"))
    drawn = map_of(tall)
    assert drawn.size[1] < 400
    assert drawn.cell_at(0.02, 0.5) is None
    assert drawn.cell_at(0.98, 0.5) is None


def test_png_holds_the_same_pixels():
    drawn = map_of(GLOBE)
    field = np.linspace(0, 3, GLOBE.size).reshape(GLOBE.shape)
    with Image.open(BytesIO(drawn.png(field, mark=(3, 3)))) as image:
        assert image.format == "PNG"
        np.testing.assert_array_equal(np.asarray(image), drawn.pixels(field, mark=(3, 3)))


def test_place_on_the_picture_tells_the_cell():
    drawn = map_of(CELLS)
    assert drawn.cell_at(0.25, 0.12) == (0, 0)
    assert drawn.cell_at(0.85, 0.12) == (0, 4)
    assert drawn.cell_at(0.5, 0.99) is None
    assert drawn.cell_at(-0.1, 0.5) is None
    assert drawn.cell_at(1.0, 1.0) is None


def test_place_beside_the_earth_is_no_cell():
    drawn = map_of(GLOBE)
    assert drawn.cell_at(0.03, 0.05) is None
    # Robinson's middle: 0° east, the row next to the equator.
    cell = drawn.cell_at(0.5, 0.42)
    assert cell is not None
    assert cell[1] == 0


def test_mark_is_a_ring_about_its_cell():
    drawn = map_of(SEA, width=500)
    field = np.full(SEA.shape, 1.5)
    changed = (drawn.pixels(field, mark=(2, 3)) != drawn.pixels(field)).any(axis=-1)
    rows, columns = np.nonzero(changed)
    x, y = pixel_of(drawn, (2, 3))
    assert rows.mean() == pytest.approx(y, abs=3)
    assert columns.mean() == pytest.approx(x, abs=3)
    assert not changed[round(rows.mean()), round(columns.mean())]
    assert np.ptp(rows) < 30


def test_mark_of_a_cell_that_is_not_on_the_map_is_left_out():
    view = find_view(GLOBE, region=(-20.0, -20.0, 20.0, 20.0))
    drawn = FieldMap(view, SCALE, width=300)
    field = np.zeros(GLOBE.shape)
    np.testing.assert_array_equal(drawn.pixels(field, mark=(1, 18)), drawn.pixels(field))


def test_wind_is_drawn_over_the_map_alone():
    drawn = map_of(GLOBE, width=500, wind_speed=10.0)
    field, wind = np.full(GLOBE.shape, 1.5), (np.full(GLOBE.shape, 10.0), np.zeros(GLOBE.shape))
    changed = (drawn.pixels(field, wind=wind) != drawn.pixels(field)).any(axis=-1)
    assert 0.05 < changed.mean() < 0.5
    bottom = np.flatnonzero((drawn.pixels(np.zeros(GLOBE.shape)) == RED).all(axis=-1).any(axis=1))
    assert not changed[bottom.max() + 20 :].any()


def test_arrows_change_with_the_wind_and_their_scale_stays():
    field = np.full(GLOBE.shape, 1.5)
    weak, strong = ((np.full(GLOBE.shape, speed), np.zeros(GLOBE.shape)) for speed in (3.0, 30.0))
    still = map_of(GLOBE, wind_speed=20.0)
    plain = still.pixels(field)
    inked = [(still.pixels(field, wind=wind) != plain).sum() for wind in (weak, strong)]
    assert inked[1] > 1.5 * inked[0]


def test_field_of_another_grid_is_refused():
    with pytest.raises(ValueError, match="3 × 4 cells, but the view is of a grid of 4 × 5"):
        map_of(CELLS).pixels(np.zeros((3, 4)))


def test_threads_share_a_map():
    drawn = map_of(GLOBE)
    fields = [np.full(GLOBE.shape, value) for value in (0.5, 1.5, 2.5, 0.5)]
    alone = [drawn.pixels(field) for field in fields]
    together = {}

    def draw(number):
        together[number] = drawn.pixels(fields[number])

    threads = [Thread(target=draw, args=(number,)) for number in range(len(fields))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, picture in enumerate(alone):
        np.testing.assert_array_equal(together[number], picture)


def test_field_is_not_changed():
    field = np.linspace(0, 3, 20, dtype="float32").reshape(4, 5)
    before = field.copy()
    map_of(CELLS).pixels(field)
    np.testing.assert_array_equal(field, before)
