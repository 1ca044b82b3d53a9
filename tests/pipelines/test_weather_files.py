import zipfile

import numpy as np
import pytest
import xarray as xr

from pipelines.weather_files import find_places, open_source


def test_folders_are_searched_and_half_written_files_left_alone(tmp_path, make_weather):
    for name in ("b/one.nc", "a/two.NC", ".partial-1-three.nc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        make_weather().to_netcdf(tmp_path / name)
    make_weather().to_zarr(tmp_path / "c.zarr", zarr_format=2)
    (tmp_path / "notes.txt").write_text("x")
    found = [str(place.relative_to(tmp_path)) for place in find_places(tmp_path)]
    assert found == ["a/two.NC", "b/one.nc", "c.zarr"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty .0 bytes.; fetch"),
        (b"<!DOCTYPE html><html>503</html>", "is a web page, not data: the download failed"),
        (b"\n <html>", "is a web page"),
        (b"<?xml version='1.0'?><Error/>", "is a web page"),
        (b"GRIB\x00\x00", "is GRIB. GRIB is not read; convert it to NetCDF"),
        (b"time,t2m\n", "is not a NetCDF file .it starts with b'time,t2m"),
        (
            b"\x89HDF\r\n\x1a\n" + b"\0" * 100,
            "cannot be read: it is cut short, damaged or no NetCDF",
        ),
    ],
)
def test_files_that_are_no_data_are_refused_with_their_path(tmp_path, content, message):
    file = tmp_path / "t2m.nc"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=f"t2m.nc {message}"):
        open_source(file)


def test_a_zip_archive_is_to_be_unpacked(tmp_path):
    file = tmp_path / "2m_temperature.nc"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(ValueError, match="is a zip archive; unpack it"):
        open_source(file)


@pytest.mark.parametrize("kind", ["NETCDF4", "NETCDF3_64BIT", "NETCDF3_CLASSIC"])
def test_a_file_that_is_cut_short_is_refused(tmp_path, make_weather, kind):
    good, bad = tmp_path / "good.nc", tmp_path / "bad.nc"
    make_weather(frames=100).to_netcdf(good, format=kind)
    open_source(good)
    content = good.read_bytes()
    bad.write_bytes(content[: len(content) - 2000])
    with pytest.raises(ValueError, match="bad.nc cannot be read: it is cut short"):
        open_source(bad)


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("consolidated", [True, False])
def test_zarr_of_both_formats_is_opened(tmp_path, make_weather, zarr_format, consolidated):
    store = tmp_path / "era5.zarr"
    make_weather().to_zarr(store, zarr_format=zarr_format, consolidated=False)
    if consolidated and zarr_format == 2:
        import zarr

        zarr.consolidate_metadata(store, zarr_format=2)
    source = open_source(store)
    assert source.is_zarr
    assert source.times[1] == np.datetime64("2015-01-01T06:00")


def test_a_damaged_zarr_is_refused(tmp_path):
    store = tmp_path / "era5.zarr"
    store.mkdir()
    (store / "zarr.json").write_text('{"zarr_format": 3, "node_type": "array"}')
    with pytest.raises(ValueError, match="era5.zarr cannot be read: the Zarr store is incomplete"):
        open_source(store)


def test_nothing_there_is_told(tmp_path):
    with pytest.raises(ValueError, match="nowhere does not exist; name a NetCDF file"):
        find_places(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="has no NetCDF file and no Zarr store: it is empty"):
        find_places(tmp_path)
    (tmp_path / "readme.md").write_text("x")
    with pytest.raises(ValueError, match="it holds readme.md"):
        find_places(tmp_path)
    (tmp_path / "t2m.grib").write_bytes(b"GRIB")
    with pytest.raises(ValueError, match=r"holds GRIB only \(t2m.grib\).*engine='cfgrib'"):
        find_places(tmp_path)


def test_valid_time_is_taken_where_time_is_the_start_of_a_forecast(tmp_path, make_weather):
    dataset = make_weather()
    later = dataset["time"].values + np.timedelta64(6, "h")
    dataset.assign_coords(valid_time=("time", later)).to_netcdf(tmp_path / "a.nc")
    assert open_source(tmp_path / "a.nc").times[0] == np.datetime64("2015-01-01T06:00")


def test_times_are_whole_seconds(tmp_path, make_weather):
    dataset = make_weather()
    days = ("time", np.arange(8) / 4 + 1e-9, {"units": "days since 2015-01-01"})
    dataset.assign_coords(time=days).to_netcdf(tmp_path / "a.nc")
    np.testing.assert_array_equal(
        open_source(tmp_path / "a.nc").times, make_weather()["time"].values
    )


@pytest.mark.parametrize(
    ("values", "attrs", "message"),
    [
        (
            np.arange(8),
            {"units": "days since 2015-01-01", "calendar": "noleap"},
            "calendar 'noleap'",
        ),
        (
            np.arange(8),
            {"units": "days since 2015-01-01", "calendar": "360_day"},
            "'360_day', whose days",
        ),
        (np.arange(8), {}, r"time has no units such as 'hours since 1979-01-01' \(none\)"),
        (np.arange(8), {"units": "step"}, r"\(step\); set them"),
        (
            np.arange(8),
            {"units": "fortnights since 1066"},
            "time cannot be decoded from 'fortnights",
        ),
        (
            np.array([0, np.nan, *range(6)]),
            {"units": "days since 2015-01-01"},
            "holds missing times",
        ),
    ],
)
def test_times_that_cannot_be_compared_are_refused(tmp_path, make_weather, values, attrs, message):
    dataset = make_weather().drop_vars("time")
    dataset["time"] = ("time", values, attrs)
    dataset.to_netcdf(tmp_path / "a.nc")
    with pytest.raises(ValueError, match=f"a.nc: .*{message}"):
        open_source(tmp_path / "a.nc")


def test_years_that_datetime64_cannot_hold_are_refused(tmp_path, make_weather):
    dataset = make_weather().drop_vars("time")
    dataset["time"] = ("time", np.arange(8), {"units": "days since 0850-01-01"})
    dataset.to_netcdf(tmp_path / "a.nc")
    with pytest.raises(ValueError, match="years lie between 1678 and 2262"):
        open_source(tmp_path / "a.nc")


def test_a_file_without_frames_is_refused(tmp_path, make_weather):
    make_weather().isel(time=slice(0)).to_netcdf(tmp_path / "a.nc")
    with pytest.raises(ValueError, match="a.nc has no frames"):
        open_source(tmp_path / "a.nc")


def test_a_file_without_a_time_axis_is_refused(tmp_path, make_weather):
    make_weather().isel(time=0, drop=True).to_netcdf(tmp_path / "a.nc")
    with pytest.raises(ValueError, match=r"a.nc: there is no time axis .*lat \(4\)"):
        open_source(tmp_path / "a.nc")


def test_forecasts_with_lead_times_are_no_series(tmp_path, make_weather):
    leads = [make_weather().assign_coords(prediction_timedelta=lead) for lead in (6, 12)]
    xr.concat(leads, "prediction_timedelta").to_netcdf(tmp_path / "a.nc")
    with pytest.raises(
        ValueError, match="'prediction_timedelta' holds 2 lead times: these are forecasts"
    ):
        open_source(tmp_path / "a.nc")


def test_data_that_say_they_are_made_up_are_known(tmp_path, make_weather):
    make_weather().assign_attrs(synthetic="true").to_netcdf(tmp_path / "a.nc")
    make_weather().to_netcdf(tmp_path / "b.nc")
    assert [open_source(tmp_path / name).is_synthetic for name in ("a.nc", "b.nc")] == [True, False]
