import numpy as np
import pytest

from pipelines.preparing.array_file import ArrayFile


@pytest.mark.parametrize(
    "places",
    [
        ([0, 1, 2],),
        ([4, 0, 2],),
        ([1, 2], [0, 1, 2]),
        ([3], [2, 0]),
        ([0, 4], [1], [0, 1, 2, 3]),
        ([1, 2], [0, 1, 2], [1, 3]),
        ([2, 3], [0, 2], [1, 2], [0, 1, 2, 5, 6]),
        ([0], [0], [0], [6, 0]),
    ],
)
def test_values_come_to_their_places_and_to_no_other(places, tmp_path):
    shape = (5, 3, 4, 7)
    file = ArrayFile.create(tmp_path / "a.npy", shape, "float32")
    places = [np.array(indices) for indices in places]
    size = (*map(len, places), *shape[len(places) :])
    values = np.random.default_rng(0).normal(size=size)
    file.write(values, *places)
    file.sync()
    whole = [np.arange(length) for length in shape[len(places) :]]
    expected = np.zeros(shape, dtype="float32")
    expected[np.ix_(*places, *whole)] = values
    assert np.array_equal(np.load(file.path), expected)


def test_nothing_is_written_of_nothing(tmp_path):
    file = ArrayFile.create(tmp_path / "a.npy", (2, 3), "float64")
    file.write(np.empty((2, 0)), np.arange(2), np.array([], dtype=int))
    assert not np.load(file.path).any()


def test_room_is_taken_when_values_are_written(tmp_path):
    file = ArrayFile.create(tmp_path / "a.npy", (1000, 1000), "float32")
    assert file.path.stat().st_size == 4_000_000 + file.offset
    assert 512 * file.path.stat().st_blocks < 1_000_000
