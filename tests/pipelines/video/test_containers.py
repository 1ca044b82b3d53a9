"""Clips found in folders."""

import re

import numpy as np
import pytest

from pipelines.video.containers import find_footage, natural_order, runs_of


def test_films_sequences_and_folders_of_pictures_are_found_by_name(
    tmp_path, write_film, write_pictures
):
    write_film(tmp_path / "b" / "clip10.avi", 3)
    write_film(tmp_path / "b" / "clip2.AVI", 4)
    write_film(tmp_path / "c.seq", 2)
    write_pictures(tmp_path / "a" / "deep", range(5, 8))
    write_pictures(tmp_path / ".hidden")
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / "b" / "._clip1.avi").write_bytes(b"rubbish")
    found = find_footage(tmp_path)
    assert [footage.name for footage in found] == ["a/deep", "b/clip2", "b/clip10", "c"]
    assert [footage.numbers.tolist() for footage in found[:2]] == [[5, 6, 7], [1, 2, 3, 4]]
    assert [footage.is_pictures for footage in found] == [True, False, False, False]


def test_pictures_of_one_folder_are_a_clip_for_each_beginning_of_their_names(
    tmp_path, write_pictures
):
    write_pictures(tmp_path, [3, 1, 10], name="S1_Walking.54138969_{}.jpg")
    write_pictures(tmp_path, [1, 2], name="S5_Eating 1.{}.png")
    found = find_footage(tmp_path)
    assert [footage.name for footage in found] == ["S1_Walking.54138969", "S5_Eating 1"]
    assert found[0].numbers.tolist() == [1, 3, 10]
    assert [found[0].file.names[place] for place in range(3)] == [
        f"S1_Walking.54138969_{number}.jpg" for number in (1, 3, 10)
    ]
    assert found[0].beginning == "S1_Walking.54138969_"


def test_a_folder_of_pictures_alone_has_the_folders_name(tmp_path, write_pictures):
    folder = write_pictures(tmp_path / "drive", name="frame_{:03d}.bmp")
    assert [footage.name for footage in find_footage(folder)] == ["drive"]


def test_one_file_is_one_clip(tmp_path, write_film):
    file = write_film(tmp_path / "clip.mp4", 3)
    assert [footage.name for footage in find_footage(file)] == ["clip"]


def test_two_pictures_with_one_number_are_refused(tmp_path, write_pictures):
    write_pictures(tmp_path / "a", range(3), name="{:03d}.png")
    write_pictures(tmp_path / "a", [1], name="{}.png")
    with pytest.raises(ValueError, match=r"001\.png and 1\.png are both frame 1 of one clip"):
        find_footage(tmp_path)


@pytest.mark.parametrize(
    ("names", "match"),
    [
        ([], "holds no clip: there is nothing. Readable are .avi, .mp4"),
        (["a.gif", "b.txt"], "a GIF is not read; make a film of it, `ffmpeg -i NAME.gif NAME.mp4`"),
        (["walking.zip"], "there are archives (.zip); unpack them first"),
        (["a.txt", "b.txt", "c"], "there is 2 .txt, 1 without ending"),
    ],
)
def test_a_folder_without_a_clip_says_what_is_there_instead(tmp_path, names, match):
    for name in names:
        (tmp_path / name).write_bytes(b"GIF89a")
    with pytest.raises(ValueError, match=re.escape(match)):
        find_footage(tmp_path)
    assert find_footage(tmp_path, needed=False) == []


@pytest.mark.parametrize(
    ("name", "match"),
    [("a.gif", "a GIF is not read"), ("a.png", "a picture is one frame; name its")],
)
def test_a_file_that_is_no_clip_is_refused(tmp_path, name, match):
    (tmp_path / name).write_bytes(b"GIF89a")
    with pytest.raises(ValueError, match=match):
        find_footage(tmp_path / name)
    assert find_footage(tmp_path / name, needed=False) == []


@pytest.mark.parametrize(
    ("numbers", "lengths"),
    [
        ([1, 2, 3, 4], [4]),
        ([1, 2, 3, 7, 8], [3, 2]),
        ([5, 10, 15, 30, 35], [3, 2]),
        ([4], [1]),
        ([4, 9], [2]),
    ],
)
def test_a_missing_number_ends_a_run(tmp_path, write_pictures, numbers, lengths):
    footage = find_footage(write_pictures(tmp_path, numbers))[0]
    runs = runs_of(footage)
    assert [len(run) for run in runs] == lengths
    np.testing.assert_array_equal(np.concatenate(runs), np.arange(len(numbers)))


def test_numbers_in_names_are_sorted_as_numbers():
    names = ["clip10", "clip9", "a", "clip", "9"]
    assert sorted(names, key=natural_order) == ["9", "a", "clip", "clip9", "clip10"]
