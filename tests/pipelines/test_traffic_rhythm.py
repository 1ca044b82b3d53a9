import numpy as np
import pytest

from pipelines.traffic_city import LAGS, PATTERNS, SIGNALS
from pipelines.traffic_rhythm import (
    STEPS_PER_DAY,
    day_factors,
    holidays_of,
    is_rest_day,
    red_noise,
    signals_on,
)

MONDAY = np.datetime64("2016-01-04")


def test_red_noise_has_variance_one_and_forgets_as_told():
    noise = red_noise(40_000, memory=np.array([2.0, 20.0]), generator=np.random.default_rng(0))
    np.testing.assert_allclose(noise.std(0), 1, atol=0.1)
    for column, memory in ((0, 2.0), (1, 20.0)):
        values = noise[:, column]
        lagged = (values[1:] * values[:-1]).mean() / (values**2).mean()
        assert lagged == pytest.approx(np.exp(-1 / memory), abs=0.03)


def test_rest_days_are_weekends_and_holidays():
    days = np.arange("2016-01-29", "2016-02-15", dtype="datetime64[D]")
    # 29 January is a Friday; 8 to 12 February is a week of holidays between two weekends.
    rest = [str(day)[5:] for day in days[is_rest_day(days)]]
    assert rest == [
        *("01-30", "01-31", "02-06", "02-07", "02-08", "02-09", "02-10", "02-11", "02-12"),
        *("02-13", "02-14"),
    ]
    assert str(holidays_of(2017)[0]) == "2017-01-01"
    assert (np.diff(holidays_of(2017)) > np.timedelta64(0, "D")).all()


def test_rest_days_are_right_over_a_change_of_year():
    days = np.arange("2015-12-31", "2016-01-05", dtype="datetime64[D]")
    # Thursday; New Year's Day, Saturday, Sunday; Monday.
    assert is_rest_day(days).tolist() == [False, True, True, True, False]


def test_more_days_go_on_where_fewer_end():
    few, many = (signals_on(MONDAY, days=days, seed=3) for days in (2, 5))
    assert few.shape == (LAGS + 2 * STEPS_PER_DAY, len(SIGNALS))
    np.testing.assert_array_equal(few, many[: len(few)])
    np.testing.assert_array_equal(day_factors(days=2, seed=3), day_factors(days=5, seed=3)[:3])
    assert day_factors(days=2, seed=3).shape == (3, len(PATTERNS))


def test_the_morning_goes_to_work_and_the_evening_home():
    signals = signals_on(MONDAY, days=5, seed=0)[LAGS:].reshape(5, 24, 12, -1).mean((0, 2))
    into = signals[:, [name.startswith("in") for name in SIGNALS]].mean(1)
    out_of = signals[:, [name.startswith("out") for name in SIGNALS]].mean(1)
    assert into[7:9].mean() > 1.2 * out_of[7:9].mean()
    assert out_of[17:20].mean() > 1.2 * into[17:20].mean()
    assert signals[:, SIGNALS.index("am")].argmax() in (7, 8)
    assert signals[:, SIGNALS.index("pm")].argmax() in (17, 18)
    assert (signals > 0).all()
