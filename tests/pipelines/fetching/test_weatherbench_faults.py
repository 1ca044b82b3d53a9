"""Servers that fail and sources that lack something: each is named."""

import base64
import hashlib
import time
from collections import namedtuple

import numpy as np
import pytest
import xarray as xr
import zarr

from pipelines.fetching.failure import FetchError, Patience
from pipelines.fetching.weatherbench import fetch_weatherbench

CHUNK = "2m_temperature/2.0.0"
UNAVAILABLE = (503, {}, b"over capacity")


def test_503_twice_and_then_the_chunk_is_no_failure(remote, fetch):
    server, source = remote
    server.sabotage(CHUNK, UNAVAILABLE, (503, {"Retry-After": "0"}, b""), None)
    copy, _ = fetch(server.url)
    xr.testing.assert_equal(copy, source)
    assert server.asked[CHUNK] == 3


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (UNAVAILABLE, r"2m_temperature/2\.0\.0: the server answers 503 \(3 attempts\)"),
        ((200, {}, b"<!DOCTYPE html><p>busy"), "a web page came instead of data"),
        ((200, {"Content-Type": "text/html; charset=utf-8"}, b"busy"), "a web page came"),
        ((200, {"Content-Length": "100"}, b"short"), "cut short"),
        ((200, {"ETag": f'"{"0" * 32}"'}, b"abc"), "checksum differs: md5 9001"),
        ((200, {"ETag": "", "Content-MD5": "AAAA"}, b"abc"), "checksum differs: md5"),
        ((200, {"ETag": "", "x-goog-hash": "crc32c=AAAAAA=="}, b"abc"), "differs: crc32c 364b3fb7"),
        ((403, {}, b"no"), r"2\.0\.0: the server refuses it \(403\)"),
        ((200, {}, b"not what was packed"), r"2\.0\.0 cannot be unpacked"),
    ],
)
def test_what_is_no_chunk_is_named(remote, fetch, answer, match):
    server, _ = remote
    server.sabotage(CHUNK, answer)
    fetch.refused(FetchError, match, server.url)


def test_a_server_that_does_not_answer_or_is_not_there_is_named(remote, fetch):
    server, _ = remote
    hasty = Patience(retries=0, timeout_s=0.2)
    server.answer = lambda path, count: time.sleep(0.5) if path == CHUNK else None
    fetch.refused(FetchError, "no answer within 0.2 s", server.url, patience=hasty)
    fetch.refused(FetchError, "cannot be reached", "http://127.0.0.1:9", patience=hasty)


def test_a_slow_server_is_waited_for(remote, fetch):
    server, source = remote
    server.answer = lambda path, count: time.sleep(0.02)
    copy, _ = fetch(server.url, variables=["t2m"])
    np.testing.assert_array_equal(copy["2m_temperature"], source["2m_temperature"])


def test_a_chunk_damaged_once_on_the_way_is_read_again(remote, fetch):
    server, source = remote
    server.sabotage(CHUNK, (200, {}, b"not what was packed"), None)
    copy, _ = fetch(server.url)
    xr.testing.assert_equal(copy, source)


def test_encoded_bodies_have_no_checksum_to_compare(remote, fetch):
    server, source = remote
    body = (server.folder / CHUNK).read_bytes()
    wrong = base64.b64encode(bytes(16)).decode()
    headers = {
        "x-goog-stored-content-encoding": "gzip",
        "x-goog-hash": f"md5={wrong}",
        "ETag": '"x"',
    }
    server.sabotage(CHUNK, (200, headers, body))
    copy, _ = fetch(server.url)
    xr.testing.assert_equal(copy, source)


def test_right_checksums_pass(remote, fetch):
    server, source = remote
    body = (server.folder / CHUNK).read_bytes()
    digest = base64.b64encode(hashlib.md5(body).digest()).decode()
    server.sabotage(CHUNK, (200, {"x-goog-hash": f"md5={digest}", "Content-MD5": digest}, body))
    copy, _ = fetch(server.url)
    xr.testing.assert_equal(copy, source)


