"""Regions are the cells whose centres lie in a box."""

import numpy as np
import pytest

from stforecast.batch.regions import cells_of_box


def test_a_box_may_cross_the_date_line_and_greenwich(waves):
    # Columns every 22.5 degrees from 0 on, rows every 22.5 degrees from 78.75 on.
    assert cells_of_box(waves, (170, 0, 210, 90), name="pacific")["x"].tolist() == [8, 9]
    assert cells_of_box(waves, (-30, 0, 30, 90), name="atlantic")["x"].tolist() == [0, 1, 15]
    assert cells_of_box(waves, (0, 11.25, 360, 56.25), name="belt")["y"].tolist() == [1, 2, 3]
    shifted = waves.assign_coords(longitude=("x", waves["longitude"].values - 180))
    assert cells_of_box(shifted, (170, 0, 210, 90), name="pacific")["x"].tolist() == [0, 1]


def test_every_cell_lies_in_a_box_around_the_globe(waves):
    cells = cells_of_box(waves, (-180, -90, 180, 90), name="globe")
    assert [len(cells["y"]), len(cells["x"])] == [8, 16]
    assert np.array_equal(np.sort(cells["x"]), np.arange(16))


def test_without_cells_or_a_geography_there_is_no_region(waves):
    with pytest.raises(ValueError, match=r"tiny = \[1, 1, 2, 2\] holds no cell .* 0 to 337.5"):
        cells_of_box(waves, (1, 1, 2, 2), name="tiny")
    with pytest.raises(
        ValueError, match="region tiny is a box of degrees, but the grid has no lat"
    ):
        cells_of_box(waves.drop_vars(["latitude", "longitude"]), (1, 1, 2, 2), name="tiny")
