import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.series import Channel, make_series
from stforecast.baselines.climatology import Climatology, fit_climatology, load_climatology


def _times(first, last, step="6h"):
    return pd.date_range(first, last, freq=step).to_numpy().astype("datetime64[ns]")


def _wb2_window_mean(series, window_days):
    """WeatherBench 2's compute_rolling_stat for each hour, as its code has it, with plain loops."""
    times = pd.DatetimeIndex(series["time"].values)
    hours, years = sorted(set(times.hour)), sorted(set(times.year))
    half = window_days // 2
    weights = np.concatenate([np.linspace(0, 1, half + 1), np.linspace(1, 0, half + 1)[1:]])
    result = np.full((len(hours), 366, *series.shape[1:]), np.nan)
    for row, hour in enumerate(hours):
        stacked = np.full((len(years), 366, *series.shape[1:]), np.nan)
        for index in np.flatnonzero(times.hour == hour):
            year = years.index(times[index].year)
            stacked[year, times[index].day_of_year - 1] = series[index].values
        last = np.isnan(stacked[:, 365])
        stacked[:, 365] = np.where(last, stacked[:, 364], stacked[:, 365])
        padded = np.concatenate([stacked[:, -half:], stacked, stacked[:, :half]], axis=1)
        for day in range(366):
            window = padded[:, day : day + window_days]
            w = weights[None, :, None, None, None] * ~np.isnan(window)
            result[row, day] = (w * np.nan_to_num(window)).sum((0, 1)) / w.sum((0, 1))
    return result


@pytest.mark.parametrize("window_days", [61, 15])
def test_it_is_weatherbench_2s_over_whole_years_with_a_leap_year(series_at, window_days):
    times = _times("2015-01-01", "2016-12-31T12", "12h")
    frames = 280 + np.random.default_rng(0).normal(size=(len(times), 2, 2, 3))
    frames[np.random.default_rng(1).random(frames.shape) < 0.1] = np.nan
    # No NaN on the last days: their filling of day 366 would take it for a gap.
    frames[pd.DatetimeIndex(times).day_of_year >= 365] = 280
    series = series_at(times, frames)
    fitted = fit_climatology(series, window_days=window_days)
    expected = _wb2_window_mean(series, window_days)
    np.testing.assert_allclose(fitted.values, expected, rtol=1.2e-7)  # float32
    assert fitted.days_missing == 0


def test_a_season_keeps_its_phase_and_loses_what_the_window_smooths(series_at):
    # A year of 366 days is one period: a triangular window of half width h multiplies cos(2π d / 366)
    # by Σ (h - |k|) cos(2π k / 366) / h², and keeps the mean.
    times = _times("2016-01-01", "2016-12-31", "1D")
    angle = 2 * np.pi * np.arange(366) / 366
    fitted = fit_climatology(series_at(times, 280 + 10 * np.cos(angle)), window_days=61)
    k = np.arange(-30, 31)
    damping = ((30 - np.abs(k)) * np.cos(2 * np.pi * k / 366)).sum() / 30**2
    expected = 280 + 10 * damping * np.cos(angle)
    np.testing.assert_allclose(fitted.values[0, :, 0, 1, 2], expected, rtol=2e-7)
    assert fitted.values["hour"].values.tolist() == [0]


def test_the_shortest_window_smooths_nothing(series_at):
    # Weights 0, 1, 0: the mean of 1 March over two years is (3 + 5) / 2.
    times = np.array(["2018-03-01", "2018-03-02", "2019-03-01"], dtype="datetime64[ns]")
    fitted = fit_climatology(series_at(times, [3, 7, 5]), window_days=3)
    assert fitted.at(["2020-02-29"]).values.ravel()[0] == 4  # day 60 in a leap year
    assert fitted.at(["2018-03-02"]).values.ravel()[0] == 7
    assert fitted.days_missing == 364


