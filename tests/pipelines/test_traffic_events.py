import numpy as np
import pytest

from pipelines.traffic_city import city_on
from pipelines.traffic_events import event_factors

HOURS = np.arange(0.25, 24, 0.5)


@pytest.fixture(scope="module")
def city():
    return city_on((16, 16))


@pytest.fixture
def factors(city):
    """Factors of a day with known events: whether, which kind, start, length, place, strength."""

    def make(*events):
        drawn = np.array([*events, *[(0.99, 0, 0, 0, 0, 0)] * (6 - len(events))])

        class Known(np.random.Generator):
            def random(self, size):
                assert size == drawn.shape
                return drawn

        return event_factors(city, HOURS, Known(np.random.PCG64(0)))

    return make


def test_a_day_without_events_is_left_as_it_is(factors):
    np.testing.assert_array_equal(factors(), np.ones((48, 2, 16, 16)))


def test_a_jam_blocks_spreads_and_goes(factors):
    # It begins at 6.5 h and lasts 2.5 h, of strength 1: 25 % are left at its heart at 7.75 h.
    jam = factors((0.0, 1.0, 0.0, 1.0, 0.5, 1.0))
    assert (jam[HOURS < 6.5] == 1).all()
    assert (jam[HOURS > 9] == 1).all()
    assert jam.min() == pytest.approx(1 - 0.75, abs=0.01)
    assert HOURS[jam.min((1, 2, 3)).argmin()] == 7.75
    np.testing.assert_array_equal(jam[:, 0], jam[:, 1])
    early, late = (
        (jam[number, 0] < 1 - 0.5 * (1 - jam[number, 0].min())).sum() for number in (14, 17)
    )
    assert late > early  # cells that feel at least half of it, at 7.25 h and 8.75 h


def test_a_crowd_comes_first_and_leaves_afterwards(factors):
    # It begins at 20.5 h and lasts 2 h: people come until 21.5 h and leave until 22.5 h.
    crowd = factors((0.0, 0.0, 1.0, 2 / 3, 0.5, 1.0)) - 1
    assert crowd.min() == 0
    into, out_of = crowd.max((2, 3)).T
    assert set(HOURS[into > 0]) == {20.75, 21.25}
    assert set(HOURS[out_of > 0]) == {21.75, 22.25}
    # sin²(π/4) = 1/2 of 1.6, at a quarter and at three quarters of its half.
    assert into.max() == pytest.approx(0.8, abs=0.01)


def test_events_fall_within_the_day_and_leave_traffic_positive(city):
    for seed in range(30):
        drawn = event_factors(city, HOURS, np.random.default_rng(seed))
        assert drawn.min() > 0
        assert drawn.max() < 20
        assert (drawn[[0, -1]] == 1).all()
