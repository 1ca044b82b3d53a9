"""Inputs in calendars of climate models, without usable times, and with lead times."""

import numpy as np
import pytest
import xarray as xr

from tests.pipelines.odd_inputs.conftest import (
    Bench,
    Case,
    Cases,
    Read,
    Refused,
    compare_with_document,
)

CASES = Cases()

HOUR = np.timedelta64(1, "h")


def timed(dataset: xr.Dataset, times: np.ndarray, **attrs: str) -> xr.Dataset:
    return dataset.assign_coords(time=("time", times, attrs))


def days(bench: Bench, calendar: str, frames: int = 6) -> None:
    data = bench.weather(frames=frames, step_hours=24)
    attrs = {"units": "days since 2015-02-26", "calendar": calendar}
    bench.save(timed(data, np.arange(float(frames)), **attrs))


@CASES.add(
    "calendar 360_day",
    Read(
        "frames on the dates of the same name",
        "calendar 360_day: 2 frames of dates that the world lacks (29 and 30 February) are "
        "left out, and 1 of the day before, so that a gap stays",
    ),
    "calendar (warning, mended), gap (warning)",
)
def calendar_of_360_days(bench: Bench) -> xr.Dataset:
    days(bench, "360_day", 8)
    good = bench.weather(frames=8, step_hours=24).isel(time=[0, 1, 5, 6, 7])
    named = ["2015-02-26", "2015-02-27", "2015-03-01", "2015-03-02", "2015-03-03"]
    return timed(good, np.array(named, "M8[ns]"))


@CASES.add(
    "calendar noleap (365_day) over 29 February 2016",
    Read("frames on the dates of the same name"),
    "calendar (warning, mended), gap (warning)",
)
def calendar_without_leap_days(bench: Bench) -> xr.Dataset:
    data = bench.weather(frames=6, step_hours=24)
    attrs = {"units": "days since 2016-02-26", "calendar": "noleap"}
    bench.save(timed(data, np.arange(6.0), **attrs))
    named = ["2016-02-26", "2016-02-27", "2016-02-28", "2016-03-01", "2016-03-02", "2016-03-03"]
    return timed(data, np.array(named, "M8[ns]"))


@CASES.add(
    "calendar all_leap (366_day)",
    Read(
        "frames on the dates of the same name",
        "calendar all_leap: 1 frames of dates that the world lacks (29 February of common "
        "years) are left out, and 1 of the day before, so that a gap stays",
    ),
    "calendar (warning, mended), gap (warning)",
)
def calendar_of_leap_years(bench: Bench) -> xr.Dataset:
    days(bench, "all_leap")
    good = bench.weather(frames=6, step_hours=24).isel(time=[0, 1, 4, 5])
    named = ["2015-02-26", "2015-02-27", "2015-03-01", "2015-03-02"]
    return timed(good, np.array(named, "M8[ns]"))


@CASES.add(
    "calendar julian",
    Refused("time has the calendar 'julian', whose days are not those of the world"),
    "calendar (error)",
)
def julian(bench: Bench) -> None:
    days(bench, "julian")


@CASES.add(
    "numbers without units for times",
    Refused("time has no units such as 'hours since 1979-01-01' (none); set them"),
    "time-units (error)",
)
def no_units_of_time(bench: Bench) -> None:
    bench.save(timed(bench.weather(), np.arange(0, 48, 6)))


@CASES.add(
    "times as text",
    Refused("time has no units such as 'hours since 1979-01-01' (none); set them"),
    "time-units (error)",
)
def times_as_text(bench: Bench) -> None:
    data = bench.weather()
    bench.save(timed(data, np.datetime_as_string(data["time"].values, unit="h").astype(object)))


@CASES.add(
    "a time that is missing",
    Refused("time holds missing times; drop those frames"),
    "time-units (error)",
)
def missing_time(bench: Bench) -> None:
    attrs = {"units": "hours since 2015-01-01"}
    bench.save(timed(bench.weather(), np.array([0, 6, np.nan, 18, 24, 30, 36, 42]), **attrs))


@CASES.add(
    "the year 0001 of a climate model",
    Refused("correct the units, and note that years lie between 1678 and 2262"),
    "time-units (error)",
)
def year_one(bench: Bench) -> None:
    bench.save(timed(bench.weather(), np.arange(0, 48, 6), units="hours since 0001-01-01"))


