"""The fixed test sets, as files of their shape that hold next to nothing."""

import numpy as np
import pytest

from pipelines.video.moving_test_set import find_test_set, open_test_set

SHAPE = (20, 10_000, 64, 64)


def make(file, shape=SHAPE, dtype="uint8"):
    """An array of zeros; the system stores no block of it until one is written."""
    return np.lib.format.open_memmap(file, mode="w+", dtype=dtype, shape=shape)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_sequences_come_out_first_as_grey_levels(tmp_path, dtype):
    frames = make(tmp_path / "mnist_test_seq.npy", dtype=dtype)
    frames[3, 7, 5, 6] = 255
    frames[19, 8, 1, 2] = 4
    frames.flush()
    found = open_test_set(tmp_path / "mnist_test_seq.npy")
    assert found.n_sequences == 10_000
    made = found.sequences(range(7, 9))
    assert made.dtype == np.uint8
    assert np.argwhere(made).tolist() == [[0, 3, 0, 5, 6], [1, 19, 0, 1, 2]]
    assert made[0, 3, 0, 5, 6] == 255


@pytest.mark.parametrize("value", [0.5, -1, 256, np.nan])
def test_values_that_are_no_grey_levels_are_refused(tmp_path, value):
    frames = make(tmp_path / "fmnist_test_seq.npy", dtype="float32")
    frames[0, 0, 0, 0] = value
    frames.flush()
    with pytest.raises(ValueError, match="no whole numbers from 0 to 255: it is not the published"):
        open_test_set(tmp_path / "fmnist_test_seq.npy").sequences(range(2))


@pytest.mark.parametrize(
    ("shape", "dtype", "match"),
    [
        ((20, 3, 64, 64), "uint8", r"uint8 \(20, 3, 64, 64\), but the published test set is uint8"),
        ((10_000, 20, 64, 64), "uint8", r"holds uint8 \(10000, 20, 64, 64\)"),
        (SHAPE, "int8", r"holds int8 \(20, 10000, 64, 64\)"),
    ],
)
def test_an_array_of_another_shape_or_type_is_refused(tmp_path, shape, dtype, match):
    make(tmp_path / "mnist_test_seq.npy", shape, dtype)
    with pytest.raises(ValueError, match=match):
        open_test_set(tmp_path / "mnist_test_seq.npy")


def test_what_is_no_array_is_refused(tmp_path):
    file = tmp_path / "mnist_test_seq.npy"
    file.write_text("<!doctype html><title>moved</title>")
    with pytest.raises(ValueError, match="is a web page and no test set. Fetch it again, or take"):
        open_test_set(file)
    file.write_bytes(b"")
    with pytest.raises(ValueError, match="is no NumPy array, or cut short"):
        open_test_set(file)
    make(file)
    with file.open("r+b") as stream:
        stream.truncate(1000)
    with pytest.raises(ValueError, match="is no NumPy array, or cut short"):
        open_test_set(file)
    with file.open("wb") as stream:
        np.savez(stream, frames=np.zeros(3))
    with pytest.raises(ValueError, match="holds an archive, but the published"):
        open_test_set(file)


def test_a_test_set_is_found_below_a_folder(tmp_path):
    assert find_test_set(tmp_path, "mnist_test_seq.npy") is None
    file = tmp_path / "MovingMNIST" / "mnist_test_seq.npy"
    file.parent.mkdir()
    file.touch()
    assert find_test_set(tmp_path, "mnist_test_seq.npy") == file
    assert find_test_set(file, "mnist_test_seq.npy") is None
