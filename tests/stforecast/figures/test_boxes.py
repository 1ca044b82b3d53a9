import numpy as np
import pytest

from stforecast.figures.boxes import box_of, check_region, crop

NORTH = np.arange(60.0, 39, -5)
EAST = np.arange(300.0, 341, 5)
GLOBE = (np.arange(85.0, -86, -10), np.arange(0, 360, 10.0))


def cropped(region, *, as_cells=False):
    return crop(region, NORTH, EAST, is_global=False, as_cells=as_cells)


def test_box_reaches_to_the_edges_of_the_cells():
    assert box_of(NORTH, EAST) == (297.5, 37.5, 342.5, 62.5)
    assert box_of(*GLOBE) == (-5, -90, 355, 90)


def test_region_is_found_at_any_turn_of_its_longitudes():
    assert cropped((-50, 45, -30, 55)) == (310, 45, 330, 55)
    assert cropped((310, 45, 330, 55)) == (310, 45, 330, 55)


def test_region_ends_where_the_grid_does():
    assert cropped((-80, 0, 0, 90)) == (297.5, 37.5, 342.5, 62.5)


def test_region_of_counts_has_whole_cells():
    # Rows 50 and 45, columns 310 to 320, each half a cell further.
    assert cropped((-52, 43, -38, 52), as_cells=True) == (307.5, 42.5, 322.5, 52.5)


def test_region_without_a_cell_is_refused():
    with pytest.raises(ValueError, match="holds no cell of the grid, which covers 297.5 to 342.5"):
        cropped((100, 40, 120, 50))
    with pytest.raises(ValueError, match="choose a region within it"):
        crop((2, 81, 8, 84), *GLOBE, is_global=True, as_cells=False)


@pytest.mark.parametrize(
    "region", [(10, 0, 0, 10), (0, 10, 10, 0), (0, -95, 10, 0), (0, 0, 361, 10)]
)
def test_what_is_no_box_is_refused(region):
    with pytest.raises(ValueError, match="from west to east"):
        check_region(region)
