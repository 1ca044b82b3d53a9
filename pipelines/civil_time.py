"""Civil time: days with every slot, hours that the clocks skip, and the moments a day and a week before.

N: time, M: target.
"""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from jaxtyping import Bool, Int, Shaped

__all__ = ["YEARS", "complete_days", "deepst_targets", "nonexistent", "slots_per_day"]

DAY = np.timedelta64(1, "D")
YEARS = (1900, 2100)
"""First and last year in which traffic can have been counted; what lies outside is a slip of the pen,
and nanoseconds cannot hold it."""
_NANOSECOND = np.timedelta64(1, "ns")


def slots_per_day(time_step: np.timedelta64) -> int:
    """How many time steps make a day.

    Raises:
        ValueError: the step does not divide a day.
    """
    if time_step <= np.timedelta64(0) or DAY % time_step:
        raise ValueError(
            f"time_step {time_step / np.timedelta64(1, 'm'):g} min does not divide a day; choose one "
            "that does, such as 30min or 1h."
        )
    return int(DAY / time_step)


def complete_days(
    times: Shaped[np.ndarray, "N"], *, time_step: np.timedelta64
) -> Bool[np.ndarray, "N"]:
    """Which frames lie on a day that has all its slots.

    A day on which clocks go forward never has: two of its half hours do not exist.

    Args:
        times: civil time of each frame; any order, and a slot that is there twice counts once.

    Raises:
        ValueError: the step does not divide a day.
    """
    slots = slots_per_day(time_step)
    times = times.astype("datetime64[ns]")
    days = times.astype("datetime64[D]")
    on_slot = (times - days) % time_step == np.timedelta64(0)
    present = np.unique(times[on_slot]).astype("datetime64[D]")
    known, counts = np.unique(present, return_counts=True)
    return np.isin(days, known[counts == slots])


def nonexistent(times: Shaped[np.ndarray, "N"], time_zone: str) -> Bool[np.ndarray, "N"]:
    """Which civil times never were, since clocks went forward over them.

    Args:
        times: without a zone.
        time_zone: IANA name, such as "America/New_York".

    Raises:
        ValueError: there is no such zone.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError) as error:  # absent, no name at all, a folder of zones
        raise ValueError(
            f"time_zone = {time_zone!r} is not known; write an IANA name, such as Europe/Paris."
        ) from error
    moments = pd.DatetimeIndex(times)
    first_of_two = np.ones(len(moments), dtype=bool)  # hours that come twice exist: either will do
    return np.asarray(moments.tz_localize(zone, ambiguous=first_of_two, nonexistent="NaT").isna())


def deepst_targets(
    times: Shaped[np.ndarray, "N"],
    *,
    time_step: np.timedelta64,
    closeness: int = 3,
    period: int = 1,
    trend: int = 1,
) -> Int[np.ndarray, "M"]:
    """The index of each frame that DeepST and ST-ResNet forecast: all that they look back at is there.

    Args:
        times: strictly increasing; DeepST gives the complete days of one file.
        closeness: steps before the frame.
        period: days before it, at the same time of day.
        trend: weeks before it, at the same time of the week.

    Raises:
        ValueError: the step does not divide a day.

    References:
        Zhang et al. 2017 (doi:10.1609/aaai.v31i1.10735), section 3; STMatrix.create_dataset in
        DeepST's data/TaxiBJ/preprocessing/STMatrix.py, which never takes the first frames of a file,
        as many as the longest look back has slots, wherever the gaps lie.
    """
    slots = slots_per_day(time_step)
    times = times.astype("datetime64[ns]")
    steps_back = [
        *range(1, closeness + 1),
        *(slots * days for days in range(1, period + 1)),
        *(7 * slots * weeks for weeks in range(1, trend + 1)),
    ]
    whole = np.arange(len(times)) >= max(steps_back, default=0)
    for steps in steps_back:
        whole &= np.isin(times - steps * (time_step // _NANOSECOND) * _NANOSECOND, times)
    return np.flatnonzero(whole)
