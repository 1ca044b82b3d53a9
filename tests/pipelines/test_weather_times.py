import numpy as np
import pytest

from pipelines.weather_times import common_times, thin


def hours(*values: float, first: str = "2015-01-01") -> np.ndarray:
    start = np.datetime64(first, "ns")
    return start + (np.array(values) * 3600).astype("timedelta64[s]").astype("timedelta64[ns]")


def step(value: int) -> np.timedelta64:
    return np.timedelta64(value, "h").astype("timedelta64[ns]")


def test_a_step_is_counted_from_midnight():
    times = hours(*range(3, 30), first="2015-01-01")
    np.testing.assert_array_equal(thin(times, step(6)), hours(6, 12, 18, 24))


def test_times_that_never_see_midnight_are_counted_from_the_first():
    np.testing.assert_array_equal(thin(hours(12, 36, 60, 84), step(48)), hours(12, 60))


def test_days_that_start_late_are_counted_from_the_first_midnight():
    np.testing.assert_array_equal(
        thin(hours(6, 12, 18, 24, 30, 36, 42, 48), step(24)), hours(24, 48)
    )


def test_gaps_stay_gaps():
    np.testing.assert_array_equal(thin(hours(0, 1, 2, 3, 7, 8, 12), step(6)), hours(0, 12))


def test_a_single_frame_has_no_step_of_its_own():
    np.testing.assert_array_equal(thin(hours(6), step(24)), hours(6))


@pytest.mark.parametrize("wanted", [4, 3, 1])
def test_a_step_that_the_data_do_not_have_is_refused(wanted):
    with pytest.raises(
        ValueError, match=f"time_step {wanted}h is no multiple of .* 6h; choose 6h, 12h"
    ):
        thin(hours(0, 6, 12, 18), step(wanted))


def test_times_of_all_channels_are_kept_without_a_note():
    times, note = common_times({"t2m": hours(0, 6), "z500": hours(0, 6)})
    np.testing.assert_array_equal(times, hours(0, 6))
    assert note == ""


def test_frames_that_a_channel_lacks_are_left_out_and_told():
    times, note = common_times(
        {"t2m": hours(0, 6, 12), "z500": hours(6, 12, 18), "u500": hours(6, 12, 18)}
    )
    np.testing.assert_array_equal(times, hours(6, 12))
    assert note.startswith("2 frames are left out")
    assert "z500, u500: 3 frames, 2015-01-01T06:00 to 2015-01-01T18:00" in note


def test_channels_without_a_common_time_are_refused():
    with pytest.raises(
        ValueError, match=r"no frame has all channels \(t2m: 1 frames, 2015-01-01T00:00"
    ):
        common_times({"t2m": hours(0), "z500": hours(6)})
