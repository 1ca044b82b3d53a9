"""Pictures for several visitors at once: files are read by one of them at a time."""

from types import SimpleNamespace

import numpy as np
import pytest

from app import pictures, takeaway
from app.pictures import Sight, forecasts_of, shown_of
from stforecast.viewing.catalogue import Entry
from stforecast.viewing.reading import READING


@pytest.fixture
def entry(tmp_path):
    return Entry("one", "run", tmp_path, stamp=(("file", 1, 1),))


def made(*, n_times, seen):
    def shown(init_time, channel):
        seen.append(READING._is_owned())
        return SimpleNamespace(nbytes=1)

    return SimpleNamespace(init_times=np.zeros(n_times, "datetime64[ns]"), shown=shown)


def test_forecasts_are_opened_by_one_visitor_at_a_time_and_computed_by_many(entry, monkeypatch):
    seen = []

    def open_forecasts(entry, data=None):
        seen.append(READING._is_owned())
        return made(n_times=1, seen=seen)

    monkeypatch.setattr(pictures, "open_forecasts", open_forecasts)
    sight = Sight(entry, np.datetime64("2015-01-01", "ns"), "t2m")
    shown_of(sight)
    shown_of(sight)  # kept
    # What is read for a forecast is read under the lock by the forecasts themselves.
    assert seen == [True, False]


def test_the_field_that_is_taken_away_is_written_alone(monkeypatch):
    monkeypatch.setattr(
        takeaway, "field_netcdf", lambda shown, number: [shown, number, READING._is_owned()]
    )
    assert takeaway._netcdf("shown", 3) == ["shown", 3, True]


def test_data_that_moved_are_looked_for_among_those_that_are_named(entry, monkeypatch):
    def open_forecasts(entry, data=None):
        if str(data) == "/other":
            raise ValueError("these are other data")
        return made(n_times=1 if str(data) == "/there" else 0, seen=[])

    monkeypatch.setattr(pictures, "open_forecasts", open_forecasts)
    monkeypatch.setenv("STFORECAST_APP_DATA", "/other:/empty:/there")
    assert len(forecasts_of(entry).init_times) == 1
    monkeypatch.setenv("STFORECAST_APP_DATA", "/other:/empty")
    assert len(forecasts_of(entry).init_times) == 0
