import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipelines.windows import (
    FreshWindows,
    WindowDataset,
    WindowSpec,
    holds_enough,
    window_starts,
)

HOUR = np.timedelta64(1, "h").astype("timedelta64[ns]")


def starts_of(hours, spec, within=None, present=None):
    times = np.datetime64("2020-01-01", "ns") + np.asarray(hours) * HOUR
    within = within or range(len(times))
    return window_starts(times, spec, time_step=HOUR, within=within, present=present)


def test_every_start_is_found_in_a_whole_series():
    # 10 frames, windows of 5: starts 0 … 5.
    assert starts_of(range(10), WindowSpec(3, 2)).tolist() == [0, 1, 2, 3, 4, 5]


def test_a_window_never_crosses_a_gap():
    hours = [0, 1, 2, 3, 7, 8, 9, 10, 11]
    assert starts_of(hours, WindowSpec(2, 2)).tolist() == [0, 4, 5]


def test_windows_stay_inside_their_split():
    assert starts_of(range(20), WindowSpec(2, 2), within=range(8, 14)).tolist() == [8, 9, 10]


@given(
    missing=st.sets(st.integers(0, 59), max_size=20),
    history=st.integers(1, 4),
    horizon=st.integers(1, 4),
)
def test_windows_hold_consecutive_frames_and_none_is_left_out(missing, history, horizon):
    hours = np.array([hour for hour in range(60) if hour not in missing])
    length = history + horizon
    expected = [i for i, h in enumerate(hours) if set(range(h, h + length)) <= set(hours.tolist())]
    if not expected:
        return
    assert starts_of(hours, WindowSpec(history, horizon)).tolist() == expected


def test_no_window_at_all_is_an_error_with_the_longest_run():
    with pytest.raises(ValueError, match="needs 6 frames in a row .* among 7 frames has 4"):
        starts_of([0, 1, 2, 5, 6, 7, 8], WindowSpec(4, 2))


@pytest.mark.parametrize(
    ("hours", "message"),
    [
        ([0, 7, 14, 22, 28], r"steps between frames differ \(7h ×2, 6h ×1, 8h ×1\).*resample ="),
        ([0, 1, 2, 5, 6, 7, 8], r"a shorter history .* missing = 'mask', which goes over gaps\.$"),
        ([0, 1, 3, 4, 6, 7, 9], r"goes over gaps \(now 1h ×3, 2h ×3\)"),
    ],
)
def test_the_way_out_depends_on_how_the_frames_lie(hours, message):
    with pytest.raises(ValueError, match=message):
        starts_of(hours, WindowSpec(4, 2))


def test_with_missing_frames_a_window_needs_its_init_half_its_history_and_a_target():
    present = np.ones((12, 1), dtype=bool)
    present[[2, 5, 6, 10, 11]] = False
    # Windows of 4 + 2. Init is at start + 3; 5 and 6 are missing, so starts 2 and 3 fall away. Of the
    # histories 4–7 and 5–8 half is there. Start 1 has nothing to forecast (5, 6), nor has 6 (10, 11).
    spec = WindowSpec(4, 2)
    assert starts_of(range(12), spec, present=present).tolist() == [0, 4, 5]
    assert starts_of(range(12), spec, present=present, within=range(1, 10)).tolist() == [4]


def test_each_channel_is_seen_once_in_a_history():
    present = np.ones((3, 4, 2), dtype=bool)
    present[0, :, 1] = False  # never seen
    present[1, 1:, 1] = False  # seen in the first frame
    present[2, 3] = False  # nothing at the init_time
    assert holds_enough(present).tolist() == [False, True, False]
    assert holds_enough(np.array([[[1], [0], [0], [1]], [[0], [0], [0], [1]]], bool)).tolist() == [
        True,
        False,
    ]


