"""Clips of one's own."""

import numpy as np
import pytest
from PIL import Image

from pipelines.clips import ClipConfig
from pipelines.video.own_video import open_video


def parts_of(series):
    return np.bincount(series["part"].values, minlength=3).tolist()


def test_many_clips_are_shared_out_by_their_names(tmp_path, write_film):
    for number in range(1, 21):
        write_film(tmp_path / f"clip{number}.mkv", 3)
    series = open_video(tmp_path)
    assert series.shape == (60, 3, 16, 32)
    assert parts_of(series) == [48, 6, 6]
    assert series.attrs["clip_names"].splitlines() == [f"clip{number}" for number in range(1, 21)]
    assert "16 to train on, then 2, then 2" in series.attrs["note"]


def test_few_clips_leave_one_for_each_part(tmp_path, write_film):
    for number in range(3):
        write_film(tmp_path / f"clip{number}.avi", 3)
    assert parts_of(open_video(tmp_path)) == [3, 3, 3]


def test_of_two_clips_the_second_is_tested_on(tmp_path, write_film):
    write_film(tmp_path / "a.avi", 16)
    write_film(tmp_path / "b.avi", 5)
    series = open_video(tmp_path)
    assert parts_of(series) == [14, 2, 5]
    assert "two clips" in series.attrs["note"]


def test_one_clip_is_shared_by_its_frames_and_stays_whole_on_the_clock(tmp_path, write_pictures):
    write_pictures(tmp_path / "drive", range(51), grey=True)
    series = open_video(tmp_path, clips=ClipConfig(stride=2))
    assert parts_of(series) == [36, 5, 10]
    assert series["channel"].values.tolist() == ["luminance"]
    assert (np.diff(series["time"].values) == np.timedelta64(60, "s")).all()
    assert (np.diff(series["part"].values) >= 0).all()
    assert series["window_stride"].values.tolist() == [1] * 36 + [2] * 15
    assert "first 70 % of its frames" in series.attrs["note"]
    assert "no clip to test" not in series.attrs["note"]


def test_folders_name_the_parts(tmp_path, write_film):
    for name in ("Train/a", "Train/b", "val/c", "test/d", "test/e"):
        write_film(tmp_path / f"{name}.avi", 4)
    series = open_video(tmp_path)
    assert parts_of(series) == [8, 4, 8]
    assert series.attrs["clip_names"].split() == ["Train/a", "Train/b", "val/c", "test/d", "test/e"]


def test_validation_is_carved_out_of_training_where_it_has_no_folder(tmp_path, write_film):
    write_film(tmp_path / "train" / "a.avi", 8)
    write_film(tmp_path / "test" / "b.avi", 4)
    assert parts_of(open_video(tmp_path)) == [7, 1, 4]
    write_film(tmp_path / "train" / "c.avi", 6)
    series = open_video(tmp_path)
    assert parts_of(series) == [8, 6, 4]
    assert "validation on the last clips for training" in series.attrs["note"]


def test_what_lacks_is_told(tmp_path, write_film):
    for name in ("train/a", "train/b", "val/c"):
        write_film(tmp_path / f"{name}.avi", 4)
    assert (
        f"no clip to test on: some belong in {tmp_path / 'test'}"
        in open_video(tmp_path).attrs["note"]
    )
    for name in ("test/a", "test/b"):
        write_film(tmp_path / "other" / f"{name}.avi", 4)
    note = open_video(tmp_path / "other").attrs["note"]
    assert f"no clip to train on: some belong in {tmp_path / 'other' / 'train'}" in note


def test_a_clip_beside_the_folders_of_parts_is_refused(tmp_path, write_film):
    write_film(tmp_path / "train" / "a.avi", 4)
    write_film(tmp_path / "b.avi", 4)
    with pytest.raises(ValueError, match="has folders for the parts, but b lies in none of them"):
        open_video(tmp_path)


def test_gaps_in_numbers_end_a_run(tmp_path, write_pictures):
    write_pictures(tmp_path / "a", [*range(8), *range(20, 28)])
    series = open_video(tmp_path)
    assert series.attrs["clip_names"].splitlines() == ["a, frames 0 to 7", "a, frames 20 to 27"]
    assert "gaps in the numbers of pictures, which windows do not cross: 1" in series.attrs["note"]
    assert parts_of(series) == [11, 2, 3]


def test_the_first_frame_tells_size_and_colour(tmp_path, write_pictures):
    write_pictures(tmp_path / "a", range(3))
    write_pictures(tmp_path / "b", range(3), grey=True)
    write_pictures(tmp_path / "c", range(3))
    series = open_video(tmp_path)
    assert series.shape == (9, 3, 16, 32)
    assert "clips in grey, which become three equal channels: 1" in series.attrs["note"]
    grey = open_video(tmp_path, clips=ClipConfig(colour="grey", size=(8, 12), every=2))
    assert grey.shape == (6, 1, 8, 12)
    assert grey.values[:2, 0, 0, 0].tolist() == [10, 18]
    assert "clips in colour, which become grey: 2" in grey.attrs["note"]


def test_clips_of_different_sizes_need_one_size(tmp_path, write_film):
    write_film(tmp_path / "a.avi", 3)
    write_film(tmp_path / "b.avi", 3, size=(32, 48))
    with pytest.raises(
        ValueError, match=r"a\.avi, frame 1 has 16x32 pixels, but .*b\.avi, frame 1 has 32x48"
    ):
        open_video(tmp_path)
    assert open_video(tmp_path, clips=ClipConfig(size=(16, 32))).values.shape == (6, 3, 16, 32)


def test_a_frame_of_another_size_is_told_when_it_is_read(tmp_path, write_pictures):
    write_pictures(tmp_path / "a", range(5))
    Image.new("RGB", (20, 10)).save(tmp_path / "a" / "000003.png")
    series = open_video(tmp_path)
    assert series[:3].values.shape == (3, 3, 16, 32)
    with pytest.raises(ValueError, match=r"000003\.png has 10x20 pixels.*clips\.size=16x32"):
        _ = series.values


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no clip: there is nothing"):
        open_video(tmp_path)
