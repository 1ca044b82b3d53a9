import h5py
import numpy as np
import pandas as pd
import pytest

from pipelines.taxibj import open_taxibj
from pipelines.taxibj_sample import write_taxibj_sample

SMALL = {"grid": (4, 6), "time_step": "1h"}


def read(path):
    """Times of the slots' starts and frames, by h5py alone."""
    with h5py.File(path) as file:
        names, data = file["date"][:].astype(str), file["data"][:]
    n_slots = 1440 // int(path.stem.split("_T")[1].split("_")[0])
    days = pd.to_datetime([name[:8] for name in names], format="%Y%m%d")
    slots = np.array([int(name[8:]) for name in names])
    assert slots.min() >= 1
    assert slots.max() <= n_slots
    return days + pd.to_timedelta((slots - 1) * (1440 // n_slots), unit="min"), data


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """The sample as it is made when nothing is said: times, frames and whether a day is one of rest."""
    out = tmp_path_factory.mktemp("city")
    files = write_taxibj_sample(out)
    times, frames = read(files[0])
    with h5py.File(files[1]) as file:
        weather = dict(zip(file["date"][:].astype(str), file["Weather"][:].argmax(1), strict=True))
    holidays = pd.to_datetime(files[2].read_text().split())
    slots = 1 + times.hour * 2 + times.minute // 30
    names = [f"{time:%Y%m%d}{slot:02d}" for time, slot in zip(times, slots, strict=True)]
    return {
        "times": times,
        "frames": frames,
        "slot": slots.to_numpy() - 1,
        "holiday": times.normalize().isin(holidays),
        "weekend": times.day_of_week >= 5,
        "weather": np.array([weather[name] for name in names]),
    }


def profile(city, wanted):
    """Mean vehicles (slot,) over the city in the wanted frames."""
    totals = city["frames"].sum((1, 2, 3))
    return np.array([totals[wanted & (city["slot"] == slot)].mean() for slot in range(48)])


def departures(city):
    """Departures of inflow (time, y, x) from the mean of their slot, on working days and on others."""
    frames = city["frames"][:, 0].astype(float)
    kind = city["slot"] + 48 * (city["weekend"] | city["holiday"])
    means = np.stack([frames[kind == number].mean(0) for number in range(96)])
    return frames - means[kind]


def test_the_sample_has_the_layout_of_taxibj(tmp_path):
    told = []
    files = write_taxibj_sample(
        tmp_path,
        days=4,
        grid=(4, 6),
        first_day="2015-12-30",
        progress=lambda done, total: told.append((done, total)),
    )
    assert [file.name for file in files] == [
        "SAMPLE15_M4x6_T30_InOut.h5",
        "SAMPLE16_M4x6_T30_InOut.h5",
        "SAMPLE_Meteorology.h5",
        "SAMPLE_Holiday.txt",
    ]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    for file, first in ((files[0], b"2015123001"), (files[1], b"2016010101")):
        with h5py.File(file) as content:
            assert set(content) == {"date", "data"}
            assert content.attrs["synthetic"] == "true"
            assert content["date"].dtype == "S10"
            assert content["date"][0] == first
            assert content["data"].shape == (len(content["date"]), 2, 4, 6)
            assert content["data"].dtype == "int32"
            assert content["data"][:].min() >= 0
            assert (np.diff(content["date"][:].astype(int)) > 0).all()
    with h5py.File(files[2]) as content:
        assert content.attrs["synthetic"] == "true"
        assert content["date"].shape == content["Temperature"].shape == (4 * 48,)
        assert content["WindSpeed"].shape == (4 * 48,)
        assert content["Weather"].shape == (4 * 48, 17)
        assert (content["Weather"][:].sum(1) == 1).all()
        assert content["date"][-1] == b"2016010248"
    lines = files[3].read_text().splitlines()
    assert lines[0] == "20150101"
    assert all(len(line) == 8 for line in lines)


def test_the_reader_reads_what_the_sample_writes(tmp_path):
    files = write_taxibj_sample(tmp_path, days=3, **SMALL)
    times, frames = read(files[0])
    series = open_taxibj(tmp_path)
    assert series.attrs["synthetic"] == "true"
    assert "2016-02-08" in series.attrs["holidays"].split()
    np.testing.assert_array_equal(series["time"].values, times.values)
    np.testing.assert_array_equal(series.values, frames)
    with h5py.File(files[1]) as file:
        first = file["Temperature"][0], file["Weather"][0].argmax()
    assert series["temperature"].values[0] == np.float32(first[0])
    assert series["weather_type"].values[0] == first[1]


def test_equal_seeds_give_equal_data_however_many_days_follow(tmp_path):
    short = write_taxibj_sample(tmp_path / "a", days=3, **SMALL)
    longer = write_taxibj_sample(tmp_path / "b", days=6, **SMALL)
    other = write_taxibj_sample(tmp_path / "c", days=3, seed=1, **SMALL)
    again = write_taxibj_sample(tmp_path / "d", days=3, **SMALL)
    (times, frames), (more_times, more_frames) = read(short[0]), read(longer[0])
    assert (times == more_times[: len(times)]).all()
    np.testing.assert_array_equal(frames, more_frames[: len(frames)])
    assert read(other[0])[1].sum() != frames.sum()
    for first, second in zip(short, again, strict=True):
        assert first.read_bytes() == second.read_bytes()
    with h5py.File(short[1]) as few, h5py.File(longer[1]) as many:
        for name in few:
            np.testing.assert_array_equal(few[name][:], many[name][: len(few[name])])


@pytest.mark.parametrize(("time_step", "slots"), [("15min", 96), ("20min", 72), ("1h", 24)])
def test_other_steps_show_the_same_city(tmp_path, time_step, slots):
    files = write_taxibj_sample(tmp_path / "a", days=2, grid=(4, 4), time_step=time_step)
    halves = write_taxibj_sample(tmp_path / "b", days=2, grid=(4, 4))
    assert f"_T{1440 // slots}_" in files[0].name
    (times, frames), (_, of_half_hours) = read(files[0]), read(halves[0])
    assert times[0] == pd.Timestamp("2016-01-04")
    assert 1.6 * slots < len(frames) <= 2 * slots
    per_day = [part.mean((0, 1)) * count for part, count in ((frames, slots), (of_half_hours, 48))]
    assert per_day[0].sum() == pytest.approx(per_day[1].sum(), rel=0.1)


def test_some_slots_are_missing(city):
    times = city["times"]
    per_day = (
        pd.Series(1, index=times)
        .resample("D")
        .sum()
        .reindex(pd.date_range("2016-01-04", "2016-05-02"), fill_value=0)
    )
    # 120 days: one is missing whole, some lack an hour, some a slot, most are complete.
    assert (per_day == 0).sum() == 1
    assert ((per_day > 0) & (per_day <= 46)).any()
    assert (per_day == 47).any()
    assert 80 < (per_day == 48).sum() < 115
    assert len(per_day) == 120


def test_no_file_is_empty_even_where_a_year_has_one_day(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.taxibj_sample._WHOLE_DAY_IN", 8)  # the eighth day is missing
    files = write_taxibj_sample(tmp_path / "a", days=8, first_day="2015-12-25", **SMALL)
    assert len(read(files[1])[0]) > 20  # but this one is 1 January
    files = write_taxibj_sample(tmp_path / "b", days=8, first_day="2015-12-01", **SMALL)
    assert read(files[0])[0].max() < pd.Timestamp("2015-12-08")


def test_working_days_have_two_peaks_and_rest_days_one(city):
    work = profile(city, ~city["weekend"] & ~city["holiday"])
    morning, noon, evening = work[14:20].max(), work[22:30].mean(), work[34:40].max()
    assert morning > 1.3 * noon
    assert evening > 1.3 * noon
    assert work[4:10].max() < 0.5 * noon
    weekend = profile(city, city["weekend"])
    assert weekend[14:18].max() < 0.6 * morning
    assert weekend[26:32].mean() > 1.1 * noon


def test_a_holiday_looks_like_a_weekend(city):
    work = profile(city, ~city["weekend"] & ~city["holiday"])
    weekend = profile(city, city["weekend"] & ~city["holiday"])
    holiday = profile(city, ~city["weekend"] & city["holiday"])

    def apart(first, second):
        return np.abs(first / first.mean() - second / second.mean()).mean()

    assert apart(holiday, weekend) < 0.4 * apart(holiday, work)


def test_people_go_to_the_centre_in_the_morning_and_home_in_the_evening(city):
    inflow, outflow = city["frames"][:, 0].astype(float), city["frames"][:, 1].astype(float)
    work = ~city["weekend"] & ~city["holiday"]
    staying = [
        (inflow - outflow)[work & (city["slot"] == slot)].mean(0)[6:8, 5:8] for slot in (16, 37)
    ]
    assert (staying[0] > 0).all()  # 08:00
    assert (staying[1] < 0).all()  # 18:30
    assert inflow.sum() == pytest.approx(outflow.sum(), rel=0.01)


def test_rain_and_snow_lower_the_traffic(city):
    ratio = 1 + departures(city).sum((1, 2)) / (city["frames"][:, 0].sum((1, 2)) + 1.0)
    dry = ratio[city["weather"] <= 2].mean()
    wet = ratio[np.isin(city["weather"], [5, 6, 12, 13])].mean()
    assert wet < dry - 0.15


def test_neighbours_see_alike_and_an_empty_river_runs_through(city):
    mean = city["frames"].mean((0, 1))
    assert 5 <= (mean == 0).sum() <= 20
    gone = departures(city)
    east, here = gone[:, 7, 10:], gone[:, 7, 9:-1]  # along a road
    alike = (east * here).sum() / np.sqrt((east**2).sum() * (here**2).sum())
    assert alike > 0.5
    far = np.corrcoef(gone[:, 0, 3], gone[:, 15, 14])[0, 1]
    assert far < alike
    assert np.corrcoef(mean[:, 1:].ravel(), mean[:, :-1].ravel())[0, 1] > 0.4


def test_neighbours_tell_what_the_clock_and_the_cell_itself_do_not(city):
    times, gone = city["times"], departures(city)
    together = (
        np.flatnonzero(
            (times[4:] - times[:-4]) == pd.Timedelta("2h")  # this frame and the four before it
        )
        + 4
    )
    early, late = together[: len(together) * 3 // 4], together[len(together) * 3 // 4 :]
    # Along the road in row 7, cells 10 to 12, from the last four frames of cells up to 3 away.
    errors = {}
    for reach in (0, 3):
        squared = []
        for column in (10, 11, 12):
            columns = slice(column - reach, column + reach + 1)
            known = {
                name: np.concatenate([gone[rows - lag, 7, columns] for lag in range(1, 5)], axis=1)
                for name, rows in (("early", early), ("late", late))
            }
            weights = np.linalg.lstsq(known["early"], gone[early, 7, column], rcond=None)[0]
            squared.append((gone[late, 7, column] - known["late"] @ weights) ** 2)
        errors[reach] = np.sqrt(np.mean(squared))
    clock = np.sqrt((gone[late, 7, 10:13] ** 2).mean())
    persistence = np.sqrt(
        np.mean((city["frames"][late, 0] - city["frames"][late - 1, 0])[:, 7, 10:13] ** 2.0)
    )
    assert errors[0] < 0.9 * min(clock, persistence)
    assert errors[3] < 0.85 * errors[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"days": 0}, "days 0 must be 1 to 3660"),
        ({"days": 5000}, "days 5000 must be 1 to 3660"),
        ({"grid": (0, 3)}, "grid 0x3 must have at least 4 rows and 4 columns"),
        ({"time_step": "25min"}, "time_step '25min' must be 15min, 20min, 30min or 1h"),
        ({"time_step": "5min"}, "time_step '5min' must be 15min"),
        ({"time_step": "7h"}, "time_step '7h' must be 15min"),
        ({"time_step": "90s"}, "time_step '90s' must be 15min"),
        ({"time_step": "soon"}, "time step 'soon' is not a whole number and a unit"),
        ({"first_day": "4.1.2016"}, "first_day '4.1.2016' is no date; write it like 2016-01-04"),
        ({"first_day": "2016-02-30"}, "first_day '2016-02-30' is no date"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        write_taxibj_sample(tmp_path, **options)
    assert not list(tmp_path.iterdir())
