"""Human3.6M."""

import numpy as np
import pytest

from pipelines.clips import FRAME_STEP, ClipConfig, window_stride_of
from pipelines.split import SplitConfig, resolve_split
from pipelines.video.human import open_human
from pipelines.windows import WindowSpec, window_starts

SMALL = ClipConfig(size=(16, 16))


def windows_of(series):
    """Of each part, the numbers (from the grey values) of the frames with which windows begin."""
    times, spec = series["time"].values, WindowSpec(4, 4)
    split = resolve_split(
        times,
        SplitConfig(),
        window_steps=spec.length,
        time_step=FRAME_STEP,
        parts=series["part"].values,
    )
    frames = np.rint(series.values[:, 0, 8, 8] - 10).astype(int)
    return {
        part: frames[
            window_starts(
                times, spec, time_step=FRAME_STEP, within=within, stride=window_stride_of(series)
            )
        ].tolist()
        for part, within in split.items()
    }


def write_frames(folder, name, numbers, write_pictures):
    """Pictures whose grey value is 10 + 4 · number / 4."""
    for number in numbers:
        write_pictures(folder, [number / 4], size=(16, 16), name=f"{name}{number:06d}.png")


@pytest.fixture
def pictures(tmp_path, write_pictures):
    for subject in (1, 8, 9):
        write_frames(
            tmp_path / "images", f"S{subject}_Walking.1_", range(1, 137, 5), write_pictures
        )
    return tmp_path


@pytest.fixture
def listed(pictures):
    (pictures / "train.txt").write_text(
        "".join(f"images/S1_Walking.1_,{begin},0\n" for begin in (51, 1, 101))
        + "".join(f"images/S8_Walking.1_,{begin},0\n" for begin in (1, 26, 76, 101))
        + "images/S8_Walking.1_,126,0\nimages/S7_Lost.1_,1,0\n"
    )
    (pictures / "test.txt").write_text("images/S1_Walking.1_,26,96\nimages/S8_Walking.1_,51,121\n")
    return pictures


def test_the_windows_are_those_of_the_lists(listed):
    series = open_human(listed, clips=SMALL)
    assert windows_of(series) == {"train": [1, 51, 101], "validation": [1, 101], "test": [26, 51]}
    note = series.attrs["note"]
    assert "train 3, validation 2 (subject 8, kept from training), test 2" in note
    assert "2 of the 2 windows in test.txt share frames with windows in train.txt" in note
    assert "scores are flattering" in note
    # S8 from 126 on has no frames past 136, and subject 7 has none at all.
    assert "whose frames are not there, left out: 2" in note
    assert "turns and crops the frames at random, which is not done" in note


def test_a_clean_split_trains_on_nothing_that_is_tested(listed):
    series = open_human(listed, clips=SMALL.model_copy(update={"split": "clean"}))
    assert windows_of(series) == {"train": [101], "validation": [1, 101], "test": [26, 51]}
    assert "those are left out of training, but other cameras" in series.attrs["note"]
    assert series.attrs["clips"] != open_human(listed, clips=SMALL).attrs["clips"]


def test_lists_are_found_beside_the_folder_of_the_pictures(listed):
    assert windows_of(open_human(listed / "images", clips=SMALL))["test"] == [26, 51]


def test_films_stand_for_the_pictures_that_the_lists_name(tmp_path, write_film):
    for subject in (1, 8):
        file = tmp_path / f"S{subject}" / "Videos" / "Walking 1.54138969.mp4"
        write_film(file, 45, size=(16, 16))
    (tmp_path / "train.txt").write_text(
        "images/S1_Walking_1.54138969_,1,71\nimages/S8_Walking_1.54138969_,6,76\n"
    )
    (tmp_path / "test.txt").write_text("images/S1_Walking_1.54138969_,6,76\n")
    series = open_human(tmp_path, clips=SMALL)
    values = np.rint(series.values[:, 0, 8, 8] / 4 - 2.5)
    wanted = np.arange(0, 40, 5)
    np.testing.assert_allclose(values, [*wanted, *(wanted + 5), *(wanted + 5)], atol=1)


