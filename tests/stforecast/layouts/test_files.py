"""Forecast files: names, pieces, and what happens when something goes wrong."""

import os
import shutil

import numpy as np
import pytest
import xarray as xr

from pipelines.series import Channel
from stforecast.layouts import (
    LAYOUTS,
    layout_of,
    read_forecast,
    write_forecast,
    write_forecasts,
)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_layout_follows_from_the_ending(tmp_path):
    assert layout_of(tmp_path / "a.nc") == "cf"
    assert layout_of(tmp_path / "a.ZARR") == "wb2"
    assert layout_of(tmp_path / "a.nc", layout="cf") == "cf"
    assert layout_of(tmp_path / "a.csv") == "tidy"
    assert layout_of(tmp_path / "a.Parquet", layout="tidy") == "tidy"
    assert {name: layout.endings for name, layout in LAYOUTS.items()} == {
        "cf": (".nc",),
        "wb2": (".zarr",),
        "tidy": (".csv", ".parquet"),
    }


def test_ending_that_is_of_no_layout_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"a\.grib must end in \.nc \(cf\), \.zarr \(wb2\), \.csv or"
    ):
        layout_of(tmp_path / "a.grib")


def test_ending_of_the_other_layout_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a\.zarr must end in \.nc \(cf\)\."):
        layout_of(tmp_path / "a.zarr", layout="cf")
    with pytest.raises(ValueError, match=r"a\.nc must end in \.csv or \.parquet \(tidy\)\."):
        layout_of(tmp_path / "a.nc", layout="tidy")


def test_unknown_layout_lists_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match="layout 'grib' is unknown; known: cf, wb2, tidy"):
        layout_of(tmp_path / "a.nc", layout="grib")


def test_one_init_time_takes_the_name_that_was_asked_for(build, tmp_path):
    assert write_forecast(build(n_times=1), tmp_path / "f.nc") == [tmp_path / "f.nc"]


def test_several_init_times_get_a_file_each_with_the_time_in_its_name(build, tmp_path):
    written = write_forecast(build(n_times=3), tmp_path / "f.nc")
    assert [path.name for path in written] == [
        "f_20180101T06.nc",
        "f_20180101T12.nc",
        "f_20180101T18.nc",
    ]
    assert names_in(tmp_path) == [path.name for path in written]


def test_minutes_and_seconds_stand_in_the_name_where_there_are_any(build, tmp_path):
    minutes = build(time_step=np.timedelta64(30, "m"))
    assert [path.name for path in write_forecast(minutes, tmp_path / "f.nc")] == [
        "f_20180101T06.nc",
        "f_20180101T0630.nc",
    ]
    seconds = build(time_step=np.timedelta64(15, "s"))
    assert write_forecast(seconds, tmp_path / "f.nc")[1].name == "f_20180101T060015.nc"
    parts = build(time_step=np.timedelta64(100, "ms"))
    assert write_forecast(parts, tmp_path / "f.nc")[1].name == "f_20180101T060000100.nc"


@pytest.mark.parametrize("ending", ["nc", "zarr"])
def test_batches_written_one_by_one_are_the_same_as_at_once(build, tmp_path, ending):
    forecast = build(["t2m", "z500"], n_times=5)
    batches = (forecast[start : start + 2] for start in (0, 2, 4))
    written = write_forecasts(batches, tmp_path / f"f.{ending}")
    read = read_forecast(written if ending == "nc" else written[0])
    xr.testing.assert_identical(read.load(), forecast)


def test_no_more_than_two_batches_are_asked_for_ahead(build, tmp_path):
    forecast = build(n_times=4)
    asked = []

    def batches():
        for number in range(4):
            if number:
                done = names_in(tmp_path)
                asked.append((number, sum(not name.startswith(".") for name in done)))
            yield forecast[number : number + 1]

    write_forecasts(batches(), tmp_path / "f.nc")
    # The second is asked for before the first has a name; then each is written before the next.
    assert asked == [(1, 0), (2, 2), (3, 3)]


