import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from pipelines import find_pipeline
from pipelines.civil_time import complete_days, deepst_targets
from pipelines.series import channels_of
from pipelines.store import open_store, write_store
from pipelines.taxibj import open_taxibj
from pipelines.windows import WindowSpec, window_starts

CALENDAR = Path(os.environ.get("STFORECAST_SHARED", "../shared")) / "data/taxibj/complete_days.txt"
HALF_HOUR = np.timedelta64(30 * 60 * 10**9, "ns")


def dates_of(*days: str, n_slots: int = 48) -> np.ndarray:
    """All slots of some days, as the files write them."""
    return np.array([f"{day}{slot:02d}" for day in days for slot in range(1, n_slots + 1)], "S10")


def write(path, dates, data=None, **attrs):
    if data is None:
        data = np.arange(len(dates) * 8).reshape(-1, 2, 2, 2) % 100
    with h5py.File(path, "w") as file:
        file["date"] = np.asarray(dates)
        file["data"] = data
        file.attrs.update(attrs)
    return path


@pytest.fixture
def city(tmp_path):
    """Two good days of a city without a place."""
    return write(tmp_path / "X16_M2x2_T30_InOut.h5", dates_of("20160104", "20160105"))


def test_a_good_file_is_a_lazy_series_of_vehicles(city):
    series = find_pipeline("taxibj").open_series(city)
    assert series.dims == ("time", "channel", "y", "x")
    assert series.chunks is not None
    assert series.dtype == "float32"
    assert series.shape == (96, 2, 2, 2)
    np.testing.assert_array_equal(series.values.ravel(), np.arange(96 * 8) % 100)
    assert series["time"].values[0] == np.datetime64("2016-01-04")
    assert series["time"].values[-1] == np.datetime64("2016-01-05T23:30")
    inflow, outflow = channels_of(series)
    assert (inflow.name, inflow.variable, inflow.units) == ("inflow", "inflow", "1")
    assert outflow.long_name == "vehicles leaving the cell"
    assert inflow.valid_min == outflow.valid_min == 0
    assert set(series.coords) & {"latitude", "longitude"} == set()
    assert series.attrs == {
        "dataset": "taxibj",
        "source": str(city),
        "synthetic": "false",
        "time_zone": "unknown",
    }


def test_a_series_survives_a_store(city, tmp_path):
    (tmp_path / "X_Holiday.txt").write_text("20160104\n")
    (tmp_path / "weather_and_holidays.csv").write_text("date,precipitation\n4-1-2016,1\n")
    series = open_taxibj(city)
    write_store(series, tmp_path / "store")
    stored = open_store(tmp_path / "store")
    np.testing.assert_array_equal(stored.values, series.values)
    np.testing.assert_array_equal(stored["precipitation"], series["precipitation"])
    assert stored.attrs == series.attrs


def test_one_variable_or_both_in_another_order_may_be_wanted(city):
    both = open_taxibj(city)
    outflow = open_taxibj(city, variables=["outflow"])
    assert outflow["channel"].values.tolist() == ["outflow"]
    np.testing.assert_array_equal(outflow.values, both[:, 1:].values)
    turned = open_taxibj(city, variables=["outflow", "inflow", "outflow"])
    np.testing.assert_array_equal(turned.values, both[:, ::-1].values)
    with pytest.raises(ValueError, match="'t2m' is unknown; known: inflow, outflow"):
        open_taxibj(city, variables=["inflow", "t2m"])
    with pytest.raises(ValueError, match="variables is empty; name some"):
        open_taxibj(city, variables=[])


def test_a_step_that_is_not_the_datas_is_refused_since_counts_are_not_summed(city):
    assert open_taxibj(city, time_step=HALF_HOUR).sizes["time"] == 96
    with pytest.raises(
        ValueError,
        match="time_step 1h is not that of the data, 30min: .*summed.*Leave time_step out",
    ):
        open_taxibj(city, time_step=2 * HALF_HOUR)


