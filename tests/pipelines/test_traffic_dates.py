import numpy as np
import pytest

from pipelines.traffic_dates import decode_dates, step_of_slots, times_of_slots

MINUTE = np.timedelta64(1, "m")


def step_of(slots: list[int], stem: str, *, n_days: int = 1, wanted=None) -> np.timedelta64:
    dates = np.array([f"20160104{slot:02d}" for slot in slots], dtype="S")
    return step_of_slots(
        np.array(slots), dates=dates, n_days=n_days, name="a.h5: date", stem=stem, wanted=wanted
    )


@pytest.mark.parametrize(
    "dates",
    [
        np.array([b"2016022901", b"2016022948"]),
        np.array(["2016022901", "2016022948"], dtype=object),
        np.array([b"2016022901", b"2016022948 "], dtype=object),
        np.array([2016022901, 2016022948]),
    ],
)
def test_dates_are_read_as_bytes_texts_and_numbers(dates):
    days, slots = decode_dates(dates, name="date")
    assert slots.tolist() == [1, 48]
    # Slot 1 begins at midnight, slot 48 at 47 · 30 min = 23:30.
    times = times_of_slots(days, slots, time_step=30 * MINUTE)
    assert times.astype(str).tolist() == [
        "2016-02-29T00:00:00.000000000",
        "2016-02-29T23:30:00.000000000",
    ]
    assert times.dtype == "datetime64[ns]"


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("2015022901", "row 1, '2015022901', is no date; write YYYYMMDDSS"),
        ("2016013201", "row 1, '2016013201', is no date"),
        ("20160104", "row 1, '20160104', is no date"),
        ("", "row 1, '', is no date"),
        ("201601040a", "row 1, '201601040a', is no date"),
        ("2016010400", "row 1, '2016010400', has slot 00; slots are counted from 01"),
        # Nanoseconds reach from 1677 to 2262: 9999 would become a time of the year 1815.
        ("9999010401", "row 1, '9999010401', lies outside the years 1900 to 2100"),
        ("0000010401", "row 1, '0000010401', lies outside the years"),
    ],
)
def test_a_row_that_is_no_date_is_named_with_its_number(bad, message):
    with pytest.raises(ValueError, match=f"BJ.h5: date: {message}.*[.]"):
        decode_dates(np.array(["2016010401", bad]), name="BJ.h5: date")
    with pytest.raises(ValueError, match="and 1 more rows"):
        decode_dates(np.array([bad, bad]), name="date")


def test_bytes_that_are_no_text_are_no_date():
    with pytest.raises(ValueError, match="row 0, .* is no date"):
        decode_dates(np.array([b"\xff\xb2\xb2\xb2010401"]), name="date")


@pytest.mark.parametrize(
    ("last", "stem", "minutes"),
    [
        (48, "BJ16_M32x32_T30_InOut", 30),
        (7, "BJ16_M32x32_T30_InOut", 30),
        (24, "BJ16_M32x32_T60_InOut", 60),
        (3, "BJ16_T20", 20),
        (24, "flows", 60),
        (48, "flows", 30),
        (96, "flows_T_InOut", 15),
        (144, "flows", 10),
        (288, "flows", 5),
    ],
)
def test_the_step_is_told_by_the_name_or_by_the_last_slot(last, stem, minutes):
    assert step_of([1, last], stem) == minutes * MINUTE
    assert step_of([1, last], stem).dtype == "timedelta64[ns]"


def test_a_step_that_is_not_told_must_be_named():
    with pytest.raises(
        ValueError, match="the last slot of a day is 47, which tells no length; put"
    ):
        step_of([1, 47], "flows")
    assert step_of([1, 47], "flows", wanted=30 * MINUTE) == 30 * MINUTE
    with pytest.raises(ValueError, match=r"a.h5: date: the step wanted, 7 min.* does not divide"):
        step_of([1, 47], "flows", wanted=7 * MINUTE)


def test_a_name_that_contradicts_the_slots_is_refused():
    with pytest.raises(
        ValueError, match="row 1, '2016010449', lies beyond the day, which has 48 slots of 30 min"
    ):
        step_of([1, 49], "BJ16_M32x32_T30_InOut")
    with pytest.raises(
        ValueError, match="says _T30, 48 slots a day, but its days end with slot 24"
    ):
        step_of([1, 24], "BJ16_M32x32_T30_InOut", n_days=2)
    with pytest.raises(ValueError, match=r"a.h5: date: the step _T7 of its name.* does not divide"):
        step_of([1, 24], "BJ16_M32x32_T7_InOut")
