"""Forecasts of a run: what it says of them, and what is shown beside them."""

import shutil
import threading
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from pipelines.store import write_store
from stforecast.baselines.climatology import load_climatology
from stforecast.baselines.historical_average import load_historical_average
from stforecast.forecaster import Forecaster, load_forecaster
from stforecast.run import Run
from stforecast.viewing import beside
from stforecast.viewing.forecasts import open_forecasts
from stforecast.viewing.reading import READING
from tests.conftest import make_waves
from tests.stforecast.viewing.conftest import HISTORY, PLACE, entry_at, make_city, save_run


def open_run_at(folder, name="globe", **options):
    return open_forecasts(entry_at(folder, name), **options)


def test_init_times_are_all_at_which_a_whole_history_ends(globe):
    forecasts = open_run_at(globe)
    times = xr.open_dataset(globe.parent / "data/globe/labels.nc")["time"].values
    np.testing.assert_array_equal(forecasts.init_times, times[HISTORY - 1 :])
    # The truth of three lead times is there up to the fourth frame from the end.
    assert forecasts.default_init_time == times[-4]
    assert (forecasts.lead_times == np.arange(1, 4) * np.timedelta64(6, "h")).all()
    assert [channel.name for channel in forecasts.channels] == ["t2m", "u10", "v10"]
    assert (forecasts.time_zone, forecasts.notes) == ("UTC", forecasts.notes)
    assert forecasts.attrs["forecaster"] == "simvp"


def test_a_forecast_is_the_one_that_the_forecaster_makes(globe):
    forecasts = open_run_at(globe)
    time = forecasts.default_init_time
    shown = forecasts.shown(time, "t2m")
    series = forecasts.beside.series
    made = load_forecaster(globe / "globe").forecast(series, init_times=[time], steps=3)
    np.testing.assert_array_equal(shown.fields.forecast, made.values[0, :, 0])
    row = int(np.flatnonzero(series["time"].values == time)[0])
    np.testing.assert_array_equal(shown.fields.truth, series.values[row + 1 : row + 4, 0])
    np.testing.assert_array_equal(shown.history, series.values[row - 3 : row + 1, 0])
    assert (shown.history_times == series["time"].values[row - 3 : row + 1]).all()
    np.testing.assert_array_equal(shown.wind[0], made.values[0, :, 1])
    assert shown.fields.forecast.dtype == shown.fields.truth.dtype == np.float32


def test_baselines_of_the_weather_are_persistence_and_climatology(globe):
    forecasts = open_run_at(globe)
    shown = forecasts.shown(forecasts.default_init_time, "t2m")
    assert list(shown.baselines) == ["persistence", "climatology"]
    np.testing.assert_array_equal(shown.baselines["persistence"][2], shown.history[-1])
    usual = load_climatology(globe / "globe/climatology.nc").at(shown.fields.valid_times)
    np.testing.assert_array_equal(shown.climatology, usual.values[:, 0])
    assert shown.usual == "climatology"
    np.testing.assert_array_equal(
        shown.field("anomaly", 1), shown.fields.forecast[1] - shown.climatology[1]
    )


def test_files_are_read_under_the_lock_and_the_network_runs_without_it(globe, monkeypatch):
    forecasts = open_run_at(globe)
    seen, plain_load, plain_forecast = [], xr.DataArray.load, Forecaster.forecast

    def load(self, **options):
        seen.append(("read", READING._is_owned()))
        return plain_load(self, **options)

    def forecast(self, series, **options):
        seen.append(("computed", READING._is_owned()))
        # The frames that it starts from, and no other.
        assert series.sizes["time"] == forecasts.head.experiment.history
        return plain_forecast(self, series, **options)

    monkeypatch.setattr(xr.DataArray, "load", load)
    monkeypatch.setattr(Forecaster, "forecast", forecast)
    forecasts.shown(forecasts.default_init_time, "t2m")
    assert ("computed", False) in seen
    assert {held for what, held in seen if what == "read"} == {True}