def test_an_absent_chunk_is_refused_and_the_rest_is_kept(remote, fetch):
    server, source = remote
    (server.folder / CHUNK).unlink()
    (server.folder / "geopotential/0.0.0.0").unlink()
    match = (
        r"2m_temperature lacks 1 chunks \(first 2m_temperature/2\.0\.0, from 2010-01-03T00:00\); "
        r"geopotential lacks 1 chunks .* from 2010-01-01T00:00\)\. The rest is fetched"
    )
    fetch.refused(FetchError, match, server.url)
    server.asked.clear()
    copy, said = fetch(server.url, allow_missing=True)
    assert "2 chunks that the source lacks are missing values in the copy" in said
    assert "2 chunks" in copy.attrs["fetch_note"]
    # Frames 8 to 11 are the third chunk of four.
    assert np.isnan(copy["2m_temperature"][8:12]).all()
    np.testing.assert_array_equal(copy["2m_temperature"][12:], source["2m_temperature"][12:])
    assert np.isnan(copy["geopotential"][:4]).all()
    assert not any(path.startswith("temperature/") for path in server.asked)


def test_absent_packed_numbers_take_the_mark_of_missing_ones_or_are_refused(tmp_path, fetch):
    source = xr.Dataset(
        {"t2m": (("time", "latitude", "longitude"), np.ones((4, 2, 2), "int16"))},
        coords={
            "time": np.datetime64("2010-01-01", "ns") + np.arange(4) * np.timedelta64(6, "h"),
            "latitude": [45.0, -45],
            "longitude": [0.0, 180],
        },
    )
    folder = tmp_path / "ints.zarr"
    source.to_zarr(folder, zarr_format=2, encoding={"t2m": {"chunks": (2, 2, 2), "_FillValue": -9}})
    (folder / "t2m/1.0.0").unlink()
    copy, _ = fetch(folder, allow_missing=True)
    assert np.isnan(copy["t2m"][2:]).all()
    assert (copy["t2m"][:2] == 1).all()
    unmarked = tmp_path / "unmarked.zarr"
    source.to_zarr(
        unmarked, zarr_format=3, consolidated=False, encoding={"t2m": {"chunks": (2, 2, 2)}}
    )
    (unmarked / "t2m/c/1/0/0").unlink()
    fetch.refused(FetchError, "without a _FillValue", unmarked, out="two.zarr")


def test_infinite_values_are_refused_or_written_as_missing(make_source, fetch):
    folder, _ = make_source()
    zarr.open_group(folder, mode="r+")["temperature"][9, 1, 0, 0] = np.inf
    fetch.refused(FetchError, r"temperature holds 1 infinite values \(from 2010-01-03T06", folder)
    copy, said = fetch(folder, allow_missing=True)
    assert int(np.isnan(copy["temperature"]).sum()) == 1
    assert "1 infinite values are missing values in the copy" in said


def test_times_that_the_source_lacks_are_named(make_source, fetch, tmp_path):
    folder, source = make_source()
    fetch.refused(
        ValueError, "lacks 4 times: 2010-01-06T00:00", folder, years="2010-01-05/2010-01-06"
    )
    fetch.refused(ValueError, "no frame in 2011: it holds 20 frames", folder, years="2011")
    fetch.refused(ValueError, "no multiple", folder, time_step="4h")
    copy, said = fetch(folder, years="2010-01-05/2010-01-06", allow_missing=True)
    assert copy.sizes["time"] == 4
    assert "note: the source lacks 4 times" in said
    source.isel(time=[0, 1, 3, 4]).to_zarr(tmp_path / "gap.zarr", zarr_format=2)
    _, said = fetch(tmp_path / "gap.zarr", out="gap.zarr")
    assert "the source lacks 1 times: 2010-01-01T12:00; the copy has a gap there" in said


def test_the_span_that_an_archive_declares_ends_its_time_axis(make_source, fetch, tmp_path):
    _, source = make_source()
    source.attrs = {"valid_time_start": "2010-01-02", "valid_time_stop": "2010-01-03"}
    source.to_zarr(tmp_path / "arco.zarr", zarr_format=2)
    copy, _ = fetch(tmp_path / "arco.zarr")
    assert copy.sizes["time"] == 8


