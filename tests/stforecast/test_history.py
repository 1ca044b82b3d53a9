import numpy as np
import pytest

from stforecast.history import complete_init_times, histories_hold_enough, history_frames

STEP = np.timedelta64(6, "h")


def test_a_history_ends_at_its_init_time(waves):
    times = waves["time"].values
    frames = history_frames(waves, times[[5, 9]], history=3, time_step=STEP)
    assert frames.shape == (2, 3, 2, 8, 16)
    assert np.array_equal(frames[1], waves.values[7:10])


def test_a_coarser_step_takes_every_other_frame(waves):
    frames = history_frames(
        waves, waves["time"].values[[8]], history=3, time_step=np.timedelta64(12, "h")
    )
    assert np.array_equal(frames[0], waves.values[[4, 6, 8]])


def test_nothing_after_the_init_time_is_read(waves):
    poisoned = waves.copy()
    poisoned[6:] = np.nan
    frames = history_frames(poisoned, waves["time"].values[[5]], history=4, time_step=STEP)
    assert np.isfinite(frames).all()


def test_a_frame_that_is_not_there_is_named(waves):
    gap = waves.isel(time=[0, 1, 2, 4, 5])
    with pytest.raises(ValueError, match="no frame at 2015-01-01T18:00; the data have 5 frames"):
        history_frames(gap, gap["time"].values[[3]], history=3, time_step=STEP)
    with pytest.raises(ValueError, match=r"history of 3 frames every 6h .* 2014-12-31T18:00"):
        history_frames(waves, waves["time"].values[[1]], history=3, time_step=STEP)
    with pytest.raises(ValueError, match="no frame at 2031-01-01"):
        history_frames(waves, np.array(["2031-01-01"], "M8[ns]"), history=1, time_step=STEP)


def test_complete_init_times_leave_out_those_after_a_gap(waves):
    times = waves.isel(time=[0, 1, 2, 4, 5, 6])["time"].values
    assert complete_init_times(times, history=3, time_step=STEP).tolist() == times[[2, 5]].tolist()


def test_a_history_with_too_many_missing_frames_does_not_hold_enough(waves):
    series = waves[:12].copy()
    series[[4, 5, 9]] = np.nan
    times = series["time"].values
    enough = histories_hold_enough(series, times[[3, 6, 7, 9, 11]], history=4, time_step=STEP)
    # Histories 0–3, 3–6 (half), 4–7 (half), 6–9 (ends in nothing), 8–11.
    assert enough.tolist() == [True, True, True, False, True]
