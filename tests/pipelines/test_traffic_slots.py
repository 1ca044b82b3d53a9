import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.traffic_slots import keep_slots, missing_slots, repeated_rows

HALF_HOUR = np.timedelta64(30, "m")


def slots(numbers, first="2016-01-04"):
    return np.datetime64(first, "ns") + np.array(numbers, dtype=int) * HALF_HOUR


def keep(times, digests=None, *, owners=None, zone=None):
    owners = np.zeros(len(times), dtype=int) if owners is None else np.array(owners)
    return keep_slots(times, owners=owners, digests=digests or {}, time_zone=zone)


def test_good_slots_are_all_kept_and_nothing_is_said():
    kept = keep(slots(range(5)))
    assert kept.rows.tolist() == [0, 1, 2, 3, 4]
    assert kept.notes("unknown") == []


def test_slots_out_of_order_are_sorted_and_counted():
    # 2 comes after 3, and 0 after all.
    kept = keep(slots([1, 3, 2, 4, 0]))
    assert kept.rows.tolist() == [4, 0, 2, 1, 3]
    assert kept.notes("unknown") == ["slots out of order, sorted: 2"]


def test_files_may_come_in_any_order():
    kept = keep(slots([5, 6, 0, 1]), owners=[0, 0, 1, 1])
    assert kept.rows.tolist() == [2, 3, 0, 1]
    assert kept.notes("unknown") == []


def test_equal_slots_count_once_and_contradicting_ones_not_at_all():
    times = slots([0, 1, 1, 2, 2, 2, 3])
    assert repeated_rows(times).tolist() == [False, *[True] * 5, False]
    kept = keep(times, {1: b"a", 2: b"a", 3: b"b", 4: b"b", 5: b"c"})
    assert kept.rows.tolist() == [0, 1, 6]
    assert kept.notes("unknown") == [
        "slots there more than once with equal values, taken once: 1",
        "slots there more than once with different values, left out: 1",
    ]


def test_slots_that_the_clocks_skip_are_left_out_where_the_zone_is_known():
    times = slots(range(48), first="2016-03-13")
    kept = keep(times, zone="America/New_York")
    assert np.setdiff1d(np.arange(48), kept.rows).tolist() == [4, 5]
    assert kept.notes("America/New_York") == [
        "slots that the clocks skip (America/New_York), left out: 2"
    ]
    assert len(keep(times).rows) == 48


@given(numbers=st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_what_is_kept_is_sorted_and_each_slot_is_there_once(numbers):
    times = slots(numbers)
    digests = {int(row): b"same" for row in np.flatnonzero(repeated_rows(times))}
    kept = keep(times, digests)
    assert times[kept.rows].tolist() == slots(sorted(set(numbers))).tolist()


def missing(times, *, owners=None, zone=None):
    owners = np.zeros(len(times), dtype=int) if owners is None else np.array(owners)
    return missing_slots(times, owners=owners, time_step=HALF_HOUR, time_zone=zone)


def test_missing_slots_and_days_are_counted():
    assert missing(slots(range(96))) == []
    # Day 1 lacks 3 slots, day 2 none, day 3 is not there, day 4 has 1 slot: 3 + 47 are missing.
    times = slots([*range(3, 96), 3 * 48 + 10])
    assert missing(times) == [
        "incomplete days: 2 of 3, 50 slots missing",
        "days missing altogether between others of a file: 1",
    ]


def test_the_months_between_two_files_are_not_missing():
    times = slots([*range(48), *range(480, 528)])
    assert missing(times, owners=[0] * 48 + [1] * 48) == []
    assert missing(times) == ["days missing altogether between others of a file: 9"]


def test_a_day_lacks_nothing_that_the_clocks_skip():
    times = np.delete(slots(range(48), first="2016-03-13"), [4, 5])
    assert missing(times, zone="America/New_York") == []
    assert missing(times) == ["incomplete days: 1 of 1, 2 slots missing"]
