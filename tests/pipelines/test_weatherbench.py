from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pipelines.series import channels_of
from pipelines.weatherbench import open_weatherbench

SIX_HOURS = np.timedelta64(6, "h")


def save(dataset: xr.Dataset, file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    dataset.to_netcdf(file)
    return file


@pytest.fixture
def weatherbench_1(tmp_path, make_weather):
    """Two years of one variable, and levels, as the first WeatherBench lays them out."""
    root = tmp_path / "5.625deg"
    for year in (2015, 2016):
        save(
            make_weather(first=f"{year}-01-01"),
            root / "2m_temperature" / f"2m_temperature_{year}_5.625deg.nc",
        )
        levels = make_weather(
            "t", first=f"{year}-01-01", levels=(850.0, 500.0), base=260, units="K"
        )
        save(levels, root / "temperature" / f"temperature_{year}_5.625deg.nc")
        heights = make_weather(
            "z", first=f"{year}-01-01", levels=(500.0,), base=54_000, units="m**2 s**-2"
        )
        save(
            heights.isel(level=0),
            root / "geopotential_500" / f"geopotential_500hPa_{year}_5.625deg.nc",
        )
    return root


def test_folders_of_weatherbench_1_become_one_series(weatherbench_1):
    series = open_weatherbench(weatherbench_1)
    assert series.dims == ("time", "channel", "y", "x")
    assert series.dtype == "float32"
    assert list(series["channel"].values) == ["t2m", "z500", "t500", "t850"]
    assert series.sizes["time"] == 16
    assert series.attrs == {
        "dataset": "weatherbench",
        "source": str(weatherbench_1),
        "synthetic": "false",
        "time_zone": "UTC",
    }
    assert series["latitude"].values.tolist() == [67.5, 22.5, -22.5, -67.5]
    raw = xr.open_dataset(weatherbench_1 / "temperature" / "temperature_2016_5.625deg.nc")
    expected = raw["t"].sel(level=850).values[:, ::-1]
    np.testing.assert_array_equal(series.sel(channel="t850").values[8:], expected)
    z500 = channels_of(series)[1]
    assert (z500.variable, z500.level, z500.units) == ("z", 500.0, "m2 s-2")


def test_wanted_channels_come_in_the_wanted_order(weatherbench_1):
    whole = open_weatherbench(weatherbench_1)
    for wanted in (["t850", "t2m", "t500"], ["z500"], ["geopotential_500", "2m_temperature"]):
        series = open_weatherbench(weatherbench_1, variables=wanted)
        channels = list(series["channel"].values)
        np.testing.assert_array_equal(series.values, whole.sel(channel=channels).values)
    assert channels == ["z500", "t2m"]
    assert list(open_weatherbench(weatherbench_1, variables=["t"])["channel"].values) == [
        "t500",
        "t850",
    ]


def test_folders_of_other_variables_are_not_opened(weatherbench_1):
    (weatherbench_1 / "temperature" / "temperature_2016_5.625deg.nc").write_bytes(b"")
    assert open_weatherbench(weatherbench_1, variables=["t2m", "z500"]).sizes["channel"] == 2
    with pytest.raises(ValueError, match="temperature_2016_5.625deg.nc is empty"):
        open_weatherbench(weatherbench_1, variables=["t850"])


def test_a_variable_in_a_folder_of_another_name_is_found(tmp_path, make_weather):
    save(make_weather(), tmp_path / "temperature" / "a.nc")
    assert open_weatherbench(tmp_path, variables=["t2m"]).sizes["time"] == 8


def test_an_extracted_level_beside_all_levels_is_read_once(tmp_path, make_weather):
    dataset = make_weather("t", levels=(500.0, 850.0), base=260)
    save(dataset, tmp_path / "temperature" / "a.nc")
    save(dataset.sel(level=850).drop_vars("level"), tmp_path / "temperature_850" / "a.nc")
    series = open_weatherbench(tmp_path)
    assert list(series["channel"].values) == ["t500", "t850"]
    np.testing.assert_array_equal(series.values[:, 1, ::-1], dataset["t"].sel(level=850).values)


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("south_first", [True, False])
def test_weatherbench_2_is_read_whatever_its_order(
    tmp_path, make_weather, zarr_format, south_first
):
    surface = make_weather("2m_temperature", units=None)
    levels = make_weather(
        "relative_humidity", levels=(500.0, 850.0), base=0.5, spread=0.4, units=None
    )
    both = surface.merge(levels).rename(lat="latitude", lon="longitude")
    stored = both.isel(latitude=slice(None, None, 1 if south_first else -1))
    stored = stored.transpose("time", "level", "longitude", "latitude")
    stored.to_zarr(tmp_path / "era5.zarr", zarr_format=zarr_format, consolidated=zarr_format == 2)
    series = open_weatherbench(tmp_path / "era5.zarr")
    assert list(series["channel"].values) == ["t2m", "r500", "r850"]
    north_first = both.isel(latitude=slice(None, None, -1))
    np.testing.assert_array_equal(series[:, 0].values, north_first["2m_temperature"].values)
    humidity = 100 * north_first["relative_humidity"].sel(level=850).values.astype("float64")
    np.testing.assert_allclose(series[:, 2].values, humidity, rtol=1e-6)
    assert series["units"].values.tolist() == ["K", "%", "%"]


def test_precipitation_of_weatherbench_2_is_in_metres(tmp_path, make_weather):
    rain = make_weather("total_precipitation_6hr", base=0.001, spread=0.001, units=None)
    rain.to_zarr(tmp_path / "era5.zarr", zarr_format=2)
    assert open_weatherbench(tmp_path / "era5.zarr").values.max() < 0.0021
    save(rain.rename(total_precipitation_6hr="tp"), tmp_path / "rain.nc")
    with pytest.raises(ValueError, match="rain.nc: tp: no units are declared, .* in m or in mm"):
        open_weatherbench(tmp_path / "rain.nc")


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (np.arange(-180, 180, 45.0), np.arange(0, 360, 45.0)),
        (np.arange(0, 361, 45.0), np.arange(0, 360, 45.0)),
        (np.array([350.0, 355.0, 0.0, 5.0]), np.array([-10.0, -5.0, 0.0, 5.0])),
        (np.arange(-70, 11, 10.0), np.arange(-70, 11, 10.0)),
    ],
)
def test_each_value_stays_at_its_place_on_earth(tmp_path, make_weather, stored, expected):
    dataset = make_weather(longitude=stored)
    dataset["t2m"][:] = 280 + np.cos(np.deg2rad(dataset["lon"])) + dataset["lat"] / 90
    series = open_weatherbench(save(dataset, tmp_path / "a.nc"))
    np.testing.assert_allclose(series["longitude"].values, expected)
    there = 280 + np.cos(np.deg2rad(series["longitude"])) + series["latitude"] / 90
    np.testing.assert_allclose(series[0, 0].values, there.transpose("y", "x").values, rtol=1e-6)


