import numpy as np
import pytest

from pipelines.traffic_tables import (
    days_of,
    holidays_of,
    numbers_of,
    read_daily_table,
    read_holidays,
)


def write(path, text):
    path.write_text(text)
    return path


def test_holidays_are_read_as_iso_dates_in_order(tmp_path):
    path = write(tmp_path / "BJ_Holiday.txt", "\ufeff20160102\r\n\n20151231\n20160102 \n20160101")
    assert read_holidays(path) == ["2015-12-31", "2016-01-01", "2016-01-02"]


@pytest.mark.parametrize("line", ["20160230", "2016-01-01", "201601", "1. May"])
def test_a_line_that_is_no_date_is_named(tmp_path, line):
    path = write(tmp_path / "BJ_Holiday.txt", f"20160101\n{line}\n")
    with pytest.raises(ValueError, match=f"BJ_Holiday.txt: line 2, '{line}', is no date; write"):
        read_holidays(path)


def test_a_list_of_holidays_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "BJ_Holiday.txt"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ValueError, match="BJ_Holiday.txt is no text .*write one yyyymmdd a line"):
        read_holidays(path)


def test_traces_are_nothing_and_empty_fields_unknown(tmp_path):
    path = write(tmp_path / "a.csv", "Date, Precipitation\n9-1-2016,T\n10-1-2016,\n11-1-2016,M\n")
    table = read_daily_table(path)
    np.testing.assert_array_equal(
        numbers_of(table, "precipitation", path=path), [0, np.nan, np.nan]
    )
    # Day first: 9, 10 and 11 January.
    assert days_of(table, path=path).astype(str).tolist() == [
        "2016-01-09",
        "2016-01-10",
        "2016-01-11",
    ]


def test_tables_that_are_none_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    for content, message in [
        (b"", "a.csv cannot be read as a table .*save it as CSV"),
        (b"\xff\xfe\x00\x80,1\n", "a.csv cannot be read as a table"),
        (b"day,holiday\n1,0\n", "a.csv has no column date; it has day, holiday. Name the one"),
    ]:
        path.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            read_daily_table(path)


def test_a_field_that_cannot_be_is_named_with_its_line(tmp_path):
    path = write(tmp_path / "a.csv", "date,precipitation,holiday\n1-1-2016,0,0\n1-13-2016,x,2\n")
    table = read_daily_table(path)
    with pytest.raises(ValueError, match="line 3, date '1-13-2016', is no date; write D-M-YYYY"):
        days_of(table, path=path)
    late = table.assign(date=["1-1-2016", "1-1-9016"])
    with pytest.raises(ValueError, match="line 3, date '1-1-9016', lies outside the years 1900"):
        days_of(late, path=path)
    with pytest.raises(ValueError, match="line 3, precipitation 'x', is no number; leave it empty"):
        numbers_of(table, "precipitation", path=path)
    table["date"] = ["1-1-2016", "2-1-2016"]
    with pytest.raises(ValueError, match="line 3, holiday '2', is neither 0 nor 1"):
        holidays_of(table, path=path)


def week(tmp_path, marks):
    """Monday 2016-01-04 to Sunday 10."""
    lines = [f"{day}-1-2016,{mark}" for day, mark in zip(range(4, 11), marks, strict=True)]
    return write(tmp_path / "a.csv", "date,holiday\n" + "\n".join(lines))


def test_days_marked_as_holidays_are_taken_as_marked(tmp_path):
    path = week(tmp_path, "0100010")  # Tuesday, and one day of the weekend
    found = holidays_of(read_daily_table(path), path=path)
    assert found == ["2016-01-05", "2016-01-09"]


def test_a_column_that_marks_each_weekend_is_read_without_them(tmp_path):
    path = week(tmp_path, "0100011")
    assert holidays_of(read_daily_table(path), path=path) == ["2016-01-05"]


def test_a_table_without_holidays_has_none(tmp_path):
    path = write(tmp_path / "a.csv", "date\n1-1-2016\n")
    assert holidays_of(read_daily_table(path), path=path) == []
    path = write(tmp_path / "a.csv", "date,holiday\n4-1-2016,0\n5-1-2016,1\n")
    assert holidays_of(read_daily_table(path), path=path) == ["2016-01-05"]
