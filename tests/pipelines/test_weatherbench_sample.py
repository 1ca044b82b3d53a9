import numpy as np
import pytest
import xarray as xr

from pipelines.weatherbench import open_weatherbench
from pipelines.weatherbench_sample import write_weatherbench_sample

EVERYTHING = ("t2m", "u10", "v10", "msl", "tcc", "z500", "t850", "u250", "v500")


@pytest.fixture(scope="module")
def two_years(tmp_path_factory):
    """Two years on a coarse grid: enough for a climatology and a score."""
    out = tmp_path_factory.mktemp("sample")
    write_weatherbench_sample(out, resolution=7.5, years=2, variables=("t2m", "z500"))
    return open_weatherbench(out).load()


def test_the_sample_has_the_layout_of_weatherbench_1(tmp_path):
    told = []
    files = write_weatherbench_sample(
        tmp_path,
        resolution=22.5,
        time_step="12h",
        years=2,
        progress=lambda done, total: told.append((done, total)),
    )
    assert [str(file.relative_to(tmp_path)) for file in files] == [
        "2m_temperature/2m_temperature_2015_22.5deg.nc",
        "2m_temperature/2m_temperature_2016_22.5deg.nc",
        "geopotential_500/geopotential_500hPa_2015_22.5deg.nc",
        "geopotential_500/geopotential_500hPa_2016_22.5deg.nc",
        "constants/constants_22.5deg.nc",
    ]
    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    with xr.open_dataset(files[3]) as dataset:
        assert dataset["z"].dims == ("time", "lat", "lon")
        assert dataset["z"].dtype == "float32"
        assert dataset["z"].attrs["units"] == "m**2 s**-2"
        assert dataset["lat"].values[[0, -1]].tolist() == [-78.75, 78.75]
        assert dataset["lon"].values[[0, -1]].tolist() == [0, 337.5]
        assert int(dataset["level"]) == 500
        assert dataset.sizes["time"] == 366 * 2
        assert dataset.attrs["synthetic"] == "true"
    series = open_weatherbench(tmp_path)
    assert series.attrs["synthetic"] == "true"
    assert list(series["channel"].values) == ["t2m", "z500"]
    assert not np.isnan(series.values).any()


def test_height_of_the_ground_and_land_come_with_the_sample(tmp_path):
    options = {"resolution": 22.5, "time_step": "1d", "years": 1, "variables": ("t2m",)}
    files = write_weatherbench_sample(tmp_path, **options)
    with xr.open_dataset(files[-1]) as constants:
        assert set(constants.data_vars) == {"orography", "lsm", "lat2d", "lon2d"}
        assert constants["lat2d"].values[:, 0].tolist() == constants["lat"].values.tolist()
        expected = constants["orography"].values[::-1]
    series = open_weatherbench(tmp_path)
    assert series["orography"].dims == series["land_sea_mask"].dims == ("y", "x")
    np.testing.assert_array_equal(series["orography"].values, expected)
    land = series["land_sea_mask"].values
    assert 0 <= land.min() < 0.1
    assert 0.9 < land.max() <= 1
    assert (series["orography"].values[land < 0.4] == 0).all()
    assert 1000 < expected.max() < 5000


def test_equal_seeds_give_equal_data_whatever_stands_beside(tmp_path):
    options = {"resolution": 22.5, "time_step": "1d"}
    write_weatherbench_sample(tmp_path / "a", years=2, **options)
    write_weatherbench_sample(tmp_path / "b", years=1, variables=("msl", "z500"), **options)
    write_weatherbench_sample(tmp_path / "c", years=1, seed=1, **options)
    a, b, c = (open_weatherbench(tmp_path / name, variables=["z500"]) for name in "abc")
    np.testing.assert_array_equal(a.values[:365], b.values)
    assert not np.array_equal(b.values, c.values)


def test_blocks_of_the_computation_leave_no_trace(tmp_path, monkeypatch):
    options = {"resolution": 22.5, "time_step": "1d", "years": 1, "variables": ("t2m",)}
    write_weatherbench_sample(tmp_path / "a", **options)
    monkeypatch.setattr("pipelines.weatherbench_sample._BLOCK_VALUES", 128 * 50)
    write_weatherbench_sample(tmp_path / "b", **options)
    a, b = (open_weatherbench(tmp_path / name).values for name in "ab")
    np.testing.assert_allclose(a, b, atol=0.04)  # a rounding to 1/32 K may fall to the other side