def test_new_files_of_the_climate_data_store_are_read(tmp_path, make_weather):
    dataset = make_weather("t", levels=(850.0,), base=260)
    dataset["level"].attrs["units"] = "hPa"
    dataset = dataset.rename(time="valid_time", level="pressure_level", lat="latitude")
    dataset = dataset.assign_coords(number=0, expver=("valid_time", ["0001"] * 8))
    series = open_weatherbench(save(dataset, tmp_path / "a.nc"))
    assert list(series["channel"].values) == ["t850"]


def test_dimensions_of_size_one_are_dropped(tmp_path, make_weather):
    dataset = make_weather().expand_dims(expver=[1], number=[0])
    assert open_weatherbench(save(dataset, tmp_path / "a.nc")).shape == (8, 1, 4, 8)


def test_height_becomes_geopotential(tmp_path, make_weather):
    dataset = make_weather("hgt", base=5500, spread=100, units="gpm", levels=(500.0,))
    series = open_weatherbench(save(dataset, tmp_path / "a.nc"))
    np.testing.assert_allclose(
        series[:, 0].values[:, ::-1], dataset["hgt"][:, 0].values * 9.80665, rtol=1e-6
    )


def test_units_may_differ_from_file_to_file(tmp_path, make_weather):
    save(make_weather(base=280, units="K"), tmp_path / "a.nc")
    save(make_weather(base=10, units="degC", first="2015-01-03"), tmp_path / "b.nc")
    series = open_weatherbench(tmp_path)
    assert abs(series.values[8:].mean() - 283.15) < 1


@pytest.mark.parametrize("store", ["a.nc", "a.zarr"])
def test_the_line_of_python_in_the_message_sets_the_units(tmp_path, make_weather, store):
    dataset = make_weather("msl", base=1013, units="Pa")
    if store == "a.nc":
        save(dataset, tmp_path / store)
    else:
        dataset.to_zarr(tmp_path / store, zarr_format=2)
    with pytest.raises(ValueError, match="declared in Pa, but .* look like hPa") as caught:
        open_weatherbench(tmp_path / store)
    exec(str(caught.value).split('python -c "')[1].split('"; if they')[0])
    assert open_weatherbench(tmp_path / store).values.mean() == pytest.approx(101_300, abs=200)


