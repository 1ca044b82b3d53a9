import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.grid import Grid
from pipelines.regrid import cell_bounds, conservative, parse_grid

COARSE = Grid(np.linspace(87.1875, -87.1875, 32), np.arange(64) * 5.625)
WITH_POLES = Grid(np.linspace(90, -90, 61), np.arange(120) * 3.0)
WITHOUT_POLES = Grid(np.linspace(89, -89, 90), np.arange(180) * 2.0)
REGION = Grid(np.arange(61, 48.9, -0.25), np.arange(-10, 4.1, 0.25))
GLOBAL = {"with poles": WITH_POLES, "without": WITHOUT_POLES, "coarse": COARSE}


def areas_of(grid):
    """By definition: differences of sin(latitude) times differences of longitude."""
    (south, north), (west, east) = cell_bounds(grid)
    return np.outer(
        np.sin(np.deg2rad(north)) - np.sin(np.deg2rad(south)), np.deg2rad(np.subtract(east, west))
    )


@pytest.mark.parametrize("source", GLOBAL.values(), ids=GLOBAL)
@pytest.mark.parametrize("target", GLOBAL.values(), ids=GLOBAL)
def test_a_constant_stays_constant_and_the_mean_over_the_globe_stays_too(source, target):
    regridding = conservative(source, target)
    np.testing.assert_allclose(regridding.apply(np.full(source.shape, 7.0)), 7.0, rtol=1e-13)
    frame = np.random.default_rng(0).normal(5, 3, source.shape)
    before = (frame * areas_of(source)).sum() / (4 * np.pi)
    after = (regridding.apply(frame) * areas_of(target)).sum() / (4 * np.pi)
    assert abs(after - before) < 1e-12


def test_the_cells_of_a_globe_add_up_to_the_sphere():
    nearly = Grid(np.linspace(89.2, -89.2, 180), np.arange(360) * 1.0)  # 0.8° to the poles
    for grid in (*GLOBAL.values(), nearly):
        assert areas_of(grid).sum() == pytest.approx(4 * np.pi, rel=1e-13)


def test_a_field_linear_in_the_sine_of_latitude_is_exact():
    # The mean of s over a cell from s1 to s2 is (s1 + s2) / 2, on either grid.
    def field(grid):
        (south, north), _ = cell_bounds(grid)
        middle = (np.sin(np.deg2rad(south)) + np.sin(np.deg2rad(north))) / 2
        return np.repeat(middle[:, None], grid.shape[1], axis=1)

    # 1° cells: every 5.625° cell of the target ends on no source edge but at multiples of 45°.
    source = Grid(np.linspace(89.5, -89.5, 180), np.arange(360) + 0.5)
    target = Grid(np.linspace(85.5, -85.5, 20), np.arange(40) * 9.0)  # edges on whole degrees
    np.testing.assert_allclose(
        conservative(source, target).apply(field(source)), field(target), atol=1e-14
    )


def test_four_cells_become_one_weighted_by_their_area():
    source = Grid(np.array([75.0, 45, 15, -15, -45, -75]), np.arange(8) * 45.0 + 22.5)
    target = Grid(np.array([60.0, 0, -60]), np.arange(4) * 90.0 + 45)
    frame = np.zeros(source.shape)
    frame[0, 0], frame[1, 1] = 1, 10
    # Rows 60…90 and 30…60 north: 1 − sin 60 and sin 60 − sin 30 of 1 − sin 30 = 0.5, half a column.
    expected = ((1 - np.sqrt(3) / 2) * 1 + (np.sqrt(3) / 2 - 0.5) * 10) / 0.5 / 2
    made = conservative(source, target).apply(frame)
    assert made[0, 0] == pytest.approx(expected, rel=1e-13)
    assert np.count_nonzero(made) == 1


def test_a_cell_across_greenwich_takes_from_both_sides():
    source = Grid(np.array([45.0, -45]), np.array([45.0, 135, 225, 315]))
    target = Grid(np.array([45.0, -45]), np.array([0.0, 90, 180, 270]))
    made = conservative(source, target).apply(np.array([[1.0, 2, 3, 4]] * 2))
    np.testing.assert_allclose(made, [[2.5, 1.5, 2.5, 3.5]] * 2)


