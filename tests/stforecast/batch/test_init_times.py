import numpy as np
import pytest

from stforecast.batch.init_times import civil_now, due_init_times, named_init_times, step_of
from stforecast.batch.job import InitTimesConfig

HOUR = np.timedelta64(3600 * 10**9, "ns")
NOW = np.datetime64("2015-01-10T13:20", "ns")
TIMES = np.datetime64("2015-01-01", "ns") + np.arange(100) * 6 * HOUR


def due(now=NOW, **table):
    config = InitTimesConfig(**table)
    found = due_init_times(config, TIMES, step=step_of(config, time_step=6 * HOUR), now=now)
    return [str(time)[5:13] for time in found]


def test_latest_is_the_newest_frame_that_there_is_by_now():
    assert due(latest=True) == ["01-10T12"]
    assert due(latest=True, now=np.datetime64("2016-01-01", "ns")) == ["01-25T18"]


def test_every_counts_from_1970_with_its_offset_up_to_now():
    assert due(every="6h", back="12h") == ["01-10T06", "01-10T12"]
    assert due(every="24h") == ["01-09T00", "01-10T00"]
    assert due(every="24h", offset="12h") == ["01-08T12", "01-09T12", "01-10T12"][1:]
    assert due(every="12h", back="12h", now=np.datetime64("2015-01-10T12", "ns")) == [
        "01-10T00",
        "01-10T12",
    ]


def test_a_range_holds_both_ends_and_every_time_step_unless_told_otherwise():
    assert due(range="2015-01-01") == ["01-01T00", "01-01T06", "01-01T12", "01-01T18"]
    assert due(range="2015-01-01/2015-01-02", every="1d") == ["01-01T00", "01-02T00"]
    assert due(range="2015-01-01/2015-01-02", every="1d", offset="6h") == ["01-01T06", "01-02T06"]


def test_times_before_1970_keep_the_rhythm():
    assert due(range="1960-03-01", every="12h", offset="6h") == ["03-01T06", "03-01T18"]


def test_a_rhythm_between_the_frames_is_refused():
    for table in ({"every": "4h"}, {"every": "12h", "offset": "1h"}):
        with pytest.raises(
            ValueError, match="is no whole number of the forecaster's time steps of 6h"
        ):
            due(**table)


def test_init_times_are_named_one_by_one_or_between_two():
    config = InitTimesConfig(every="12h")
    found = named_init_times(config, ["2015-02-01T06", "2015-01-01/2015-01-01"], step=12 * HOUR)
    assert [str(time)[5:13] for time in found] == ["01-01T00", "01-01T12", "02-01T06"]
    with pytest.raises(ValueError, match="no init time of the job lies between them; they are 12h"):
        named_init_times(config, ["2015-01-01T01/2015-01-01T02"], step=12 * HOUR)


def test_now_is_read_from_the_clocks_of_the_data():
    assert civil_now(NOW, "UTC") == NOW
    assert civil_now(NOW, "unknown") == NOW
    assert civil_now(NOW, "Asia/Shanghai") == NOW + 8 * HOUR
    summer = np.datetime64("2015-07-01T12", "ns")
    assert civil_now(summer, "America/New_York") == summer - 4 * HOUR
