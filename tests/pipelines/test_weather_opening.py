import numpy as np
import pytest
import xarray as xr

from pipelines.weather_opening import open_parts
from pipelines.weatherbench import lazy_series, open_weatherbench


def test_opened_data_know_their_parts_and_how_to_read_them(tmp_path, make_weather):
    for year in (2015, 2016):
        make_weather(
            "t", levels=(850.0, 500.0), base=0, units="degC", first=f"{year}-01-01"
        ).to_netcdf(tmp_path / f"{year}.nc")
    opened = open_parts(tmp_path, variables=["t850"])
    (part,) = opened.parts
    assert (part.name, part.level, len(part.fields)) == ("t850", 850.0, 2)
    assert opened.path == tmp_path
    assert opened.grid.latitude.tolist() == [67.5, 22.5, -22.5, -67.5]
    assert opened.attrs["dataset"] == "weatherbench"
    assert dict(opened.static) == {}
    field = part.fields[1]
    values = opened.conversions[field].apply(field.read(field.order, [850.0]))
    placed = values[:, :, field.placement.rows][..., field.placement.columns]
    series = lazy_series(opened)
    np.testing.assert_array_equal(series["time"].values, opened.times)
    np.testing.assert_array_equal(series.values[8:], placed.astype("float32"))


def test_static_fields_are_on_the_grid_of_the_series(tmp_path, make_weather):
    dataset = make_weather()
    dataset["lsm"] = (("lat", "lon"), np.linspace(0, 1, 32).reshape(4, 8))
    dataset.to_netcdf(tmp_path / "a.nc")
    opened = open_parts(tmp_path)
    assert list(opened.static) == ["land_sea_mask"]
    assert opened.static["land_sea_mask"].shape == opened.grid.shape
    xr.testing.assert_equal(
        open_weatherbench(tmp_path)["land_sea_mask"].drop_vars(
            ["latitude", "longitude", "land_sea_mask"]
        ),
        opened.static["land_sea_mask"],
    )


def test_notes_are_told_one_after_the_other(tmp_path, make_weather):
    rain = make_weather("tp", base=0.001, spread=0.001, units="m", frames=12)
    make_weather(frames=8).assign_coords(expver=("time", ["0005"] * 8)).to_netcdf(tmp_path / "a.nc")
    rain.to_netcdf(tmp_path / "b.nc")
    opened = open_parts(tmp_path, time_step=np.timedelta64(12, "h"))
    first, second, third = (
        opened.attrs["note"].split("; ")[0],
        *opened.attrs["note"].split("; ")[-2:],
    )
    assert first.startswith("4 frames are left out, since not all channels have them")
    assert second.startswith("tp: sums over the time before each frame")
    assert third == "t2m: 4 frames are preliminary (ERA5T, expver 5)"


def test_after_an_error_no_file_is_left_open(tmp_path, make_weather):
    make_weather().to_netcdf(tmp_path / "a.nc")
    make_weather(latitude=np.array([10.0, 0.0, -20.0])).to_netcdf(tmp_path / "b.nc")
    with pytest.raises(ValueError, match="b.nc: latitude is unevenly spaced"):
        open_parts(tmp_path)
    make_weather(frames=4).to_netcdf(tmp_path / "a.nc")  # not locked
