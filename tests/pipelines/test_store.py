import json

import numpy as np
import pytest
import xarray as xr

from pipelines.moments import moments_of_planes
from pipelines.series import channels_of
from pipelines.store import (
    blocks_of,
    fingerprint_of,
    is_store,
    open_store,
    stored_moments,
    write_store,
)


def test_a_series_comes_back_from_a_store_as_it_was(waves, tmp_path):
    write_store(waves.chunk(time=33), tmp_path / "store")
    again = open_store(tmp_path / "store")
    assert again.identical(waves)
    assert channels_of(again) == channels_of(waves)


def test_a_store_is_memory_mapped(waves, tmp_path):
    write_store(waves, tmp_path / "store")
    base = open_store(tmp_path / "store").data
    while base is not None and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)


def test_the_fingerprint_depends_on_the_values_not_on_the_chunks(waves, tmp_path):
    write_store(waves.chunk(time=7), tmp_path / "a")
    write_store(waves, tmp_path / "b")
    same = fingerprint_of(open_store(tmp_path / "a"))
    assert same == fingerprint_of(open_store(tmp_path / "b")) == fingerprint_of(waves)
    stored = open_store(tmp_path / "a")
    for other in (waves + 1, stored + 1, waves[1:], stored[::-1], stored[1:]):
        assert fingerprint_of(other) != same
    assert fingerprint_of(stored[1:]) == fingerprint_of(waves[1:])
    assert fingerprint_of(stored.assign_coords(units=("channel", ["degC", "1"]))) != same


def test_the_fingerprint_of_a_store_needs_no_reading(waves, tmp_path, monkeypatch):
    write_store(waves, tmp_path / "store")
    series = open_store(tmp_path / "store")
    monkeypatch.setattr("pipelines.store.blocks_of", None)
    assert fingerprint_of(series)


def test_missing_values_stay_missing(waves, tmp_path):
    waves = waves.copy()
    waves[3, 0, 2, 2] = np.nan
    write_store(waves, tmp_path / "store")
    assert int(open_store(tmp_path / "store").isnull().sum()) == 1


def test_a_failure_leaves_nothing_behind(waves, tmp_path):
    def fail(done, total):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_store(waves, tmp_path / "store", progress=fail)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_store_is_refused(tmp_path):
    assert not is_store(tmp_path)
    with pytest.raises(ValueError, match="no analysis-ready store"):
        open_store(tmp_path)


def test_a_newer_store_is_refused(waves, tmp_path):
    write_store(waves, tmp_path / "store")
    (tmp_path / "store" / "store.json").write_text(json.dumps({"schema_version": 99}))
    with pytest.raises(ValueError, match="store schema 99"):
        open_store(tmp_path / "store")


@pytest.mark.parametrize("chunk", [None, 1, 30, 200])
def test_blocks_cover_every_frame_once(waves, chunk):
    series = waves if chunk is None else waves.chunk(time=chunk)
    covered = [index for start, stop in blocks_of(series) for index in range(start, stop)]
    assert covered == list(range(200))


@pytest.mark.parametrize("name", ["frames.npy", "labels.nc"])
def test_a_damaged_store_is_refused(name, waves, tmp_path):
    write_store(waves, tmp_path / "store")
    file = tmp_path / "store" / name
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(ValueError, match="is a damaged store: .* Prepare it again"):
        open_store(tmp_path / "store")
    file.unlink()
    with pytest.raises(ValueError, match="is a damaged store"):
        open_store(tmp_path / "store")


@pytest.mark.parametrize("text", ['{"schema_ver', "{}", "[]"])
def test_a_store_that_does_not_know_its_schema_is_refused(text, waves, tmp_path):
    write_store(waves, tmp_path / "store")
    (tmp_path / "store" / "store.json").write_text(text)
    with pytest.raises(ValueError, match="damaged store: store.json is not whole. Prepare it"):
        open_store(tmp_path / "store")


