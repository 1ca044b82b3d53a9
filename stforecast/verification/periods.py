"""Periods of traffic: rush hours and the rest, weekdays and weekends, by the local valid time."""

import numpy as np
import pandas as pd
from jaxtyping import Bool

__all__ = ["PEAK_HOURS", "PERIODS", "masks_of_periods", "periods_text"]

PEAK_HOURS = ((7, 10), (16, 20))
"""First hour, and the hour at which it ends, of the rush hours, local time. They hold the hours in
which Beijing keeps cars from elsewhere off its roads (07–09 and 17–20 h on working days) and those of
New York's rush-hour surcharge on taxis (16–20 h on weekdays that are no legal holidays)."""

PERIODS = ("peak", "off_peak", "weekday", "weekend")
"""`peak` and `off_peak` are everything, and so are `weekday` and `weekend`."""

_SATURDAY = 5


def masks_of_periods(
    valid_times: np.ndarray, *, holidays: str = ""
) -> dict[str, Bool[np.ndarray, "..."]]:
    """For each period, which of the times (any shape) belong to it.

    A time is the start of its slot: that of 10:00 is no peak any more.

    Args:
        valid_times: local civil times.
        holidays: ISO dates with spaces between; they count as weekend.
    """
    times = pd.DatetimeIndex(valid_times.ravel())
    days_off = pd.DatetimeIndex(holidays.split())
    weekend = (times.day_of_week.to_numpy() >= _SATURDAY) | times.normalize().isin(days_off)
    hours = times.hour.to_numpy()
    rush = np.zeros(len(times), dtype=bool)
    for start, stop in PEAK_HOURS:
        rush |= (hours >= start) & (hours < stop)
    peak = rush & ~weekend
    masks = (peak, ~peak, ~weekend, weekend)
    return {
        name: mask.reshape(valid_times.shape) for name, mask in zip(PERIODS, masks, strict=True)
    }


def periods_text(holidays: str) -> str:
    """What the periods mean, in one line, with the number of holidays that are known."""
    peaks = " and ".join(f"{start:02d}–{stop:02d}" for start, stop in PEAK_HOURS)
    known = len(holidays.split())
    days_off = f"holidays ({known} known) count as weekend" if known else "no holidays are known"
    return f"by local valid time; peak: {peaks} h on weekdays, off_peak: the rest; {days_off}"