def test_lazy_forecast_is_written_in_pieces(build, tmp_path, monkeypatch):
    monkeypatch.setattr("stforecast.layouts.files._PIECE_BYTES", 1)
    forecast = build(n_times=3)
    write_forecast(forecast.chunk(init_time=3), tmp_path / "f.zarr")
    xr.testing.assert_identical(read_forecast(tmp_path / "f.zarr").load(), forecast)


def test_store_is_read_lazily(build, tmp_path):
    write_forecast(build(), tmp_path / "f.zarr")
    assert read_forecast(tmp_path / "f.zarr").chunks is not None


def test_store_that_was_read_can_be_written_again(build, tmp_path):
    forecast = build(["t2m", "r500"], grid="regional")
    write_forecast(forecast, tmp_path / "f.zarr")
    write_forecast(read_forecast(tmp_path / "f.zarr"), tmp_path / "g.zarr")
    again = read_forecast(tmp_path / "g.zarr").load()
    xr.testing.assert_allclose(again, forecast, rtol=1e-6)


@pytest.mark.parametrize("ending", ["nc", "zarr"])
def test_existing_output_is_replaced(build, tmp_path, ending):
    write_forecast(build(n_times=1, n_leads=5), tmp_path / f"f.{ending}")
    second = build(n_times=1, seed=1)
    write_forecast(second, tmp_path / f"f.{ending}")
    xr.testing.assert_identical(read_forecast(tmp_path / f"f.{ending}").load(), second)


@pytest.mark.parametrize("ending", ["nc", "zarr"])
def test_failure_leaves_nothing_and_keeps_the_old(build, tmp_path, ending):
    forecast = build(n_times=2)

    def batches():
        yield forecast[:1]
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        write_forecasts(batches(), tmp_path / f"f.{ending}")
    assert names_in(tmp_path) == []
    write_forecast(forecast[:1], tmp_path / f"f.{ending}")
    with pytest.raises(RuntimeError, match="power cut"):
        write_forecasts(batches(), tmp_path / f"f.{ending}")
    assert names_in(tmp_path) == [f"f.{ending}"]
    xr.testing.assert_identical(read_forecast(tmp_path / f"f.{ending}").load(), forecast[:1])


def test_nothing_to_write_is_refused(build, tmp_path):
    with pytest.raises(ValueError, match=r"no forecast to write to .*f\.zarr"):
        write_forecasts([], tmp_path / "f.zarr")
    with pytest.raises(ValueError, match="no forecast to write"):
        write_forecast(build()[:0], tmp_path / "f.nc")


@pytest.mark.parametrize("ending", ["nc", "zarr"])
def test_init_time_that_comes_twice_is_refused(build, tmp_path, ending):
    forecast = build(n_times=2)
    with pytest.raises(ValueError, match="2018-01-01T12.* comes again or too late"):
        write_forecasts([forecast, forecast[1:]], tmp_path / f"f.{ending}")


@pytest.mark.parametrize(
    ("name", "other"), [("lead_time", {"n_leads": 2}), ("channel", {"channels": ["msl"]})]
)
def test_forecasts_that_do_not_fit_together_are_refused(build, tmp_path, name, other):
    other = build(**other, first="2018-01-02")
    with pytest.raises(ValueError, match=f"need the same {name}, but the one from 2018-01-02"):
        write_forecasts([build(), other], tmp_path / "f.zarr")


def test_grid_that_fits_no_layout_leaves_nothing(build, tmp_path):
    with pytest.raises(ValueError, match="needs latitude and longitude"):
        write_forecast(build([Channel("a", "a")], grid=None), tmp_path / "f.zarr")
    assert names_in(tmp_path) == []


def test_absent_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"no forecast file .*nowhere\.nc"):
        read_forecast(tmp_path / "nowhere.nc")


def test_empty_list_of_files_is_refused():
    with pytest.raises(ValueError, match="list of files is empty"):
        read_forecast([])


def test_page_instead_of_a_file_is_named_as_what_it_is(tmp_path):
    (tmp_path / "f.nc").write_text("<!DOCTYPE html><html>503</html>")
    with pytest.raises(ValueError, match=r"no whole NetCDF file \(it begins with b'<!DOCTYPE"):
        read_forecast(tmp_path / "f.nc")


