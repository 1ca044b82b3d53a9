import sys

import pytest

from pipelines.fetching.failure import FetchError
from pipelines.fetching.gribs import Message, check_messages, read_messages


def test_whole_messages_pass_and_are_read(tmp_path, grib):
    file = tmp_path / "good.grib2"
    file.write_bytes(grib("2t") + grib("gh", level=500))
    check_messages(file)
    assert read_messages(file) == {Message("2t", 2), Message("gh", 500)}


@pytest.mark.parametrize(
    ("bend", "match"),
    [
        (lambda body: b"", "is empty"),
        (lambda body: body[:-20], "cut short: the message from byte 0"),
        (lambda body: body + body[:100], "cut short"),
        (lambda body: body + b"GR", "begins no GRIB 2 message"),
        (lambda body: b"<html>busy</html>", "a web page came instead of GRIB"),
        (lambda body: body[:7] + b"\x01" + body[8:], "byte 0 begins no GRIB 2"),
    ],
)
def test_what_is_no_whole_grib_is_refused(tmp_path, grib, bend, match):
    file = tmp_path / "bad.grib2"
    file.write_bytes(bend(grib("2t")))
    with pytest.raises(FetchError, match=match):
        check_messages(file)


def test_reading_messages_names_the_package_it_needs(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "eccodes", None)
    with pytest.raises(ValueError, match=r"pip install 'stforecast\[ecmwf\]'"):
        read_messages(tmp_path / "any")