def test_the_window_goes_round_the_turn_of_the_year(series_at):
    # Window 5: weights 1, 2, 1 on neighbouring days. Only 31 December 2016 (day 366) and 2 January
    # (day 2) are known: 1 January lies beside both, (1 * 10 + 1 * 20) / 2 = 15.
    times = np.array(["2016-01-02", "2016-12-31"], dtype="datetime64[ns]")
    fitted = fit_climatology(series_at(times, [20, 10]), window_days=5)
    values = fitted.at(["2017-01-01", "2017-01-02", "2016-12-31", "2017-01-03"])[:, 0, 0, 0]
    np.testing.assert_allclose(values, [15, 20, 10, 20])


def test_the_last_day_of_a_leap_year_also_takes_the_365th_of_other_years(series_at):
    times = np.array(["2015-12-31", "2016-12-31"], dtype="datetime64[ns]")
    fitted = fit_climatology(series_at(times, [10, 30]), window_days=3)
    # Day 366: 10 of 2015 and 30 of 2016; day 365: 10 alone.
    np.testing.assert_allclose(fitted.values[0, [364, 365], 0, 0, 0], [10, 20])


def test_each_hour_of_the_day_has_its_own_mean(series_at):
    times = _times("2018-01-01", "2018-01-10T23", "1h")
    hours = pd.DatetimeIndex(times).hour
    fitted = fit_climatology(series_at(times, hours))
    assert fitted.values.sizes["hour"] == 24
    got = fitted.at(["2018-01-05T07", "2018-01-05T19"])[:, 0, 0, 0]
    np.testing.assert_array_equal(got, [7, 19])


def test_part_of_a_year_leaves_the_other_days_missing(series_at):
    # 22 days from 1 March (days 60 to 81) and 29 days on either side within the window: 80 of 366.
    times = _times("2018-03-01", "2018-03-22T18")
    fitted = fit_climatology(series_at(times, np.ones(len(times))))
    assert fitted.days_missing == 366 - 80
    assert not fitted.at(["2018-01-31", "2018-04-20"]).isnull().any()
    assert fitted.at(["2018-01-30", "2018-04-21", "2018-09-01"]).isnull().all()
    assert fitted.description == (
        "mean per day of year and hour, 2018-03-01T00:00 to 2018-03-22T18:00, 61-day window; "
        "286 of 366 days of the year have no training day near"
    )


def test_missing_values_do_not_count(series_at):
    times = _times("2018-03-01", "2018-03-03", "1D")
    frames = np.ones((3, 1, 2, 3))
    frames[1, 0, 0, 0] = np.nan
    frames[2] = 5
    fitted = fit_climatology(series_at(times, frames), window_days=5)
    # Weights 1, 2, 1 on 2 March: (1 + 2 + 5) / 4 = 2, and (1 + 5) / 2 = 3 where the day is missing.
    at = fitted.at(["2018-03-02"]).squeeze()
    assert at.values.tolist() == [[3, 2, 2], [2, 2, 2]]


@settings(max_examples=10, deadline=None)
@given(memory=st.integers(1, 300_000), chunk=st.integers(1, 40), seed=st.integers(0, 9))
def test_it_depends_on_neither_the_memory_nor_the_chunks(memory, chunk, seed):
    frames = np.random.default_rng(seed).normal(280, 5, size=(40, 1, 5, 2)).astype("float32")
    frames[np.random.default_rng(seed).random(frames.shape) < 0.2] = np.nan
    series = make_series(
        frames,
        times=_times("2018-12-28", "2019-01-06T18"),
        channels=[Channel("a", "a", units="K")],
        attrs={"dataset": "made"},
    )
    whole = fit_climatology(series, window_days=5)
    parts = fit_climatology(series.chunk(time=chunk), window_days=5, memory_bytes=memory)
    xr.testing.assert_identical(whole.values, parts.values)


def test_blocks_of_rows_are_told_and_written_to_a_file(series_at, tmp_path):
    times = _times("2018-03-01", "2018-03-10T18")
    series = series_at(times, np.random.default_rng(0).normal(size=(40, 2, 2, 3)))
    told = []
    lazy = fit_climatology(
        series,
        memory_bytes=1,
        path=tmp_path / "climatology.nc",
        attrs={"data_fingerprint": "abc"},
        progress=lambda done, total: told.append((done, total)),
    )
    # Two rows, one at a time: 40 frames are read twice.
    assert told == [(40, 80), (80, 80)]
    assert lazy.values.attrs["data_fingerprint"] == "abc"
    whole = fit_climatology(series, attrs={"data_fingerprint": "abc"})
    xr.testing.assert_identical(lazy.values.load(), whole.values)