def test_windows_without_values_enough_are_an_error(monkeypatch):
    monkeypatch.setattr("pipelines.windows._WINDOWS_AT_ONCE", 2)
    with pytest.raises(ValueError, match="None of 5 windows holds values enough: at the init_time"):
        starts_of(range(10), WindowSpec(4, 2), present=np.zeros((10, 1), dtype=bool))
    whole = np.ones((10, 1), dtype=bool)
    assert starts_of(range(10), WindowSpec(4, 2), present=whole).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("changes", [{"history": 0}, {"horizon": 0}])
def test_a_window_has_at_least_a_step_of_each(changes):
    with pytest.raises(ValueError, match="at least 1 step, but it is 0"):
        WindowSpec(**{"history": 1, "horizon": 1, **changes})


def dataset():
    frames = np.arange(10, dtype="float32").reshape(10, 1, 1, 1)
    return WindowDataset(frames, np.array([0, 2, 5]), WindowSpec(3, 2))


def test_a_batch_is_read_at_once():
    history, _, target = dataset().__getitems__([2, 0])
    assert history.flatten(1).tolist() == [[5, 6, 7], [0, 1, 2]]
    assert target.flatten(1).tolist() == [[8, 9], [3, 4]]
    assert len(dataset()) == 3


def test_one_window_is_a_batch_without_its_axis():
    history, _, target = dataset()[1]
    assert history.flatten().tolist() == [2, 3, 4]
    assert target.shape == (2, 1, 1, 1)


def test_minus_one_is_a_window_of_nan():
    history, _, target = dataset().__getitems__([0, -1])
    assert torch.isnan(history[1]).all()
    assert torch.isnan(target[1]).all()
    assert not torch.isnan(history[0]).any()


def test_a_batch_does_not_change_the_frames():
    windows = dataset()
    windows.__getitems__([0])[0].fill_(99)
    assert windows.frames[0, 0, 0, 0] == 0


def test_extra_inputs_go_with_the_frames_of_the_history():
    windows = dataset()
    assert windows[0].inputs.shape == (3, 0)
    inputs = np.arange(20, dtype="float32").reshape(10, 2)
    windows = WindowDataset(windows.frames, windows.starts, windows.spec, inputs=inputs)
    assert windows.__getitems__([1]).inputs.tolist() == [[[4, 5], [6, 7], [8, 9]]]


def test_fresh_windows_are_made_by_their_numbers_without_end():
    windows = FreshWindows(
        lambda number: np.full((5, 1, 2, 2), number, dtype="uint8"), WindowSpec(3, 2), n_windows=4
    )
    assert len(windows) == 4
    history, inputs, target = windows.__getitems__([7, 0, -1])
    assert history.shape == (3, 3, 1, 2, 2)
    assert target.shape == (3, 2, 1, 2, 2)
    assert inputs.shape == (3, 3, 0)
    assert history[:2, 0, 0, 0, 0].tolist() == [7, 0]
    assert torch.isnan(history[2]).all()
    assert torch.isnan(target[2]).all()


def test_clips_that_are_too_short_name_their_own_way_out():
    times = np.datetime64("2020-01-01", "ns") + np.array([0, 1, 2, 24, 25, 26]) * HOUR
    with pytest.raises(ValueError, match=r"do not reach over the end of a clip: .*clips\.frames"):
        window_starts(
            times,
            WindowSpec(2, 2),
            time_step=HOUR,
            within=range(6),
            stride=np.ones(6, dtype="int32"),
        )


def test_the_frames_of_a_batch_lie_in_a_row_whatever_they_are_cut_from():
    pictures = np.arange(240, dtype="uint8").reshape(10, 2, 4, 3)[:, 1:]
    windows = WindowDataset(pictures, np.arange(6), WindowSpec(3, 2))
    history, _, target = windows.__getitems__([5, 1])
    assert history.is_contiguous()
    assert target.is_contiguous()
    assert history.dtype == target.dtype == torch.float32
    assert np.array_equal(history[0], pictures[5:8])
    assert np.array_equal(target[1], pictures[4:6])
