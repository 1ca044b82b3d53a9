import numpy as np

from stforecast.figures.raster import Raster


def raster_of(rows, columns, shape, *, wraps=False):
    rows, columns = np.meshgrid(np.asarray(rows, float), np.asarray(columns, float), indexing="ij")
    return Raster(rows, columns, np.ones(rows.shape, dtype=bool), shape, wraps)


FIELD = np.arange(12.0).reshape(3, 4)


def test_values_lie_between_those_of_the_cells_around():
    # Row 0.5 and column 1.25: 4 a row and 1 a column, so 2 + 1.25.
    image = raster_of([0.5], [1.25], (3, 4)).image(FIELD, smooth=True)
    assert image[0, 0] == 3.25


def test_cells_keep_their_values_unless_smoothed():
    image = raster_of([0.4, 1.6], [0.4, 2.6], (3, 4)).image(FIELD, smooth=False)
    np.testing.assert_array_equal(image, [[0, 3], [8, 11]])


def test_beyond_the_last_column_comes_the_first():
    row = np.array([[0.0, 10.0, 20.0, 30.0]])
    image = raster_of([0], [3.5, 3.75], (1, 4), wraps=True).image(row, smooth=True)
    # Half way, then three quarters of the way, from 30 to 0.
    np.testing.assert_allclose(image, [[15, 7.5]])
    still = raster_of([0], [3.5], (1, 4)).image(row, smooth=True)
    assert still[0, 0] == 30


def test_pixels_beside_the_grid_hold_nothing():
    whole = raster_of([0, 1], [0, 1], (3, 4))
    some = Raster(whole.rows, whole.columns, np.eye(2, dtype=bool), (3, 4))
    np.testing.assert_array_equal(some.image(FIELD, smooth=True), [[0, np.nan], [np.nan, 5]])
    np.testing.assert_array_equal(some.values(FIELD, smooth=True), [0, 5])
    assert some.cell_at(0, 1) is None
    assert some.cell_at(1, 1) == (1, 1)


def test_missing_cell_does_not_spread():
    field = FIELD.copy()
    field[1, 1] = np.nan
    image = raster_of([1], [0, 0.4, 0.6, 1, 2], (3, 4)).image(field, smooth=True)
    np.testing.assert_array_equal(image, [[4, 4, np.nan, np.nan, 6]])


def test_cell_is_found_under_a_pixel_and_a_pixel_above_a_cell():
    steps = (np.arange(30) + 0.5) / 10 - 0.5
    raster = raster_of(steps, (np.arange(40) + 0.5) / 10 - 0.5, (3, 4))
    for cell in ((0, 0), (2, 3), (1, 2)):
        pixel = raster.pixel_of(*cell)
        assert pixel is not None
        assert raster.cell_at(*pixel) == cell
        # Ten pixels a cell: the middle is the fifth or the sixth.
        assert pixel[0] % 10 in (4, 5)
        assert pixel[1] % 10 in (4, 5)


def test_cell_smaller_than_a_pixel_is_found_all_the_same():
    raster = raster_of(np.arange(5) * 4.0 + 1.5, np.arange(5) * 4.0 + 1.5, (20, 20))
    assert raster.pixel_of(8, 3) == (2, 0)
    assert raster.pixel_of(7, 16) is not None


def test_cell_that_is_not_shown_has_no_pixel():
    raster = raster_of(np.arange(3.0), np.arange(4.0), (20, 20))
    assert raster.pixel_of(10, 2) is None


def test_cell_at_the_seam_is_found_from_both_sides():
    raster = raster_of([0], [2.6, 3.4, 3.9], (1, 4), wraps=True)
    assert raster.cell_at(0, 2) == (0, 0)
    assert raster.pixel_of(0, 0) == (0, 2)
