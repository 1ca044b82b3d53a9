"""What WeatherBench 2's evaluate.py needs, one test a rule."""

import warnings

import numpy as np
import pytest
import xarray as xr

from pipelines.series import Channel
from stforecast.layouts import read_forecast, to_wb2, write_forecast


@pytest.fixture
def opened(build, tmp_path):
    """A forecast beside the store that was written of it, opened as WeatherBench 2 opens it."""

    def open_written(channels=("t2m", "z850", "t850", "z500", "t500"), **options):
        forecast = build(channels, **options)
        write_forecast(forecast, tmp_path / "f.zarr")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return forecast, xr.open_zarr(tmp_path / "f.zarr", chunks=None)

    return open_written


def test_dims_are_those_of_weatherbench_2(opened):
    _, stored = opened()
    assert stored["2m_temperature"].dims == (
        "time",
        "prediction_timedelta",
        "latitude",
        "longitude",
    )
    assert stored["geopotential"].dims == (
        "time",
        "prediction_timedelta",
        "level",
        "latitude",
        "longitude",
    )


def test_lead_times_decode_to_true_timedeltas_from_one_step_on(opened):
    _, stored = opened()
    leads = stored["prediction_timedelta"]
    assert leads.dtype == np.dtype("timedelta64[ns]")
    assert (leads.values == np.array([6, 12, 18]) * np.timedelta64(1, "h")).all()


def test_time_is_the_init_time_and_valid_time_stands_beside_it(opened):
    forecast, stored = opened()
    assert (stored["time"].values == forecast["init_time"].values).all()
    assert stored["valid_time"].dims == ("time", "prediction_timedelta")
    expected = stored["time"] + stored["prediction_timedelta"]
    assert (stored["valid_time"].values == expected.values).all()


def test_latitudes_go_north_and_longitudes_from_0_to_360(opened):
    for grid in ("global", "regional"):
        _, stored = opened(grid=grid)
        assert (np.diff(stored["latitude"].values) > 0).all()
        longitude = stored["longitude"].values
        assert (np.diff(longitude) > 0).all()
        assert longitude.min() >= 0
        assert longitude.max() < 360


def test_fields_are_single_precision_under_long_names(opened):
    _, stored = opened(("t2m", "u10", "v10", "msl", "tcc", "tp"))
    assert set(stored.data_vars) == {
        "2m_temperature",
        "10m_u_component_of_wind",
        "10m_v_component_of_wind",
        "mean_sea_level_pressure",
        "total_cloud_cover",
        "total_precipitation_6hr",
    }
    assert {array.dtype for array in stored.data_vars.values()} == {np.dtype("float32")}


def test_levels_are_integers_in_ascending_order(opened):
    forecast, stored = opened()
    assert stored["level"].dtype.kind == "i"
    assert stored["level"].values.tolist() == [500, 850]
    ours = forecast.sel(channel="z850")[0, 0].sortby("latitude").values
    theirs = stored["geopotential"].sel(level=850)[0, 0].values
    np.testing.assert_array_equal(theirs, ours)


def test_values_stand_at_their_latitude_and_longitude(opened):
    forecast, stored = opened(("t2m",), grid="regional")
    cell = stored["2m_temperature"].sel(latitude=55.1, longitude=349.9, method="nearest")[1, 2]
    assert cell.item() == forecast[1, 2, 0, 2, 0].item()  # 55.1°N, 10.1°W


def test_variables_on_different_levels_are_named_by_them_and_not_filled_up(opened):
    _, stored = opened(("z500", "t850"))
    assert set(stored.data_vars) == {"geopotential_500", "temperature_850"}
    assert "level" not in stored.dims
    assert not any(np.isnan(array.values).any() for array in stored.data_vars.values())


def test_levels_that_are_no_integers_go_into_the_name(opened):
    _, stored = opened((Channel("z0.5", "z", 0.5, "m2 s-2"),))
    assert list(stored.data_vars) == ["geopotential_0.5"]


