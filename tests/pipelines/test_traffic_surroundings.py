import h5py
import numpy as np
import xarray as xr

from pipelines.traffic_surroundings import find_surroundings

HALF_HOUR = np.timedelta64(30 * 60 * 10**9, "ns")


def write_meteorology(path, temperature):
    with h5py.File(path, "w") as file:
        file["date"] = np.array([2016010501, 2016010502])
        file["Temperature"] = [temperature, temperature + 1]
        file["WindSpeed"] = [3.0, 4.0]


def series():
    times = np.datetime64("2016-01-05", "ns") + np.arange(2) * HALF_HOUR
    return xr.DataArray(np.zeros(2), dims="time", coords={"time": times})


def join(folder, cities=("BJ",)):
    found = find_surroundings(folder, cities=cities, time_step=HALF_HOUR)
    return found.join(series(), time_step=HALF_HOUR), found.notes


def test_a_folder_without_any_adds_nothing(tmp_path):
    joined, notes = join(tmp_path)
    assert joined.identical(series())
    assert notes == []


def test_weather_by_the_slot_goes_before_weather_by_the_day(tmp_path):
    write_meteorology(tmp_path / "BJ_Meteorology.h5", 10.0)
    (tmp_path / "weather_and_holidays.csv").write_text(
        "date,average temperature,precipitation,holiday\n4-1-2016,32,1,0\n5-1-2016,32,1,1\n"
    )
    (tmp_path / "BJ_Holiday.txt").write_text("20160101\n20160105\n")
    (tmp_path / "._BJ_Holiday.txt").write_text("no date")
    joined, notes = join(tmp_path)
    assert joined["temperature"].values.tolist() == [10, 11]
    assert joined["wind_speed"].values.tolist() == [3, 4]
    np.testing.assert_allclose(joined["precipitation"], [25.4, 25.4])
    assert "weather_type" not in joined.coords
    assert joined["temperature"].attrs["units"] == "degC"
    assert joined.attrs["holidays"] == "2016-01-01 2016-01-05"
    assert notes == [
        "holidays as BJ_Holiday.txt lists them: 2",
        "holidays as weather_and_holidays.csv marks them: 1",
    ]


def test_files_of_other_cities_are_not_taken(tmp_path):
    write_meteorology(tmp_path / "NYC_Meteorology.h5", 10.0)
    (tmp_path / "NYC_Holiday.txt").write_text("20160101\n")
    assert join(tmp_path)[0].identical(series())
    assert "temperature" in join(tmp_path, cities=["NYC"])[0].coords
    assert "temperature" in join(tmp_path, cities=[""])[0].coords
    (tmp_path / "NYC_Meteorology.h5").rename(tmp_path / "Meteorology.h5")
    assert "temperature" in join(tmp_path)[0].coords


def test_a_table_of_holidays_alone_gives_no_weather(tmp_path):
    (tmp_path / "weather_and_holidays.csv").write_text("date,holiday\n5-1-2016,1\n")
    joined, _ = join(tmp_path)
    assert list(joined.coords) == ["time"]
    assert joined.attrs["holidays"] == "2016-01-05"
