"""Heads of files, told apart from files of others."""

import h5py
import numpy as np
import pytest

from stforecast.viewing.headers import read_forecast_head, read_header, stamp_of


def write_head(file, *, units="hours since 1970-01-01", **attrs):
    with h5py.File(file, "w") as opened:
        opened["time"] = np.arange(3.0)
        opened["forecast_reference_time"] = 24.0
        stored = opened["forecast_reference_time"].attrs
        if units is not None:
            stored["units"], stored["calendar"] = units, np.bytes_("standard")
        opened.attrs.update(attrs)


def test_the_init_time_and_the_dataset_of_a_forecast_file_are_read(tmp_path):
    write_head(tmp_path / "a.nc", dataset="weatherbench")
    head = read_forecast_head(tmp_path / "a.nc")
    assert (head.init_time, head.dataset) == (np.datetime64("1970-01-02", "ns"), "weatherbench")


def test_a_file_without_these_names_or_units_is_no_forecast(tmp_path):
    write_head(tmp_path / "a.nc", units=None)
    assert read_forecast_head(tmp_path / "a.nc") is None
    with h5py.File(tmp_path / "b.nc", "w") as opened:
        opened["time"] = np.arange(3.0)
    assert read_forecast_head(tmp_path / "b.nc") is None


def test_an_init_time_that_is_no_time_is_refused(tmp_path):
    write_head(tmp_path / "a.nc", units="metres since breakfast")
    with pytest.raises(ValueError, match=r"a\.nc has an init_time that is no time"):
        read_forecast_head(tmp_path / "a.nc")


def test_a_file_of_another_kind_is_no_netcdf(tmp_path):
    (tmp_path / "a.nc").write_text("<html>")
    with pytest.raises(ValueError, match=r"a\.nc is no whole NetCDF file"):
        read_forecast_head(tmp_path / "a.nc")


def test_a_forecaster_that_is_not_there_is_told_of(tmp_path):
    with pytest.raises(ValueError, match=r"There is no .*forecaster\.safetensors"):
        read_header(tmp_path / "forecaster.safetensors")


def test_a_stamp_tells_of_the_files_that_are_there(tmp_path):
    (tmp_path / "a").write_bytes(b"123")
    stamp = stamp_of(tmp_path / "a", tmp_path / "b")
    assert [(name, size) for name, size, _ in stamp] == [(str(tmp_path / "a"), 3)]
