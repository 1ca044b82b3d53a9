import numpy as np
import pandas as pd
import pvlib
import pytest
import torch

from pipelines.grid import Grid
from pipelines.planes import grid_angles
from pipelines.solar import SOLAR_CONSTANT, radiation, solar_numbers, solar_points

HOUR = np.timedelta64(1, "h").astype("timedelta64[ns]")
WORLD = Grid(90 - 1.5 - 3 * np.arange(60), 5.0 * np.arange(72))


def fraction_of(times, *, step=HOUR, grid=WORLD):
    """Mean radiation over the step before each time, (time, y, x), as a fraction of the constant."""
    numbers = solar_numbers(np.asarray(times, dtype="datetime64[ns]"), time_step=step)
    rows, columns = map(torch.from_numpy, grid_angles(grid))
    return radiation(torch.from_numpy(numbers).float(), rows, columns).numpy()


def days_of(year, *, every):
    return np.arange(f"{year}-01-02", f"{year + 1}-01-02", dtype="datetime64[D]")[::every]


def global_mean(fields, grid=WORLD):
    weights = np.cos(np.radians(grid.latitude))[:, None]
    return (fields * weights).mean(axis=(-2, -1)) / weights.mean()


def test_the_globe_takes_in_a_quarter_of_the_solar_constant():
    # A sphere has 4 times the area of its shadow: 340 W m-2 by the year, as measured.
    fields = fraction_of(days_of(2015, every=1), step=24 * HOUR)
    mean = global_mean(fields).mean() * SOLAR_CONSTANT
    assert mean == pytest.approx(SOLAR_CONSTANT / 4, rel=1e-3)


def test_earth_is_nearest_to_the_sun_in_january():
    # Perihelion 0.9833 and aphelion 1.0167 astronomical units (4 January and 6 July 2015).
    near, far = global_mean(fraction_of(["2015-01-05", "2015-07-07"], step=24 * HOUR))
    assert near / far == pytest.approx((1.0167 / 0.9833) ** 2, rel=1e-3)


def test_the_polar_night_is_dark_and_the_polar_day_is_bright():
    fields = fraction_of(["2015-12-22", "2015-06-22"], step=24 * HOUR)
    assert (fields[0, :7] == 0).all()  # 88.5° to 70.5° N
    # The sun stands at 23.44° all day: sin 23.44° = 0.398 at the pole, 1.0163 AU away.
    pole = fraction_of(["2015-06-22"], step=24 * HOUR, grid=Grid(np.array([90.0]), np.array([0.0])))
    assert pole.item() == pytest.approx(np.sin(np.radians(23.44)) / 1.0163**2, rel=1e-3)


def test_at_the_equinox_both_hemispheres_are_alike():
    # 2015-03-20 22:45 UTC: the sun crosses the equator; the step lies around that moment.
    field = fraction_of(["2015-03-21T10:45"], step=24 * HOUR)[0]
    np.testing.assert_allclose(field, field[::-1], atol=2e-3)
    # The equator on that day: a half wave of noon height, mean 1 / π, 0.9958 AU away.
    assert field[29:31].mean() == pytest.approx(1 / np.pi / 0.9958**2, rel=2e-3)


def test_noon_moves_west_by_fifteen_degrees_an_hour():
    fields = fraction_of(["2015-03-21T12:30", "2015-03-21T15:30"])
    brightest = [WORLD.longitude[field[30].argmax()] for field in fields]
    assert (brightest[1] - brightest[0]) % 360 == 315


def test_a_moment_agrees_with_pvlib():
    rng = np.random.default_rng(0)
    seconds = np.sort(rng.integers(0, 40 * 365 * 86_400, 400))
    times = np.datetime64("1980-01-01", "ns") + seconds * np.timedelta64(1, "s")
    second = np.timedelta64(1, "s").astype("timedelta64[ns]")
    for latitude, longitude in ((52.0, 13.0), (-33.0, 151.0), (85.0, -120.0)):
        place = Grid(np.array([latitude]), np.array([longitude]))
        ours = fraction_of(times, step=second, grid=place)[:, 0, 0]
        moments = pd.DatetimeIndex(times, tz="UTC")
        position = pvlib.solarposition.get_solarposition(moments, latitude, longitude)
        height = np.cos(np.radians(position["zenith"].to_numpy()))
        strength = pvlib.irradiance.get_extra_radiation(moments, solar_constant=1.0, method="nrel")
        np.testing.assert_allclose(ours, np.maximum(height, 0) * strength, atol=4e-4)


def test_the_mean_over_a_step_agrees_with_pvlib_minute_by_minute():
    place = Grid(np.array([48.0]), np.array([11.0]))
    minutes = pd.date_range("2015-07-01T00:00:30", "2015-07-02", freq="1min", tz="UTC")
    position = pvlib.solarposition.get_solarposition(minutes, 48.0, 11.0)
    height = np.maximum(np.cos(np.radians(position["zenith"].to_numpy())), 0)
    exact = (height * pvlib.irradiance.get_extra_radiation(minutes, 1.0, "nrel")).to_numpy()
    for hours in (1, 3, 6, 24):
        ends = np.datetime64("2015-07-01", "ns") + np.arange(hours, 25, hours) * HOUR
        ours = fraction_of(ends, step=hours * HOUR, grid=place)[:, 0, 0]
        means = exact.reshape(-1, 60 * hours).mean(axis=1)
        np.testing.assert_allclose(ours, means, atol=5e-3)


@pytest.mark.parametrize(
    ("hours", "points"), [(0.5, 4), (1, 4), (4, 4), (6, 6), (24, 24), (36, 24), (720, 24)]
)
def test_the_sun_is_looked_at_every_hour_or_more_often(hours, points):
    assert solar_points(np.timedelta64(int(hours * 60), "m")) == points


def test_a_step_of_many_days_is_the_mean_of_its_days():
    days = np.datetime64("2015-03-02", "ns") + 24 * np.arange(30) * HOUR
    whole = fraction_of(days[-1:], step=30 * 24 * HOUR)[0]
    np.testing.assert_allclose(whole, fraction_of(days, step=24 * HOUR).mean(axis=0), atol=0.02)
    # All longitudes get the same: each moment is another hour of the day.
    assert np.ptp(whole, axis=1).max() < 0.02