@CASES.add("times counted from 08:00 +08:00", Read(), "time-zone (warning)")
def offset_from_utc(bench: Bench) -> None:
    attrs = {"units": "hours since 2015-01-01 08:00:00 +08:00"}
    bench.save(timed(bench.weather(), np.arange(0, 48, 6), **attrs))


@CASES.add("times as float32 hours since 1900", Read())
def coarse_times(bench: Bench) -> None:
    first = (np.datetime64("2015-01-01") - np.datetime64("1900-01-01")) / HOUR
    hours = (first + np.arange(0, 48, 6)).astype("float32")
    bench.save(timed(bench.weather(), hours, units="hours since 1900-01-01"))


@CASES.add(
    "no time axis",
    Refused("there is no time axis (time or valid_time); its dimensions are lat (4), lon (8)"),
    "no-time (error)",
)
def no_time(bench: Bench) -> None:
    bench.save(bench.weather().isel(time=0, drop=True))


@CASES.add(
    "a time axis without frames",
    Refused("has no frames: its time axis is empty; fetch or make it again"),
    "empty (error)",
)
def no_frames(bench: Bench) -> None:
    bench.save(bench.weather().isel(time=slice(0, 0)))


@CASES.add(
    "a time axis longer than the data, cut by `valid_time_start` and `valid_time_stop` (ARCO-ERA5)",
    Read(
        "the frames in between",
        "4 times before 2015-01-02 or after 2015-01-02 are left out, since a.zarr holds "
        "nothing there",
        lambda good: good[4:],
    ),
)
def span_of_arco(bench: Bench) -> None:
    data = bench.weather().assign_attrs(valid_time_start="2015-01-02", valid_time_stop="2015-01-02")
    file = bench.save(data, "a.zarr", encoding={"t2m": {"chunks": (4, 4, 8)}})
    (file / "t2m" / "0.0.0").unlink()


@CASES.add("`time` is the start, `valid_time` beside it", Read())
def valid_time_beside(bench: Bench) -> None:
    data = bench.weather()
    valid = data["time"].values
    bench.save(timed(data, valid - 6 * HOUR).assign_coords(valid_time=("time", valid)))


@CASES.add(
    "forecasts with several lead times",
    Refused(
        "holds 2 lead times: these are forecasts, not a series; select one lead time, and "
        "let time be the valid time"
    ),
    "init-valid-time (error)",
)
def lead_times(bench: Bench) -> None:
    data = bench.weather().expand_dims(prediction_timedelta=[6, 12])
    data["prediction_timedelta"].attrs["units"] = "hours"
    bench.save(data.transpose("time", ...))


@CASES.add(
    "`time` is the start of forecasts, one lead time of 6 h, no `valid_time`",
    Refused("time is when forecasts start: they are valid at step = 6.0 hours later"),
    "init-valid-time (warning, mended)",
)
def one_lead_time(bench: Bench) -> None:
    data = bench.weather()
    data = timed(data, data["time"].values - 6 * HOUR)
    bench.save(data.assign_coords(step=((), 6.0, {"units": "hours"})))


@CASES.add(
    "one lead time of 6 h as a dimension",
    Refused("time is when forecasts start: they are valid at prediction_timedelta = 6 hours later"),
    "init-valid-time (warning, mended)",
)
def one_lead_time_as_a_dimension(bench: Bench) -> None:
    data = bench.weather()
    data = timed(data, data["time"].values - 6 * HOUR).expand_dims(prediction_timedelta=[6])
    data["prediction_timedelta"].attrs["units"] = "hours"
    bench.save(data.transpose("time", ...))


@CASES.add("CF's `time`, the valid time, and a `forecast_period` of 6 h beside it", Read())
def lead_time_beside_the_valid_time(bench: Bench) -> None:
    data = bench.weather()
    data["time"].attrs["standard_name"] = "time"
    bench.save(data.assign_coords(forecast_period=((), 6.0, {"units": "hours"})))


@CASES.add(
    "`time` is a `forecast_reference_time`, no lead time", Read(), "init-valid-time (warning)"
)
def reference_time(bench: Bench) -> None:
    data = bench.weather()
    data["time"].attrs["standard_name"] = "forecast_reference_time"
    bench.save(data)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_calendars_and_leads_are_read_or_refused_as_the_table_says(judge, case: Case):
    judge(case)


def test_the_table_of_calendars_and_leads_is_that_of_the_cases():
    compare_with_document("Calendars and leads", CASES)
