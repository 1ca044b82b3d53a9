"""The truth at the valid times, and what anomalies are taken from."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from stforecast.baselines.climatology import Climatology
from stforecast.verification.dialects import Dialect

__all__ = ["Reference", "frames_at", "reference_for"]

_FRAMES_AT_ONCE = 64


def frames_at(series: xr.DataArray, times: np.ndarray) -> Float[np.ndarray, "N C Y X"]:
    """The frames of a series at some times; NaN for a time that it lacks."""
    rows = series.get_index("time").get_indexer(times)
    found = rows >= 0
    frames = np.full((len(times), *series.shape[1:]), np.nan, dtype="float32")
    frames[found] = series.isel(time=rows[found]).values
    return frames


@dataclass(frozen=True)
class Reference:
    """What anomalies are taken from."""

    frames_at: Callable[[np.ndarray], np.ndarray]
    """Frames (time, channel, y, x) for valid times."""
    description: str
    """What it is and from which times."""


def reference_for(
    dialect: Dialect,
    series: xr.DataArray,
    *,
    valid_times: np.ndarray,
    climatology: Climatology | None,
) -> Reference | None:
    """What the dialect's anomalies are taken from; None where it has none, or none is given.

    Args:
        series: with the channels to be verified.
        valid_times: of all forecasts, each once.
        climatology: of the training years.
    """
    if dialect.anomalies == "test truth":
        return _mean_of_truth(series, valid_times)
    if dialect.anomalies == "none" or climatology is None:
        return None
    channels = series["channel"].values
    return Reference(
        lambda times: climatology.at(times, channels=channels).values, climatology.description
    )


def _mean_of_truth(series: xr.DataArray, valid_times: np.ndarray) -> Reference:
    """The mean of each cell over the truth at all valid times, read once, a few frames at a time.

    It knows the test data, which a forecast never may: here it is only what scores are relative to.
    """
    total = np.zeros(series.shape[1:])
    count = np.zeros(series.shape[1:])
    for start in range(0, len(valid_times), _FRAMES_AT_ONCE):
        frames = frames_at(series, valid_times[start : start + _FRAMES_AT_ONCE])
        known = ~np.isnan(frames)
        total += np.where(known, frames, 0.0).sum(axis=0, dtype="float64")
        count += known.sum(axis=0)
    mean = np.full(total.shape, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    first, last = np.datetime_as_string(valid_times[[0, -1]], unit="m")
    return Reference(
        lambda times: np.broadcast_to(mean, (len(times), *mean.shape)),
        f"mean of the test truth at {len(valid_times)} valid times from {first} to {last}",
    )
