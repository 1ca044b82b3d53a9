import mmap

import numpy as np
import pytest

from pipelines.readahead import ReadAhead, map_of
from pipelines.windows import WindowDataset, WindowSpec

SHAPE = (40, 3, 32, 64)  # planes of 8 KiB, frames of 24 KiB


@pytest.fixture
def frames(tmp_path):
    values = np.random.default_rng(0).normal(size=SHAPE).astype("float32")
    np.save(tmp_path / "frames.npy", values)
    return np.load(tmp_path / "frames.npy", mmap_mode="r")


def covered(frames, part, starts, n_frames):
    """Which bytes of the file behind the frames would be read."""
    read = np.zeros(frames.nbytes + frames.offset, dtype=bool)
    for place, size in ReadAhead(part).spans(np.array(starts), n_frames):
        assert place % mmap.PAGESIZE == 0
        read[place : place + size] = True
    return read[frames.offset :].reshape(*SHAPE[:2], -1)


@pytest.mark.parametrize("piece", [2**20, 2**14])
def test_the_frames_of_a_window_are_read_and_no_others(frames, monkeypatch, piece):
    monkeypatch.setattr("pipelines.readahead._PIECE_BYTES", piece)
    read = covered(frames, frames, [5, 20], 3)
    wanted = [5, 6, 7, 20, 21, 22]
    assert read[wanted].all()
    others = np.delete(read, wanted, axis=0)
    # A span begins with a page, so a part of one page before each window is read as well.
    assert others.sum() < 2 * mmap.PAGESIZE


def test_of_one_channel_of_every_other_frame_nothing_between_is_read(frames):
    part = np.asarray(frames)[4::2, 1:2]
    read = covered(frames, part, [3], 4)  # frames 4 + 2 · (3 … 6) = 10, 12, 14, 16
    assert read[[10, 12, 14, 16], 1].all()
    assert not read[:, 2].any()
    assert not read[[11, 13, 15]].any()


def test_the_system_takes_what_it_is_asked_for(frames):
    part = frames[2:, 1:]
    windows = WindowDataset(part, np.arange(30), WindowSpec(3, 2))
    history, _, target = windows.__getitems__([29, 4])
    assert np.array_equal(history[0], frames[31:34, 1:])
    assert np.array_equal(target[1], frames[9:11, 1:])


@pytest.mark.parametrize("frames", [np.zeros((4, 1, 2, 2)), np.zeros((0, 1, 2, 2))])
def test_frames_in_memory_are_left_alone(frames):
    ahead = ReadAhead(frames)
    ahead.fetch(np.array([0]), 2)
    assert map_of(frames) is None


def test_a_part_of_a_map_knows_the_whole_file(frames):
    assert map_of(np.asarray(frames)[3:9, :1]) is frames
