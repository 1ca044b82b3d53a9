"""What is written is read back: values, labels and attributes."""

import numpy as np
import pytest
import xarray as xr

from pipelines.series import Channel
from stforecast.layouts import read_forecast, write_forecast

CHANNELS = {
    "one": ["t2m"],
    "surface": ["u10", "tp", "v10", "msl", "tcc"],
    "levels": ["z850", "t2m", "t500", "z500", "t850"],
    "mixed levels": ["z500", "t850", "t500", "t2m"],
    "unknown": [
        Channel("no2", "no2", units="mol m-2", valid_min=0),
        Channel("ozone50", "ozone", 50.0, "kg kg-1", long_name="ozone of a kind"),
    ],
}


def read_all(written):
    """The forecast of all files that were written."""
    return read_forecast(written[0] if len(written) == 1 else written)


@pytest.mark.parametrize("ending", ["nc", "zarr"])
@pytest.mark.parametrize("grid", ["global", "regional"])
@pytest.mark.parametrize("channels", CHANNELS.values(), ids=CHANNELS.keys())
def test_forecast_is_read_as_it_was_written(build, tmp_path, channels, grid, ending):
    forecast = build(channels, grid=grid)
    read = read_all(write_forecast(forecast, tmp_path / f"forecast.{ending}"))
    xr.testing.assert_identical(read.load(), forecast)
    assert read.dtype == np.float32


@pytest.mark.parametrize("ending", ["nc", "zarr"])
def test_missing_values_stay_missing(build, tmp_path, ending):
    forecast = build(n_times=1)
    forecast[0, 1] = np.nan
    read = read_all(write_forecast(forecast, tmp_path / f"forecast.{ending}"))
    xr.testing.assert_identical(read.load(), forecast)


@pytest.mark.parametrize("ending", ["nc", "zarr"])
@pytest.mark.parametrize("step", [(30, "m"), (100, "ms"), (1, "h"), (1, "D")])
def test_time_steps_of_any_length_are_kept(build, tmp_path, ending, step):
    forecast = build(time_step=np.timedelta64(*step), first="2018-01-01T06:30")
    read = read_all(write_forecast(forecast, tmp_path / f"forecast.{ending}"))
    xr.testing.assert_identical(read.load(), forecast)


@pytest.mark.parametrize("ending", ["nc", "zarr"])
def test_some_of_the_lead_times_are_enough(build, tmp_path, ending):
    forecast = build(n_leads=9).isel(lead_time=[0, 3, 8])
    read = read_all(write_forecast(forecast, tmp_path / f"forecast.{ending}"))
    xr.testing.assert_identical(read.load(), forecast)


def test_relative_humidity_is_read_in_per_cent(build, tmp_path):
    forecast = build(["r500", "r850"]) * 100
    forecast.attrs = build().attrs
    write_forecast(forecast, tmp_path / "f.zarr")
    read = read_forecast(tmp_path / "f.zarr")
    # A fraction in single precision cannot hold every per cent in single precision.
    xr.testing.assert_allclose(read.load(), forecast, rtol=1e-7)


def test_grid_without_geography_is_read_as_it_was_written(build, tmp_path):
    forecast = build([Channel("inflow", "inflow", valid_min=0), "tcc"], grid=None)
    forecast.attrs["time_zone"] = "Asia/Shanghai"
    read = read_all(write_forecast(forecast, tmp_path / "flow.nc"))
    xr.testing.assert_identical(read, forecast)


@pytest.mark.parametrize("ending", ["nc", "zarr"])
@pytest.mark.parametrize("transposed", [False, True])
def test_traffic_on_the_map_is_read_as_it_was_written(build_town, tmp_path, ending, transposed):
    forecast = build_town(transposed=transposed)
    read = read_all(write_forecast(forecast, tmp_path / f"flow.{ending}"))
    xr.testing.assert_equal(read.load(), forecast)
    assert read.attrs == forecast.attrs
    assert read.attrs["place_note"] == "roughly there"
    assert read["row"].dims == (("x",) if transposed else ("y",))


def test_traffic_without_a_place_is_read_as_it_was_written(build_town, tmp_path):
    forecast = build_town(lay_out=False)
    forecast.attrs |= {"time_zone": "unknown", "clock": "artificial"}
    read = read_all(write_forecast(forecast, tmp_path / "flow.nc"))
    xr.testing.assert_identical(read, forecast)


def test_dropped_variable_does_not_hinder_reading(build, tmp_path):
    forecast = build(["t2m", "msl"])
    write_forecast(forecast, tmp_path / "f.zarr")
    stored = xr.open_zarr(tmp_path / "f.zarr").drop_vars("2m_temperature").load()
    stored.to_zarr(tmp_path / "less.zarr", zarr_format=2)
    xr.testing.assert_identical(
        read_forecast(tmp_path / "less.zarr").load(), forecast.sel(channel=["msl"])
    )


@pytest.mark.parametrize("grid", ["global", "regional"])
def test_forecast_of_another_in_weatherbench_2s_layout_is_read(build, tmp_path, grid):
    forecast = build(["t2m", "t500", "t850"], grid=grid)
    write_forecast(forecast, tmp_path / "f.zarr")
    stored = xr.open_zarr(tmp_path / "f.zarr").load().drop_vars("valid_time").drop_attrs()
    stored = stored.isel(latitude=slice(None, None, -1)).drop_encoding()
    stored.transpose("time", "prediction_timedelta", "level", "longitude", "latitude").to_zarr(
        tmp_path / "theirs.zarr", zarr_format=2
    )
    read = read_forecast(tmp_path / "theirs.zarr").load()
    assert read.attrs == {}
    xr.testing.assert_allclose(read, forecast.drop_attrs(), rtol=1e-12)


def test_unknown_variable_of_another_is_taken_by_its_name(build, tmp_path):
    write_forecast(build(["t2m"]), tmp_path / "f.zarr")
    stored = xr.open_zarr(tmp_path / "f.zarr").load().drop_attrs().drop_encoding()
    stored = stored.rename({"2m_temperature": "ozone"})
    stored["level_free"] = stored["time"].astype("int64")
    stored.to_zarr(tmp_path / "theirs.zarr", zarr_format=2)
    assert read_forecast(tmp_path / "theirs.zarr")["channel"].values.tolist() == ["ozone"]


def test_levels_in_the_names_of_another_are_understood(build, tmp_path):
    forecast = build(["z500", "t850"])
    write_forecast(forecast, tmp_path / "f.zarr")
    stored = xr.open_zarr(tmp_path / "f.zarr").load().drop_attrs().drop_encoding()
    stored.to_zarr(tmp_path / "theirs.zarr", zarr_format=2)
    read = read_forecast(tmp_path / "theirs.zarr").load()
    xr.testing.assert_identical(read, forecast.drop_attrs(deep=False))


def test_list_of_one_file_is_that_file(build, tmp_path):
    forecast = build(n_times=1)
    xr.testing.assert_identical(
        read_forecast(write_forecast(forecast, tmp_path / "f.nc")), forecast
    )


def test_forecast_that_says_nothing_of_itself_is_kept(build, tmp_path):
    forecast = build(n_times=1).drop_attrs(deep=False)
    write_forecast(forecast, tmp_path / "f.nc")
    xr.testing.assert_identical(read_forecast(tmp_path / "f.nc"), forecast)
