import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.civil_time import complete_days, deepst_targets, nonexistent, slots_per_day

HALF_HOUR = np.timedelta64(30, "m")


def slots(first: str, n_times: int, step: np.timedelta64 = HALF_HOUR) -> np.ndarray:
    return np.datetime64(first, "ns") + np.arange(n_times) * step


def test_a_day_has_48_half_hours_and_a_step_must_divide_it():
    assert slots_per_day(HALF_HOUR) == 48
    assert slots_per_day(np.timedelta64(1, "D")) == 1
    with pytest.raises(ValueError, match="time_step 7 min does not divide a day; choose one"):
        slots_per_day(np.timedelta64(7, "m"))
    with pytest.raises(ValueError, match="time_step 0 min does not divide"):
        slots_per_day(np.timedelta64(0, "m"))


def test_days_that_lack_a_slot_are_not_complete():
    times = slots("2016-01-04", 3 * 48)
    lacking = np.delete(times, 48 + 7)
    complete = complete_days(lacking, time_step=HALF_HOUR)
    assert complete.sum() == 2 * 48
    assert not complete[48 : 48 + 47].any()
    assert complete_days(times, time_step=HALF_HOUR).all()
    assert not complete_days(times[1:48], time_step=HALF_HOUR).any()
    assert complete_days(times[:0], time_step=HALF_HOUR).shape == (0,)


def test_a_slot_that_is_there_twice_makes_up_for_no_other():
    times = slots("2016-01-04", 48)
    times[5] = times[4]
    assert not complete_days(times, time_step=HALF_HOUR).any()
    between = np.append(slots("2016-01-04", 47), np.datetime64("2016-01-04T23:40", "ns"))
    assert not complete_days(between, time_step=HALF_HOUR).any()


@given(lacking=st.sets(st.integers(0, 5 * 24 - 1), max_size=20))
def test_a_day_is_complete_if_and_only_if_none_of_its_slots_lacks(lacking):
    hour = np.timedelta64(1, "h")
    times = np.delete(slots("2016-01-04", 5 * 24, hour), sorted(lacking))
    broken = {slot // 24 for slot in lacking}
    days = ((times - np.datetime64("2016-01-04")) // (24 * hour)).astype(int)
    kept = complete_days(times, time_step=hour)
    assert kept.tolist() == [day not in broken for day in days]


def test_new_york_skips_two_half_hours_in_march_and_beijing_none():
    day = slots("2016-03-13", 48)
    skipped = nonexistent(day, "America/New_York")
    assert np.flatnonzero(skipped).tolist() == [4, 5]  # 02:00 and 02:30
    assert not nonexistent(day, "Asia/Shanghai").any()
    # The hour that comes twice in November exists.
    assert not nonexistent(slots("2016-11-06", 48), "America/New_York").any()


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc", "unknown", "America"])
def test_a_zone_that_is_none_is_refused(zone):
    with pytest.raises(ValueError, match=f"time_zone = '{zone}' is not known; write an IANA name"):
        nonexistent(slots("2016-01-01", 1), zone)


def test_deepst_takes_frames_whose_last_hours_day_and_week_are_there():
    # Two weeks without a gap: every frame from the second week on, 7 · 48 = 336.
    times = slots("2016-01-04", 2 * 336)
    assert deepst_targets(times, time_step=HALF_HOUR).tolist() == list(range(336, 672))
    # Without frame 400: not itself, nor those 1, 2, 3 steps and 48 after it; 400 + 336 is beyond.
    lacking = np.delete(times, 400)
    targets = times.searchsorted(lacking[deepst_targets(lacking, time_step=HALF_HOUR)])
    # Row 336 of what is left is frame 336: the first week lacks none.
    assert sorted(set(range(336, 672)) - set(targets.tolist())) == [400, 401, 402, 403, 448]


def test_deepst_never_takes_the_first_week_of_rows_wherever_the_gaps_lie():
    # Days 1, 2, 8 and 9: frames of day 9 have the day and the week before, but are in rows 144 to 191.
    times = slots("2016-01-04", 9 * 48)
    times = np.concatenate([times[: 2 * 48], times[7 * 48 :]])
    assert deepst_targets(times, time_step=HALF_HOUR).size == 0
    # Without the week, days 2 and 9.
    assert len(deepst_targets(times, time_step=HALF_HOUR, trend=0)) == 2 * 48


def test_the_depths_of_deepst_can_be_chosen():
    times = slots("2016-01-04", 30)
    assert deepst_targets(times, time_step=HALF_HOUR, period=0, trend=0).tolist() == list(
        range(3, 30)
    )
    none = deepst_targets(times, time_step=HALF_HOUR, closeness=0, period=0, trend=0)
    assert len(none) == 30
    assert deepst_targets(times, time_step=HALF_HOUR).size == 0