def test_every_variable_has_values_of_nature(tmp_path):
    write_weatherbench_sample(
        tmp_path, resolution=7.5, time_step="1d", years=1, variables=EVERYTHING
    )
    series = open_weatherbench(tmp_path)
    limits = {
        "t2m": (220, 318),
        "u10": (-45, 45),
        "v10": (-45, 45),
        "msl": (95_500, 105_500),
        "tcc": (0, 1),
        "z500": (47_000, 59_500),
        "t850": (235, 305),
        "u250": (-110, 110),
        "v500": (-80, 80),
    }
    for name, (low, high) in limits.items():
        values = series.sel(channel=name).values
        assert low <= values.min() < values.max() <= high, name
    jet = series.sel(channel="u250").mean(("time", "x"))
    assert jet[np.abs(jet["latitude"].values - 45).argmin()] > 10  # westerlies in both hemispheres
    assert jet[np.abs(jet["latitude"].values + 45).argmin()] > 10


def test_seasons_are_opposite_and_days_are_warm(two_years):
    t2m = two_years.sel(channel="t2m")
    january, july = (t2m[t2m["time"].dt.month == month].mean(("time", "x")) for month in (1, 7))
    north, south = t2m["latitude"].values > 40, t2m["latitude"].values < -40
    assert (january < july).values[north].all()
    assert (january > july).values[south].all()
    hours = t2m.groupby("time.hour").mean("time")
    swing = (hours.max("hour") - hours.min("hour")).values[8:16]
    assert swing.max() > 3 * swing.min()  # land warms by day, the sea hardly


def anomalies(two_years, name):
    """Anomalies of the second year from a harmonic climatology of the first, middle latitudes."""
    series = two_years.sel(channel=name)
    rows = (np.abs(series["latitude"].values) > 30) & (np.abs(series["latitude"].values) < 65)
    values = series.values[:, rows].astype("float64")
    year = 2 * np.pi * series["time"].dt.dayofyear.values / 365
    hours = np.eye(4)[series["time"].dt.hour.values // 6]
    terms = np.concatenate(
        [hours * term[:, None] for term in (year * 0 + 1, np.sin(year), np.cos(year))], 1
    )
    first = series["time"].dt.year.values == 2015
    flat = values.reshape(len(values), -1)
    fitted = np.linalg.lstsq(terms[first], flat[first], rcond=None)[0]
    return (flat - terms @ fitted).reshape(values.shape), first


@pytest.mark.parametrize("name", ["t2m", "z500"])
def test_persistence_is_good_at_first_and_worse_than_climatology_from_the_third_day(
    two_years, name
):
    departures, first = anomalies(two_years, name)
    second = departures[~first]
    climatology = np.sqrt((second**2).mean())

    def persistence(days):
        steps = 4 * days
        return np.sqrt(((second[steps:] - second[:-steps]) ** 2).mean())

    assert persistence(1) < 0.85 * climatology
    assert climatology < persistence(3) < 1.45 * climatology
    assert persistence(5) > 1.2 * climatology
    lagged = (second[1:] * second[:-1]).mean() / (second**2).mean()
    assert 0.8 < lagged < 0.99


def test_a_forecaster_that_moves_the_waves_beats_climatology_for_three_days(two_years):
    departures, first = anomalies(two_years, "z500")
    waves = np.fft.rfft(departures, axis=-1)
    for days, limit in ((1, 0.7), (3, 0.9)):
        past, future = waves[: -4 * days], waves[4 * days :]
        train, test = first[: -4 * days], ~first[4 * days :]
        # Each wavenumber of each row is turned and damped: one complex number, fitted on 2015.
        turn = (future * past.conj())[train].sum(0) / (np.abs(past) ** 2)[train].sum(0)
        error = np.fft.irfft(future - turn * past, n=departures.shape[-1], axis=-1)[test]
        truth = departures[4 * days :][test]
        assert np.sqrt((error**2).mean() / (truth**2).mean()) < limit


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"variables": ("q850",)},
            "'q850' is not in the sample; it has t2m, u10, v10, msl, tcc, z",
        ),
        ({"variables": ("z",)}, "'z' needs a level in whole hPa"),
        ({"variables": ("z5",)}, "'z5' needs a level in whole hPa, from 10 to 1000"),
        ({"variables": ()}, "must not be empty"),
        ({"years": 0}, r"years \(0\) must not be empty"),
        ({"resolution": 7.0}, "resolution 7.0 degrees does not divide 180"),
        ({"resolution": 0.0}, "resolution 0.0 degrees does not divide 180"),
        ({"time_step": "5h"}, "time_step '5h' must divide a day"),
        ({"time_step": "2d"}, "time_step '2d' must divide a day"),
        ({"time_step": "30s"}, "time_step '30s' must divide a day"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        write_weatherbench_sample(tmp_path, **options)
    assert not list(tmp_path.iterdir())