def test_packed_values_keep_their_precision(tmp_path, make_weather):
    dataset = make_weather()
    encoding = {"dtype": "int16", "scale_factor": 0.001, "add_offset": 280.0, "_FillValue": -32_768}
    dataset["t2m"][0, 0, 0] = np.nan
    dataset.to_netcdf(tmp_path / "a.nc", encoding={"t2m": encoding})
    series = open_weatherbench(tmp_path / "a.nc")
    np.testing.assert_allclose(series[:, 0].values[:, ::-1], dataset["t2m"].values, atol=6e-4)
    assert np.isnan(series.values[0, 0, -1, 0])


def test_duplicates_are_refused_with_their_files(tmp_path, make_weather):
    save(make_weather(), tmp_path / "a.nc")
    save(make_weather(first="2015-01-02"), tmp_path / "b.nc")
    told = "t2m has 4 frames too many: 2015-01-02T00:00 is the first of 4 .* in .*a.nc and .*b.nc"
    with pytest.raises(ValueError, match=told):
        open_weatherbench(tmp_path)


def test_times_that_not_all_variables_have_are_left_out_and_told(tmp_path, make_weather):
    save(make_weather(frames=12), tmp_path / "2m_temperature" / "a.nc")
    save(
        make_weather("msl", base=1013, units="hPa", frames=4, first="2015-01-02"),
        tmp_path / "b" / "a.nc",
    )
    save(
        make_weather("msl", base=1013, units="hPa", frames=8, first="2015-01-03"),
        tmp_path / "b" / "b.nc",
    )
    series = open_weatherbench(tmp_path)
    assert series.sizes["time"] == 8
    assert series.attrs["note"].startswith(
        "8 frames are left out, since not all channels have them (t2m: 12"
    )
    assert series.values.shape == (8, 2, 4, 8)


def test_sums_over_less_than_the_step_are_told(tmp_path, make_weather):
    rain = make_weather("tp", base=0.001, spread=0.001, units="m", step_hours=1, frames=24)
    series = open_weatherbench(save(rain, tmp_path / "a.nc"), time_step=SIX_HOURS)
    assert series.attrs["note"].startswith(
        "tp: sums over the time before each frame as the files have"
    )


def test_synthetic_data_stay_marked(tmp_path, make_weather):
    file = save(make_weather().assign_attrs(synthetic="true"), tmp_path / "a.nc")
    assert open_weatherbench(file).attrs["synthetic"] == "true"


def test_what_is_absent_is_told_with_what_there_is(weatherbench_1):
    with pytest.raises(ValueError, match="5.625deg has no z850, u10; it has t2m, z500, t500, t850"):
        open_weatherbench(weatherbench_1, variables=["z850", "t2m", "u10"])


def test_unknown_names_are_refused(tmp_path, make_weather):
    file = save(make_weather("precipitable"), tmp_path / "a.nc")
    with pytest.raises(
        ValueError, match=r"has no known variable; it has precipitable. Known are t2m, "
    ):
        open_weatherbench(file)
    with pytest.raises(ValueError, match="variable 'temperatur2m' is unknown"):
        open_weatherbench(file, variables=["temperatur2m"])
    with pytest.raises(ValueError, match="variables is empty"):
        open_weatherbench(file, variables=[])


def test_a_level_variable_without_its_level_is_not_guessed(tmp_path, make_weather):
    file = save(make_weather("t", base=260), tmp_path / "a.nc")
    with pytest.raises(ValueError, match="no known variable; it has t."):
        open_weatherbench(file)


def test_files_on_different_grids_are_named(tmp_path, make_weather):
    save(make_weather(), tmp_path / "a.nc")
    save(
        make_weather("msl", base=1013, units="hPa", longitude=np.arange(0, 360, 30.0)),
        tmp_path / "b.nc",
    )
    with pytest.raises(
        ValueError, match=r"b.nc .msl. lies on another grid than .*a.nc .t2m.: 4×12 cells"
    ):
        open_weatherbench(tmp_path)
    assert open_weatherbench(tmp_path, variables=["msl"]).sizes["x"] == 12


def test_a_file_that_cannot_be_read_is_named(tmp_path, make_weather):
    save(make_weather(latitude=np.array([10.0, 0.0, -20.0])), tmp_path / "a.nc")
    with pytest.raises(ValueError, match="a.nc: latitude is unevenly spaced"):
        open_weatherbench(tmp_path)
