import json
import signal
import subprocess
import sys
from collections import namedtuple

import numpy as np
import pytest
import xarray as xr

from pipelines.preparing import block, weather
from pipelines.preparing import prepare as module
from pipelines.store import fingerprint_of, open_store
from pipelines.weatherbench import open_weatherbench


@pytest.fixture
def source(make_weather, tmp_path, monkeypatch):
    """A file of 40 frames, copied in 10 blocks."""
    monkeypatch.setattr(block, "LIMIT", 128)
    monkeypatch.setattr(weather, "LIMIT", 128)
    (tmp_path / "raw").mkdir()
    make_weather("t2m", frames=40).to_netcdf(tmp_path / "raw" / "t2m.nc")
    return tmp_path / "raw"


def stop_after(blocks, *, kind="copying"):
    told = []

    def tell(what, done, total):
        told.append(what)
        if told.count(kind) == blocks:
            raise KeyboardInterrupt

    return tell


@pytest.mark.parametrize("kind", ["copying", "measuring"])
def test_an_interrupted_copy_goes_on(kind, source, tmp_path, prepare_weather, monkeypatch):
    monkeypatch.setattr(module, "_MEASURED_BYTES", 1000)
    monkeypatch.setattr(module, "_SYNC_BYTES", 1000)
    with pytest.raises(KeyboardInterrupt):
        prepare_weather(source, tell=stop_after(3, kind=kind))
    assert not (tmp_path / "store").exists()
    told, said = [], []
    prepared = prepare_weather(source, tell=lambda *what: told.append(what), say=said.append)
    done = 3 if kind == "copying" else 13
    assert said == [f"going on with what was begun: {done} blocks are done"]
    assert [what for what, _, _ in told].count("copying") == (7 if kind == "copying" else 0)
    assert told[-1][1] == told[-1][2]
    xr.testing.assert_identical(prepared, open_weatherbench(source).compute())
    assert fingerprint_of(prepared) == fingerprint_of(open_weatherbench(source))
    assert sorted(place.name for place in tmp_path.iterdir()) == ["raw", "store"]


KILLED = """
import os, signal, sys
from functools import partial
from pathlib import Path
from pipelines.preparing import block, prepare as module, weather
from pipelines.weather_opening import open_parts
block.LIMIT = weather.LIMIT = 128
module._SYNC_BYTES = 1
source, out = map(Path, sys.argv[1:])
told = []
def tell(*what):
    told.append(what)
    if len(told) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
module.prepare(partial(open_parts, source), out, source=source, request={}, tell=tell)
"""


def test_a_killed_copy_goes_on(source, tmp_path, prepare_weather):
    command = [sys.executable, "-c", KILLED, str(source), str(tmp_path / "store")]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert not (tmp_path / "store").exists()
    said = []
    prepared = prepare_weather(source, say=said.append)
    assert said == ["going on with what was begun: 4 blocks are done"]
    xr.testing.assert_identical(prepared, open_weatherbench(source).compute())


def test_a_source_that_changed_in_between_starts_anew(source, prepare_weather, make_weather):
    with pytest.raises(KeyboardInterrupt):
        prepare_weather(source, tell=stop_after(3))
    (source / "t2m.nc").unlink()
    make_weather("t2m", frames=40, base=290).to_netcdf(source / "t2m.nc")
    said = []
    prepared = prepare_weather(source, say=said.append)
    assert said == ["starting anew: the source has changed since (t2m.nc)"]
    xr.testing.assert_identical(prepared, open_weatherbench(source).compute())


def test_a_source_that_changes_while_it_is_read_is_refused(source, tmp_path, prepare_weather):
    def tell(what, done, total):
        (source / "more.nc").touch()

    with pytest.raises(
        ValueError, match="raw has changed while it was read, so .* mix old and new"
    ):
        prepare_weather(source, tell=tell)
    assert not (tmp_path / "store").exists()


def test_several_workers_write_the_same_store(source, prepare_weather):
    alone = prepare_weather(source, out="alone")
    # The workers have the usual limit: their blocks are those that they are given.
    together = prepare_weather(source, out="together", workers=2)
    assert fingerprint_of(alone) == fingerprint_of(together)
    xr.testing.assert_identical(alone, together)


def test_what_exists_is_not_written_over(source, tmp_path, prepare_weather):
    (tmp_path / "store").mkdir()
    with pytest.raises(ValueError, match="store exists already; name a new folder"):
        prepare_weather(source)


def test_a_disk_without_room_is_found_before_anything_is_copied(
    source, prepare_weather, monkeypatch
):
    Usage = namedtuple("Usage", "total used free")
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: Usage(10, 10, 100))
    with pytest.raises(ValueError, match=r"has 0\.0 GB of room, but the store needs 0\.0 GB"):
        prepare_weather(source)


def test_a_period_without_frames_is_found_before_anything_is_copied(
    source, tmp_path, prepare_weather
):
    with pytest.raises(ValueError, match="train = '1999' holds no frame"):
        prepare_weather(source, train="1999")
    assert [place.name for place in tmp_path.iterdir()] == ["raw"]


def test_statistics_are_of_the_named_period_and_the_source_is_known(
    source, tmp_path, prepare_weather
):
    prepared = prepare_weather(source, train="2015-01-02/2015-01-03")
    with xr.open_dataset(tmp_path / "store" / "statistics.nc", engine="netcdf4") as statistics:
        within = prepared.sel(time=slice("2015-01-02", "2015-01-03")).astype("float64")
        assert float(statistics["mean"][0]) == pytest.approx(float(within.mean()), rel=1e-12)
        assert float(statistics["std"][0]) == pytest.approx(float(within.std()), rel=1e-12)
    facts = json.loads((tmp_path / "store" / "store.json").read_text())
    assert len(facts["source_fingerprint"]) == 32


def test_large_frames_are_measured_channel_by_channel(
    make_weather, tmp_path, prepare_weather, monkeypatch
):
    monkeypatch.setattr(module, "_MEASURED_BYTES", 2 * 128)
    data = make_weather("z", base=5e4, units="m2 s-2", levels=(400.0, 500.0, 600.0))
    data["z"] = data["z"] * xr.DataArray([1.4, 1.1, 0.82], dims="level")
    data["z"].attrs["units"] = "m2 s-2"
    data.to_netcdf(tmp_path / "z.nc")
    prepared = prepare_weather(tmp_path / "z.nc")
    series = open_weatherbench(tmp_path / "z.nc")
    assert fingerprint_of(prepared) == fingerprint_of(series)
    moments = np.load(tmp_path / "store" / "moments.npy")
    assert np.allclose(moments[:, :, 0, 1], series.mean(("y", "x")), rtol=1e-6)
    assert open_store(tmp_path / "store").identical(prepared)
