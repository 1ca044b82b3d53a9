"""Which frames of a series hold values, channel by channel.

N: time, C: channel, Y: row, X: column.
"""

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float

from pipelines.store import blocks_of, stored_moments

__all__ = ["values_present"]

_PROBED = 8
"""Rows and columns that are looked at before the whole frame is, to each side."""


def values_present(series: xr.DataArray) -> Bool[np.ndarray, "N C"]:
    """Whether each plane of a series holds a value at all; infinite ones are none.

    Of a store it is known; of other series a few cells of each plane are looked at, and the rest only
    where those are missing.
    """
    moments = stored_moments(series)
    if moments is not None:
        return np.asarray(moments.count > 0)
    present = np.zeros(series.shape[:2], dtype=bool)
    for start, stop in blocks_of(series):
        present[start:stop] = _present(np.asarray(series[start:stop].values))
    return present


def _present(frames: Float[np.ndarray, "N C Y X"]) -> Bool[np.ndarray, "N C"]:
    rows, columns = (-(-size // _PROBED) for size in frames.shape[2:])
    present = np.asarray(np.isfinite(frames[:, :, ::rows, ::columns]).any(axis=(2, 3)))
    for time, channel in np.argwhere(~present):
        present[time, channel] = np.isfinite(frames[time, channel]).any()
    return present
