"""The beat of a made-up city: when people travel, and what makes one day differ from another.

D: day or midnight, F: step of 5 minutes, N: number drawn, K: column, Q: quarter, S: signal.
"""

import numpy as np
from jaxtyping import Bool, Float
from scipy.signal import lfilter

from pipelines.traffic_city import LAGS, PATTERNS, SIGNALS

__all__ = ["STEPS_PER_DAY", "day_factors", "holidays_of", "is_rest_day", "red_noise", "signals_on"]

STEPS_PER_DAY = 288
"""Steps of 5 minutes."""

_HOLIDAYS = (
    ("01-01", 1),
    ("02-08", 5),
    ("04-04", 1),
    ("05-01", 2),
    ("06-09", 1),
    ("09-15", 1),
    ("10-01", 7),
)
"""Invented: the first day, month and day of the month, and how many follow each other."""

_WAVE_STRENGTH = 0.45  # of the logarithm: a strong wave is half as much again
_WAVE_MEMORY_STEPS = 14.0  # 70 minutes
_LOCAL_STRENGTH = 0.12
_LOCAL_MEMORY_STEPS = 24.0
_DAY_STRENGTH = 0.15
_DAY_MEMORY = 3.0  # days


def holidays_of(year: int) -> np.ndarray:
    """The invented holidays of a year, as days in order."""
    starts = [(np.datetime64(f"{year:04d}-{day}", "D"), count) for day, count in _HOLIDAYS]
    return np.concatenate([start + np.arange(count) for start, count in starts])


def is_rest_day(days: np.ndarray) -> Bool[np.ndarray, "D"]:
    """Whether a day is a Saturday, a Sunday or a holiday."""
    years = np.unique(days.astype("datetime64[Y]").astype(int) + 1970)
    holidays = np.concatenate([holidays_of(int(year)) for year in years])
    return ~np.is_busday(days, holidays=holidays)


def signals_on(first_day: np.datetime64, *, days: int, seed: int) -> Float[np.ndarray, "F S"]:
    """The signals at every step of 5 minutes, from `LAGS` steps before the first day on.

    What each road brings rises and falls at random on top of the clock's beat. More days go on where
    fewer end.
    """
    step = np.timedelta64(5, "m")
    times = first_day.astype("datetime64[m]") + step * np.arange(-LAGS, STEPS_PER_DAY * days)
    dates = times.astype("datetime64[D]")
    hour = (times - dates) / np.timedelta64(1, "h")
    rest = is_rest_day(dates)
    base, morning, evening = _beats(hour, rest)
    beats = {
        "in": 0.50 * base + 0.85 * morning + 0.25 * evening,
        "out": 0.50 * base + 0.25 * morning + 0.85 * evening,
        "base": base,
        "am": morning,
        "pm": evening,
    }
    is_road = np.array([" " in name for name in SIGNALS])
    noise = red_noise(
        len(times),
        memory=np.where(is_road, _WAVE_MEMORY_STEPS, _LOCAL_MEMORY_STEPS),
        generator=np.random.default_rng([seed, 1]),
    )
    clock = np.stack([beats[name.split()[0]] for name in SIGNALS], axis=1)
    return clock * np.exp(np.where(is_road, _WAVE_STRENGTH, _LOCAL_STRENGTH) * noise)


def day_factors(*, days: int, seed: int) -> Float[np.ndarray, "D Q"]:
    """How good a day it is in each quarter: logarithms of factors, for every midnight and the last."""
    memory = np.full(len(PATTERNS), _DAY_MEMORY)
    generator = np.random.default_rng([seed, 3])
    return _DAY_STRENGTH * red_noise(days + 1, memory=memory, generator=generator)


def red_noise(
    count: int, *, memory: np.ndarray, generator: np.random.Generator
) -> Float[np.ndarray, "N K"]:
    """Noise of mean 0 and variance 1 that forgets within `memory` steps, a column for each memory."""
    white = generator.standard_normal((count, len(memory)))
    decay = np.exp(-1 / memory)
    white[1:] *= np.sqrt(1 - decay**2)
    columns = [lfilter([1], [1, -a], white[:, n]) for n, a in enumerate(decay)]
    return np.stack(columns, axis=1)


def _beats(hour: np.ndarray, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All day, morning and evening travel, each about 1 at its height on a working day."""
    up = np.where(rest, 9.0, 6.8)
    down = np.where(rest, 23.6, 22.8)
    awake = 1 / ((1 + np.exp(-(hour - up) / 0.6)) * (1 + np.exp((hour - down) / 0.7)))
    late = 1 / (
        1 + np.exp((hour - np.where(rest, 2.5, 1.0)) / 0.6)
    )  # on the way home after midnight
    leisure = np.where(rest, 0.25, 0.0) * _bump(hour, at=15.0, width=3.0)
    base = 0.06 + 0.80 * awake + 0.35 * late + leisure
    morning = np.where(rest, 0.12, 1.0) * _bump(hour, at=8.0, width=0.9)
    evening = np.where(rest, 0.22, 0.9) * _bump(hour, at=18.2, width=1.3)
    return base, morning, evening


def _bump(hour: np.ndarray, *, at: float, width: float) -> np.ndarray:
    return np.exp(-(((hour - at) / width) ** 2))
