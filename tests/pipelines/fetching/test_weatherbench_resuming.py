"""A fetch that breaks off goes on, and mixes nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import xarray as xr

from pipelines.fetching.failure import FetchError, Patience
from pipelines.weatherbench import open_weatherbench

CHUNK = "2m_temperature/2.0.0"
UNAVAILABLE = (503, {}, b"over capacity")


def test_metadata_that_change_in_the_middle_spoil_the_copy(remote, fetch):
    server, _ = remote
    metadata = server.folder / ".zmetadata"
    other = json.dumps(json.loads(metadata.read_text()) | {"version": 2}).encode()
    server.answer = lambda path, count: (
        (200, {}, other) if path == ".zmetadata" and count > 1 + opens else None
    )
    opens = 2  # xarray and zarr read them too
    fetch.refused(FetchError, "changed while it was fetched", server.url)
    fetch.refused(ValueError, "the source changed since the fetch", server.url)


def test_an_interrupted_fetch_goes_on_and_asks_for_no_finished_chunk_again(remote, fetch):
    server, source = remote
    server.sabotage("temperature/3.0.0.0", UNAVAILABLE)
    fetch.refused(FetchError, "503", server.url, workers=1)
    manifest = json.loads((fetch.folder / ".era5.zarr.partial" / "manifest.json").read_text())
    assert manifest["request"]["variables"] == ["2m_temperature", "geopotential", "temperature"]
    server.asked.clear()
    server.answer = lambda path, count: None
    copy, said = fetch(server.url)
    assert "2 of 3 blocks are here already" in said
    xr.testing.assert_equal(copy, source)
    assert not [path for path in server.asked if path.startswith(("2m_t", "geop"))]


def test_another_request_is_not_mixed_with_an_interrupted_one(remote, fetch):
    server, _ = remote
    server.sabotage(CHUNK, UNAVAILABLE)
    fetch.refused(FetchError, "503", server.url)
    fetch.refused(ValueError, "interrupted fetch with variables", server.url, variables=["z"],
            levels=[500, 850, 1000])  # fmt: skip


def test_what_stands_there_is_not_overwritten(make_source, fetch):
    folder, _ = make_source()
    fetch(folder)
    with pytest.raises(ValueError, match="exists already"):
        fetch(folder)


def test_ctrl_c_stops_the_threads_and_leaves_nothing_readable(remote, fetch):
    server, _ = remote
    server.answer = lambda path, count: time.sleep(30) if path == "geopotential/0.0.0.0" else None

    def interrupt(done, total):
        if done:
            raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        fetch(server.url, progress=interrupt, patience=Patience(timeout_s=60))
    assert time.monotonic() - began < 5
    assert [path.name for path in fetch.folder.iterdir()] == [".era5.zarr.partial"]
    with pytest.raises(ValueError, match="no Zarr store: it is empty"):
        open_weatherbench(fetch.folder)


FETCH = """
import sys
from pathlib import Path
from pipelines.fetching.weatherbench import fetch_weatherbench
fetch_weatherbench(Path(sys.argv[2]), source=sys.argv[1], workers=2)
"""


def test_a_killed_fetch_goes_on_without_the_finished_blocks(make_source, serve, fetch, hurry):
    folder, source = make_source(frames=48)
    server = serve(folder)
    server.answer = lambda path, count: time.sleep(60) if path == "temperature/5.0.0.0" else None
    out = fetch.folder / "era5.zarr"
    child = subprocess.Popen(
        [sys.executable, "-c", FETCH, server.url, str(out)], cwd=Path(__file__).parents[3]
    )
    journal = fetch.folder / ".era5.zarr.partial" / "finished.jsonl"
    for _ in range(600):
        if journal.is_file() and journal.read_text().count("block") == 2:
            break
        time.sleep(0.05)
    with pytest.raises(ValueError, match="another process fetches"):
        fetch(server.url)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    with journal.open("a") as stream:
        stream.write('\n{"block": "temp')  # as a power cut leaves a line
    (fetch.folder / ".era5.zarr.partial/data/temperature/0.0f.partial").write_bytes(b"torn")
    server.answer = lambda path, count: None
    server.asked.clear()
    copy, _ = fetch(server.url)
    xr.testing.assert_equal(copy, source)
    assert not [path for path in server.asked if path.startswith(("2m_t", "geop"))]
    assert not list(out.rglob("*.partial"))
