"""Time of day and time of year as waves: what is cyclic has no jump at midnight and new year."""

import numpy as np
import pandas as pd

__all__ = ["day_waves", "year_wave"]


def day_waves(times: pd.DatetimeIndex) -> np.ndarray:
    """Sine and cosine of the time of day, once and twice around: two peaks a day need the second."""
    midnight = times.normalize()
    day = np.asarray((times - midnight) / pd.Timedelta(days=1))
    angles = 2 * np.pi * np.stack([day, 2 * day], axis=1)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def year_wave(times: pd.DatetimeIndex) -> np.ndarray:
    """Sine and cosine of the time of year: once around from new year to new year."""
    new_year = times.values.astype("datetime64[Y]")
    length = (new_year + 1).astype("datetime64[ns]") - new_year.astype("datetime64[ns]")
    angles = 2 * np.pi * ((times.values - new_year) / length)
    return np.stack([np.sin(angles), np.cos(angles)], axis=1)