@pytest.mark.parametrize(("minutes", "n_slots"), [(60, 24), (15, 96)])
def test_other_lengths_of_slots_are_read(tmp_path, minutes, n_slots):
    path = write(tmp_path / f"X16_M2x2_T{minutes}_InOut.h5", dates_of("20160104", n_slots=n_slots))
    times = open_taxibj(path)["time"].values
    assert (np.diff(times) == np.timedelta64(minutes, "m")).all()
    assert times[-1] == np.datetime64("2016-01-05") - np.timedelta64(minutes, "m")


def test_years_are_joined_and_gaps_stay_gaps(tmp_path):
    write(tmp_path / "X14_M2x2_T30_InOut.h5", dates_of("20140301", "20140303"))
    write(tmp_path / "X13_M2x2_T30_InOut.h5", dates_of("20130701"))
    series = open_taxibj(tmp_path)
    assert series.sizes["time"] == 3 * 48
    days = np.unique(series["time"].values.astype("datetime64[D]")).astype(str)
    assert days.tolist() == ["2013-07-01", "2014-03-01", "2014-03-03"]
    np.testing.assert_array_equal(series[48:].values.ravel(), np.arange(96 * 8) % 100)
    assert series.attrs["source"] == str(tmp_path)
    assert series.attrs["note"] == "days missing altogether between others of a file: 1"


def test_what_is_wrong_is_mended_masked_and_counted(tmp_path):
    dates = dates_of("20160104", "20160105")
    data = np.arange(96 * 8, dtype="float64").reshape(96, 2, 2, 2)
    data[0, 0, 0, 0] = -3
    data[1, 1, 0, :] = np.nan, np.inf
    # Slot 10 again, equal; slot 20 again, other values; slots 47 and 48 of the first day swapped; slot
    # 30 of the second missing.
    order = [*range(46), 47, 46, *range(48, 77), *range(78, 96), 9, 19]
    data_of_file, dates_of_file = data[order], dates[order]
    data_of_file[-1] += 1
    path = write(tmp_path / "X16_M2x2_T30_InOut.h5", dates_of_file, data_of_file)
    series = open_taxibj(path)
    kept = np.delete(np.arange(96), [19, 77])
    expected = data[kept]
    expected[0, 0, 0, 0] = expected[1, 1, 0, :] = np.nan
    np.testing.assert_array_equal(series.values, expected.astype("float32"))
    steps = (series["time"].values - np.datetime64("2016-01-04")) // HALF_HOUR
    assert steps.tolist() == kept.tolist()
    # Out of order: slot 47, and both that stand at the end.
    assert series.attrs["note"] == (
        "incomplete days: 2 of 2, 2 slots missing; slots out of order, sorted: 3; "
        "slots there more than once with equal values, taken once: 1; "
        "slots there more than once with different values, left out: 1; "
        "negative values, taken as missing: 1; values that are not finite, taken as missing: 2"
    )
    # Inflow alone has but the negative one.
    note = open_taxibj(path, variables=["inflow"]).attrs["note"]
    assert note.endswith("left out: 1; negative values, taken as missing: 1")


def test_slots_in_two_files_are_compared(tmp_path):
    data = np.ones((48, 2, 2, 2))
    write(tmp_path / "X15_M2x2_T30_InOut.h5", dates_of("20160104"), data)
    data = data.copy()
    data[5] = 2
    write(tmp_path / "X16_M2x2_T30_InOut.h5", dates_of("20160104"), data)
    series = open_taxibj(tmp_path)
    assert series.sizes["time"] == 47
    assert "with equal values, taken once: 47; slots there" in series.attrs["note"]
    assert (series.values == 1).all()


def test_a_file_whose_slots_all_contradict_each_other_is_refused(tmp_path):
    dates = [b"2016010401", b"2016010401"]
    path = write(tmp_path / "X16_M2x2_T30_InOut.h5", dates)
    with pytest.raises(ValueError, match="no slot is left, since each is there with different"):
        open_taxibj(path)


def test_a_city_of_known_place_has_its_zone_and_loses_what_its_clocks_skip(tmp_path):
    data = np.ones((48, 2, 16, 12), dtype="uint16")
    path = write(tmp_path / "NYC16_M16x12_T30_InOut.h5", dates_of("20160313"), data)
    series = open_taxibj(path)
    assert series.sizes["time"] == 46
    assert series.attrs["time_zone"] == "America/New_York"
    assert series.attrs["place"] == "nyc_taxi"
    assert series.attrs["note"] == "slots that the clocks skip (America/New_York), left out: 2"