@pytest.mark.parametrize("part", [0.3, 0.7, 0.99])
def test_truncated_file_is_refused(build, tmp_path, part):
    (file,) = write_forecast(build(n_times=1, n_leads=20), tmp_path / "f.nc")
    os.truncate(file, int(part * file.stat().st_size))
    with pytest.raises(ValueError, match="no whole NetCDF file"):
        read_forecast(file)


def test_netcdf_that_is_no_forecast_says_what_is_missing(tmp_path):
    xr.Dataset({"t2m": ("time", [1.0])}, coords={"time": [0]}).to_netcdf(tmp_path / "f.nc")
    with pytest.raises(ValueError, match="no coordinate forecast_reference_time"):
        read_forecast(tmp_path / "f.nc")


def test_netcdf_without_fields_is_refused(tmp_path):
    coordinates = {"time": [0], "forecast_reference_time": 0}
    xr.Dataset({"t2m": ("time", [1.0])}, coords=coordinates).to_netcdf(tmp_path / "f.nc")
    with pytest.raises(ValueError, match="no variable stands on time, latitude and longitude"):
        read_forecast(tmp_path / "f.nc")


def test_store_with_an_absent_chunk_is_refused(build, tmp_path):
    write_forecast(build(n_times=2), tmp_path / "f.zarr")
    (tmp_path / "f.zarr/2m_temperature/1.0.0.0").unlink()
    with pytest.raises(ValueError, match="1 of 2 chunks of 2m_temperature are absent"):
        read_forecast(tmp_path / "f.zarr")


def test_store_without_one_of_its_variables_is_refused(build, tmp_path):
    write_forecast(build(), tmp_path / "f.zarr")
    shutil.rmtree(tmp_path / "f.zarr/latitude")
    with pytest.raises(ValueError, match="no whole forecast in the wb2 layout"):
        read_forecast(tmp_path / "f.zarr")


def test_chunk_of_missing_values_alone_is_not_taken_for_an_absent_one(build, tmp_path):
    forecast = build(n_times=2)
    forecast[1] = np.nan
    write_forecast(forecast, tmp_path / "f.zarr")
    xr.testing.assert_identical(read_forecast(tmp_path / "f.zarr").load(), forecast)


def test_folder_that_is_no_store_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no whole forecast in the wb2 layout"):
        read_forecast(tmp_path)


def test_store_of_a_series_says_what_is_missing(tmp_path):
    series = xr.Dataset(
        {"2m_temperature": (("time", "latitude", "longitude"), np.zeros((1, 2, 2)))}
    )
    series.to_zarr(tmp_path / "s.zarr", zarr_format=2)
    with pytest.raises(ValueError, match="no dimension prediction_timedelta"):
        read_forecast(tmp_path / "s.zarr")


def test_store_with_numbers_for_lead_times_is_refused(tmp_path):
    dims = ("time", "prediction_timedelta", "latitude", "longitude")
    dataset = xr.Dataset(
        {"2m_temperature": (dims, np.zeros((1, 2, 2, 2), "float32"))},
        coords={
            "time": [0],
            "prediction_timedelta": [6, 12],
            "latitude": [0, 1],
            "longitude": [0, 1],
        },
    )
    dataset.to_zarr(tmp_path / "f.zarr", zarr_format=2)
    with pytest.raises(ValueError, match="prediction_timedelta is int64, not timedelta64"):
        read_forecast(tmp_path / "f.zarr")


def test_store_without_fields_is_refused(build, tmp_path):
    write_forecast(build(), tmp_path / "f.zarr")
    stored = xr.open_zarr(tmp_path / "f.zarr").load().drop_vars("2m_temperature").drop_attrs()
    stored.to_zarr(tmp_path / "g.zarr", zarr_format=2)
    with pytest.raises(ValueError, match="no variable has time, prediction_timedelta"):
        read_forecast(tmp_path / "g.zarr")
