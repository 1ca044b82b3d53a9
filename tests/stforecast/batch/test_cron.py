"""Cron expressions."""

import pytest

from stforecast.batch.cron import parse_cron


def test_each_field_becomes_the_numbers_that_it_stands_for():
    cron = parse_cron("*/20 0-6/3,12 * JAN,6 mon-fri")
    assert cron.minutes == (0, 20, 40)
    assert cron.hours == (0, 3, 6, 12)
    assert cron.days == ()
    assert cron.months == (1, 6)
    assert cron.weekday_names == ("mon", "tue", "wed", "thu", "fri")


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("0", ("sun",)),
        ("7", ("sun",)),
        ("5-7", ("sun", "fri", "sat")),
        ("*", ()),
        ("0-6", ()),
        ("3/2", ("sun", "wed", "fri")),
    ],
)
def test_sunday_is_0_and_7(field, names):
    assert parse_cron(f"0 0 * * {field}").weekday_names == names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 0 * *", "needs five fields: minute hour"),
        ("60 0 * * *", "'60' is no number from 0 to 59; write for example"),
        ("0 0 0 * *", "'0' is no number from 1 to 31"),
        ("0 0 * may-pril *", "'pril' is no number from 1 to 12"),
        ("0 5-3 * * *", "'5-3' runs backwards"),
        ("*/0 * * * *", "'.*/0' has no number above 0 after /"),
        ("0 , * * *", "'' is no number"),
        ("0 0 1 * mon", "names days of the month and days of the week"),
    ],
)
def test_what_cannot_be_read_is_named(text, message):
    with pytest.raises(ValueError, match=message):
        parse_cron(text)