@pytest.mark.parametrize("target", GLOBAL.values(), ids=GLOBAL)
def test_it_agrees_with_counting_small_cells(target):
    """An independent way: 0.2° cells are looked up in the source, weighed and summed by target."""
    source = Grid(np.linspace(-85, 85, 18), np.arange(36) * 10.0)  # south to north
    frame = np.random.default_rng(1).normal(size=source.shape)
    latitude, longitude = np.arange(-89.9, 90, 0.2), np.arange(0.1, 360, 0.2)
    weights = np.cos(np.deg2rad(latitude))

    def find(grid):
        rows = np.abs(grid.latitude[:, None] - latitude).argmin(0)
        apart = np.abs((grid.longitude[:, None] - longitude + 180) % 360 - 180)
        return rows, apart.argmin(0)

    rows, columns = find(source)
    small = frame[rows][:, columns]
    into_rows, into_columns = find(target)
    sums, areas = np.zeros(target.shape), np.zeros(target.shape)
    where = np.ix_(into_rows, into_columns)
    where = np.broadcast_arrays(*where)
    np.add.at(sums, tuple(where), small * weights[:, None])
    np.add.at(areas, tuple(where), np.broadcast_to(weights[:, None], small.shape))
    made = conservative(source, target).apply(frame)
    # A small cell goes whole to one target cell: off by its share of a cell, at most.
    assert np.abs(made - sums / areas).max() < 0.25
    assert np.abs(made - sums / areas).mean() < 0.03


def test_finer_cells_repeat_the_value_of_the_cell_they_lie_in():
    frame = np.arange(32 * 64.0).reshape(32, 64)
    fine = Grid(np.linspace(90 - 5.625 / 4, 5.625 / 4 - 90, 64), np.arange(128) * 2.8125 - 1.40625)
    made = conservative(COARSE, fine).apply(frame)
    np.testing.assert_allclose(made, frame.repeat(2, 0).repeat(2, 1))


def test_the_same_grid_changes_nothing_even_with_coordinates_in_single_precision():
    rough = Grid(COARSE.latitude.astype("float32"), COARSE.longitude.astype("float32") + 1e-4)
    frame = np.random.default_rng(2).normal(size=COARSE.shape)
    np.testing.assert_allclose(conservative(rough, COARSE).apply(frame), frame, atol=1e-3)


def test_the_order_of_rows_does_not_matter():
    frame = np.random.default_rng(3).normal(size=WITH_POLES.shape)
    turned = Grid(WITH_POLES.latitude[::-1], WITH_POLES.longitude)
    np.testing.assert_allclose(
        conservative(turned, COARSE).apply(frame[::-1]),
        conservative(WITH_POLES, COARSE).apply(frame),
        atol=1e-14,
    )


@settings(max_examples=20, deadline=None)
@given(
    cut_y=st.integers(1, 60),
    cut_x=st.integers(1, 119),
    turned=st.booleans(),
    seed=st.integers(0, 9),
)
def test_tiles_in_any_order_add_up_to_the_whole(cut_y, cut_x, turned, seed):
    rng = np.random.default_rng(seed)
    frames = rng.normal(size=(2, 3, *WITH_POLES.shape)).astype("float32")
    frames[rng.random(frames.shape) < 0.2] = np.nan
    regridding = conservative(WITH_POLES, COARSE)
    sums, areas = regridding.blank(2, 3)
    tiles = [
        (rows, columns)
        for rows in (np.arange(cut_y), np.arange(cut_y, 61))
        for columns in (slice(0, cut_x), slice(cut_x, None))
    ]
    for rows, columns in tiles[::-1] if turned else tiles:
        rows = rows[::-1] if turned else rows  # a file from south to north
        regridding.add(sums, areas, frames[..., rows, :][..., columns], rows, columns)
    np.testing.assert_allclose(
        regridding.finish(sums, areas), regridding.apply(frames), rtol=1e-9, atol=1e-12
    )