def test_unknown_variables_levels_and_grids_list_the_known_ones(make_source, fetch, tmp_path):
    folder, source = make_source()
    fetch.refused(ValueError, "no variable 'msl'.*it has 2m_temperature", folder, variables=["msl"])
    fetch.refused(
        ValueError,
        "'nonsense' is unknown.*The source has 2m",
        folder,
        variables=["nonsense"],
    )
    fetch.refused(ValueError, "no level 300 hPa; it has 500, 850, 1000", folder, variables=["z300"])
    fetch.refused(ValueError, "have none", folder, variables=["t2m"], levels=[500])
    with pytest.raises(ValueError, match="grid '5x5' is not published; there are 64x32, 240x121"):
        fetch_weatherbench(tmp_path / "x", grid="5x5")
    fetch.refused(ValueError, "--variables is empty", folder, variables=[])
    fetch.refused(
        ValueError, "--grid 64x32 chooses one of the published stores", folder, grid="64x32"
    )
    two = xr.Dataset(
        {"z": (("time", "level"), np.zeros((2, 2))), "t": (("time", "plev"), np.zeros((2, 2)))},
        {"time": source["time"][:2], "level": [500, 850], "plev": [50000.0, 85000.0]},
    )
    two.to_zarr(tmp_path / "two.zarr", zarr_format=2)
    fetch.refused(ValueError, "lie on 2 level axes", tmp_path / "two.zarr")


def test_times_that_cannot_be_told_are_refused(make_source, fetch, tmp_path):
    _, source = make_source()
    for name, times, attrs, match in (
        ("disorder", [6, 0], {"units": "hours since 2010-01-01"}, "not in order"),
        ("calendar", [0, 6], {"units": "hours since 2010-01-01", "calendar": "360_day"}, "360_day"),
        ("units", [0, 6], {"units": "moons since 2010-01-01"}, "cannot be read"),
    ):
        bad = source.isel(time=[0, 1]).assign_coords(time=("time", times, attrs))
        bad.to_zarr(tmp_path / f"{name}.zarr", zarr_format=2)
        fetch.refused(ValueError, match, tmp_path / f"{name}.zarr")


def test_what_is_no_store_is_refused(make_source, serve, fetch, tmp_path):
    fetch.refused(ValueError, "is no folder here", tmp_path / "nowhere")
    fetch.refused(ValueError, "is no Zarr store", tmp_path)
    xr.Dataset().to_zarr(tmp_path / "void.zarr", zarr_format=2)
    fetch.refused(ValueError, "void.zarr is an empty or broken .* no array", tmp_path / "void.zarr")
    xr.Dataset({"a": ("x", [1.0])}).to_zarr(tmp_path / "timeless.zarr", zarr_format=2)
    fetch.refused(
        ValueError,
        r"timeless.zarr: there is no time axis .* its dimensions are x \(1\)",
        tmp_path / "timeless.zarr",
    )
    fetch.refused(ValueError, "cannot be opened", "nonsense://somewhere")
    folder, _ = make_source()
    server = serve(folder)
    good = (folder / ".zmetadata").read_text()
    (folder / ".zmetadata").unlink()
    fetch.refused(ValueError, "no consolidated metadata", server.url)
    (folder / ".zmetadata").write_text("{")
    fetch.refused(FetchError, "is no Zarr metadata", server.url)
    (folder / ".zmetadata").write_text(good.replace('"<f4"', '"nonsense"'))
    fetch.refused(FetchError, "cannot be opened as a Zarr store", server.url)
    server.answer = lambda path, count: (403, {}, b"")
    fetch.refused(FetchError, r"\.zmetadata: the server refuses it", server.url)
    server.answer = lambda path, count: UNAVAILABLE
    fetch.refused(FetchError, r"\.zmetadata: the server answers 503", server.url)


def test_workers_and_retries_have_a_least(make_source, tmp_path):
    folder, _ = make_source()
    with pytest.raises(ValueError, match="workers is 0"):
        fetch_weatherbench(tmp_path / "x", source=str(folder), workers=0)
    with pytest.raises(ValueError, match="retries is -1"):
        fetch_weatherbench(tmp_path / "x", source=str(folder), retries=-1)


def test_a_full_disk_is_known_before(make_source, fetch, monkeypatch):
    folder, _ = make_source()
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(1, 1, 1000))
    fetch.refused(ValueError, "needs up to 0.00 GB, but the disk has", folder)
