import numpy as np
import pandas as pd

from pipelines.clock import day_waves, year_wave


def test_the_year_goes_round_once_whatever_its_length():
    # 2015 has 365 days: a quarter after 91.25 of them; 2016 has 366: a half after 183.
    times = pd.DatetimeIndex(["2015-01-01", "2015-04-02T06:00", "2016-07-02", "2017-01-01"])
    expected = [[0, 1], [1, 0], [0, -1], [0, 1]]
    np.testing.assert_allclose(year_wave(times), expected, atol=1e-12)


def test_new_year_is_no_jump():
    waves = year_wave(pd.DatetimeIndex(["2016-12-31T23:59:59", "2017-01-01"]))
    assert np.abs(waves[1] - waves[0]).max() < 1e-6


def test_the_day_goes_round_once_and_twice():
    # 06:00: a quarter of the day, half of the half day.
    waves = day_waves(pd.DatetimeIndex(["2016-01-01T06:00"]))
    np.testing.assert_allclose(waves, [[1, 0, 0, -1]], atol=1e-12)