def test_a_stored_climatology_is_read_lazily_and_is_the_same(series_at, tmp_path):
    times = _times("2018-03-01", "2018-03-10T18")
    fitted = fit_climatology(series_at(times, np.random.default_rng(0).normal(size=(40, 2, 2, 3))))
    fitted.save(tmp_path / "climatology.nc")
    loaded = load_climatology(tmp_path / "climatology.nc")
    assert not loaded.values._in_memory
    some = ["2018-03-31T06", "2018-03-02T18", "2018-03-31T06"]
    xr.testing.assert_identical(loaded.at(some), fitted.at(some))
    assert not loaded.values._in_memory
    assert loaded.description == fitted.description
    assert loaded.days_missing == fitted.days_missing
    xr.testing.assert_identical(loaded.values.load(), fitted.values)


def test_a_forecast_is_the_climatology_at_its_valid_times(series_at):
    times = _times("2018-03-01", "2018-03-10T18")
    series = series_at(times, np.random.default_rng(0).normal(size=(40, 2, 2, 3)))
    fitted = fit_climatology(series)
    forecast = fitted.forecast(series, init_times=times[[3, 38]], steps=4)
    assert forecast.dims == ("init_time", "lead_time", "channel", "y", "x")
    assert forecast.attrs["forecaster"] == "climatology"
    for row in range(2):
        np.testing.assert_array_equal(forecast[row], fitted.at(forecast["valid_time"].values[row]))


def test_it_reads_nothing_but_the_training_frames(series_at):
    times = _times("2018-03-01", "2018-03-10T18")
    series = series_at(times, np.arange(40)).chunk(time=1)
    reads = []

    def note(block, block_info=None):
        reads.append(block_info[0]["array-location"][0][0])
        return block

    spied = series.copy(data=series.data.map_blocks(note, dtype="f4", meta=np.empty(0, "f4")))
    fit_climatology(spied[5:20])
    assert sorted(reads) == list(range(5, 20))


def test_channels_are_chosen_by_name(series_at):
    times = _times("2018-03-01", "2018-03-10T18")
    series = series_at(times, np.random.default_rng(0).normal(size=(40, 2, 2, 3)))
    fitted = fit_climatology(series)
    got = fitted.at(times[:2], channels=["b"])
    xr.testing.assert_identical(got, fitted.at(times[:2]).isel(channel=[1]))
    with pytest.raises(ValueError, match="has the channels a, b, but not z500; fit it on"):
        fitted.at(times[:2], channels=["a", "z500"])


def test_an_hour_that_is_not_there_is_named(series_at):
    times = _times("2018-03-01", "2018-03-10T18")
    fitted = fit_climatology(series_at(times, np.arange(40)))
    with pytest.raises(ValueError, match=r"hours \[0, 6, 12, 18\], but none for 2018-03-01 03:00"):
        fitted.at(["2018-03-01T03"])
    with pytest.raises(ValueError, match="steps must be at least 1, but it is 0"):
        fitted.forecast(series_at(times, np.arange(40)), init_times=times[:1], steps=0)


def test_what_cannot_be_fitted_is_refused(series_at):
    times = _times("2018-03-01", "2018-03-10T18")
    series = series_at(times, np.arange(40))
    for window_days in (60, 1, 367):
        with pytest.raises(ValueError, match=f"odd, from 3 to 365, but it is {window_days}"):
            fit_climatology(series, window_days=window_days)
    with pytest.raises(ValueError, match="has no frames; give the training years"):
        fit_climatology(series[:0])
    halves = _times("2018-03-01", "2018-03-02", "30min")
    with pytest.raises(ValueError, match="whole hours, but one is 2018-03-01 00:30"):
        fit_climatology(series_at(halves, np.arange(len(halves))))


def test_values_of_other_dimensions_are_no_climatology():
    values = xr.DataArray(np.zeros((1, 366)), dims=("hour", "dayofyear"))
    with pytest.raises(ValueError, match="but these values have"):
        Climatology(values)
