"""Forecast files that lie in a folder, looked at."""

import numpy as np
import pytest

from pipelines.store import open_store, write_store
from stforecast.forecaster import load_forecaster
from stforecast.layouts import write_forecast
from stforecast.viewing.forecasts import open_forecasts
from tests.conftest import make_waves
from tests.stforecast.viewing.conftest import entry_at, make_city


@pytest.fixture
def made(globe):
    """A folder with forecasts of two init times in files and one in a store, and how they were made."""
    forecaster = load_forecaster(globe / "globe")
    series = open_store(globe.parent / "data" / "globe")
    times = series["time"].values[[10, 20, 30]]
    forecast = forecaster.forecast(series, init_times=times, steps=3)
    folder = globe.parent / "made"
    write_forecast(forecast.isel(init_time=slice(2)), folder / "waves.nc")
    write_forecast(forecast.isel(init_time=[2]), folder / "waves.zarr")
    return folder, forecast, series


def open_files(folder, **options):
    return open_forecasts(entry_at(folder.parent, f"{folder.name}/"), **options)


def test_files_and_stores_of_a_folder_are_one_row_of_forecasts(made):
    folder, forecast, _ = made
    forecasts = open_files(folder)
    np.testing.assert_array_equal(forecasts.init_times, forecast["init_time"])
    assert forecasts.default_init_time == forecast["init_time"].values[-1]
    for number, time in enumerate(forecasts.init_times):
        shown = forecasts.shown(time, "t2m")
        np.testing.assert_array_equal(shown.fields.forecast, forecast.values[number, :, 0])
        np.testing.assert_array_equal(shown.wind[1], forecast.values[number, :, 2])
        assert (shown.fields.truth, shown.history.size) == (None, 0)
    assert "name the data with `stforecast app --data PATH`" in forecasts.notes[0]
    assert forecasts.period_of(forecasts.init_times[0]) == ""


def test_named_data_give_truth_history_and_persistence(made):
    folder, _, series = made
    forecasts = open_files(folder, data=folder.parent / "data" / "globe")
    shown = forecasts.shown(forecasts.init_times[1], "u10")
    truth = series.sel(time=shown.fields.valid_times, channel="u10").values
    np.testing.assert_array_equal(shown.fields.truth, truth)
    np.testing.assert_array_equal(shown.history, series.values[18:21, 1])
    assert list(shown.baselines) == ["persistence"]


def test_data_on_another_grid_or_of_other_channels_are_left_out_with_a_note(made, tmp_path):
    folder, _, _ = made
    write_store(make_waves(40, height=4), tmp_path / "coarse")
    forecasts = open_files(folder, data=tmp_path / "coarse")
    assert "another grid than the forecasts (4×16 cells against 8×16)" in forecasts.notes[0]
    assert forecasts.shown(forecasts.init_times[0], "t2m").fields.truth is None
    turned = make_waves(40)
    write_store(turned.assign_coords(longitude=turned["longitude"] + 1), tmp_path / "turned")
    assert "(another longitude)" in open_files(folder, data=tmp_path / "turned").notes[0]
    write_store(make_waves(40).isel(channel=[1]), tmp_path / "other")
    assert (
        "holds z500, and none of the channels"
        in open_files(folder, data=tmp_path / "other").notes[0]
    )


def test_a_channel_that_the_data_lack_has_no_truth(made, tmp_path):
    folder, _, series = made
    write_store(series.isel(channel=[0]), tmp_path / "one")
    forecasts = open_files(folder, data=tmp_path / "one")
    time = forecasts.init_times[0]
    assert forecasts.shown(time, "t2m").fields.truth is not None
    assert forecasts.shown(time, "u10").fields.truth is None


def test_files_of_no_known_dataset_have_no_truth(made, tmp_path):
    folder, forecast, _ = made
    own = tmp_path / "foreign"
    bare = forecast.isel(init_time=[0])
    bare.attrs = {}
    write_forecast(bare, own / "a.nc")
    forecasts = open_files(own, data=folder)
    assert "do not say of which dataset they are" in forecasts.notes[0]


def test_a_city_finds_its_truth_by_the_place_that_the_files_name(city, tmp_path):
    series = make_city()
    forecaster = load_forecaster(city / "city")
    forecast = forecaster.forecast(series, init_times=series["time"].values[[30]], steps=3)
    place = forecaster.experiment.place.find()
    write_forecast(place.lay_out(forecast), tmp_path / "made" / "a.nc")
    # The place is the user's own, and its extent is not in the file.
    forecasts = open_files(tmp_path / "made", data=tmp_path / "data" / "city")
    assert "(one of them has no latitude)" in forecasts.notes[0]
    assert forecasts.grid["row"].values.tolist() == [3, 2, 1, 0]
    assert forecasts.time_zone == "New York time"


