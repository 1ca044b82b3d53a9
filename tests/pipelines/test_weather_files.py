import zipfile

import numpy as np
import pytest
import xarray as xr

from pipelines.weather_files import find_places, open_source, open_sources
from pipelines.weatherbench import open_weatherbench


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
        (b"time,t2m\n", "is not a NetCDF or GRIB file .it starts with b'time,t2m"),
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


def test_netcdf_with_64_bit_data_is_read(tmp_path, make_weather):
    import netCDF4

    dataset = make_weather()
    with netCDF4.Dataset(tmp_path / "a.nc", "w", format="NETCDF3_64BIT_DATA") as file:
        for name in ("time", "lat", "lon"):
            file.createDimension(name, dataset.sizes[name])
            values = np.arange(8) if name == "time" else dataset[name].values
            file.createVariable(name, "f8", (name,))[:] = values
        file["time"].units = "hours since 2015-01-01"
    assert len(open_source(tmp_path / "a.nc").times) == 8


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


def test_an_array_without_metadata_is_not_passed_over(tmp_path, make_weather):
    dataset = make_weather().merge(make_weather("msl", base=101_300, units="Pa"))
    dataset.to_zarr(tmp_path / "a.zarr", zarr_format=3, consolidated=False)
    (tmp_path / "a.zarr" / "msl" / "zarr.json").unlink()
    with pytest.raises(ValueError, match=r"incomplete, since msl has chunks \(c\) but no metadata"):
        open_source(tmp_path / "a.zarr")
    dataset.to_zarr(tmp_path / "b.zarr", zarr_format=2, consolidated=True)
    (tmp_path / "b.zarr" / "msl" / ".zarray").unlink()  # it stands in .zmetadata as well
    assert "msl" in open_source(tmp_path / "b.zarr").dataset


def test_a_folder_without_chunks_in_a_zarr_store_is_left_alone(tmp_path, make_weather):
    make_weather().to_zarr(tmp_path / "a.zarr", zarr_format=2, consolidated=True)
    (tmp_path / "a.zarr" / ".zmetadata").rename(tmp_path / "a.zarr" / "t2m" / "notes")
    (tmp_path / "a.zarr" / ".cache" / "figures").mkdir(parents=True)
    with pytest.warns(UserWarning, match=r"\.cache is not recognized"):
        assert "t2m" in open_source(tmp_path / "a.zarr").dataset


def test_grib_is_known_by_its_name_or_its_first_bytes(tmp_path):
    for name in ("a.grib", "b.GRB2", "c"):
        (tmp_path / name).write_bytes(b"GRIB")
    (tmp_path / "d.idx").write_bytes(b"index")
    assert [place.name for place in find_places(tmp_path)] == ["a.grib", "b.GRB2", "c"]


def test_grib_under_another_name_is_read_as_grib(tmp_path, write_grib):
    keys = {"shortName": "2t", "dataDate": 20150101, "dataTime": 0, "values": np.full((3, 4), 280)}
    (source,) = open_sources(write_grib(tmp_path / "a.nc", [keys]))
    assert source.kind == "grib"
    assert source.times.tolist() == [np.datetime64("2015-01-01", "ns").astype(int)]


def test_times_outside_those_that_a_store_says_it_holds_are_left_out(tmp_path, make_weather):
    """The layout of ARCO-ERA5: a time axis from 1900, filled from 1940 until a few months ago."""
    hourly = make_weather(frames=24 * 6, step_hours=1, first="1939-12-31")
    hourly.attrs = {"valid_time_start": "1940-01-02", "valid_time_stop": "1940-01-03"}
    hourly.to_zarr(tmp_path / "ar.zarr", zarr_format=2)
    source = open_source(tmp_path / "ar.zarr")
    assert source.times[0] == np.datetime64("1940-01-02T00")
    assert source.times[-1] == np.datetime64("1940-01-03T23")
    assert source.frames.tolist() == list(range(48, 96))
    assert source.notes[0].startswith("96 times before 1940-01-02 or after 1940-01-03 are left out")
    series = open_weatherbench(tmp_path / "ar.zarr")
    assert series.attrs["note"] == source.notes[0]
    np.testing.assert_array_equal(series[:, 0, ::-1].values, hourly["t2m"].values[48:96])
    import zarr

    attrs = zarr.open_group(tmp_path / "ar.zarr").attrs
    attrs["valid_time_stop"] = "1940-01-01"
    zarr.consolidate_metadata(tmp_path / "ar.zarr", zarr_format=2)
    with pytest.raises(ValueError, match="has no frames: 144 times before 1940-01-02 or after"):
        open_source(tmp_path / "ar.zarr")
    attrs["valid_time_stop"] = "soon"
    zarr.consolidate_metadata(tmp_path / "ar.zarr", zarr_format=2)
    assert len(open_source(tmp_path / "ar.zarr").times) == 144


def test_nothing_there_is_told(tmp_path):
    with pytest.raises(ValueError, match="nowhere does not exist; name a NetCDF or GRIB file"):
        find_places(tmp_path / "nowhere")
    with pytest.raises(
        ValueError, match="has no NetCDF or GRIB file and no Zarr store: it is empty"
    ):
        find_places(tmp_path)
    (tmp_path / "readme.md").write_text("x")
    with pytest.raises(ValueError, match="it holds readme.md"):
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
            {"units": "days since 2015-01-01", "calendar": "julian"},
            "calendar 'julian', whose days are not those of the world",
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
