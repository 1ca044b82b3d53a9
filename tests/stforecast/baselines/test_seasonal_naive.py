import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.series import Channel, make_series
from stforecast.baselines.seasonal_naive import SeasonalNaive

DAY, WEEK = np.timedelta64(1, "D"), np.timedelta64(7, "D")
HALF_HOUR = np.timedelta64(30, "m")
START = np.datetime64("2016-01-04", "ns")  # a Monday


def numbered(n_times, *, absent=(), step=HALF_HOUR):
    """A series whose frame number n holds n everywhere; the frames `absent` are not in it."""
    rows = np.delete(np.arange(n_times), list(absent))
    frames = rows[:, None, None, None] * np.ones((1, 2, 2, 3))
    return make_series(
        frames.astype("float32"),
        times=START + rows * step,
        channels=[Channel(name, name) for name in ("inflow", "outflow")],
        attrs={"dataset": "taxibj"},
    )


def numbers(forecast):
    """The number of the frame that each forecast is made of."""
    assert (forecast.max(["channel", "y", "x"]) == forecast.min(["channel", "y", "x"])).all()
    return forecast[:, :, 0, 0, 0].values.tolist()


def daily(**options):
    return SeasonalNaive(DAY, "daily_naive", HALF_HOUR, **options)


def test_the_frame_of_the_day_before_the_valid_time_is_given():
    # Frame 100 is init_time; valid are 101, 102, 103, and 48 slots before lie 53, 54, 55.
    series = numbered(200)
    forecast = daily().forecast(series, init_times=series["time"].values[[100]], steps=3)
    assert forecast.dims == ("init_time", "lead_time", "channel", "y", "x")
    assert numbers(forecast) == [[53, 54, 55]]
    assert forecast.attrs["forecaster"] == "daily_naive"


def test_the_frame_of_the_week_before_is_given():
    # 7 days are 336 slots: 401 - 336 = 65.
    series = numbered(500)
    weekly = SeasonalNaive(WEEK, "weekly_naive")
    assert numbers(weekly.forecast(series, init_times=[START + 400 * HALF_HOUR], steps=2)) == [
        [65, 66]
    ]


def test_a_lead_time_beyond_a_period_goes_back_by_more_than_one():
    # Steps of 12 h: init 10; valid 11, 12, 13, 14, 15. One day back: 9, 10; two: 9, 10; three: 9.
    series = numbered(30, step=np.timedelta64(12, "h"))
    naive = SeasonalNaive(DAY, "daily_naive")
    forecast = naive.forecast(series, init_times=series["time"].values[[10]], steps=5)
    assert numbers(forecast) == [[9, 10, 9, 10, 9]]


def test_a_frame_that_is_absent_is_taken_a_period_earlier():
    # 101 - 48 = 53 is absent, 101 - 96 = 5 is there.
    series = numbered(200, absent=[53])
    init_times = [START + 100 * HALF_HOUR]
    assert numbers(daily().forecast(series, init_times=init_times, steps=2)) == [[5, 54]]


def test_after_so_many_absent_periods_there_is_no_value():
    series = numbered(400, absent=[301 - 48, 301 - 96])
    init_times = [START + 300 * HALF_HOUR]
    assert numbers(daily(most=3).forecast(series, init_times=init_times, steps=1)) == [[301 - 144]]
    assert daily(most=2).forecast(series, init_times=init_times, steps=1).isnull().all()


def test_before_the_first_period_there_is_no_value():
    series = numbered(100)
    forecast = daily().forecast(series, init_times=series["time"].values[[46]], steps=3)
    # 47 - 48 is before the data, 48 - 48 = 0 and 49 - 48 = 1 are not.
    assert forecast[:, 0].isnull().all()
    assert numbers(forecast[:, 1:]) == [[0, 1]]


def test_missing_values_stay_missing():
    series = numbered(100)
    series[53, 0, 1, 2] = np.nan
    forecast = daily().forecast(series, init_times=[START + 80 * HALF_HOUR], steps=24)
    missing = np.argwhere(forecast.isnull().values).tolist()
    assert missing == [[0, 20, 0, 1, 2]]  # valid 101, the 21st lead time


@settings(max_examples=40, deadline=None)
@given(
    step_hours=st.sampled_from([3, 6, 12, 24]),
    steps=st.integers(1, 40),
    absent=st.sets(st.integers(0, 79), max_size=40),
)
def test_nothing_after_init_time_is_looked_at(step_hours, steps, absent):
    step = np.timedelta64(step_hours, "h")
    series = numbered(120, absent=absent, step=step)
    init_times = START + np.array([80, 97]) * step
    made = SeasonalNaive(DAY, "daily_naive", step).forecast(
        series, init_times=init_times, steps=steps
    )
    valid = np.array([80, 97])[:, None] + np.arange(1, steps + 1)
    values = made[:, :, 0, 0, 0].values
    known = ~np.isnan(values)
    # The same hour of an earlier day, and none later than init_time.
    assert ((valid - values)[known] * step_hours % 24 == 0).all()
    assert (values <= np.array([[80], [97]]))[known].all()


def test_a_wrong_period_is_refused():
    with pytest.raises(ValueError, match="period must be positive, but it is 0 days"):
        SeasonalNaive(np.timedelta64(0, "D"), "naive")
    with pytest.raises(ValueError, match="most must be at least 1 period, but it is 0"):
        daily(most=0)
    series = numbered(20, step=np.timedelta64(7, "h"))
    with pytest.raises(
        ValueError, match="back by 1d, which is no whole number of time steps of 7h"
    ):
        SeasonalNaive(DAY, "daily_naive").forecast(series, init_times=[START], steps=1)
    with pytest.raises(ValueError, match="steps must be at least 1, but it is 0"):
        daily().forecast(series, init_times=[START], steps=0)
