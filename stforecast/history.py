"""The history: the frames that a forecast may see."""

import numpy as np
import xarray as xr
from jaxtyping import Bool

from pipelines.presence import values_present
from pipelines.series import name_step, names

__all__ = ["complete_init_times", "history_frames", "histories_hold_enough"]


def history_frames(
    series: xr.DataArray, init_times: np.ndarray, *, history: int, time_step: np.timedelta64
) -> np.ndarray:
    """Frames (init_time, history step, channel, y, x) that end at each init_time, float32.

    Nothing after the last init_time is read.

    Raises:
        ValueError: a frame of a history is not in the series.
    """
    offsets = np.arange(1 - history, 1) * time_step
    wanted: np.ndarray = np.asarray(init_times, dtype="datetime64[ns]")[:, None] + offsets
    times = series["time"].values
    rows = np.searchsorted(times, wanted.ravel())
    found = times[np.minimum(rows, len(times) - 1)] == wanted.ravel()
    if not found.all():
        missing = np.datetime_as_string(wanted.ravel()[~found], unit="m")
        raise ValueError(
            f"The history of {history} frames every {name_step(time_step)} is not whole: no frame "
            f"at {names(missing, most=4)}; the data have {_span(times)}. Choose another init_time, "
            "or give data that reach further."
        )
    unique, where = np.unique(rows, return_inverse=True)
    frames = np.asarray(series.isel(time=unique).values, dtype="float32")
    return frames[where].reshape(*wanted.shape, *frames.shape[1:])


def complete_init_times(
    times: np.ndarray, *, history: int, time_step: np.timedelta64
) -> np.ndarray:
    """The times at which a whole history ends: every possible init_time, in order."""
    offsets = np.arange(1 - history, 1) * time_step
    wanted = times[:, None] + offsets
    return times[np.isin(wanted, times).all(axis=1)]


def histories_hold_enough(
    series: xr.DataArray, init_times: np.ndarray, *, history: int, time_step: np.timedelta64
) -> Bool[np.ndarray, "B"]:
    """Whether the history of each init_time holds values enough to forecast from (`holds_enough`).

    Of the series, only frames of these histories are looked at.

    Args:
        init_times: as `complete_init_times` gives them.
    """
    # Here, so that labels of forecasts are read without torch.
    from pipelines.windows import holds_enough

    offsets = np.arange(1 - history, 1) * time_step
    rows = np.searchsorted(series["time"].values, init_times[:, None] + offsets)
    first, stop = int(rows.min()), int(rows.max()) + 1
    present = values_present(series[first:stop])
    return holds_enough(present[rows - first])


def _span(times: np.ndarray) -> str:
    first, last = np.datetime_as_string(times[[0, -1]], unit="m")
    return f"{len(times)} frames from {first} to {last}"
