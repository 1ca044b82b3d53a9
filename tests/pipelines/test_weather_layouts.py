"""Data laid out as their publishers do, in small: WeatherBench 2, ARCO-ERA5, folders by time."""

import numpy as np
import pytest
import xarray as xr

from pipelines.weather_opening import open_parts
from pipelines.weatherbench import open_weatherbench

LEVELS_37 = (
    *(1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 125, 150, 175, 200, 225, 250, 300, 350, 400),
    *(450, 500, 550, 600, 650, 700, 750, 775, 800, 825, 850, 875, 900, 925, 950, 975, 1000),
)


def globe(columns, rows, *, poles):
    step = 180 / (rows - 1) if poles else 180 / rows
    edge = 90 if poles else 90 - step / 2
    return {
        "latitude": np.linspace(-edge, edge, rows),
        "longitude": np.arange(columns) * (360 / columns),
    }


@pytest.mark.parametrize(
    ("columns", "rows", "poles"), [(64, 32, False), (240, 121, True), (1440, 721, True)]
)
def test_weatherbench_2_is_read_at_all_its_resolutions(
    tmp_path, make_weather, columns, rows, poles
):
    grid = globe(columns, rows, poles=poles) | {"frames": 1 if columns > 1000 else 2}
    surface = make_weather("2m_temperature", units=None, **grid)
    aloft = make_weather("temperature", base=260, units=None, levels=(500, 850), **grid)
    still = xr.DataArray(
        np.zeros((rows, columns), "float32"), dims=("lat", "lon"), name="land_sea_mask"
    )
    dataset = xr.merge([surface, aloft]).assign(land_sea_mask=still)
    dataset = dataset.rename(lat="latitude", lon="longitude").drop_attrs()
    stored = dataset.transpose("time", "level", "longitude", "latitude")
    stored.to_zarr(tmp_path / "era5.zarr", zarr_format=2)
    series = open_weatherbench(tmp_path / "era5.zarr", variables=["t2m", "t850"])
    assert series.shape == (grid["frames"], 2, rows, columns)
    assert series["latitude"].values[0] == pytest.approx(grid["latitude"][-1])
    assert series["longitude"].values[-1] == pytest.approx(360 - 360 / columns)
    assert series["land_sea_mask"].shape == (rows, columns)
    assert "note" not in series.attrs
    expected = aloft["temperature"].sel(level=850).values[:, ::-1]
    np.testing.assert_array_equal(series[:, 1].values, expected)


def test_arco_era5_is_read_where_it_holds_data(tmp_path, make_weather):
    """Hourly from 1900, whole globes of 37 levels in each chunk, filled from a later date."""
    aloft = make_weather(
        "geopotential",
        base=0,
        spread=50,
        units="m**2 s**-2",
        frames=72,
        step_hours=1,
        first="1939-12-31",
        levels=LEVELS_37,
    )
    from pipelines.readings import standard_height

    heights = xr.DataArray([9.80665 * standard_height(level) for level in LEVELS_37], dims="level")
    aloft["geopotential"] = (
        (aloft["geopotential"] + heights).astype("float32").transpose("time", "level", "lat", "lon")
    )
    aloft["geopotential"].attrs["units"] = "m**2 s**-2"
    ground = make_weather(
        "geopotential_at_surface", base=0, spread=500, units="m**2 s**-2", frames=1
    )
    dataset = aloft.assign(
        geopotential_at_surface=ground["geopotential_at_surface"].isel(time=0, drop=True)
    )
    dataset.attrs = {"valid_time_start": "1940-01-01", "valid_time_stop": "1940-01-01"}
    dataset = dataset.rename(lat="latitude", lon="longitude")
    dataset.to_zarr(
        tmp_path / "ar.zarr", zarr_format=2, encoding={"geopotential": {"chunks": (1, 37, 4, 8)}}
    )
    series = open_weatherbench(
        tmp_path / "ar.zarr", variables=["z500", "z850"], time_step=np.timedelta64(6, "h")
    )
    assert series["time"].values.astype("datetime64[h]").astype(str).tolist() == [
        f"1940-01-01T{hour:02d}" for hour in (0, 6, 12, 18)
    ]
    expected = aloft["geopotential"].sel(level=[500, 850]).values[24:48:6, :, ::-1]
    np.testing.assert_array_equal(series.values, expected)
    assert "48 times before 1940-01-01 or after 1940-01-01" in series.attrs["note"]
    assert series["orography"].attrs["units"] == "m"
    field = open_parts(tmp_path / "ar.zarr").parts[0].fields[0]
    assert field.stored_chunks == {"time": 1, "level": 37, "y": 4, "x": 8}


