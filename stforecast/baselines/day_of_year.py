"""Means per hour of the day and day of the year: pooled over the years, smoothed over the days."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

__all__ = [
    "BYTES_PER_MEAN",
    "DAYS",
    "days_without_training",
    "has_climatology",
    "hours_of",
    "smoothed_means",
]

DAYS = 366
BYTES_PER_MEAN = 40  # sum 8, count 4, smoothed sum 8 and count 4, their ratio 8, result 4, slack 4


def has_climatology(time_step: np.timedelta64) -> bool:
    """Whether frames that far apart lie on whole hours, as means per hour of the day need them."""
    return bool(time_step % np.timedelta64(1, "h") == np.timedelta64(0))


def hours_of(times: pd.DatetimeIndex) -> Int[np.ndarray, "N"]:
    """Hour of the day of each time.

    Raises:
        ValueError: a time is not on a whole hour.
    """
    broken = times != times.floor("h")
    if broken.any():
        raise ValueError(
            f"A climatology needs times on whole hours, but one is {times[broken][0]}; choose a time "
            "step of whole hours."
        )
    return times.hour.to_numpy().astype("int64")


def smoothed_means(
    blocks: Iterable[tuple[int, np.ndarray]],
    times: pd.DatetimeIndex,
    *,
    shape: tuple[int, ...],
    window_days: int,
) -> np.ndarray:
    """Weighted mean over the years and the days around each day (hour, day of year, …), float32.

    Weights fall linearly to 0 at half a window from the day; the year is closed to a ring. NaN where
    nothing is known within the window.

    Args:
        blocks: row of the first frame and frames (time, …), NaN where missing; in all, each time once.
        times: of all frames.
        shape: of one frame.
        window_days: odd, at least 3.
    """
    hours, hour_rows = np.unique(hours_of(times), return_inverse=True)
    days = times.day_of_year.to_numpy() - 1
    also_last_day = (days == DAYS - 2) & ~times.is_leap_year
    sums = np.zeros((len(hours), DAYS, *shape))
    counts = np.zeros(sums.shape, dtype="int32")
    for first, frames in blocks:
        known = ~np.isnan(frames)
        values = np.where(known, frames, 0)
        for index in range(len(frames)):
            row = first + index
            slots = [(hour_rows[row], days[row])]
            if also_last_day[row]:
                slots.append((hour_rows[row], DAYS - 1))
            for slot in slots:
                sums[slot] += values[index]
                counts[slot] += known[index]
    window = _window(window_days)
    means = np.full(sums.shape, np.nan, dtype="float32")
    for hour in range(len(hours)):
        weighted = np.tensordot(window, sums[hour], axes=1)
        # Small whole numbers: exact in float32.
        weights = np.tensordot(window.astype("float32"), counts[hour].astype("float32"), axes=1)
        np.divide(weighted, weights, out=weighted, where=weights > 0)
        means[hour] = np.where(weights > 0, weighted, np.nan)
    return means


def days_without_training(times: pd.DatetimeIndex, *, window_days: int) -> int:
    """Number of days of the year that have, at some hour of the day, no time within the window."""
    blocks = [(0, np.zeros((len(times), 1)))]
    means = smoothed_means(blocks, times, shape=(1,), window_days=window_days)
    return int(np.isnan(means).any(axis=(0, 2)).sum())


def _window(window_days: int) -> Float[np.ndarray, "D D"]:
    """Whole-number weight of each day (column) in the mean of each day (row)."""
    half = window_days // 2
    apart = np.abs(np.arange(DAYS)[:, None] - np.arange(DAYS))
    apart = np.minimum(apart, DAYS - apart)
    return np.maximum(half - apart, 0).astype("float64")
