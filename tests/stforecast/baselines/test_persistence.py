import numpy as np
import pytest

from stforecast.baselines.persistence import Persistence

TIMES = np.datetime64("2018-01-01", "ns") + np.arange(6) * np.timedelta64(6, "h")


def test_the_last_frame_is_repeated(series_at):
    series = series_at(TIMES, np.random.default_rng(0).normal(size=(6, 2, 2, 3)))
    forecast = Persistence().forecast(series, init_times=TIMES[[1, 4]], steps=3)
    assert forecast.dims == ("init_time", "lead_time", "channel", "y", "x")
    for lead_time in range(3):
        np.testing.assert_array_equal(forecast[:, lead_time], series[[1, 4]])
    hours = forecast["lead_time"].values / np.timedelta64(1, "h")
    np.testing.assert_array_equal(hours, [6, 12, 18])
    assert forecast.attrs["forecaster"] == "persistence"


def test_missing_values_stay_missing(series_at):
    series = series_at(TIMES, [0, 1, np.nan, 3, 4, 5])
    forecast = Persistence().forecast(series, init_times=TIMES[2:4], steps=2)
    assert forecast[0].isnull().all()
    assert (forecast[1] == 3).all()


def test_the_time_step_may_be_named(series_at):
    series = series_at(TIMES[:1], [1])
    persistence = Persistence(time_step=np.timedelta64(1, "h"))
    forecast = persistence.forecast(series, init_times=TIMES[:1], steps=1)
    assert forecast["valid_time"].values[0, 0] == np.datetime64("2018-01-01T01")


def test_an_absent_init_time_is_named(series_at):
    series = series_at(np.delete(TIMES, 2), [0, 1, 3, 4, 5])
    with pytest.raises(ValueError, match="no frame at 2018-01-01T12:00"):
        Persistence().forecast(series, init_times=TIMES[1:3], steps=2)


def test_a_forecast_has_at_least_one_step(series_at):
    with pytest.raises(ValueError, match="steps must be at least 1, but it is 0"):
        Persistence().forecast(series_at(TIMES, np.arange(6)), init_times=TIMES[:1], steps=0)