def test_missing_and_infinite_values_are_left_out_and_half_a_cell_is_enough():
    source = Grid(np.array([67.5, 22.5, -22.5, -67.5]), np.arange(8) * 45.0)
    target = Grid(np.array([45.0, -45]), np.arange(4) * 90.0 + 22.5)
    frame = np.full(source.shape, 3.0)
    frame[:, 0] = np.nan  # half of the first column of cells: exactly enough
    frame[:2, 2:4], frame[0, 4] = np.inf, -np.inf
    frame[2, 6], frame[:2, 6] = np.nan, np.nan
    frame[0, 7] = np.nan  # 3/4 of the northern cell by columns × rows, more by area
    regridding = conservative(source, target)
    made = regridding.apply(frame)
    np.testing.assert_array_equal(np.isnan(made), [[0, 1, 0, 1], [0, 0, 0, 0]])
    np.testing.assert_allclose(made[np.isfinite(made)], 3)
    assert np.isfinite(regridding.apply(frame, least=0.0)).sum() == 7  # never where nothing is
    assert np.isnan(regridding.apply(frame, least=1.0)[:, 0]).all()


def test_a_region_is_regridded_inside_itself():
    target = parse_grid("1.5", REGION)
    np.testing.assert_allclose(target.latitude, np.arange(60 - 0.75, 50, -1.5))
    np.testing.assert_allclose(target.longitude, np.arange(-9, 3.1, 1.5))
    made = conservative(REGION, target).apply(np.full((2, *REGION.shape), 4.0))
    np.testing.assert_allclose(made, np.full((2, *target.shape), 4.0))


def test_a_region_may_be_named_by_other_turns_of_longitude():
    around = Grid(REGION.latitude, REGION.longitude + 360)
    target = parse_grid("1.5", REGION)
    frame = np.random.default_rng(4).normal(size=REGION.shape)
    np.testing.assert_allclose(
        conservative(around, target).apply(frame), conservative(REGION, target).apply(frame)
    )


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (COARSE, r"do not cover 31 of the 32 rows of the grid wanted, such as that at latitude 87"),
        (
            Grid(np.array([55.0, 54]), np.array([-12.0, -11])),
            r"2 of the 2 columns of the grid wanted, such as that at longitude -12; choose a grid",
        ),
        (Grid(np.array([55.0, 54]), np.array([3.0, 4])), r"1 of the 2 columns"),
        (Grid(np.array([55.0, 54]), np.array([1.0])), r"a single longitude \(1\)"),
        (Grid(np.array([55.0]), np.array([1.0, 2])), r"a single latitude \(55\)"),
    ],
)
def test_what_the_data_do_not_cover_is_refused(target, message):
    with pytest.raises(ValueError, match=message):
        conservative(REGION, target)


@pytest.mark.parametrize(
    ("text", "shape", "first", "step"),
    [
        ("5.625", (32, 64), 87.1875, 5.625),
        ("5.625°", (32, 64), 87.1875, 5.625),
        ("64x32", (32, 64), 87.1875, 5.625),
        ("240x121", (121, 240), 90, 1.5),
        ("1440X721", (721, 1440), 90, 0.25),
        ("1.40625", (128, 256), 89.296875, 1.40625),
        ("90x60", (60, 90), 88.5, 4),
    ],
)
def test_grids_of_the_globe_are_named_by_degrees_or_by_size(text, shape, first, step):
    grid = parse_grid(text, WITHOUT_POLES)
    assert grid.shape == shape
    assert grid.is_global
    assert grid.latitude[0] == first == -grid.latitude[-1]
    np.testing.assert_allclose(grid.longitude, np.arange(shape[1]) * step)


def test_a_band_around_the_globe_keeps_all_columns():
    band = Grid(np.linspace(60, 20, 41), np.arange(360) * 1.0)
    grid = parse_grid("5.625", band)
    assert grid.longitude.tolist() == COARSE.longitude.tolist()
    # Cells from 22.5 to 56.25 lie whole within 19.5 … 60.5.
    assert (grid.latitude[0], grid.latitude[-1]) == (53.4375, 25.3125)


@pytest.mark.parametrize(
    "text", ["", "x", "64x", "64x32x2", "1x1", "-5", "0", "7.1", "nan", "100", "64×32", "coarse"]
)
def test_a_text_that_names_no_grid_is_refused(text):
    with pytest.raises(ValueError, match=r"is neither degrees that divide 180"):
        parse_grid(text, COARSE)


def test_a_grid_too_coarse_for_a_region_is_refused():
    with pytest.raises(
        ValueError, match=r"'5.625' has 1 rows and 2 columns .* choose a finer grid"
    ):
        parse_grid("5.625", REGION)