def test_a_grid_that_is_not_the_places_is_not_put_there(tmp_path):
    path = write(tmp_path / "BJ16_M32x32_T30_InOut.h5", dates_of("20160104"))
    series = open_taxibj(path)
    assert "place" not in series.attrs
    assert series.attrs["time_zone"] == "Asia/Shanghai"


def test_what_is_made_up_says_so(tmp_path):
    write(tmp_path / "X15_M2x2_T30_InOut.h5", dates_of("20150104"))
    write(tmp_path / "X16_M2x2_T30_InOut.h5", dates_of("20160104"), synthetic="true")
    assert open_taxibj(tmp_path).attrs["synthetic"] == "true"


def test_weather_and_holidays_beside_a_file_come_along(city, tmp_path):
    with h5py.File(tmp_path / "X_Meteorology.h5", "w") as file:
        file["date"] = dates_of("20160104")
        file["Temperature"] = np.arange(48.0)
        file["Weather"] = np.eye(17)[np.arange(48) % 17]
    (tmp_path / "X_Holiday.txt").write_text("20160101\n20160105\n")
    for series in (open_taxibj(city), open_taxibj(tmp_path)):
        assert series["temperature"].dims == ("time",)
        # The last record holds three hours on: 6 half hours.
        np.testing.assert_array_equal(
            series["temperature"], [*range(48), *[47] * 6, *[np.nan] * 42]
        )
        assert series["weather_type"].values[[0, 16, 17]].tolist() == [0, 16, 0]
        assert series.attrs["holidays"] == "2016-01-01 2016-01-05"
        assert series.attrs["note"] == "holidays as X_Holiday.txt lists them: 2"


@pytest.fixture(scope="module")
def calendar() -> dict[str, list[str]]:
    """The complete days of each of TaxiBJ's files."""
    if not CALENDAR.exists():
        pytest.skip(f"no calendar at {CALENDAR}; set STFORECAST_SHARED to the folder that has it")
    files: dict[str, list[str]] = {}
    for line in CALENDAR.read_text().splitlines()[1:]:
        if line.startswith("#"):
            files[line.removeprefix("# ")] = []
        elif line:
            files[list(files)[-1]].append(line)
    return files


@pytest.fixture(scope="module")
def beijing(calendar, tmp_path_factory) -> Path:
    """TaxiBJ's four files with the true calendar, and the complete days alone."""
    folder = tmp_path_factory.mktemp("beijing")
    for name, days in calendar.items():
        write(folder / name, dates_of(*days))
    return folder


def n_targets(path: Path) -> int:
    times = open_taxibj(path)["time"].values
    whole = times[complete_days(times, time_step=HALF_HOUR)]
    return len(deepst_targets(whole, time_step=HALF_HOUR))


def test_the_calendar_of_taxibj_gives_the_published_numbers_of_windows(beijing):
    times = open_taxibj(beijing)["time"].values
    # 445 days · 48
    assert len(times) == 21_360
    assert (np.diff(times) != HALF_HOUR).sum() + 1 == 57
    for length, expected in [(7, 21_018), (8, 20_961), (12, 20_733), (16, 20_505)]:
        spec = WindowSpec(length - 1, 1)
        starts = window_starts(times, spec, time_step=HALF_HOUR, within=range(len(times)))
        # OpenSTL's npz has 20 461 + 500 windows of 8.
        assert len(starts) == expected


def test_the_calendar_of_taxibj_gives_the_published_number_of_samples(beijing):
    assert sum(n_targets(path) for path in sorted(beijing.iterdir())) == 15_072


def test_the_note_counts_the_days_that_taxibj_lacks(beijing):
    note = open_taxibj(beijing).attrs["note"]
    assert note == "days missing altogether between others of a file: 76"