@pytest.mark.parametrize(
    "name",
    ["{y}/t2m_{m:02d}.nc", "t2m_{y}{m:02d}.nc", "{y}/{m:02d}/data.nc", "2m_temperature/{y}_{m}.nc"],
)
def test_folders_by_year_and_month_become_one_series(tmp_path, make_weather, name):
    dataset = make_weather(frames=4 * 430, first="2015-11-01")
    for month in np.unique(dataset["time"].values.astype("datetime64[M]")).astype(str):
        file = tmp_path / name.format(y=month[:4], m=int(month[5:]))
        file.parent.mkdir(parents=True, exist_ok=True)
        dataset.sel(time=month).to_netcdf(file)
    series = open_weatherbench(tmp_path)
    np.testing.assert_array_equal(series["time"].values, dataset["time"].values)
    np.testing.assert_array_equal(series[:, 0].values[:, ::-1], dataset["t2m"].values)


def test_variables_that_are_split_in_different_ways_are_joined(tmp_path, make_weather):
    temperature = make_weather(frames=40)
    pressure = make_weather("msl", base=101_300, units="Pa", frames=40)
    for number, rows in enumerate((slice(0, 25), slice(25, 40))):
        temperature.isel(time=rows).to_netcdf(tmp_path / f"t_{number}.nc")
    pressure.to_zarr(tmp_path / "p.zarr", zarr_format=3, consolidated=False)
    series = open_weatherbench(tmp_path)
    np.testing.assert_array_equal(series[:, 0].values[:, ::-1], temperature["t2m"].values)
    np.testing.assert_array_equal(series[:, 1].values[:, ::-1], pressure["msl"].values)


def test_tiles_of_a_grid_are_refused_with_both_files_named(tmp_path, make_weather):
    dataset = make_weather()
    for name, columns in (("west", slice(0, 4)), ("east", slice(4, 8))):
        dataset.isel(lon=columns).to_netcdf(tmp_path / f"{name}.nc")
    told = "stands in .*east.nc and in .*west.nc, on different grids: .*join them first.*by_coords"
    with pytest.raises(ValueError, match=told):
        open_weatherbench(tmp_path)


@pytest.mark.parametrize(
    ("name", "units", "base", "expected", "levels"),
    [
        ("t2m", "degC", 10, 283.15, ()),
        ("t2m", "°C", 10, 283.15, ()),
        ("msl", "hPa", 1013, 101_300, ()),
        ("tp", "mm", 6, 0.006, ()),
        ("tp", "kg m-2", 6, 0.006, ()),
        ("hgt", "m", 5500, 5500 * 9.80665, (500.0,)),
        ("zg", "dam", 550, 5500 * 9.80665, (500.0,)),
        ("r", "%", 60, 60, (500.0,)),
        ("relative_humidity", "1", 0.6, 60, (500.0,)),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_units_become_those_of_the_series_packed_or_not(
    tmp_path, make_weather, name, units, base, expected, levels, packed
):
    dataset = make_weather(name, base=base, spread=0.01 * base, units=units, levels=levels)
    encoding = {
        "dtype": "int16",
        "scale_factor": 1e-5 * base,
        "add_offset": base,
        "_FillValue": -(2**15),
    }
    dataset.to_netcdf(tmp_path / "a.nc", encoding={name: encoding} if packed else {})
    series = open_weatherbench(tmp_path / "a.nc")
    assert series.values.mean() == pytest.approx(expected, rel=1e-2)
    scale, offset = (1, 273.15) if "C" in units else (expected / base, 0)
    values = dataset[name].values.reshape(8, 4, 8)[:, ::-1].astype("float64")
    np.testing.assert_allclose(
        series[:, 0].values, values * scale + offset, rtol=2e-5 if packed else 1e-6
    )
