"""The lazy series of clips."""

import json

import numpy as np
import pytest
import xarray as xr

import pipelines.video.lazy as lazy
from pipelines.clips import Clip
from pipelines.store import open_store, write_store
from pipelines.video.containers import find_footage
from pipelines.video.lazy import series_of_takes
from pipelines.video.reel import Take
from pipelines.video.resizing import FrameRule


@pytest.fixture
def takes(tmp_path, write_film, write_pictures):
    write_pictures(tmp_path / "a", range(4), grey=True)
    write_film(tmp_path / "b.avi", 9)
    write_film(tmp_path / "c.seq", 5)
    parts = ("test", "train", "validation")
    return [
        Take(Clip(one.name, len(one.numbers), part), one.file, np.arange(len(one.numbers)))
        for one, part in zip(find_footage(tmp_path), parts, strict=True)
    ]


def make(takes, colour="grey", **options):
    facts = {"dataset": "video", "source": "here", "told": {"every": 1}, "notes": ["", "a", "b"]}
    return series_of_takes(takes, FrameRule((16, 32), colour), **facts | options)


def grey_values(series):
    return np.rint(series.values[:, 0, 8, 16] / 4 - 2.5).astype(int).tolist()


WANTED = [*range(9), *range(5), *range(4)]


def test_clips_follow_each_other_by_part_and_nothing_is_read_before(takes):
    series = make(takes)
    assert series.shape == (18, 1, 16, 32)
    assert series.dtype == np.uint8
    assert series.chunks[0] == (9, 5, 4)
    assert grey_values(series) == WANTED
    assert series["part"].values.tolist() == [0] * 9 + [1] * 5 + [2] * 4
    assert series.attrs["clip_names"] == "b\nc\na"
    assert series.attrs["note"] == "a; b"
    assert json.loads(series.attrs["clips"]) == {
        "size": [16, 32],
        "colour": "grey",
        "resize": "averaged",
        "fit": "stretch",
        "every": 1,
    }
    assert series.attrs["synthetic"] == "false"


def test_pieces_are_no_larger_than_wanted(takes, monkeypatch):
    monkeypatch.setattr(lazy, "_PIECE_BYTES", 4 * 16 * 32)
    series = make(takes)
    assert series.chunks[0] == (4, 4, 1, 4, 1, 4)
    assert grey_values(series) == WANTED


def test_a_store_of_it_holds_the_same_bytes(takes, tmp_path, monkeypatch):
    monkeypatch.setattr(lazy, "_PIECE_BYTES", 4 * 16 * 32)
    write_store(make(takes, "rgb"), tmp_path / "store")
    stored = open_store(tmp_path / "store")
    assert stored.dtype == np.uint8
    np.testing.assert_array_equal(stored.values, make(takes, "rgb").values)
    assert stored["window_stride"].values.tolist() == [1] * 18


@pytest.mark.parametrize(
    "index",
    [
        slice(7, 12),
        slice(None, None, 5),
        3,
        [16, 2, 9],
        slice(None, None, -1),
        slice(0, 0),
    ],
)
def test_parts_of_it_are_those_of_the_whole(takes, index):
    series = make(takes)
    whole = xr.DataArray(series.values, dims=series.dims)
    np.testing.assert_array_equal(series[index].values, whole[index].values)
    np.testing.assert_array_equal(
        series[index, ..., 3:5, 7].values, whole[index, ..., 3:5, 7].values
    )


def test_channels_come_in_the_wanted_order(takes):
    series = make(takes, "rgb", variables=["blue", "red", "blue"])
    assert series["channel"].values.tolist() == ["blue", "red"]
    assert series.shape == (18, 2, 16, 32)


def test_there_must_be_a_clip():
    with pytest.raises(ValueError, match=r"here has no frame left to make a series of \(a; b\)"):
        make([])


def test_frames_may_be_asked_for_in_any_order_and_twice(takes):
    rule = FrameRule((16, 32), "grey")
    frames = lazy._Frames([lazy.Reel(take, rule) for take in takes], [4, 9, 5], rule)
    got = frames[[15, 2, 2, 6], ..., 8, 16]
    np.testing.assert_allclose(got[:, 0], [18, 18, 18, 18], atol=2)
    assert got.shape == (4, 1)
