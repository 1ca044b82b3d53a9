import numpy as np
import pytest
import xarray as xr

from pipelines.weather_calendars import decode_times
from pipelines.weatherbench import open_weatherbench


def labels(calendar, first="2015-01-01", days=60, step_hours=6):
    hours = np.arange(0, 24 * days, step_hours)
    attrs = {"units": f"hours since {first}", "calendar": calendar}
    return xr.DataArray(hours, dims="time", name="time", attrs=attrs)


def dates(times):
    return np.unique(times.astype("datetime64[D]")).astype(str).tolist()


@pytest.mark.parametrize("calendar", ["standard", "gregorian", "proleptic_gregorian", "Standard"])
def test_the_calendars_of_the_world_are_one(calendar):
    found = decode_times(labels(calendar))
    assert (found.calendar, found.note) == ("standard", "")
    assert found.times[-1] == np.datetime64("2015-03-01T18")
    assert found.frames.tolist() == list(range(240))


@pytest.mark.parametrize("calendar", ["noleap", "365_day"])
def test_29_february_is_a_gap_where_the_calendar_has_none(calendar):
    found = decode_times(labels(calendar, "2016-02-27", days=4))
    assert dates(found.times) == ["2016-02-27", "2016-02-28", "2016-03-01", "2016-03-02"]
    assert len(found.times) == 16
    assert (found.calendar, found.note) == ("noleap", "")


@pytest.mark.parametrize("calendar", ["all_leap", "366_day"])
def test_29_february_of_a_common_year_is_left_out_with_the_day_before(calendar):
    found = decode_times(labels(calendar, "2015-02-27", days=4))
    assert dates(found.times) == ["2015-02-27", "2015-03-01"]
    assert found.calendar == "all_leap"
    assert found.frames.tolist() == [0, 1, 2, 3, 12, 13, 14, 15]
    assert found.note == (
        "calendar all_leap: 4 frames of dates that the world lacks (29 February of common years) "
        "are left out, and 4 of the day before, so that a gap stays"
    )
    leap = decode_times(labels(calendar, "2016-02-27", days=4))
    assert dates(leap.times) == ["2016-02-27", "2016-02-28", "2016-02-29", "2016-03-01"]
    assert leap.note == ""


@pytest.mark.parametrize(
    ("year", "kept"), [(2015, ["2015-02-27"]), (2016, ["2016-02-27", "2016-02-28"])]
)
def test_a_calendar_of_360_days_keeps_a_gap_at_the_end_of_february(year, kept):
    found = decode_times(labels("360_day", f"{year}-02-27", days=5))
    assert dates(found.times) == [*kept, f"{year}-03-01"]
    left_out = 5 - len(kept) - 1
    invented = 30 - (28 if year == 2015 else 29)
    assert f"{4 * invented} frames of dates that the world lacks" in found.note
    assert f"and {4 * (left_out - invented)} of the day before" in found.note


def test_a_31st_that_the_calendar_lacks_is_a_gap():
    found = decode_times(labels("360_day", "2015-01-29", days=3))
    assert dates(found.times) == ["2015-01-29", "2015-01-30", "2015-02-01"]
    assert found.note == ""


@pytest.mark.parametrize("calendar", ["360_day", "noleap", "all_leap"])
@pytest.mark.parametrize("step_hours", [1, 12, 24, 48])
def test_no_frames_become_neighbours_that_are_not(calendar, step_hours):
    encoded = labels(calendar, "2014-12-30", days=3 * 365, step_hours=step_hours)
    found = decode_times(encoded)
    own = np.diff(encoded.values[found.frames])
    world = np.diff(found.times) / np.timedelta64(1, "h")
    assert (own[world == step_hours] == step_hours).all()
    assert (world > 0).all()


def test_the_series_says_its_calendar_and_what_was_left_out(tmp_path, make_weather):
    dataset = make_weather(frames=16)
    attrs = {"units": "days since 2015-02-27", "calendar": "360_day"}
    dataset["time"] = ("time", np.arange(16) / 4, attrs)
    dataset.to_netcdf(tmp_path / "a.nc")
    series = open_weatherbench(tmp_path / "a.nc")
    assert series.attrs["calendar"] == "360_day"
    assert "8 frames of dates that the world lacks (29 and 30 February)" in series.attrs["note"]
    np.testing.assert_array_equal(series[:, 0].values[:, ::-1], dataset["t2m"].values[:4])


def test_nothing_but_dates_that_the_world_lacks_is_refused(tmp_path, make_weather):
    dataset = make_weather(frames=4)
    attrs = {"units": "hours since 2015-02-30", "calendar": "360_day"}
    dataset["time"] = ("time", np.arange(4), attrs)
    dataset.to_netcdf(tmp_path / "a.nc")
    with pytest.raises(ValueError, match="a.nc has no frames: calendar 360_day: 4 frames of dates"):
        open_weatherbench(tmp_path / "a.nc")


def test_a_julian_calendar_is_refused():
    with pytest.raises(ValueError, match="calendar 'julian'.*convert_calendar"):
        decode_times(labels("julian"))


def test_years_of_a_climate_model_that_cannot_be_held_are_refused():
    with pytest.raises(
        ValueError, match="years lie between 1678 and 2262 .it has the years 1 to 1"
    ):
        decode_times(labels("noleap", "0001-01-01"))


def test_fractions_of_days_become_whole_seconds():
    encoded = labels("noleap").copy(data=np.arange(240) / 4 + 1e-9)
    encoded.attrs["units"] = "days since 2015-01-01"
    np.testing.assert_array_equal(decode_times(encoded).times, decode_times(labels("noleap")).times)
