"""Recipes of the synthetic weather: each variable from the same waves, climate and noise.

That the variables share their waves is what a network can learn from one for another.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipelines.weather_climate import WARMTH, Climate, growth
from pipelines.weather_waves import Waves

__all__ = ["RECIPES", "WHITE_NOISE", "World"]

_EARTH_RADIUS = 6.371e6  # m
_ROTATION = 7.292e-5  # s-1
_WAVE_HEIGHT = 900.0  # m2 s-2 at 500 hPa: standard deviation on the storm tracks
_NOISE_HEIGHT = 120.0  # m2 s-2
_WAVE_PRESSURE = 0.7  # Pa for 1 m2 s-2 at 500 hPa


@dataclass(frozen=True, eq=False)
class World:
    """Everything that the fields are made of, on one grid."""

    shape: tuple[int, int]
    latitude: np.ndarray
    longitude: np.ndarray
    climate: Climate
    waves: Waves
    patterns: np.ndarray
    noise: np.ndarray
    """(time, pattern) of the channel in hand."""
    common_noise: np.ndarray
    """(time, pattern) of the height field, which several channels share."""

    def height(self, frames: slice, *, phase: float = 0.0) -> np.ndarray:
        """(time, cell) m2 s-2: geopotential of the waves at 500 hPa."""
        season = 0.3 * self.climate.winter[frames] * np.where(self.waves.northern, 1, -1)
        waves = self.waves.field(frames, phase=phase, scale=1 + season)
        return _WAVE_HEIGHT * waves + _NOISE_HEIGHT * (self.common_noise[frames] @ self.patterns)

    def own_noise(self, frames: slice) -> np.ndarray:
        """(time, cell) of unit variance."""
        return self.noise[frames] @ self.patterns

    def wind(self, height: np.ndarray, *, eastward: bool) -> np.ndarray:
        """(time, cell) m s-1: the geostrophic wind of a geopotential, damped at the equator."""
        field = height.reshape(len(height), *self.shape)
        phi = np.deg2rad(self.latitude)
        coriolis = 2 * _ROTATION * np.sin(phi)
        inverse = (coriolis / (coriolis**2 + 4e-5**2))[:, None]
        if eastward:
            slope = np.gradient(field, phi * _EARTH_RADIUS, axis=1)
            return (-inverse * slope).reshape(len(height), -1)
        around = _EARTH_RADIUS * np.deg2rad(self.longitude[1] - self.longitude[0])
        difference = np.roll(field, -1, axis=2) - np.roll(field, 1, axis=2)
        slope = difference / (2 * around * np.cos(phi)[:, None])
        return (inverse * slope).reshape(len(height), -1)


def _temperature_2m(world: World, frames: slice, _: float) -> np.ndarray:
    strength = 0.4 + 0.6 * world.climate.land
    waves = 5e-3 * world.height(frames, phase=np.pi / 3)
    return world.climate.temperature_2m(frames) + strength * (waves + 1.2 * world.own_noise(frames))


def _pressure(world: World, frames: slice, _: float) -> np.ndarray:
    waves = _WAVE_PRESSURE * world.height(frames, phase=-np.pi / 6)
    return world.climate.sea_level_pressure(frames) + waves


def _wind_10m(world: World, frames: slice, *, eastward: bool) -> np.ndarray:
    # Pressure over density is the geopotential that drives the wind; friction takes a part.
    wind = world.wind(_pressure(world, frames, 0) / 1.2, eastward=eastward)
    return 0.6 * wind + 0.8 * world.own_noise(frames)


def _cloud(world: World, frames: slice, _: float) -> np.ndarray:
    lifting = world.height(frames, phase=np.pi / 2) / _WAVE_HEIGHT
    belts = np.cos(np.deg2rad(6 * world.climate.latitude))
    return 1 / (1 + np.exp(-(0.8 + 0.7 * belts + 1.5 * lifting + 1.2 * world.own_noise(frames))))


def _geopotential(world: World, frames: slice, height: float) -> np.ndarray:
    waves = growth(height) * world.height(frames)
    return world.climate.geopotential(frames, height) + waves


def _temperature(world: World, frames: slice, height: float) -> np.ndarray:
    waves = world.height(frames, phase=np.pi / 6)
    own = 0.8 * world.own_noise(frames)
    return world.climate.temperature(frames, height) + WARMTH * waves + own


def _wind_aloft(world: World, frames: slice, height: float, *, eastward: bool) -> np.ndarray:
    return world.wind(_geopotential(world, frames, height), eastward=eastward)


RECIPES: dict[str, Callable[[World, slice, float], np.ndarray]] = {
    "t2m": _temperature_2m,
    "u10": lambda world, frames, _: _wind_10m(world, frames, eastward=True),
    "v10": lambda world, frames, _: _wind_10m(world, frames, eastward=False),
    "msl": _pressure,
    "tcc": _cloud,
    "z": _geopotential,
    "t": _temperature,
    "u": lambda world, frames, height: _wind_aloft(world, frames, height, eastward=True),
    "v": lambda world, frames, height: _wind_aloft(world, frames, height, eastward=False),
}
"""World, times and standard height (m) to (time, cell), by variable."""

WHITE_NOISE = {
    "t2m": 0.25,
    "u10": 0.25,
    "v10": 0.25,
    "msl": 16.0,
    "tcc": 0.03,
    "z": 16.0,
    "t": 0.2,
    "u": 0.3,
    "v": 0.3,
}
"""Standard deviation in the variable's units: what no forecast can know."""
