"""How a climatology is learnt: sums per day of year and hour, then a triangular window over the days."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import dask
import dask.array
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float, Int

from pipelines.atomic import atomic_path
from pipelines.store import blocks_of
from stforecast.baselines.climatology import DAYS, DIMS, Climatology, hours_of, load_climatology

__all__ = ["fit_climatology"]

_BYTES_PER_MEAN = 40  # sums 8, counts 4, smoothed numerator 8 and denominator 4, ratio 8, result 4


def fit_climatology(
    series: xr.DataArray,
    *,
    window_days: int = 61,
    memory_bytes: int = 512 * 2**20,
    path: Path | None = None,
    attrs: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Climatology:
    """The climatology of a series, which must hold the training years only.

    All values of a day of the year and hour are pooled over the years, then averaged over the days
    around it with weights that fall linearly to 0 at the ends of the window; 31 December meets
    1 January. In years of 365 days, day 366 takes the values of day 365. Missing values do not count.

    Args:
        series: hourly to daily, on whole hours; it may cover a part of the year.
        window_days: length of the window, odd; days half a window away count 0.
        memory_bytes: for the sums. A larger grid is worked off in blocks of rows, for each of which
            the series is read once.
        path: a NetCDF file to write the values to, block by block; None keeps them in memory.
        attrs: to be kept with the values.
        progress: called with the frames read and the frames to be read, over all blocks.

    Raises:
        ValueError: the window is even or too short, or the series is empty or not on whole hours.

    References:
        WeatherBench 2, `scripts/compute_climatology.py` and `utils.compute_rolling_stat`; equal to it
        where the training years are whole.
    """
    if window_days % 2 == 0 or not 3 <= window_days <= 365:
        raise ValueError(f"window_days must be odd, 3 to 365, but it is {window_days}.")
    if series.sizes["time"] == 0:
        raise ValueError("The series to fit a climatology on has no frame; give the training years.")
    times = pd.DatetimeIndex(series["time"].values)
    hours = np.unique(hours_of(times))
    window = _window_matrix(window_days)
    n_times, n_channels, n_rows, n_columns = series.shape
    row_bytes = _BYTES_PER_MEAN * len(hours) * DAYS * n_channels * n_columns
    block_rows = int(np.clip(memory_bytes // row_bytes, 1, n_rows))
    starts = range(0, n_rows, block_rows)

    def fit_rows(index: int) -> np.ndarray:
        block = series[:, :, starts[index] : starts[index] + block_rows]
        parts = _parts(block)
        if progress is not None:
            parts = _counted(parts, index * n_times, len(starts) * n_times, progress)
        return _fit_rows(block.shape[1:], parts, slots=_slots(times, hours), window=window)

    blocks = [
        dask.array.from_delayed(
            dask.delayed(fit_rows, pure=False)(index),
            shape=(len(hours), DAYS, n_channels, min(block_rows, n_rows - start), n_columns),
            dtype="float32",
        )
        for index, start in enumerate(starts)
    ]
    ...