def test_damaged_files_are_left_out_with_a_note(made):
    folder, _, _ = made
    file = sorted(folder.glob("*.nc"))[0]
    file.write_bytes(file.read_bytes()[:300])
    forecasts = open_files(folder)
    assert len(forecasts.init_times) == 2
    assert f"Left out: {file} is no whole NetCDF file" in forecasts.notes[0]


def test_a_folder_without_a_whole_forecast_is_refused(made):
    folder, _, _ = made
    entry = entry_at(folder.parent, "made/")
    for file in folder.glob("*.nc"):
        file.write_bytes(b"nothing")
    for part in (folder / "waves.zarr").glob("*/[0-9]*"):
        part.unlink()
    with pytest.raises(ValueError, match="No forecast in .* can be read. Left out: "):
        open_forecasts(entry)


def test_a_file_without_the_channel_that_others_have_is_told_of(made):
    folder, forecast, _ = made
    file = sorted(folder.glob("*.nc"))[0]
    write_forecast(forecast.isel(init_time=[0], channel=[0]), file)
    forecasts = open_files(folder)
    with pytest.raises(ValueError, match="cannot be shown: it has no u10"):
        forecasts.shown(forecasts.init_times[0], "u10")


def test_a_newest_file_that_cannot_be_shown_gives_way_to_the_one_before(made):
    import h5py

    folder, _, _ = made
    with h5py.File(folder / "odd.nc", "w") as opened:
        opened["time"] = np.arange(3.0)
        opened["forecast_reference_time"] = 1e6
        stored = opened["forecast_reference_time"].attrs
        stored["units"], stored["calendar"] = "hours since 1970-01-01", "standard"
    forecasts = open_files(folder)
    assert [channel.name for channel in forecasts.channels] == ["t2m", "u10", "v10"]
    assert "odd.nc cannot be shown" in forecasts.notes[0]


def test_a_store_that_is_replaced_is_read_anew(made):
    folder, forecast, _ = made
    forecasts = open_files(folder)
    time = forecasts.init_times[2]
    before = forecasts.shown(time, "t2m").fields.forecast
    write_forecast(forecast.isel(init_time=[2]) + 1, folder / "waves.zarr")
    np.testing.assert_allclose(forecasts.shown(time, "t2m").fields.forecast, before + 1, rtol=1e-6)


def test_a_chunk_that_is_damaged_since_is_told_of(made):
    folder, _, _ = made
    forecasts = open_files(folder)
    chunks = [
        file for file in (folder / "waves.zarr").glob("2m_temperature/**/*") if file.is_file()
    ]
    for file in chunks:
        if not file.name.startswith((".", "zarr")):
            file.write_bytes(b"broken")
    with pytest.raises(ValueError, match="waves.zarr cannot be shown: "):
        forecasts.shown(forecasts.init_times[2], "t2m")


def test_baselines_need_lead_times_on_the_steps_of_the_data(made, tmp_path):
    folder, forecast, _ = made
    own = tmp_path / "uneven"
    leads = np.array([1, 8, 12], dtype="timedelta64[h]").astype("timedelta64[ns]")
    uneven = forecast.isel(init_time=[0]).assign_coords(lead_time=leads)
    uneven = uneven.assign_coords(valid_time=uneven["init_time"] + uneven["lead_time"])
    write_forecast(uneven, own / "a.nc")
    forecasts = open_files(own, data=folder.parent / "data" / "globe")
    shown = forecasts.shown(forecasts.init_times[0], "t2m")
    # The shortest step is 1 h, of which 8 and 12 are whole numbers; the frame at +12 h is known.
    assert list(shown.baselines) == ["persistence"]
    assert np.isnan(shown.fields.truth).all(axis=(1, 2)).tolist() == [True, True, False]
    leads = np.array([90, 200, 270], dtype="timedelta64[m]").astype("timedelta64[ns]")
    odd = uneven.assign_coords(lead_time=leads)
    odd = odd.assign_coords(valid_time=odd["init_time"] + odd["lead_time"])
    write_forecast(odd, own / "a.nc")
    forecasts = open_files(own, data=folder.parent / "data" / "globe")
    assert not forecasts.shown(forecasts.init_times[0], "t2m").baselines
