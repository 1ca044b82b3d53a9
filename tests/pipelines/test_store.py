import json

import numpy as np
import pytest

from pipelines.series import channels_of
from pipelines.store import blocks_of, fingerprint_of, is_store, open_store, write_store


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
