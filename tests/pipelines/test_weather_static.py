import numpy as np
import pytest
import xarray as xr

from pipelines.weather_static import find_static
from pipelines.weatherbench import open_weatherbench

HEIGHT = np.arange(32.0).reshape(4, 8) * 50
NORTH_FIRST = HEIGHT[::-1].astype("float32")


def ground(dataset, name="orography", values=HEIGHT, units="m", dims=("lat", "lon")):
    """The data with a field that does not change beside them."""
    attrs = {} if units is None else {"units": units}
    return dataset.assign({name: (dims, values, attrs)})


@pytest.mark.parametrize(
    ("name", "factor", "units"),
    [
        ("orography", 1, "m"),
        ("orography", 1, None),
        ("geopotential_at_surface", 9.80665, None),
        ("geopotential_at_surface", 9.80665, "m2 s-2"),
        ("z", 9.80665, "m**2 s**-2"),
        ("orog", 1, "metres"),
    ],
)
def test_height_of_the_ground_is_in_metres(tmp_path, make_weather, name, factor, units):
    ground(make_weather(), name, factor * HEIGHT, units).to_netcdf(tmp_path / "a.nc")
    series = open_weatherbench(tmp_path / "a.nc")
    height = series["orography"]
    assert height.dims == ("y", "x")
    assert height.dtype == "float32"
    assert height.attrs["units"] == "m"
    np.testing.assert_allclose(height.values, NORTH_FIRST, rtol=1e-6)
    assert "note" not in series.attrs


@pytest.mark.parametrize(("units", "factor"), [("(0 - 1)", 1), ("%", 100), (None, 1)])
def test_share_of_land_is_between_0_and_1(tmp_path, make_weather, units, factor):
    land = np.linspace(-1e-4, 1, 32).reshape(4, 8)
    ground(make_weather(), "lsm", factor * land, units).to_netcdf(tmp_path / "a.nc")
    found = open_weatherbench(tmp_path / "a.nc")["land_sea_mask"]
    np.testing.assert_allclose(found.values, np.clip(land[::-1], 0, 1), atol=1e-7)


def test_a_standard_name_is_enough(tmp_path, make_weather):
    dataset = ground(make_weather(), "topo")
    dataset["topo"].attrs["standard_name"] = "surface_altitude"
    assert find_static(dataset) == {"orography": "topo"}


def test_fields_with_a_time_axis_give_their_first_frame(tmp_path, make_weather):
    dataset = make_weather()
    for dims in (("time", "lat", "lon"), ("time", "lon", "lat")):
        values = np.stack([HEIGHT] * 8)
        values = values if dims[1] == "lat" else values.swapaxes(1, 2)
        file = tmp_path / f"{dims[1]}.nc"
        ground(dataset, values=values, dims=dims).to_netcdf(file)
        series = open_weatherbench(file)
        assert series["channel"].values.tolist() == ["t2m"]
        np.testing.assert_array_equal(series["orography"].values, NORTH_FIRST)


def test_a_file_of_constants_beside_the_data_is_read(tmp_path, make_weather):
    for folder in ("2m_temperature", "constants"):
        (tmp_path / folder).mkdir()
    dataset = make_weather()
    dataset.to_netcdf(tmp_path / "2m_temperature" / "a.nc")
    constants = ground(dataset.isel(lat=slice(None, None, -1)).drop_vars(["t2m", "time"]))
    constants["orography"] = (("lat", "lon"), NORTH_FIRST, {"units": "m"})
    constants = ground(constants, "lat2d", units="degrees_north")
    constants.to_netcdf(tmp_path / "constants" / "constants_5.625deg.nc")
    for wanted in (None, ["t2m"]):
        series = open_weatherbench(tmp_path, variables=wanted)
        np.testing.assert_array_equal(series["orography"].values, NORTH_FIRST)
    with pytest.raises(ValueError, match="has no known variable; it has none with a time axis"):
        open_weatherbench(tmp_path / "constants")


def test_of_several_files_the_first_on_the_grid_gives_it(tmp_path, make_weather):
    for number in range(3):
        month = make_weather(first=f"2015-0{number + 1}-01")
        values = 1000 * HEIGHT if number == 0 else HEIGHT + number
        ground(month, values=values).to_netcdf(tmp_path / f"{number}.nc")
    series = open_weatherbench(tmp_path)
    np.testing.assert_array_equal(series["orography"].values, NORTH_FIRST + 1)
    assert "note" not in series.attrs


def test_columns_follow_the_grid_of_the_series(tmp_path, make_weather):
    dataset = ground(make_weather(longitude=np.arange(-180, 180, 45.0)))
    dataset.to_netcdf(tmp_path / "a.nc")
    found = open_weatherbench(tmp_path / "a.nc")["orography"].values
    np.testing.assert_array_equal(found, np.roll(NORTH_FIRST, -4, axis=1))


def test_a_zarr_in_half_precision_is_read(tmp_path, make_weather):
    ground(make_weather(), values=HEIGHT.astype("float16")).to_zarr(
        tmp_path / "era5.zarr", zarr_format=2
    )
    found = open_weatherbench(tmp_path / "era5.zarr")["orography"].values
    np.testing.assert_array_equal(found, NORTH_FIRST)


def test_another_grid_is_left_out_with_a_note(tmp_path, make_weather):
    make_weather().to_netcdf(tmp_path / "a.nc")
    coarse = {"lat": [45.0, -45.0], "lon": [0.0, 120.0, 240.0]}
    field = xr.DataArray(np.zeros((2, 3)), dims=("lat", "lon"), coords=coarse, attrs={"units": "m"})
    field.to_dataset(name="orography").to_netcdf(tmp_path / "b.nc")
    series = open_weatherbench(tmp_path)
    assert "orography" not in series.coords
    assert "orography is left out: " in series.attrs["note"]
    assert "b.nc (orography) has it on another grid: 2×3 cells" in series.attrs["note"]


def test_values_that_are_no_height_are_left_out_with_a_note(tmp_path, make_weather):
    ground(make_weather(), values=1000 * HEIGHT).to_netcdf(tmp_path / "a.nc")
    note = open_weatherbench(tmp_path / "a.nc").attrs["note"]
    assert "orography is left out" in note
    assert "no such values occur in nature" in note


def test_a_geopotential_without_level_that_is_no_ground_is_not_taken(tmp_path, make_weather):
    dataset = ground(make_weather(), "z", 54_000 + HEIGHT, "m2 s-2")
    dataset.to_netcdf(tmp_path / "a.nc")
    series = open_weatherbench(tmp_path / "a.nc")
    assert "orography" not in series.coords
    assert "note" not in series.attrs


def test_a_geopotential_with_a_level_is_no_ground(make_weather):
    assert find_static(make_weather("z", levels=(500.0,))) == {}
    hybrid = make_weather("z", levels=(1.0, 2.0, 3.0, 4.0))
    hybrid["level"].attrs = {}
    assert find_static(hybrid) == {}


@pytest.mark.parametrize("dims", [("member", "lat", "lon"), ("lat", "station")])
def test_fields_of_other_dimensions_are_passed_over(tmp_path, make_weather, dims):
    sizes = {"member": 2, "lat": 4, "lon": 8, "station": 3}
    values = np.zeros([sizes[dim] for dim in dims])
    ground(make_weather(), values=values, dims=dims).to_netcdf(tmp_path / "a.nc")
    series = open_weatherbench(tmp_path / "a.nc")
    assert "orography" not in series.coords
