"""Travelling waves and red noise on the sphere: weather that can be forecast, for some days.

Planetary waves of several zonal wavenumbers run along two storm tracks, each at the speed of a Rossby
wave of its length. Their amplitudes and phases wander (AR(1) in time), so that the best forecast
loses its skill within one or two weeks, persistence within two or three days.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import sph_harm_y

__all__ = ["Waves", "harmonics", "red_noise", "waves_on"]

WAVENUMBERS = np.arange(1, 9)
# Relative amplitudes: long quasi-stationary waves, and synoptic ones that peak at 5 to 6.
_STRENGTH = np.array([0.55, 0.60, 0.55, 0.60, 0.70, 0.65, 0.45, 0.30])
_MEMORY_DAYS = np.where(WAVENUMBERS <= 3, 12.0, 7.0)
_TRACK_DEGREES = 48.0
_TRACK_WIDTH_DEGREES = 15.0
_EARTH_RADIUS = 6.371e6  # m
_BETA = 2 * 7.292e-5 * np.cos(np.deg2rad(_TRACK_DEGREES)) / _EARTH_RADIUS  # m-1 s-1
_STEERING_WIND = 10.5  # m s-1
_MERIDIONAL_WAVENUMBER = np.pi / 5e6  # m-1
_NOISE_DEGREE = 12
_NOISE_MEMORY_DAYS = 2.0


@dataclass(frozen=True, eq=False)
class Waves:
    """Waves on a grid: patterns, and the amplitudes that they have at each time."""

    amplitudes: np.ndarray
    """Complex, (time, mode): modulus and phase of each mode, of unit variance in all."""
    patterns: np.ndarray
    """Complex, (mode, cell); the field is the real part of amplitudes @ patterns."""
    northern: np.ndarray
    """Whether a mode is one of the northern storm track."""

    def field(
        self, frames: slice, *, phase: float = 0.0, scale: np.ndarray | float = 1.0
    ) -> np.ndarray:
        """The field (time, cell), about 1 in standard deviation on the storm tracks.

        Args:
            phase: radians by which the whole pattern leads (to the west).
            scale: (time, mode) or 1; the modulation of the amplitudes, such as by the season.
        """
        turned = self.amplitudes[frames] * scale * np.exp(1j * phase)
        coefficients = np.concatenate([np.real(turned), -np.imag(turned)], axis=1)
        basis = np.concatenate([np.real(self.patterns), np.imag(self.patterns)])
        return coefficients.astype("float32") @ basis.astype("float32")


def waves_on(
    latitude: np.ndarray, longitude: np.ndarray, *, n_times: int, step_days: float, seed: int
) -> Waves:
    """Waves on a grid (degrees) at evenly spaced times; more times go on where fewer end."""
    patterns, northern, strength, memory, turning = [], [], [], [], []
    phi, lam = np.deg2rad(latitude)[:, None], np.deg2rad(longitude)[None, :]
    for is_north in (True, False):
        for number, k in enumerate(WAVENUMBERS):
            for shape in (0, 1):
                centre = _TRACK_DEGREES if is_north else -_TRACK_DEGREES
                distance = (np.rad2deg(phi) - centre) / _TRACK_WIDTH_DEGREES
                envelope = np.exp(-(distance**2)) * (1 if shape == 0 else 1.4 * distance)
                patterns.append((envelope * np.exp(1j * k * lam)).ravel())
                northern.append(is_north)
                strength.append(_STRENGTH[number] * (1 if shape == 0 else 0.6))
                memory.append(_MEMORY_DAYS[number])
                turning.append(_turning_per_day(int(k), shape))
    decay = np.exp(-step_days / np.array(memory)) * np.exp(-1j * np.array(turning) * step_days)
    generator = np.random.default_rng([seed, 1])
    steps = _autoregression(decay, n_times, generator, is_complex=True)
    amplitudes = np.stack(list(steps)) * (np.array(strength) / np.sqrt((_STRENGTH**2).sum() / 2))
    return Waves(amplitudes, np.stack(patterns), np.array(northern))


def red_noise(
    patterns: np.ndarray, *, n_times: int, step_days: float, seed: int, stream: int
) -> np.ndarray:
    """Coefficients (time, pattern) of noise with a memory of 2 days; field = them @ `patterns`.

    The field of `harmonics` patterns has unit variance everywhere. Streams are independent.
    """
    decay = np.full(len(patterns), np.exp(-step_days / _NOISE_MEMORY_DAYS))
    generator = np.random.default_rng([seed, 2, stream])
    steps = list(_autoregression(decay, n_times, generator, is_complex=False))
    return np.real(np.stack(steps)).astype("float32")


def harmonics(
    latitude: np.ndarray, longitude: np.ndarray, *, degree: int = _NOISE_DEGREE
) -> np.ndarray:
    """Real spherical harmonics (pattern, cell) of degrees 1 to `degree`, with a red spectrum."""
    colatitude = np.deg2rad(90 - latitude)[:, None]
    lam = np.deg2rad(longitude)[None, :]
    patterns, power = [], 0.0
    for n in range(1, degree + 1):
        weight = 1 / (1 + (n / 5) ** 2)
        power += weight**2 * (2 * n + 1) / (4 * np.pi)  # addition theorem
        for m in range(n + 1):
            pattern = weight * sph_harm_y(n, m, colatitude, lam)
            if m == 0:
                patterns.append(pattern.real.ravel())
            else:
                patterns += [np.sqrt(2) * part.ravel() for part in (pattern.real, pattern.imag)]
    return (np.stack(patterns) / np.sqrt(power)).astype("float32")


def _turning_per_day(wavenumber: int, shape: int) -> float:
    """Radians of phase in a day: dispersion of barotropic Rossby waves, c = U - beta / K²."""
    around = _EARTH_RADIUS * np.cos(np.deg2rad(_TRACK_DEGREES))
    zonal = wavenumber / around
    meridional = _MERIDIONAL_WAVENUMBER * (1 + shape)
    speed = _STEERING_WIND - _BETA / (zonal**2 + meridional**2)
    return float(zonal * speed * 86_400)


def _autoregression(
    decay: np.ndarray, n_times: int, generator: np.random.Generator, *, is_complex: bool
) -> Iterator[np.ndarray]:
    """Stationary AR(1) of unit variance in each mode, step by step, from one stream of numbers."""
    shock = np.sqrt(1 - np.abs(decay) ** 2)
    parts = 2 if is_complex else 1

    def draw() -> np.ndarray:
        drawn = generator.standard_normal((parts, len(decay)))
        return (drawn[0] + 1j * drawn[1]) / np.sqrt(2) if is_complex else drawn[0]

    state = draw()
    for _ in range(n_times):
        yield state
        state = decay * state + shock * draw()