def test_truth_that_has_not_come_yet_is_missing(globe):
    forecasts = open_run_at(globe)
    shown = forecasts.shown(forecasts.init_times[-1], "t2m")
    assert np.isnan(shown.fields.truth).all()
    assert np.isfinite(shown.fields.forecast).all()


def test_a_city_is_laid_out_with_north_up_and_shown_in_vehicles(city):
    forecasts = open_run_at(city, "city")
    shown = forecasts.shown(forecasts.default_init_time, "outflow")
    assert forecasts.time_zone == "New York time"
    assert shown.fields.units == "vehicles per 30 min"
    assert shown.fields.are_cells
    # Row 0 of the data is the southernmost, so that it is the last one shown.
    np.testing.assert_allclose(forecasts.grid["latitude"], [40.875, 40.625, 40.375, 40.125])
    assert shown.grid["row"].values.tolist() == [3, 2, 1, 0]
    series = forecasts.beside.series
    at = series.sel(time=shown.fields.valid_times, channel="outflow").values[:, ::-1]
    np.testing.assert_array_equal(shown.fields.truth, at)
    average = load_historical_average(city / "city/historical_average.nc")
    usual = average.at(shown.fields.valid_times, channels=["outflow"]).values[:, 0, ::-1]
    np.testing.assert_array_equal(shown.climatology, usual)
    assert list(shown.baselines) == [
        "persistence",
        "daily_naive",
        "weekly_naive",
        "historical_average",
    ]


def test_each_forecast_is_told_into_which_split_it_reaches(globe):
    forecasts = open_run_at(globe)
    times = forecasts.beside.series["time"].values
    # Frames 0 to 119 are training, 120 to 139 validation; a forecast reaches three frames ahead.
    expected = {10: "train", 118: "train", 119: "train", 120: "validation", 141: "test"}
    assert {row: forecasts.period_of(times[row]) for row in expected} == expected
    assert forecasts.period_of(times[-1] + np.timedelta64(30, "D")) == ""


def test_splits_that_were_never_resolved_tell_nothing(tmp_path):
    series = make_waves(160)
    write_store(series, tmp_path / "data")
    split = {"train": 0.7, "validation": 0.1, "test": 0.2}
    save_run(tmp_path / "runs" / "globe", series, data=tmp_path / "data", split=split)
    forecasts = open_run_at(tmp_path / "runs")
    assert forecasts.period_of(forecasts.init_times[0]) == ""


def test_a_forecast_is_computed_once_for_all_channels_and_threads(globe, monkeypatch):
    forecasts = open_run_at(globe)
    calls = []
    compute = Forecaster.forecast
    monkeypatch.setattr(
        Forecaster,
        "forecast",
        lambda self, *given, **options: (calls.append(1), compute(self, *given, **options))[1],
    )
    time = forecasts.default_init_time
    shown = []
    threads = [
        threading.Thread(target=lambda name=name: shown.append(forecasts.shown(time, name)))
        for name in ("t2m", "u10", "t2m", "v10")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(shown), len(calls)) == (4, 1)


def test_without_data_a_note_says_where_they_were_and_how_to_name_them(globe):
    shutil.move(globe.parent / "data", globe.parent / "elsewhere")
    forecasts = open_run_at(globe)
    assert len(forecasts.init_times) == 0
    assert np.isnat(forecasts.default_init_time)
    assert "not at data/globe" in forecasts.notes[0]
    assert "--data PATH" in forecasts.notes[0]
    assert forecasts.grid.shape == (8, 16)
    with pytest.raises(ValueError, match="There is no forecast from 2015-01-01 00:00; there are 0"):
        forecasts.shown(np.datetime64("2015-01-01", "ns"), "t2m")
    named = open_run_at(globe, data=globe.parent / "elsewhere" / "globe")
    assert len(named.init_times) == 157


def test_data_are_found_where_the_environment_says(globe, monkeypatch):
    (globe.parent / "home").mkdir()
    shutil.move(globe.parent / "data" / "globe", globe.parent / "home" / "weatherbench")
    monkeypatch.setenv("STFORECAST_DATA", str(globe.parent / "home"))
    assert len(open_run_at(globe).init_times) == 157


