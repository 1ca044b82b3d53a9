"""The reader on real files, where there are some: `$STFORECAST_SHARED/data`, default ../shared."""

import os
from pathlib import Path

import numpy as np
import pytest

from pipelines.series import time_step_of
from pipelines.weatherbench import open_weatherbench

DATA = Path(os.environ.get("STFORECAST_SHARED", "../shared")) / "data"


def place(name: str) -> Path:
    if not (DATA / name).exists():
        pytest.skip(f"no real data at {DATA / name}; set STFORECAST_SHARED to their folder")
    return DATA / name


@pytest.mark.parametrize("name", ["ncep_slp/NCEP_slp_2001_2010.nc", "ncep_slp"])
def test_pressure_without_units_is_read_in_pascals(name):
    series = open_weatherbench(place(name))
    assert series.shape == (3652, 1, 17, 33)
    assert series["channel"].values.tolist() == ["msl"]
    assert series["latitude"].values[[0, -1]].tolist() == [70, 30]
    assert series["longitude"].values[[0, -1]].tolist() == [-70, 10]
    assert time_step_of(series["time"].values) == np.timedelta64(1, "D")
    frames = series[:100].values
    assert 100_000 < frames.mean() < 103_000
    assert not np.isnan(frames).any()


@pytest.mark.parametrize("name", ["era5_uk/era5_t2m_uk_201903.nc", "era5_uk"])
def test_era5_over_britain_is_read(name):
    series = open_weatherbench(place(name), variables=["t2m"], time_step=np.timedelta64(6, "h"))
    assert series.shape == (124, 1, 33, 49)
    assert series["latitude"].values[[0, -1]].tolist() == [58, 50]
    assert 270 < series.values.mean() < 290
    assert set(series["time"].dt.hour.values) == {0, 6, 12, 18}
    hourly = open_weatherbench(place(name))
    np.testing.assert_array_equal(hourly.values[::6], series.values)


def test_grib_gives_the_same_series_as_the_netcdf_made_from_it():
    grib = open_weatherbench(place("era5_uk/era5-2mt-2019-03-uk.grib"))
    netcdf = open_weatherbench(place("era5_uk/era5_t2m_uk_201903.nc"))
    for name in ("time", "channel", "latitude", "longitude", "units"):
        np.testing.assert_array_equal(grib[name].values, netcdf[name].values)
    np.testing.assert_allclose(grib.values, netcdf.values, atol=6e-4)  # 16-bit integers in both


def test_data_on_two_grids_are_told_apart(tmp_path):
    for name in ("ncep_slp/NCEP_slp_2001_2010.nc", "era5_uk/era5_t2m_uk_201903.nc"):
        (tmp_path / Path(name).name).symlink_to(place(name).resolve())
    with pytest.raises(ValueError, match="lies on another grid than"):
        open_weatherbench(tmp_path)