def test_relative_humidity_becomes_a_fraction(opened):
    forecast, stored = opened(("r500",))
    assert stored["relative_humidity"].attrs["units"] == "1"
    per_cent = forecast[0, 0, 0].sortby("latitude").values
    # 80 % → 0.8
    np.testing.assert_allclose(stored["relative_humidity"][0, 0, 0], per_cent / 100, rtol=1e-6)


@pytest.mark.parametrize(
    ("channel", "hours", "name"),
    [
        ("tp", 6, "total_precipitation_6hr"),
        ("tp", 24, "total_precipitation_24hr"),
        ("tp6h", 24, "total_precipitation_6hr"),
        ("tp24h", 6, "total_precipitation_24hr"),
    ],
)
def test_precipitation_is_named_by_the_hours_of_its_sum(build, channel, hours, name):
    dataset = to_wb2(build([channel], time_step=np.timedelta64(hours, "h")))
    assert list(dataset.data_vars) == [name]


def test_no_attribute_is_taken_for_a_coordinate(opened):
    # WeatherBench 2 asks hasattr(dataset, "time") and the like, which finds attributes too.
    _, stored = opened()
    assert not {"time", "level", "channel", "valid_time", "init_time"} & set(stored.attrs)


def test_a_chunk_holds_whole_fields_of_one_init_time(opened):
    _, stored = opened()
    assert stored["2m_temperature"].encoding["chunks"] == (1, 3, 4, 8)
    assert stored["geopotential"].encoding["chunks"] == (1, 3, 2, 4, 8)


def test_metadata_is_consolidated(build, tmp_path):
    write_forecast(build(), tmp_path / "f.zarr")
    assert (tmp_path / "f.zarr/.zmetadata").is_file()
    assert xr.open_zarr(tmp_path / "f.zarr", consolidated=True).sizes["time"] == 2


def test_file_says_who_made_it_and_that_the_data_are_synthetic(opened):
    _, stored = opened()
    assert stored.attrs["forecaster"] == "simvp"
    assert stored.attrs["synthetic"] == "true"
    assert "synthetic" in stored.attrs["title"]
    assert stored["2m_temperature"].attrs == {
        "units": "K",
        "standard_name": "air_temperature",
        "long_name": "2 metre temperature",
        "short_name": "t2m",
    }


def test_steps_of_weatherbench_2_run_on_a_store(opened):
    # evaluate.py: rename, valid time, truth looked up there, error.
    forecast, stored = opened(("t2m",))
    renamed = stored.rename(prediction_timedelta="lead_time").rename(time="init_time")
    renamed.coords["valid_time"] = renamed.init_time + renamed.lead_time
    assert not hasattr(renamed, "time")
    times = np.datetime64("2018-01-01T00", "ns") + np.arange(10) * np.timedelta64(6, "h")
    truth = xr.Dataset(
        {"2m_temperature": (("time", "latitude", "longitude"), np.zeros((10, 4, 8)))},
        coords={"time": times, "latitude": stored.latitude, "longitude": stored.longitude},
    )
    error = renamed - truth.sel(time=renamed.valid_time)
    mse = (error**2).mean(["latitude", "longitude"])["2m_temperature"]
    np.testing.assert_allclose(mse, (forecast[:, :, 0] ** 2).mean(["y", "x"]), rtol=1e-6)


def test_grid_without_geography_is_refused(build):
    with pytest.raises(ValueError, match=r"needs latitude.*place\.extent.*write the cf layout"):
        to_wb2(build([Channel("inflow", "inflow")], grid=None))


def test_two_channels_with_one_name_are_refused(build):
    with pytest.raises(ValueError, match="Channels tp, tp6h would get the same"):
        to_wb2(build(["tp", "tp6h"]))


def test_units_that_cannot_be_turned_into_ours_are_refused(opened, tmp_path):
    _, stored = opened(("t2m",))
    stored["2m_temperature"].attrs["units"] = "m"
    del stored.attrs["layout"]
    stored.drop_encoding().to_zarr(tmp_path / "units.zarr", zarr_format=2)
    with pytest.raises(ValueError, match="units 'm' cannot be turned into 'K'"):
        read_forecast(tmp_path / "units.zarr")
