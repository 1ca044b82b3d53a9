"""A clip's frames, in whatever order they are asked for."""

from pathlib import Path
from threading import Barrier, Thread

import numpy as np
import pytest

import pipelines.video.reel as reels
from pipelines.clips import Clip
from pipelines.video.frame_file import Look
from pipelines.video.reel import Reel, Take
from pipelines.video.resizing import FrameRule

N_FRAMES = 40


class Film:
    """Frames that count how often they are decoded."""

    place = Path("film.avi")
    look = Look(N_FRAMES, (8, 8), is_grey=True)

    def __init__(self, in_order=True):
        self.in_order = in_order
        self.decoded = 0

    def label(self, number):
        return f"film.avi, frame {number + 1}"

    def frames(self, numbers):
        for number in numbers:
            self.decoded += 1
            yield np.full((8, 8), number, dtype="uint8")


def make_reel(film, places=None):
    places = np.arange(N_FRAMES) if places is None else places
    take = Take(Clip("film", len(places)), film, places)
    return Reel(take, FrameRule((8, 8), "grey"))


def values(frames):
    assert frames.shape[1:] == (1, 8, 8)
    return frames[:, 0, 0, 0].tolist()


def test_a_film_is_decoded_once_if_it_is_read_in_order():
    film = Film()
    reel = make_reel(film)
    for first in range(0, N_FRAMES, 10):
        assert values(reel.read(np.arange(first, first + 10))) == list(range(first, first + 10))
    assert film.decoded == N_FRAMES
    assert values(reel.read(np.array([3, 5]))) == [3, 5]


def test_what_is_passed_over_is_kept_for_whoever_asks_next():
    film = Film()
    reel = make_reel(film)
    assert values(reel.read(np.arange(10, 20))) == list(range(10, 20))
    assert values(reel.read(np.arange(10))) == list(range(10))
    assert values(reel.read(np.arange(20, 40))) == list(range(20, 40))
    assert film.decoded == N_FRAMES


def test_what_would_fill_the_memory_is_thrown_away_and_decoded_again(monkeypatch):
    monkeypatch.setattr(reels, "_KEPT_BYTES", 5 * 64)
    film = Film()
    reel = make_reel(film)
    assert values(reel.read(np.array([20]))) == [20]
    assert values(reel.read(np.arange(16, 20))) == list(range(16, 20))
    assert film.decoded == 21
    assert values(reel.read(np.array([2]))) == [2]
    assert film.decoded == 24


def test_frames_that_can_be_had_alone_are():
    film = Film(in_order=False)
    reel = make_reel(film, np.arange(2, N_FRAMES, 3))
    assert values(reel.read(np.array([4, 11]))) == [14, 35]
    assert film.decoded == 2


def test_threads_that_ask_at_once_get_their_own_frames():
    reel = make_reel(Film())
    barrier, got = Barrier(4), {}

    def ask(first):
        barrier.wait()
        got[first] = values(reel.read(np.arange(first, first + 10)))

    threads = [Thread(target=ask, args=(first,)) for first in (30, 10, 0, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {first: list(range(first, first + 10)) for first in (0, 10, 20, 30)}


def test_a_frame_that_does_not_fit_is_told_by_its_label():
    take = Take(Clip("film", 3), Film(), np.arange(3))
    reel = Reel(take, FrameRule((4, 4), "grey", fit="same"))
    with pytest.raises(ValueError, match=r"film\.avi, frame 1 has 8x8 pixels"):
        reel.read(np.array([1]))
