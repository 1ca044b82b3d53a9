"""ERA5 from the Climate Data Store, through a client that gives made-up files."""

import sys
import zipfile

import numpy as np
import pytest
import xarray as xr

from pipelines.fetching.era5_cds import fetch_era5_cds
from pipelines.fetching.failure import FetchError

SHORT = {"2m_temperature": "t2m", "mean_sea_level_pressure": "msl", "geopotential": "z"}


def era5(request, *, drop_frames=0):
    """What the store gives for a request, in its way of 2025."""
    days = [
        f"{y}-{m}-{d}" for y in request["year"] for m in request["month"] for d in request["day"]
    ]
    times = np.array(
        [f"{day}T{hour}" for day in days for hour in request["time"]], "datetime64[ns]"
    )
    times = times[: len(times) - drop_frames]
    levels = request.get("pressure_level")
    dims = ("valid_time", *(("pressure_level",) if levels else ()), "latitude", "longitude")
    shape = (len(times), *((len(levels),) if levels else ()), 3, 4)
    coordinates = {"valid_time": times, "latitude": [1.0, 0, -1], "longitude": np.arange(4.0)}
    if levels:
        coordinates["pressure_level"] = [float(level) for level in levels]
    fields = {SHORT[name]: (dims, np.ones(shape, "f4")) for name in request["variable"]}
    return xr.Dataset(fields, coordinates)


class Store:
    """Stands in for `cdsapi.Client`."""

    def __init__(self, write=lambda request, target: era5(request).to_netcdf(target)):
        self.write = write
        self.requests = []

    def retrieve(self, name, request, target):
        self.requests.append((name, request))
        self.write(request, f"{target}")


def fetch(out, client, **options):
    return fetch_era5_cds(out, years="2018-01/2018-02", client=client, **options)


def test_each_month_and_kind_of_level_is_one_request_and_one_file(tmp_path):
    store = Store()
    files = fetch(tmp_path, store, variables=["t2m", "z500", "msl", "z"], levels=[850])
    names = [f"era5-{kind}-2018-{m}.nc" for m in ("01", "02") for kind in ("single", "pressure")]
    assert [file.name for file in files] == names
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(names)
    name, request = store.requests[1]
    assert name == "reanalysis-era5-pressure-levels"
    assert request["pressure_level"] == ["500", "850"]
    assert request["time"] == ["00:00", "06:00", "12:00", "18:00"]
    assert request["data_format"] == "netcdf"
    assert len(request["day"]) == 31
    assert store.requests[0][1]["variable"] == ["mean_sea_level_pressure", "2m_temperature"]


def test_files_that_are_there_are_not_asked_for_again(tmp_path):
    store, done = Store(), []
    files = fetch(tmp_path, store)
    files[0].unlink()
    fetch(tmp_path, store, progress=lambda *told: done.append(told))
    assert len(store.requests) == 3
    assert done == [(1, 2), (2, 2)]
    with pytest.raises(FetchError, match="lacks msl. If an earlier fetch of others left it there"):
        fetch(tmp_path, store, variables=["msl"])


def test_part_of_a_month_has_its_days_in_its_name(tmp_path):
    store = Store()
    [file] = fetch_era5_cds(tmp_path, years="2018-01-03/2018-01-05", time_step="12h", client=store)
    assert file.name == "era5-single-2018-01-03-to-05.nc"
    assert store.requests[0][1]["day"] == ["03", "04", "05"]
    assert store.requests[0][1]["time"] == ["00:00", "12:00"]


def test_an_archive_that_comes_anyway_is_unpacked(tmp_path):
    def write(request, target):
        with zipfile.ZipFile(target, "w") as archive:
            for name in request["variable"]:
                part = tmp_path / "part.nc"
                era5(request | {"variable": [name]}).to_netcdf(part)
                archive.write(part, f"../../{SHORT[name]}.nc")
            archive.writestr("readme.txt", "")

    store = Store(write)
    files = fetch(tmp_path / "out", store, variables=["t2m", "msl"])
    assert [f"{file.parent.name}/{file.name}" for file in files] == [
        f"era5-single-2018-{month}/{name}.nc" for month in ("01", "02") for name in ("msl", "t2m")
    ]
    fetch(tmp_path / "out", store, variables=["t2m", "msl"])
    assert len(store.requests) == 2


def cut_short(request, target):
    era5(request).to_netcdf(target)
    with open(target, "r+b") as stream:
        stream.truncate(3000)


def page(request, target):
    with open(target, "w") as stream:
        stream.write("<!DOCTYPE html><html>busy</html>")


def fail(request, target):
    raise Exception("Request has not produced a result: the cost limits are exceeded")


@pytest.mark.parametrize(
    ("write", "match"),
    [
        (page, "era5-single-2018-01: .*"),
        (cut_short, "era5-single-2018-01: .*cannot be read"),
        (fail, "the Climate Data Store says: .*cost limits"),
        (lambda request, target: None, "nothing came"),
        (
            lambda request, target: era5(request, drop_frames=3).to_netcdf(target),
            "3 times did not come: 2018-01-31T06:00",
        ),
        (
            lambda request, target: era5(request | {"variable": ["geopotential"]}).to_netcdf(
                target
            ),
            "lacks t2m",
        ),
    ],
)
def test_what_is_not_what_was_asked_for_is_not_kept(tmp_path, write, match):
    with pytest.raises(FetchError, match=match):
        fetch(tmp_path, Store(write))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"variables": ["tp6h"]}, "ERA5 has no tp6h there; it has t2m"),
        ({"variables": ["z"]}, "z are on pressure levels"),
        ({"time_step": "5h"}, "no divisor of a day"),
        ({"time_step": "30min"}, "no divisor of a day"),
    ],
)
def test_what_era5_has_not_is_refused(tmp_path, options, match):
    with pytest.raises(ValueError, match=match):
        fetch(tmp_path, Store(), **options)


def test_without_a_key_it_says_how_to_get_one(tmp_path, monkeypatch):
    for name in ("CDSAPI_URL", "CDSAPI_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CDSAPI_RC", str(tmp_path / "none"))
    with pytest.raises(ValueError, match=r"needs a key\. Register at https://cds"):
        fetch(tmp_path / "out", None)


def test_the_package_that_is_needed_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cdsapi", None)
    with pytest.raises(ValueError, match=r"needs cdsapi: pip install 'stforecast\[ecmwf\]'"):
        fetch(tmp_path / "out", None)