PARTS = {
    "all": (slice(None), slice(None)),
    "the second half": (slice(100, None), slice(None)),
    "every third frame": (slice(1, 190, 3), slice(None)),
    "backwards": (slice(None, None, -1), slice(None)),
    "one channel": (slice(None), slice(1, 2)),
    "one frame of one channel": (slice(7, 8), slice(0, 1)),
    "every second frame of the last channel": (slice(None, None, 2), slice(1, None)),
}


@pytest.mark.parametrize("part", PARTS)
def test_a_store_knows_moments_and_fingerprint_of_its_parts(part, waves, tmp_path, monkeypatch):
    waves = waves.copy()
    waves[5, 0, 1, 1] = np.nan
    write_store(waves, tmp_path / "store")
    series = open_store(tmp_path / "store")[PARTS[part]]
    copied = series.copy(data=series.values.copy())
    expected, fingerprint = moments_of_planes(copied.values), fingerprint_of(copied)
    found = stored_moments(series)
    assert found is not None
    assert np.array_equal(found.table(), expected.table())
    monkeypatch.setattr("pipelines.store.blocks_of", None)  # nothing is read
    assert fingerprint_of(series) == fingerprint


def test_what_is_no_part_of_whole_planes_has_no_stored_moments(waves, tmp_path):
    write_store(waves, tmp_path / "store")
    series = open_store(tmp_path / "store")
    others = [
        waves,
        series + 0,
        series.chunk(time=10),
        series[:0],
        series[:, :, 1:],
        series[:, :, ::-1],
        series.copy(data=series.data.view("int32")),
        series.transpose("time", "channel", "x", "y"),
        series[:2].transpose("channel", "time", "y", "x"),
        series.copy(data=np.memmap(tmp_path / "other", "float32", "w+", shape=series.shape)),
    ]
    assert [stored_moments(other) for other in others] == [None] * len(others)


def test_a_store_says_what_it_was_made_from(waves, tmp_path):
    write_store(waves, tmp_path / "store")
    facts = json.loads((tmp_path / "store" / "store.json").read_text())
    assert facts["schema_version"] == 2
    assert facts["stforecast"]
    with xr.open_dataset(tmp_path / "store" / "statistics.nc", engine="netcdf4") as statistics:
        first = waves[:140].values.astype("float64")
        assert np.allclose(statistics["mean"], first.mean((0, 2, 3)), rtol=1e-12)
        assert statistics.attrs["period"] == "2015-01-01T00:00/2015-02-04T18:00"


def test_static_fields_are_kept_and_part_of_the_fingerprint(waves, tmp_path):
    height = np.arange(128, dtype="float32").reshape(8, 16)
    series = waves.assign_coords(orography=(("y", "x"), height, {"units": "m"}))
    write_store(series, tmp_path / "store")
    again = open_store(tmp_path / "store")
    assert again.identical(series)
    assert fingerprint_of(again) == fingerprint_of(series) != fingerprint_of(waves)
    other = waves.assign_coords(orography=(("y", "x"), height + 1))
    assert fingerprint_of(other) != fingerprint_of(series)


def test_a_series_without_frames_has_a_fingerprint(waves):
    assert fingerprint_of(waves[:0]) != fingerprint_of(waves)


@pytest.mark.parametrize("chunk", [1, 30, 64])
def test_blocks_of_a_lazy_series_cut_no_chunk(chunk, waves, monkeypatch):
    monkeypatch.setattr("pipelines.store._BLOCK_BYTES", 50 * waves[0].nbytes)
    blocks = list(blocks_of(waves.chunk(time=chunk)))
    assert [stop for _, stop in blocks[:-1]] == [start for start, _ in blocks[1:]]
    assert (blocks[0][0], blocks[-1][1]) == (0, 200)
    assert all(start % chunk == 0 for start, _ in blocks)
    assert len(blocks) == {1: 4, 30: 4, 64: 4}[chunk]
