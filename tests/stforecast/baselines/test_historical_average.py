import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.series import Channel, make_series
from stforecast.baselines.historical_average import (
    HistoricalAverage,
    divides_day,
    fit_historical_average,
    load_historical_average,
)

HOUR = np.timedelta64(1, "h")
MONDAY = np.datetime64("2016-01-04", "ns")


def series_of(frames, *, times=None, step=6 * HOUR, first=MONDAY):
    """A series of frames (time, channel, y, x), or of one number a time."""
    frames = np.asarray(frames, dtype="float32")
    if frames.ndim == 1:
        frames = frames[:, None, None, None] * np.ones((1, 2, 2, 3), dtype="float32")
    return make_series(
        frames,
        times=first + np.arange(len(frames)) * step if times is None else times,
        channels=[Channel(name, name) for name in ("inflow", "outflow")[: frames.shape[1]]],
        attrs={"dataset": "taxibj", "synthetic": "true", "time_zone": "Asia/Shanghai"},
    )


def number_at(average, time):
    frame = average.at([time])
    assert (frame == frame[0, 0, 0, 0]).all()
    return frame[0, 0, 0, 0].item()


def test_each_slot_of_the_week_has_the_mean_of_its_weeks():
    # Two weeks of 28 frames: slot s holds s in the first and s + 10 in the second; the mean is s + 5.
    average = fit_historical_average(series_of([*range(28), *range(10, 38)]))
    assert average.values.sizes == {"slot": 28, "channel": 2, "y": 2, "x": 3}
    assert number_at(average, MONDAY + 70 * 24 * HOUR) == 5  # a Monday at 00:00
    assert number_at(average, MONDAY + (70 * 24 + 6) * HOUR) == 6
    assert number_at(average, np.datetime64("2016-02-07T18", "ns")) == 32  # a Sunday, slot 27
    assert average.slots_filled == 0


def test_the_forecast_is_the_average_at_the_valid_times():
    series = series_of(range(56))
    average = fit_historical_average(series[:28])
    forecast = average.forecast(series, init_times=series["time"].values[[30, 33]], steps=3)
    assert forecast.dims == ("init_time", "lead_time", "channel", "y", "x")
    # Valid are slots 31, 32, 33 of the count from Monday on, a week later 3, 4, 5; and 6, 7, 8.
    assert forecast[:, :, 0, 0, 0].values.tolist() == [[3, 4, 5], [6, 7, 8]]
    assert forecast.attrs["forecaster"] == "historical_average"
    assert forecast["lead_time"].values[0] == 6 * HOUR


def test_a_slot_of_the_week_that_is_never_seen_takes_its_time_of_day():
    # Five days, Monday to Friday: at 06:00 they hold 1, 5, 9, 13, 17, so Saturday at 06:00 gets 9.
    average = fit_historical_average(series_of(range(20)))
    assert number_at(average, np.datetime64("2016-01-09T06", "ns")) == 9
    assert average.slots_filled == 8
    assert "8 of 28 slots are in no training week" in average.description


def test_a_time_of_day_that_is_never_seen_has_no_value():
    series = series_of(range(28)).isel(time=[row for row in range(28) if row % 4 != 2])
    average = fit_historical_average(series, time_step=6 * HOUR)
    noon = average.at([np.datetime64("2016-01-05T12", "ns")])
    assert noon.isnull().all()


def test_missing_values_do_not_count():
    # One cell is unknown in the first week: there the mean is that of the second alone.
    frames = np.concatenate([np.full((28, 1, 1, 2), 2.0), np.full((28, 1, 1, 2), 6.0)])
    frames[0, 0, 0, 0] = np.nan
    average = fit_historical_average(series_of(frames))
    np.testing.assert_array_equal(average.at([MONDAY]).values.ravel(), [6, 4])
    np.testing.assert_array_equal(average.at([MONDAY + 6 * HOUR]).values.ravel(), [4, 4])


def test_all_equal_values_have_themselves_as_average():
    average = fit_historical_average(series_of(np.full(9, 7.0)))
    assert (average.values == 7).all()


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 99),
    n_times=st.integers(2, 90),
    known=st.sampled_from([1.0, 0.6]),
    chunk=st.integers(1, 40),
)
def test_the_average_is_pandas_own_mean_by_group(seed, n_times, known, chunk):
    rng = np.random.default_rng(seed)
    frames = rng.poisson(30, size=(n_times, 1, 1, 1)).astype("float32")
    frames[rng.random(frames.shape) > known] = np.nan
    series = series_of(frames)
    average = fit_historical_average(series.chunk(time=chunk), time_step=6 * HOUR)
    table = series[:, 0, 0, 0].to_series()
    by_slot = table.groupby([table.index.day_of_week, table.index.hour]).mean()
    by_hour = table.groupby(table.index.hour).mean()
    for time in series["time"].values:
        day, hour = pd.Timestamp(time).day_of_week, pd.Timestamp(time).hour
        expected = by_slot[(day, hour)]
        expected = by_hour[hour] if np.isnan(expected) else expected
        np.testing.assert_allclose(average.at([time]).item(), expected, rtol=1e-6)


def test_a_saved_average_is_the_same(tmp_path):
    series = series_of(range(28))
    fitted = fit_historical_average(series, tmp_path / "historical_average.nc")
    loaded = load_historical_average(tmp_path / "historical_average.nc")
    xr.testing.assert_identical(
        loaded.at(series["time"].values).drop_attrs(), fitted.at(series["time"].values).drop_attrs()
    )
    assert loaded.values.attrs["training_last"] == "2016-01-10T18:00"
    assert loaded.values.attrs["time_zone"] == "Asia/Shanghai"
    assert (loaded.time_step, loaded.slots_filled) == (6 * HOUR, 0)
    assert loaded.description.startswith("mean per slot of the week, 2016-01-04T00:00 to")


def test_channels_are_found_by_name():
    frames = np.stack([np.zeros((4, 2, 2)), np.ones((4, 2, 2))], axis=1)
    average = fit_historical_average(series_of(frames))
    assert (average.at([MONDAY], channels=["outflow"]) == 1).all()
    with pytest.raises(ValueError, match="channels inflow, outflow, but not speed"):
        average.at([MONDAY], channels=["speed"])


def test_mistakes_are_named():
    series = series_of(range(28))
    average = fit_historical_average(series)
    with pytest.raises(ValueError, match="slots of 6h from midnight on, but a time is .* 03:00"):
        average.at([MONDAY + 3 * HOUR])
    with pytest.raises(ValueError, match="has no frames; give the training split"):
        fit_historical_average(series[:0])
    with pytest.raises(ValueError, match="a time step that divides a day, but it is 7h"):
        fit_historical_average(series_of(range(9), step=7 * HOUR))
    with pytest.raises(ValueError, match="steps must be at least 1, but it is 0"):
        average.forecast(series, init_times=[MONDAY], steps=0)
    with pytest.raises(ValueError, match=r"has the dimensions .* but these values have"):
        HistoricalAverage(series)


def test_a_day_is_cut_into_whole_slots_or_not():
    assert divides_day(np.timedelta64(30, "m"))
    assert divides_day(np.timedelta64(1, "D"))
    assert not divides_day(np.timedelta64(7, "h"))
    assert not divides_day(np.timedelta64(2, "D"))
