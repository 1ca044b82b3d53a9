"""KITTI to train on, Caltech to test on."""

import json

import numpy as np
import pytest

from pipelines.clips import WHOLE, ClipConfig
from pipelines.video.hkl import write_hickle
from pipelines.video.kitticaltech import open_kitticaltech

SMALL = ClipConfig(size=(16, 20))


def clips_of(series):
    """Name, part and number of frames of each clip."""
    names = series.attrs["clip_names"].splitlines()
    _, first, count = np.unique(series["clip"].values, return_index=True, return_counts=True)
    return list(zip(names, series["part"].values[first].tolist(), count.tolist(), strict=True))


@pytest.fixture
def caltech(tmp_path, write_film):
    write_film(tmp_path / "caltech" / "set06" / "V000.seq", 10)
    write_film(tmp_path / "caltech" / "set10" / "V001.avi", 7)
    write_film(tmp_path / "caltech" / "set02" / "V000.seq", 4)
    return tmp_path


@pytest.fixture
def raw(caltech, write_pictures):
    """KITTI's raw data, 4 drives."""
    for drive in (1, 5, 9, 79):
        for camera in (0, 2, 3):
            folder = (
                caltech
                / "2011_09_26"
                / f"2011_09_26_drive_{drive:04d}_sync"
                / f"image_{camera:02d}"
            )
            write_pictures(folder / "data", range(6), name="{:010d}.png", grey=camera < 2)
    return caltech


def test_drives_are_trained_on_and_caltech_is_tested_on(raw):
    series = open_kitticaltech(raw, clips=SMALL)
    assert clips_of(series) == [
        ("2011_09_26_drive_0001_sync", 0, 6),
        ("2011_09_26_drive_0009_sync", 0, 6),
        ("2011_09_26_drive_0005_sync", 1, 6),
        ("caltech/set06/V000", 2, 3),
        ("caltech/set10/V001", 2, 2),
    ]
    assert series["channel"].values.tolist() == ["red", "green", "blue"]
    assert set(series["window_stride"].values) == {-WHOLE}
    note = series.attrs["note"]
    assert "left out, as published: 2011_09_26_drive_0079_sync, caltech/set02/V000" in note
    assert "in grey" not in note
    # Every third frame, from the third one on.
    np.testing.assert_allclose(series.values[-5:, 0, 8, 8], [18, 30, 42, 18, 30], atol=3)


def test_frames_are_128_by_160_unless_named(raw):
    series = open_kitticaltech(raw)
    assert series.shape[1:] == (3, 128, 160)
    assert json.loads(series.attrs["clips"])["fit"] == "crop"


def test_other_steps_and_strides_are_for_the_test(raw):
    series = open_kitticaltech(raw, clips=SMALL.model_copy(update={"every": 2, "stride": 1}))
    assert [count for *_, count in clips_of(series)] == [6, 6, 6, 5, 3]
    assert series["window_stride"].values.tolist() == [-WHOLE] * 12 + [1] * 14


def test_odometry_is_read_too_and_grey_gets_three_channels(tmp_path, write_pictures):
    for drive in ("00", "01", "02"):
        write_pictures(tmp_path / "sequences" / drive / "image_0", range(6), grey=True)
    series = open_kitticaltech(tmp_path, clips=SMALL)
    assert clips_of(series) == [("00", 0, 6), ("01", 0, 6), ("02", 1, 6)]
    assert "clips in grey, which become three equal channels: 3" in series.attrs["note"]
    assert (
        f"no clip to test on: Caltech's set06 to set10 belong in {tmp_path}" in series.attrs["note"]
    )
    frame = series.values[0]
    np.testing.assert_array_equal(frame[0], frame[2])


def test_one_drive_is_trained_on_whole(tmp_path, write_pictures):
    folder = write_pictures(tmp_path / "sequence_1" / "image_02", [0, 1, 2, 5, 6])
    series = open_kitticaltech(folder, clips=SMALL)
    assert clips_of(series) == [("sequence_1, run 1", 0, 3), ("sequence_1, run 2", 0, 2)]


def test_packed_drives_are_taken_before_pictures(raw):
    frames = np.random.default_rng(0).integers(0, 256, (9, 16, 20, 3), dtype="uint8")
    folder = raw / "kitti_hkl"
    folder.mkdir()
    for ending, count in (("train", 9), ("val", 4)):
        write_hickle(folder / f"X_{ending}.hkl", frames[:count])
        write_hickle(folder / f"sources_{ending}.hkl", ["city-a"] * (count - 2) + ["road-b"] * 2)
    series = open_kitticaltech(raw, clips=SMALL)
    assert clips_of(series)[:4] == [
        ("city-a", 0, 7),
        ("road-b", 0, 2),
        ("city-a", 1, 2),
        ("road-b", 1, 2),
    ]
    np.testing.assert_array_equal(series.values[:9], np.moveaxis(frames, 3, 1))
    assert "KITTI is taken from X_train.hkl" in series.attrs["note"]
    alone = open_kitticaltech(folder / "X_train.hkl", clips=SMALL)
    assert clips_of(alone) == [("city-a", 0, 7), ("road-b", 1, 2)]


def test_frames_need_the_names_of_their_drives(tmp_path):
    write_hickle(tmp_path / "X_train.hkl", np.zeros((3, 8, 8, 3), dtype="uint8"))
    with pytest.raises(ValueError, match=r"X_train\.hkl needs sources_train\.hkl beside it"):
        open_kitticaltech(tmp_path)


def test_caltech_as_pictures_is_told_by_its_set(tmp_path, write_pictures):
    write_pictures(tmp_path / "set06" / "V000", range(9), name="I{:05d}.jpg")
    write_pictures(tmp_path / "set07", range(29, 200, 30), name="set07_V000_I{:05d}.jpg")
    series = open_kitticaltech(tmp_path, clips=SMALL)
    assert clips_of(series) == [("set06/V000", 2, 3), ("set07", 2, 6)]
    assert "numbered in steps of 30 are taken as they are" in series.attrs["note"]
    assert "no drive to train on: KITTI's drives, or X_train.hkl, belong in" in series.attrs["note"]
    inside = open_kitticaltech(tmp_path / "set06" / "V000", clips=SMALL)
    assert clips_of(inside) == [("V000", 2, 3)]


def test_clips_of_neither_are_left_out_and_told(raw, write_film):
    write_film(raw / "holiday.avi", 3)
    assert "neither KITTI's nor Caltech's, left out: 1" in open_kitticaltech(raw).attrs["note"]


def test_a_folder_of_neither_is_refused(tmp_path, write_film):
    write_film(tmp_path / "holiday.avi", 3)
    with pytest.raises(ValueError, match="holds 1 clips, but neither KITTI's drives"):
        open_kitticaltech(tmp_path)


def test_a_folder_of_what_is_left_out_is_refused(tmp_path, write_film):
    write_film(tmp_path / "set02" / "V000.seq", 4)
    with pytest.raises(ValueError, match="holds no drive that is used: set02/V000. Left out are"):
        open_kitticaltech(tmp_path)


def test_grey_can_be_asked_for(raw):
    series = open_kitticaltech(raw, clips=SMALL, variables=["luminance"])
    assert series.shape[1:] == (1, 16, 20)
