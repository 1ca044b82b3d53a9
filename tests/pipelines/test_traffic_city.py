import numpy as np
import pytest

from pipelines.traffic_city import LAGS, PATTERNS, SIGNALS, city_on, nearness


@pytest.fixture(scope="module")
def city():
    return city_on((16, 16))


def heard(city, name, channel=0):
    """Vehicles an hour (y, x) for a signal, and the mean lag at which each cell hears it."""
    response = city.response[:, SIGNALS.index(name), channel]
    total = response.sum(0)
    lag = np.einsum("lyx,l->yx", response, np.arange(LAGS))
    return total, np.divide(lag, total, out=np.full(total.shape, np.nan), where=total > 0)


def test_what_comes_in_along_a_road_passes_one_cell_after_the_other(city):
    # Road 3 runs along row 7 from the eastern edge (column 15) to the centre, at 4 h a side:
    # 1/16 of a side a cell is 15 minutes, 3 lags of 5 minutes.
    traffic, lag = heard(city, "in 3")
    assert (traffic[7, 8:] > 0).all()
    np.testing.assert_allclose(np.diff(lag[7, 9:]), -3, atol=1.01)
    assert np.diff(lag[7, 9:]).mean() == pytest.approx(-3, abs=0.2)
    _, back = heard(city, "out 3")
    assert (np.diff(back[7, 9:]) > 0).all()


def test_what_leaves_a_cell_enters_the_next_one(city):
    _, into = heard(city, "in 3", channel=0)
    _, out_of = heard(city, "in 3", channel=1)
    np.testing.assert_allclose(out_of[7, 10:], into[7, 9:-1], atol=1.01)


def test_as_many_leave_home_as_arrive_at_work_twenty_minutes_later(city):
    for name in ("base", "am", "pm"):
        into, out_of = (city.response[:, SIGNALS.index(name), channel] for channel in (0, 1))
        assert into.sum() == pytest.approx(out_of.sum(), rel=1e-5)
        assert np.flatnonzero(into.any((1, 2))).tolist() == [4]  # 4 lags of 5 minutes
        assert np.flatnonzero(out_of.any((1, 2))).tolist() == [0]
    np.testing.assert_array_equal(heard(city, "am", 0)[0], heard(city, "pm", 1)[0])


def test_the_river_is_empty_and_roads_cross_it(city):
    empty = city.activity == 0
    # One cell in each column, less those where a road crosses.
    assert 8 <= empty.sum() <= 16
    assert (empty.sum(0) <= 2).all()
    assert empty.any(0).sum() < 16


@pytest.mark.parametrize("grid", [(4, 4), (7, 12), (32, 32)])
def test_any_grid_shows_the_same_city(grid, city):
    other = city_on(grid)
    assert other.response.shape == (LAGS, len(SIGNALS), 2, *grid)
    assert other.patterns.shape == (len(PATTERNS), *grid)
    busiest = np.unravel_index(other.activity.argmax(), grid)
    assert abs(other.y[busiest] - 0.44) < 0.2
    assert abs(other.x[busiest] - 0.42) < 0.2
    assert 0.4 < other.activity.mean() / city.activity.mean() < 2.5


def test_nearness_is_one_at_the_point_and_a_third_at_the_radius():
    y, x = np.array([0.5, 0.5]), np.array([0.5, 0.7])
    # exp(−0.2² / 0.2²) = 1/e
    np.testing.assert_allclose(nearness(y, x, at=(0.5, 0.5), radius=0.2), [1, np.exp(-1)])
