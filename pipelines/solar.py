"""Solar radiation that comes in at the top of the atmosphere, computed from time and place.

At latitude φ and longitude λ the cosine of the sun's zenith angle is

    a sin φ + b cos φ cos λ + c cos φ sin λ

with three numbers of the time alone. So the radiation of a whole field is three numbers for each moment,
and the field itself is made where it is needed.

N: time, Q: moment within a time step, Y: row, X: column.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["SOLAR_CONSTANT", "radiation", "solar_numbers", "solar_points"]

SOLAR_CONSTANT = 1361.0
"""W m-2 at a distance of one astronomical unit (Kopp and Lean 2011, doi:10.1029/2010GL045777)."""

_NOON_2000 = np.datetime64("2000-01-01T12:00", "ns")
_HOUR = np.timedelta64(1, "h").astype("timedelta64[ns]")
_DAY = 24 * _HOUR
_LEAST_POINTS = 4
"""Moments of a time step of up to four hours."""


def solar_points(time_step: np.timedelta64) -> int:
    """Moments over which the radiation of a time step is averaged: one an hour, 4 to 24 of them."""
    return int(np.clip(np.ceil(time_step / _HOUR), _LEAST_POINTS, 24))


def solar_numbers(times: np.ndarray, *, time_step: np.timedelta64) -> Float[np.ndarray, "N Q 3"]:
    """What `radiation` makes the mean over the time step that ends at each time of: (a, b, c) / Q.

    Args:
        times: UTC.
        time_step: longer than a day, the moments are the hours of days spread over it.
    """
    n_points = solar_points(time_step)
    step = time_step.astype("timedelta64[ns]")
    begins = times.astype("datetime64[ns]") - step
    middles = np.arange(n_points) + 0.5
    if step <= _DAY:
        offsets = middles * (step / _HOUR / n_points)
    else:
        days = np.floor(np.arange(n_points) * (step // _DAY) / n_points)
        # Hours in leaps of 11: in order, mornings would be of the first days and evenings of the last.
        offsets = 24 * days + (11 * np.arange(n_points)) % 24 + 0.5
    hours = (begins - _NOON_2000) / _HOUR
    return _sun((hours[:, None] + offsets) / 24) / n_points


def radiation(
    numbers: Float[Tensor, "*N Q 3"], rows: Float[Tensor, "2 Y 1"], columns: Float[Tensor, "2 1 X"]
) -> Float[Tensor, "*N Y X"]:
    """Mean radiation on a horizontal plane, as a fraction of the solar constant.

    Args:
        numbers: as `solar_numbers` gives them.
        rows: sine and cosine of the latitude.
        columns: sine and cosine of the longitude.
    """
    total = torch.zeros(())
    # Moment by moment: all at once would be Q times as large as the result.
    for moment in range(numbers.shape[-2]):
        pole, greenwich, east = numbers[..., moment, :, None, None].unbind(-3)
        around = greenwich * columns[1] + east * columns[0]
        total = total + torch.relu(pole * rows[0] + around * rows[1])
    return total


def _sun(days: np.ndarray) -> np.ndarray:
    """Direction to the sun, (…, 3), as long as its radiation is strong at that distance.

    Its parts point to the North Pole, to 0° N 0° E and to 0° N 90° E. The low-precision formulas of the
    Astronomical Almanac, right to 0.01° from 1950 to 2050.

    Args:
        days: since 2000-01-01 12:00 UTC.

    References:
        Michalsky (1988), doi:10.1016/0038-092X(88)90045-X, equations 1 to 9.
    """
    anomaly = np.radians(357.528 + 0.9856003 * days)
    turns = 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly)
    ecliptic = np.radians(280.460 + 0.9856474 * days + turns)
    obliquity = np.radians(23.439 - 4e-7 * days)
    distance = 1.00014 - 0.01671 * np.cos(anomaly) - 0.00014 * np.cos(2 * anomaly)
    north = np.sin(obliquity) * np.sin(ecliptic)
    ascension = np.arctan2(np.cos(obliquity) * np.sin(ecliptic), np.cos(ecliptic))
    # Greenwich mean sidereal time: 6.697375 h and 0.0657098242 h a day besides the hours of the day.
    sidereal = np.radians(15 * (6.697375 + 0.0657098242 * days) + 360 * ((days + 0.5) % 1))
    longitude = ascension - sidereal
    level = np.sqrt(1 - north**2)
    parts = [north, level * np.cos(longitude), level * np.sin(longitude)]
    return np.stack(parts, axis=-1) / distance[..., None] ** 2
