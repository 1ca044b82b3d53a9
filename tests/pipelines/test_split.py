import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.split import SPLITS, SplitConfig, resolve_split
from pipelines.time_range import parse_times

DAY = np.timedelta64(1, "D")
STEP = DAY.astype("timedelta64[ns]")


def days(first, n_days):
    return np.datetime64(first, "ns") + np.arange(n_days) * DAY


TEN_YEARS = days("2001-01-01", 3652)


def resolve(times, *, window_steps=12, **parts):
    return resolve_split(times, SplitConfig(**parts), window_steps=window_steps, time_step=STEP)


def test_years_are_inclusive_and_training_gives_way_by_one_window():
    ranges = resolve(TEN_YEARS, train="2001/2007", validation=2008, test="2009/2010")
    first, last = TEN_YEARS[ranges["test"].start], TEN_YEARS[ranges["test"].stop - 1]
    assert (first, last) == (np.datetime64("2009-01-01"), np.datetime64("2010-12-31"))
    # 12 whole days are left out: 2007-12-20 … 2007-12-31 and the same before 2009.
    assert TEN_YEARS[ranges["train"].stop - 1] == np.datetime64("2007-12-19")
    assert TEN_YEARS[ranges["validation"].start] == np.datetime64("2008-01-01")
    assert TEN_YEARS[ranges["validation"].stop - 1] == np.datetime64("2008-12-19")


def test_a_test_split_before_the_training_keeps_its_times_too():
    ranges = resolve(TEN_YEARS, train="2003/2010", validation="2002", test="2001")
    assert TEN_YEARS[ranges["test"].stop - 1] == np.datetime64("2001-12-31")
    assert TEN_YEARS[ranges["validation"].start] == np.datetime64("2002-01-13")
    assert TEN_YEARS[ranges["train"].start] == np.datetime64("2003-01-13")


def test_a_gap_in_the_data_counts_as_part_of_the_gap():
    times = np.concatenate(
        [days("2001-01-01", 100), days("2002-01-01", 100), days("2003-01-01", 9)]
    )
    ranges = resolve(times, train="2001", validation="2002", test="2003")
    assert len(ranges["train"]) == 100


def test_no_gap_can_be_asked_for():
    ranges = resolve(TEN_YEARS, train="2001/2007", validation="2008", test="2009/2010", gap=0)
    assert [ranges[name].start for name in SPLITS[1:]] == [ranges["train"].stop, 2922]


def test_splitting_the_named_times_again_changes_nothing():
    ranges = resolve(TEN_YEARS, train=0.7, validation=0.1, test=0.2)
    named = {
        name: "/".join(np.datetime_as_string(TEN_YEARS[[part.start, part.stop - 1]], unit="m"))
        for name, part in ranges.items()
    }
    assert resolve(TEN_YEARS, **named) == ranges


@given(
    n_times=st.integers(60, 400),
    window_steps=st.integers(2, 12),
    fractions=st.sampled_from([(0.7, 0.1, 0.2), (0.5, 0.25, 0.25), (0.4, 0.3, 0.3)]),
)
def test_fractions_never_share_a_window(n_times, window_steps, fractions):
    times = days("2001-01-01", n_times)
    if min(fractions) * n_times < window_steps + 2:
        return
    parts = dict(zip(SPLITS, fractions, strict=True))
    ranges = resolve(times, window_steps=window_steps, **parts)
    for earlier, later in (("train", "validation"), ("validation", "test")):
        assert ranges[later].start - ranges[earlier].stop >= window_steps


def test_overlapping_splits_are_refused():
    with pytest.raises(ValueError, match=r"split.train and split.validation overlap from 2007"):
        resolve(TEN_YEARS, train="2001/2007", validation="2007/2008", test="2009/2010")


def test_a_split_outside_the_data_is_refused_with_what_there_is():
    with pytest.raises(ValueError, match=r"split.test = '2017/2018' holds no frame.*2001-01-01"):
        resolve(TEN_YEARS, train="2001/2007", validation="2008", test="2017/2018")


def test_a_split_that_the_gap_eats_up_is_refused():
    with pytest.raises(ValueError, match=r"split.validation = .* gap of 40 steps"):
        resolve(
            TEN_YEARS,
            window_steps=40,
            train="2001/2007",
            validation="2008-01",
            test="2008-02/2010",
        )


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"train": "2001/2007"}, "all times or all fractions"),
        ({"train": 0.9, "validation": 0.2, "test": 0.2}, "add up to 1.3"),
        ({"train": 1.5, "validation": 0.2, "test": 0.2}, "between 0 and 1"),
        ({"train": "then", "validation": "2008", "test": "2009"}, "is no time; write 2016"),
        ({"train": "2009/2001", "validation": "2008", "test": "2010"}, "ends before it begins"),
        ({"gap": -1}, "0 or more"),
    ],
)
def test_what_is_no_split_is_refused(parts, message):
    with pytest.raises(ValidationError, match=message):
        SplitConfig(**parts)


def test_a_single_time_is_that_instant_and_a_day_is_all_of_it():
    assert parse_times("2020-01-31T06")[0] == np.datetime64("2020-01-31T06", "ns")
    first, last = parse_times("2020-01-31")
    assert first == np.datetime64("2020-01-31", "ns")
    assert np.datetime64("2020-01-31T23:59:59", "ns") < last < np.datetime64("2020-02-01", "ns")
