"""The published lists of Human3.6M."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.video.human_lists import overlapping, read_list, stretches

BEGINS = st.lists(st.integers(0, 60).map(lambda k: 1 + 5 * k), min_size=1, unique=True).map(sorted)


def test_lines_name_a_clip_and_the_first_frame(tmp_path):
    file = tmp_path / "train.txt"
    file.write_text(
        "images/S1_Walking_1.54138969_,276,346\n\nimages/S1_Walking_1.54138969_,26,96\n"
        "S11_Eating.60457274_,1,71\r\n"
    )
    begins = read_list(file)
    assert {clip: numbers.tolist() for clip, numbers in begins.items()} == {
        "S1_Walking_1.54138969": [26, 276],
        "S11_Eating.60457274": [1],
    }


@pytest.mark.parametrize(
    ("body", "match"),
    [
        ("<html>", "line 1 is '<html>', but should read like images/S1_Walking"),
        ("images/a_,1,71\nimages/a_,one\n", "line 2 is"),
        ("\n\n", "names no window"),
    ],
)
def test_a_list_that_reads_otherwise_is_refused(tmp_path, body, match):
    (tmp_path / "train.txt").write_text(body)
    with pytest.raises(ValueError, match=match):
        read_list(tmp_path / "train.txt")


def test_windows_meet_if_their_spans_share_a_number():
    # A window from 101 on reaches to 136.
    begins = {"a": np.array([1, 65, 66, 101, 136, 137]), "b": np.array([101])}
    others = {"a": np.array([101])}
    meets = overlapping(begins, others)
    assert meets["a"].tolist() == [False, False, True, True, True, False]
    assert meets["b"].tolist() == [False]


@given(BEGINS, BEGINS)
def test_meeting_is_mutual(first, second):
    a, b = {"c": np.array(first)}, {"c": np.array(second)}
    wanted = [any(abs(one - other) <= 35 for other in second) for one in first]
    assert overlapping(a, b)["c"].tolist() == wanted


@given(BEGINS)
def test_stretches_give_just_the_windows_they_are_made_of(begins):
    got = []
    for stretch in stretches(np.array(begins)):
        starts = range(0, stretch.n_frames - 8 + 1, stretch.stride)
        got += [stretch.first + 5 * start for start in starts]
        assert (stretch.n_frames - 8) % stretch.stride == 0
    assert sorted(got) == begins


def test_windows_at_the_usual_distance_share_their_frames():
    found = stretches(np.array([1, 26, 51, 101, 126]))
    # 5 · (8 − 1) + 1 = 36 numbers a window, 25 more for each that follows.
    assert [(one.first, one.n_frames, one.stride) for one in found] == [(1, 18, 5), (101, 13, 5)]
    assert stretches(np.array([], dtype=int)) == []