def test_one_list_alone_is_refused(listed):
    (listed / "test.txt").unlink()
    with pytest.raises(ValueError, match=r"train\.txt is there without test\.txt"):
        open_human(listed)


def test_another_step_than_that_of_the_lists_is_refused(listed):
    with pytest.raises(ValueError, match=r"clips\.every = 2: the lists are of every fifth frame"):
        open_human(listed, clips=ClipConfig(every=2))


def test_lists_of_other_pictures_are_refused(listed):
    for name in ("train.txt", "test.txt"):
        (listed / name).write_text("images/S5_Other.1_,1,71\n")
    with pytest.raises(
        ValueError, match="none of the windows .* has its frames here; such as .*S5_Oth"
    ):
        open_human(listed)


def test_one_subject_alone_is_trained_on(pictures):
    (pictures / "train.txt").write_text("images/S1_Walking.1_,1,0\n")
    (pictures / "test.txt").write_text("images/S9_Walking.1_,1,0\n")
    series = open_human(pictures, clips=SMALL)
    assert series["part"].values.tolist() == [0] * 8 + [2] * 8


def test_without_lists_the_subjects_tell_the_parts(tmp_path, write_film, write_pictures):
    for subject in (1, 5, 8, 11, 2):
        write_film(tmp_path / f"S{subject}" / "Videos" / "Eating.5.avi", 61, size=(16, 16))
    write_frames(tmp_path / "S9", "Eating.5_", range(1, 62, 5), write_pictures)
    series = open_human(tmp_path, clips=SMALL)
    names = series.attrs["clip_names"].splitlines()
    assert names == [f"S{subject}_Eating.5, from frame 1" for subject in (1, 5, 8, 9, 11)]
    assert np.bincount(series["part"].values).tolist() == [26, 13, 26]
    assert set(series["window_stride"].values) == {5}
    note = series.attrs["note"]
    assert "validation on 8, test on 9, 11; published scores are of the lists" in note
    assert "subjects that are not used: 2" in note
    every = open_human(tmp_path, clips=SMALL.model_copy(update={"every": 10, "stride": 0}))
    assert np.bincount(every["part"].values).tolist() == [14, 7, 20]


def test_pictures_in_folders_of_their_subject_are_known(tmp_path, write_pictures):
    write_pictures(tmp_path / "S1" / "Eating.5", range(1, 12))
    write_pictures(tmp_path / "S1_Walking.6", range(1, 12))
    series = open_human(tmp_path, clips=SMALL)
    assert series.attrs["clip_names"].splitlines() == [
        "S1_Eating.5, from frame 1",
        "S1_Walking.6, from frame 1",
    ]
    assert "no clip to test on: those of subjects 9 and 11 belong in" in series.attrs["note"]
    inside = open_human(tmp_path / "S1" / "Eating.5", clips=SMALL)
    assert inside.attrs["clip_names"] == "S1_Eating.5, from frame 1"


def test_a_clean_split_needs_the_lists(pictures):
    with pytest.raises(ValueError, match=r"clips\.split = 'clean' is for the published lists"):
        open_human(pictures, clips=ClipConfig(split="clean"))


def test_subjects_that_no_one_uses_are_refused_alone(tmp_path, write_film):
    write_film(tmp_path / "S2" / "Eating.5.avi", 10)
    with pytest.raises(ValueError, match="holds subjects 2 alone; used are 1, 5"):
        open_human(tmp_path)


def test_clips_without_a_subject_are_left_out_or_refused(tmp_path, write_film):
    write_film(tmp_path / "holiday.avi", 3)
    with pytest.raises(ValueError, match="holds 1 clips, but no name tells the subject"):
        open_human(tmp_path)
    write_film(tmp_path / "S1_Eating.5.avi", 10)
    assert "clips that tell no subject, left out: 1" in open_human(tmp_path).attrs["note"]
