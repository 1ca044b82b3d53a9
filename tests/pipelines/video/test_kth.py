"""KTH Action."""

import numpy as np
import pytest

from pipelines.clips import FRAME_STEP, WHOLE, ClipConfig, window_stride_of
from pipelines.split import SplitConfig, resolve_split
from pipelines.video.kth import open_kth
from pipelines.windows import WindowSpec, window_starts


def clips_of(series):
    return series.attrs["clip_names"].splitlines()


def starts_of(series, spec):
    """Of each part, the grey values of the frames with which windows begin."""
    times, stride = series["time"].values, window_stride_of(series)
    split = resolve_split(
        times,
        SplitConfig(),
        window_steps=spec.length,
        time_step=FRAME_STEP,
        parts=series["part"].values,
    )
    frames = np.rint(series.values[:, 0, 64, 64] / 4 - 2.5).astype(int)
    return {
        part: frames[
            window_starts(times, spec, time_step=FRAME_STEP, within=within, stride=stride)
        ].tolist()
        for part, within in split.items()
    }


@pytest.fixture
def people(tmp_path, write_film):
    for person in (1, 2, 3, 17):
        for action in ("walking", "jogging"):
            file = tmp_path / action / f"person{person:02d}_{action}_d1_uncomp.avi"
            write_film(file, 14, size=(32, 32))
    return tmp_path


def test_people_are_in_the_published_parts_and_the_last_one_trained_on_is_kept(people):
    series = open_kth(people)
    assert series.shape == (8 * 14, 1, 128, 128)
    parts = dict(zip(series["clip"].values, series["part"].values, strict=True))
    told = {name: parts[number] for number, name in enumerate(clips_of(series))}
    assert told == {
        f"person{person:02d}_{action}_d1": {3: 1, 17: 2}.get(person, 0)
        for person in (1, 2, 3, 17)
        for action in ("walking", "jogging")
    }
    assert "train on people 1, 2, validation on people 3, test on people 17" in series.attrs["note"]
    assert "00sequences.txt is not there" in series.attrs["note"]
    assert series["channel"].values.tolist() == ["luminance"]


def test_two_of_sixteen_people_are_kept_for_validation(tmp_path, write_pictures):
    for person in range(1, 26):
        write_pictures(tmp_path / f"person{person:02d}_boxing_d2", range(2), size=(8, 8))
    series = open_kth(tmp_path)
    told = (
        "train on people 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, validation on people 15, 16"
    )
    assert told in series.attrs["note"]
    assert "00sequences" not in series.attrs["note"]
    assert np.bincount(series["part"].values).tolist() == [28, 4, 18]


def test_windows_are_counted_backwards_from_the_end(people):
    # 14 frames, windows of 4: walking from 10, 6, 2; jogging every third, 10, 7, 4, 1.
    starts = starts_of(open_kth(people), WindowSpec(3, 1))
    assert starts["test"] == [1, 4, 7, 10, 2, 6, 10]
    assert starts["train"] == [1, 4, 7, 10] * 2 + [2, 6, 10] * 2


def test_another_stride_is_for_validation_and_test(people):
    starts = starts_of(open_kth(people, clips=ClipConfig(stride=0)), WindowSpec(3, 1))
    assert starts["test"] == [0, 4, 8] * 2
    assert starts["train"] == [1, 4, 7, 10] * 2 + [2, 6, 10] * 2


def test_a_missing_number_begins_a_new_run(tmp_path, write_pictures):
    folder = tmp_path / "walking" / "person01_walking_d1_uncomp"
    write_pictures(folder, [*range(1, 8), *range(20, 29)], name="image_{:04d}.jpg")
    series = open_kth(tmp_path)
    assert clips_of(series) == [
        "person01_walking_d1, frames 1 to 7",
        "person01_walking_d1, frames 20 to 28",
    ]
    assert np.bincount(series["clip"].values).tolist() == [7, 9]
    assert set(series["window_stride"].values) == {-WHOLE}


def test_ranges_of_the_list_cut_films(people):
    (people / "00sequences.txt").write_text(
        "a head of the file\n\n"
        "person01_walking_d1\t\tframes\t1-4, 5-6, 9-40\n"
        "person02_walking_d1\t\tframes\t3-8\n"
        "person03_walking_d1\t\t*missing*\n"
    )
    series = open_kth(people)
    assert [name for name in clips_of(series) if "walking" in name] == [
        "person01_walking_d1, frames 1 to 6",
        "person01_walking_d1, frames 9 to 14",
        "person02_walking_d1",
        "person03_walking_d1",
        "person17_walking_d1",
    ]
    assert "frames by 00sequences.txt" in series.attrs["note"]
    starts = starts_of(series, WindowSpec(3, 1))["train"]
    # Frames 1 to 6 (places 0 to 5): from 2; 9 to 14: from 10; 3 to 8: from 4.
    assert starts == [1, 4, 7, 10] * 2 + [2, 10, 4]
    assert open_kth(people / "walking").attrs["clips"] == series.attrs["clips"]


def test_a_list_without_ranges_is_refused(people):
    (people / "00sequences.txt").write_text("<html>")
    with pytest.raises(ValueError, match=r"00sequences\.txt names no frames"):
        open_kth(people)


def test_one_frame_of_so_many_is_taken(people):
    series = open_kth(people, clips=ClipConfig(every=4, size=(16, 24), colour="rgb"))
    assert series.shape == (8 * 4, 3, 16, 24)
    np.testing.assert_allclose(series.values[:4, 1, 8, 8], [10, 26, 42, 58], atol=3)
    assert open_kth(people, variables=["green"]).shape == (8 * 14, 1, 128, 128)


def test_one_clip_alone_can_be_opened_and_says_what_lacks(people):
    series = open_kth(people / "walking" / "person01_walking_d1_uncomp.avi")
    assert series.sizes["time"] == 14
    assert "no clip to test on: those of people 17 to 25 belong in" in series.attrs["note"]
    assert "no clip for validation: a second person of 1 to 16" in series.attrs["note"]


def test_clips_with_other_names_are_left_out_and_told(people, write_film):
    write_film(people / "holiday.avi", 3)
    assert "clips whose names are not KTH's, left out: 1" in open_kth(people).attrs["note"]


def test_a_folder_without_names_of_kth_is_refused(tmp_path, write_film):
    write_film(tmp_path / "holiday.avi", 3)
    with pytest.raises(
        ValueError, match="holds 1 clips, but none with a name such as person01_walking"
    ):
        open_kth(tmp_path)
