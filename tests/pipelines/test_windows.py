import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipelines.windows import WindowDataset, WindowSpec, window_starts

HOUR = np.timedelta64(1, "h").astype("timedelta64[ns]")


def starts_of(hours, spec, within=None):
    times = np.datetime64("2020-01-01", "ns") + np.asarray(hours) * HOUR
    return window_starts(times, spec, time_step=HOUR, within=within or range(len(times)))


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