def test_incomplete_days_change_no_count_once_they_are_left_out(calendar, tmp_path):
    for name, days in calendar.items():
        span = np.arange(
            np.datetime64(f"{days[0][:4]}-{days[0][4:6]}-{days[0][6:]}"),
            np.datetime64(f"{days[-1][:4]}-{days[-1][4:6]}-{days[-1][6:]}") + 1,
        )
        dates = np.concatenate(
            [
                # Days that are not complete have all slots but 1 … 47 of them, by turns.
                dates_of(day) if day in days else np.delete(dates_of(day), range(1 + number % 47))
                for number, day in enumerate(str(day).replace("-", "") for day in span)
            ]
        )
        write(tmp_path / name, dates)
    series = open_taxibj(tmp_path)
    assert series.attrs["note"].startswith("incomplete days: 76 of 521, ")
    times = series["time"].values
    whole = times[complete_days(times, time_step=HALF_HOUR)]
    assert len(whole) == 21_360
    spec = WindowSpec(4, 4)
    starts = window_starts(whole, spec, time_step=HALF_HOUR, within=range(len(whole)))
    assert len(starts) == 20_961
    assert sum(n_targets(path) for path in sorted(tmp_path.iterdir())) == 15_072


def write_windows(path, runs, *, backwards=False):
    """OpenSTL's file, of runs of frames (N, 2, Y, X) of vehicles."""
    views = [np.moveaxis(np.lib.stride_tricks.sliding_window_view(r, 8, 0), -1, 1) for r in runs]
    windows = np.concatenate(views) / 1292 * 2 - 1
    if backwards:
        windows = windows[:, ::-1]
    parts = {"train": windows[:-3], "test": windows[-3:]}
    history = {f"X_{name}": part[:, :4] for name, part in parts.items()}
    np.savez(path, **history, **{f"Y_{name}": part[:, 4:] for name, part in parts.items()})
    return path


@pytest.mark.parametrize("backwards", [False, True])
def test_windows_without_time_stamps_get_an_artificial_clock(tmp_path, backwards):
    rng = np.random.default_rng(0)
    runs = [rng.integers(0, 1293, (n_frames, 2, 3, 2)) for n_frames in (20, 11)]
    runs[0][0] = 0
    path = write_windows(tmp_path / "dataset.npz", runs, backwards=backwards)
    series = open_taxibj(tmp_path, variables=["outflow"])
    assert open_taxibj(path).shape == (31, 2, 3, 2)
    assert series.chunks is not None
    np.testing.assert_allclose(series.values, np.concatenate(runs)[:, 1:], atol=1e-3)
    steps = np.diff(series["time"].values) // HALF_HOUR
    assert np.flatnonzero(steps != 1).tolist() == [19]
    # No window spans the two runs: 13 + 4 of them, as many as the file has.
    times = series["time"].values
    starts = window_starts(times, WindowSpec(4, 4), time_step=HALF_HOUR, within=range(31))
    assert len(starts) == 17
    assert series.attrs["clock"] == "artificial"
    assert series.attrs["time_zone"] == "unknown"
    note = series.attrs["note"]
    assert (
        "no calendar, no daily or weekly baseline, and the order of time is only presumed" in note
    )
    assert "31 frames in 2 runs rebuilt from 17 windows of 8, the last 3 of which" in note
    assert "(value + 1) / 2 · 1292" in note
    assert ("ran backwards in time and are turned round" in note) == backwards


def test_windows_have_a_step_of_half_an_hour(tmp_path):
    path = write_windows(tmp_path / "dataset.npz", [np.arange(30 * 2).reshape(30, 2, 1, 1)])
    assert open_taxibj(path, time_step=HALF_HOUR).sizes["time"] == 30
    with pytest.raises(ValueError, match="time_step 1h is not that of the data, 30min"):
        open_taxibj(path, time_step=2 * HALF_HOUR)


def test_windows_that_are_shuffled_or_hold_gaps_say_so(tmp_path):
    rng = np.random.default_rng(0)
    frames = rng.random((20, 2, 1, 1)) * 1292
    frames[2, 1] = np.nan
    path = write_windows(tmp_path / "dataset.npz", [frames[:8], frames[4:12], frames[10:20][:9]])
    note = open_taxibj(path).attrs["note"]
    assert "values that are not finite, taken as missing: 1" in note
    assert "no two neighbouring windows overlap" not in note
    path = write_windows(
        tmp_path / "dataset.npz", [frames[:8], frames[4:12], frames[6:14], frames[8:16]]
    )
    assert "no two neighbouring windows overlap: frames may" in open_taxibj(path).attrs["note"]
