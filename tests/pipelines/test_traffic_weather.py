import h5py
import numpy as np
import pytest

from pipelines.traffic_tables import read_daily_table
from pipelines.traffic_weather import WEATHER, Records, daily_weather, read_meteorology

HALF_HOUR = np.timedelta64(30 * 60 * 10**9, "ns")


def moments(*texts):
    return np.array(texts, dtype="datetime64[ns]")


def write(path, **arrays):
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array
    return path


def one_hot(*codes):
    return np.eye(17)[list(codes)]


def test_a_frame_has_the_record_of_its_own_slot_and_none_that_comes_later(tmp_path):
    path = write(
        tmp_path / "BJ_Meteorology.h5",
        date=np.array(["2016010402", "2016010401", "2016010403"], dtype="S"),
        Temperature=[1.0, 0.0, 2.0],
        WindSpeed=[5.0, 4.0, 6.0],
        Weather=one_hot(16, 0, 3),
    )
    records = read_meteorology(path, time_step=HALF_HOUR)
    # The slot that begins at 00:30 ends at 01:00: not a second before is its record known.
    found = records.at(
        moments("2016-01-04T00:29", "2016-01-04T00:30", "2016-01-04T00:59", "2016-01-04T01:00")
    )
    np.testing.assert_array_equal(found["temperature"], [np.nan, 0, 0, 1])
    np.testing.assert_array_equal(found["wind_speed"], [np.nan, 4, 4, 5])
    np.testing.assert_array_equal(found["weather_type"], [np.nan, 0, 0, 16])
    assert {values.dtype for values in found.values()} == {np.dtype("float32")}
    assert set(found) < set(WEATHER)
    assert records.notes == ()


def test_a_missing_record_is_stood_for_by_the_last_one_for_three_hours():
    records = Records(
        moments("2016-01-04T01:00"), np.timedelta64(3, "h"), {"temperature": np.array([7.0])}
    )
    found = records.at(moments("2016-01-04T04:00", "2016-01-04T04:30"))["temperature"]
    np.testing.assert_array_equal(found, [7, np.nan])


def test_impossible_weather_is_unknown_and_counted(tmp_path):
    path = write(
        tmp_path / "BJ_Meteorology.h5",
        date=np.array([2016010401, 2016010402, 2016010403, 2016010403]),
        Temperature=[-999, 20, 293, 20],
        WindSpeed=[np.nan, -1, 3, 4],
        Weather=np.concatenate([np.zeros((1, 17)), np.ones((1, 17)), one_hot(2, 5)]),
    )
    records = read_meteorology(path, time_step=HALF_HOUR)
    np.testing.assert_array_equal(records.values["temperature"], [np.nan, 20, np.nan])
    # Of two records of slot 3 the first one counts.
    np.testing.assert_array_equal(records.values["wind_speed"], [np.nan, np.nan, 3])
    np.testing.assert_array_equal(records.values["weather_type"], [np.nan, np.nan, 2])
    assert records.notes == (
        "BJ_Meteorology.h5: impossible Temperature, taken as unknown: 2",
        "BJ_Meteorology.h5: impossible WindSpeed, taken as unknown: 2",
    )


def test_a_step_in_the_name_goes_before_that_of_the_flows(tmp_path):
    dates = np.array([2016010401, 2016010424])
    path = write(tmp_path / "X_T60_Meteorology.h5", date=dates, Temperature=[1.0, 2.0])
    assert read_meteorology(path, time_step=HALF_HOUR).known[1] == np.datetime64("2016-01-05")


def test_weather_that_is_not_what_it_should_be_is_refused(tmp_path):
    path = tmp_path / "BJ_Meteorology.h5"
    dates = np.array(["2016010401", "2016010402"], dtype="S")
    for arrays, message in [
        ({"date": dates}, "needs date and one of Temperature, WindSpeed, Weather, but has date"),
        ({"Temperature": [1.0]}, "needs date and one of .* but has Temperature"),
        ({"date": dates, "Temperature": [1.0]}, r"Temperature holds float64 of shape \(1,\), but"),
        ({"date": dates, "Weather": np.ones((2, 5))}, r"should be numbers of shape \(2, 17\)"),
        ({"date": dates, "WindSpeed": [b"a", b"b"]}, "WindSpeed holds object of shape"),
        ({"date": np.array([b"x", b"y"]), "WindSpeed": [1, 2]}, "date: row 0, 'x', is no date"),
        ({"date": [2016010449], "WindSpeed": [1]}, "row 0, '2016010449', lies beyond the day"),
    ]:
        write(path, **arrays)
        with pytest.raises(ValueError, match=f"BJ_Meteorology.h5.*{message}"):
            read_meteorology(path, time_step=HALF_HOUR)


def table(tmp_path, text):
    path = tmp_path / "weather_and_holidays.csv"
    path.write_text(text)
    return path, read_daily_table(path)


def test_the_weather_of_a_day_goes_with_the_frames_of_the_next(tmp_path):
    path, days = table(
        tmp_path,
        "date,average temperature,precipitation,snow fall\n"
        "23-1-2016,25.5,2.31,27.3\n24-1-2016,32,T,T\n26-1-2016,212,1,1\n",
    )
    records = daily_weather(days, path=path, time_step=HALF_HOUR)
    assert records is not None
    starts = moments(
        "2016-01-23T23:30",
        "2016-01-24",
        "2016-01-24T23:30",
        "2016-01-25",
        "2016-01-26",
        "2016-01-27",
    )
    found = records.at(starts + HALF_HOUR)
    # 25.5 °F = −6.5 / 1.8 °C = −3.61; 2.31 in = 58.674 mm; 27.3 in = 69.342 cm; 212 °F = 100 °C.
    np.testing.assert_allclose(
        found["temperature"], [np.nan, -3.6111, -3.6111, 0, np.nan, 100], atol=1e-4
    )
    np.testing.assert_allclose(found["precipitation"], [np.nan, 58.674, 58.674, 0, np.nan, 25.4])
    np.testing.assert_allclose(found["snowfall"], [np.nan, 69.342, 69.342, 0, np.nan, 2.54])


def test_the_temperature_of_a_day_is_else_the_mean_of_its_extremes(tmp_path):
    path, days = table(
        tmp_path, "date,maximum temperature,minimum temperature\n1-1-2016,60,40\n2-1-2016,,40\n"
    )
    records = daily_weather(days, path=path, time_step=HALF_HOUR)
    assert records is not None
    # (60 + 40) / 2 = 50 °F = 10 °C
    np.testing.assert_allclose(records.values["temperature"], [10, np.nan])


def test_a_table_without_weather_gives_none(tmp_path):
    path, days = table(tmp_path, "date,maximum temperature,holiday\n1-1-2016,60,1\n")
    assert daily_weather(days, path=path, time_step=HALF_HOUR) is None
