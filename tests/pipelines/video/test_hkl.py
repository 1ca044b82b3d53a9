"""Hickle files of PredNet, in the layouts of several versions."""

import h5py
import numpy as np
import pytest

from pipelines.video.hkl import open_hickle, write_hickle

FRAMES = np.random.default_rng(0).integers(0, 256, (7, 8, 10, 3), dtype="uint8")
DRIVES = ["city-a"] * 3 + ["road-b"] * 2 + ["city-a"] * 2


@pytest.fixture
def files(tmp_path):
    write_hickle(tmp_path / "X_train.hkl", FRAMES)
    write_hickle(tmp_path / "sources_train.hkl", DRIVES)
    return tmp_path / "X_train.hkl", tmp_path / "sources_train.hkl"


def test_frames_are_cut_into_drives(files):
    drives = open_hickle(*files)
    assert [(name, file.look.n_frames) for name, file in drives] == [
        ("city-a", 3),
        ("road-b", 2),
        ("city-a", 2),
    ]
    file = drives[1][1]
    assert file.look.shape == (8, 10)
    assert file.look.is_synthetic
    np.testing.assert_array_equal(list(file.frames(np.arange(2))), FRAMES[3:5])
    np.testing.assert_array_equal(next(drives[2][1].frames(np.array([1]))), FRAMES[6])
    assert file.label(1) == f"{files[0]}, frame 5"


def as_group(file):
    """A group with an item each, as Hickle 3 and later write lists of mixed things."""
    group = file.create_group("data")
    for number, drive in enumerate(DRIVES * 2):
        group[f"data{number}"] = drive if number % 2 else np.bytes_(drive)


def as_bytes(file):
    """A group of texts as their bytes, as Hickle 4 writes them."""
    group = file.create_group("data")
    for number, drive in enumerate(DRIVES * 2):
        group[f"data{number}"] = np.frombuffer(drive.encode(), dtype="uint8")


def as_array(file):
    """One array, beside it the type, as Hickle 1 does."""
    file["data"] = np.array([drive.encode() for drive in DRIVES * 2])
    file["type"] = ["list"]


@pytest.mark.parametrize("write", [as_group, as_bytes, as_array])
def test_names_are_read_in_order_however_a_version_wrote_them(tmp_path, write):
    write_hickle(tmp_path / "X.hkl", np.concatenate([FRAMES] * 2), is_synthetic=False)
    with h5py.File(tmp_path / "s.hkl", "w") as file:
        write(file)
    drives = open_hickle(tmp_path / "X.hkl", tmp_path / "s.hkl")
    assert [name for name, _ in drives] == ["city-a", "road-b"] * 2 + ["city-a"]
    assert not drives[0][1].look.is_synthetic


def test_files_that_do_not_belong_together_are_refused(files):
    write_hickle(files[1], DRIVES[:-1])
    with pytest.raises(
        ValueError, match="holds 7 frames, but sources_train.hkl names the drives of 6"
    ):
        open_hickle(*files)


def test_other_arrays_are_refused(files):
    with h5py.File(files[0], "w") as file:
        file["data_0"] = FRAMES.astype("float32")
    with pytest.raises(
        ValueError, match=r"should hold frames uint8 .* but holds float32 \(7, 8, 10, 3"
    ):
        open_hickle(*files)
    with h5py.File(files[0], "w"):
        pass
    with pytest.raises(ValueError, match="but holds nothing"):
        open_hickle(*files)


def test_a_file_that_is_no_hickle_file_is_refused(files):
    files[0].write_bytes(b"<html>")
    with pytest.raises(ValueError, match=r"X_train\.hkl cannot be read as a Hickle file"):
        open_hickle(*files)


def test_damaged_frames_are_told_by_their_number(files):
    drives = open_hickle(*files)
    with h5py.File(files[0], "w") as file:
        packed = file.create_dataset(
            "data_0", data=FRAMES, chunks=(1, 8, 10, 3), compression="gzip"
        )
        place = packed.id.get_chunk_info(4).byte_offset
    with files[0].open("r+b") as file:
        file.seek(place)
        file.write(bytes(40))
    with pytest.raises(ValueError, match=r"X_train\.hkl, frame 5 cannot be read .*damaged"):
        list(drives[1][1].frames(np.arange(2)))
