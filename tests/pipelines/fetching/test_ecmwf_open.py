"""ECMWF's open data, through its own client, from a server on loopback that is laid out alike."""

import json
import sys
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.fetching.ecmwf_open import fetch_ecmwf_open
from pipelines.fetching.failure import FetchError, Patience
from pipelines.fetching.gribs import Message, read_messages

FIELDS = [("2t", None), ("msl", None), ("gh", 500), ("gh", 850), ("t", 500), ("t", 850)]


def newest():
    """The last analysis that is surely over, by this clock."""
    now = datetime.now(UTC).replace(tzinfo=None, minute=0, second=0, microsecond=0)
    return now - timedelta(hours=now.hour % 6 + 6)


def place_of(date):
    stamp = f"{date:%Y%m%d%H}0000-0h"
    return f"{date:%Y%m%d}/{date:%H}z/ifs/0p25/oper/{stamp}-oper-fc"


@pytest.fixture
def publish(tmp_path, grib, serve):
    """A server with the last three analyses."""
    folder = tmp_path / "portal"
    for count in range(3):
        date = newest() - timedelta(hours=6 * count)
        body, index = b"", []
        for name, level in FIELDS:
            day, hour = int(f"{date:%Y%m%d}"), 100 * date.hour
            message = grib(name, level=level, date=day, time=hour)
            line = {"type": "fc", "stream": "oper", "step": "0", "param": name,
                    "date": f"{date:%Y%m%d}", "time": f"{date:%H}00", "_offset": len(body),
                    "_length": len(message), "levtype": "pl" if level else "sfc"}  # fmt: skip
            index.append(line | ({"levelist": str(level)} if level else {}))
            body += message
        file = folder / f"{place_of(date)}.grib2"
        file.parent.mkdir(parents=True)
        file.write_bytes(body)
        file.with_suffix(".index").write_text("\n".join(map(json.dumps, index)))
    return serve(folder)


HURRY = Patience(retries=1, first_pause_s=0.01)


def fetch(server, out, **options):
    return fetch_ecmwf_open(out, source=server.url, patience=HURRY, **options)


def test_the_newest_analyses_are_fetched_one_file_each(publish, tmp_path):
    done = []
    files = fetch(publish, tmp_path / "out", last=2, progress=lambda *told: done.append(told))
    dates = [newest() - timedelta(hours=6), newest()]
    assert [file.name for file in files] == [
        f"ecmwf-open-{date:%Y-%m-%dT%H}.grib2" for date in dates
    ]
    wanted = {Message("2t", 2)} | {Message(n, level) for n in ("gh", "t") for level in (500, 850)}
    assert [read_messages(file) for file in files] == [wanted, wanted]
    assert done == [(1, 2), (2, 2)]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f.name for f in files]


def test_files_that_are_there_are_not_fetched_again(publish, tmp_path):
    fetch(publish, tmp_path / "out")
    before = publish.asked[f"{place_of(newest())}.index"]
    assert len(fetch(publish, tmp_path / "out", last=2)) == 2
    assert publish.asked[f"{place_of(newest())}.index"] == before
    with pytest.raises(ValueError, match="is there already, without msl"):
        fetch(publish, tmp_path / "out", variables=["msl"])


def test_variables_on_levels_take_the_levels(publish, tmp_path):
    [file] = fetch(publish, tmp_path / "out", variables=["z"], levels=[850])
    assert read_messages(file) == {Message("gh", 850)}


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"variables": ["tp"]}, "analyses have no tp; they have t2m, u10"),
        ({"variables": ["z"]}, "gh are on pressure levels; name them"),
        ({"last": 0}, "last is 0"),
    ],
)
def test_what_no_analysis_has_is_refused(publish, tmp_path, options, match):
    with pytest.raises(ValueError, match=match):
        fetch(publish, tmp_path / "out", **options)


def test_an_unknown_source_lists_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match="source 'dwd' is unknown; there are ecmwf, aws"):
        fetch_ecmwf_open(tmp_path, source="dwd")


def test_a_frame_that_is_gone_is_named(publish, tmp_path):
    with pytest.raises(FetchError, match="is not there .any more.: the last few days are kept"):
        fetch(publish, tmp_path / "out", last=4)
    assert len(list((tmp_path / "out").iterdir())) == 3  # those before stay


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        ((503, {}, b"busy"), "cannot be had"),
        ((206, {}, b"short"), "cannot be had|bytes came"),
        ((206, {"Content-Type": "text/html"}, b"<html>busy"), "cannot be had|bytes came"),
    ],
)
def test_what_is_no_grib_is_not_kept(publish, tmp_path, answer, match):
    data = f"{place_of(newest())}.grib2"
    # The search for the newest asks for the header first.
    publish.answer = lambda path, count: answer if path == data and count > 2 else None
    with pytest.raises(FetchError, match=match):
        fetch(publish, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_messages_that_the_index_has_not_are_named(publish, tmp_path):
    with pytest.raises(FetchError, match="lacks gh at 300 hPa"):
        fetch(publish, tmp_path / "out", variables=["z"], levels=[300, 500])


def test_a_portal_without_analyses_is_named(serve, tmp_path):
    with pytest.raises(FetchError, match="no analysis of the last two days"):
        fetch(serve(tmp_path), tmp_path / "out")


def test_the_package_that_is_needed_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ecmwf.opendata", None)
    with pytest.raises(
        ValueError, match=r"needs ecmwf-opendata: pip install 'stforecast\[ecmwf\]'"
    ):
        fetch_ecmwf_open(tmp_path)