def test_large_files_are_not_copied_before_they_are_looked_at(globe, monkeypatch, tmp_path):
    series = open_run_at(globe).beside.series
    file = tmp_path / "raw.nc"
    axes = {name: series[name].values for name in ("time", "latitude", "longitude")}
    units = {"t2m": "K", "u10": "m s-1", "v10": "m s-1"}
    xr.Dataset(
        {
            name: (tuple(axes), series.sel(channel=name).values, {"units": unit})
            for name, unit in units.items()
        },
        coords=axes,
    ).to_netcdf(file)
    small = open_run_at(globe, data=file)
    assert small.beside.series.chunks is None
    monkeypatch.setattr(beside, "_COPIED_BYTES", 10)
    lazy = open_run_at(globe, data=file)
    assert lazy.beside.series.chunks is not None
    time = lazy.default_init_time
    np.testing.assert_array_equal(
        lazy.shown(time, "t2m").fields.truth, small.shown(time, "t2m").fields.truth
    )


def test_a_run_without_climatology_has_no_anomalies_and_says_so(globe):
    (globe / "globe" / "climatology.nc").unlink()
    forecasts = open_run_at(globe)
    assert forecasts.notes == ("The run has no climatology, and so there are no anomalies.",)
    shown = forecasts.shown(forecasts.default_init_time, "t2m")
    assert (shown.field("anomaly", 0), shown.usual, list(shown.baselines)) == (
        None,
        "",
        ["persistence"],
    )


def test_a_damaged_climatology_is_a_note(globe):
    (globe / "globe" / "climatology.nc").write_bytes(b"\x89HDF nothing")
    assert "climatology.nc cannot be read" in open_run_at(globe).notes[0]


def test_a_climatology_of_a_part_of_the_year_is_told_of(globe):
    # Forty days of training: with a window of 61 days most of the year has none near.
    assert "days of the year have no training day near" in open_run_at(globe).notes[0]


def test_missing_frames_that_are_masked_start_no_forecast(tmp_path):
    series = make_waves(160)
    series = series.copy(data=series.values)
    series[50] = np.nan
    write_store(series, tmp_path / "data")
    save_run(tmp_path / "runs" / "globe", series, data=tmp_path / "data", missing="mask")
    forecasts = open_run_at(tmp_path / "runs")
    assert series["time"].values[50] not in forecasts.init_times
    assert series["time"].values[51] in forecasts.init_times


def test_an_unknown_channel_or_init_time_is_refused(globe):
    forecasts = open_run_at(globe)
    with pytest.raises(ValueError, match="no channel 'rain'; there are t2m, u10, v10"):
        forecasts.shown(forecasts.default_init_time, "rain")
    with pytest.raises(ValueError, match="there are 157: 2015-01-01 18:00 to .*, every 6h"):
        forecasts.shown(np.datetime64("2014-01-01", "ns"), "t2m")


def test_data_without_a_channel_of_the_run_are_refused(globe, tmp_path):
    write_store(make_waves(160), tmp_path / "other")
    with pytest.raises(ValueError, match="The data lack u10, v10, which this run forecasts"):
        open_run_at(globe, data=tmp_path / "other")


def test_a_broken_run_is_refused_in_its_own_words(globe):
    entry = replace(entry_at(globe, "globe"), problem="It is broken: mend it.")
    with pytest.raises(ValueError, match="It is broken: mend it"):
        open_forecasts(entry)


def test_a_baseline_that_cannot_be_made_is_left_out(globe):
    run = Run(globe / "globe")
    # A climatology of other hours of the day than those of the data.
    with xr.open_dataarray(run.climatology_file) as opened:
        values = opened.load()
    run.climatology_file.unlink()
    values.assign_coords(hour=[1, 2, 3, 4]).to_netcdf(run.climatology_file)
    forecasts = open_run_at(globe)
    shown = forecasts.shown(forecasts.default_init_time, "t2m")
    assert list(shown.baselines) == ["persistence"]


def test_the_place_of_the_city_is_that_of_the_run(city):
    assert open_run_at(city, "city").beside.place.extent == tuple(PLACE["extent"])
    assert make_city(4).sizes["x"] == 3
