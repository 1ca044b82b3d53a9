"""The mean state of the synthetic weather: land and sea, seasons, hours of the day."""

from dataclasses import dataclass

import numpy as np

from pipelines.units import STANDARD_GRAVITY
from pipelines.weather_waves import harmonics

__all__ = ["WARMTH", "Climate", "climate_on", "growth"]

_GEOGRAPHY_SEED = 1979
_HEIGHT_500 = 5574.0  # m, standard atmosphere
WARMTH = 4.0e-3
"""K for 1 m2 s-2 at 500 hPa: high pressure aloft stands on warm air (hypsometric equation)."""
_RISE = 250.0  # m, so that the highest ground reaches some 3 km
_COLDEST_DAY = 15.0  # of the year, in the north


@dataclass(frozen=True, eq=False)
class Climate:
    """Land and latitude of each cell, and the season and hour of each time."""

    latitude: np.ndarray
    """(cell,) degrees north."""
    longitude: np.ndarray
    """(cell,) degrees east."""
    land: np.ndarray
    """(cell,) 0 on the sea to 1 on land, with smooth coasts."""
    winter: np.ndarray
    """(time, 1) 1 in the northern midwinter, −1 in the southern."""
    hour: np.ndarray
    """(time, 1) UTC hours of the day."""

    @property
    def poleward(self) -> np.ndarray:
        """(cell,) −1 at the equator to 1 at the poles, steepest in the middle latitudes."""
        return np.tanh((np.abs(self.latitude) - 45) / 18)

    @property
    def ground(self) -> np.ndarray:
        """(cell,) m: height of the ground, 0 on the sea and higher the farther from the coast."""
        return _RISE * np.maximum(np.log(self.land / (1 - self.land)), 0)

    def cold(self, frames: slice) -> np.ndarray:
        """(time, cell) 1 in the winter of the cell's hemisphere, −1 in its summer."""
        return self.winter[frames] * np.sign(self.latitude)

    def temperature_2m(self, frames: slice) -> np.ndarray:
        """(time, cell) K."""
        sine = np.abs(np.sin(np.deg2rad(self.latitude)))
        drop = np.where(self.latitude > 0, 42.0, 50.0)
        season = self.cold(frames) * sine * (4 + 11 * self.land)
        solar_hour = self.hour[frames] + self.longitude / 15
        swing = (0.4 + 4 * self.land) * np.cos(np.deg2rad(self.latitude))
        daily = swing * np.cos(2 * np.pi * (solar_hour - 14.5) / 24)
        return 300 - drop * sine**2.6 - season + daily

    def geopotential(self, frames: slice, height: float) -> np.ndarray:
        """(time, cell) m2 s-2 of a pressure level with this standard height in metres."""
        polar = np.where(self.latitude > 0, 3000.0, 3600.0)
        season = self.cold(frames) * 350 * (1 + self.poleward)
        at_500 = 54_400 - polar * self.poleward - season
        return STANDARD_GRAVITY * height + growth(height) * (
            at_500 - STANDARD_GRAVITY * _HEIGHT_500
        )

    def temperature(self, frames: slice, height: float) -> np.ndarray:
        """(time, cell) K of a pressure level with this standard height in metres."""
        standard = max(288.15 - 0.0065 * height, 216.65)
        at_500 = self.geopotential(frames, _HEIGHT_500) - STANDARD_GRAVITY * _HEIGHT_500
        return standard + WARMTH * at_500

    def sea_level_pressure(self, frames: slice) -> np.ndarray:
        """(time, cell) Pa: subtropical highs, subpolar lows."""
        belts = 850 * np.cos(np.deg2rad(6 * (np.abs(self.latitude) - 30)))
        continental = 500 * self.land * self.cold(frames) * (1 + self.poleward) / 2
        return 101_250 + belts + continental


def growth(height: float) -> float:
    """How much stronger than at 500 hPa highs, lows and slopes are at a standard height (m)."""
    return 0.3 + 0.7 * height / _HEIGHT_500


def climate_on(latitude: np.ndarray, longitude: np.ndarray, times: np.ndarray) -> Climate:
    """The climate on a grid (degrees) at some times; the geography is always the same."""
    phi, lam = np.meshgrid(latitude, longitude, indexing="ij")
    patterns = harmonics(latitude, longitude, degree=7)
    drawn = np.random.default_rng(_GEOGRAPHY_SEED).standard_normal(len(patterns))
    rough = drawn.astype("float32") @ patterns
    days = (times - times.astype("datetime64[Y]")) / np.timedelta64(1, "D")
    hours = (times - times.astype("datetime64[D]")) / np.timedelta64(1, "h")
    return Climate(
        latitude=phi.ravel(),
        longitude=lam.ravel(),
        land=1 / (1 + np.exp(-(rough - 0.5) / 0.15)),
        winter=np.cos(2 * np.pi * (days - _COLDEST_DAY) / 365.25)[:, None],
        hour=hours[:, None],
    )
