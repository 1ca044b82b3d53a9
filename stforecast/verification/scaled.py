"""Errors of values scaled to [0, 1] and summed over a frame, as papers on traffic publish them.

One range serves all channels: inflow and outflow are counts of the same vehicles.
"""

import numpy as np
import xarray as xr

from pipelines.store import blocks_of
from stforecast.lead_texts import is_counted

__all__ = ["ALL_CHANNELS", "conversion_text", "join_channels", "rmse_of", "value_range_of"]

ALL_CHANNELS = "all"
"""Name of the channel that stands for all of them together."""


def value_range_of(series: xr.DataArray) -> tuple[float, float]:
    """Least and greatest value of a series over all of its channels, in its units.

    Read once, a block of times at a time; missing values do not count.

    Raises:
        ValueError: the series holds no value, or one value only.
    """
    low, high = np.inf, -np.inf
    for start, stop in blocks_of(series):
        block = series[start:stop].values
        low = min(low, float(np.min(block, where=~np.isnan(block), initial=np.inf)))
        high = max(high, float(np.max(block, where=~np.isnan(block), initial=-np.inf)))
    if not low < high:
        raise ValueError(
            f"Values are scaled by their range, but the training data have none: least {low}, "
            f"greatest {high}. Score in another dialect, or train on data that change."
        )
    return low, high


def rmse_of(mse: float, *, cells: int, span: float) -> float:
    """RMSE in vehicles, of a squared error of scaled values that is summed over a frame's cells.

    Args:
        mse: scaled to [0, 1], summed over channels, rows and columns, averaged over frames.
        cells: channels × rows × columns.
        span: greatest less least value, in vehicles.
    """
    return float(np.sqrt(mse / cells) * span)


def conversion_text(sums: xr.Dataset) -> str:
    """How the dialect's MSE becomes an RMSE in vehicles, or the MSE of a pixel, in numbers."""
    low, high = float(sums.attrs["value_low"]), float(sums.attrs["value_high"])
    grid = sums.attrs["grid"].replace("x", "·")
    if is_counted(sums.attrs):
        return (
            f"MSE of a pixel = mse / ({sums.sizes['channel']}·{grid}); values are scaled from "
            f"{low:g}…{high:g}, the range of grey levels"
        )
    return (
        f"RMSE in vehicles = sqrt(mse / ({sums.sizes['channel']}·{grid})) · {high - low:g}; "
        f"values are scaled from {low:g}…{high:g}, the range of the training data"
    )


def join_channels(sums: xr.Dataset) -> xr.Dataset:
    """The sums with a last channel `all`, over all channels, and `cells` (channel) of a frame.

    Where there is one channel only, it is all of them already.
    """
    rows, columns = (int(number) for number in sums.attrs["grid"].split("x"))
    n_channels = sums.sizes["channel"]
    sums = sums.assign_coords(cells=("channel", [rows * columns] * n_channels))
    if n_channels == 1:
        return sums
    joined = sums.sum("channel", skipna=False, keep_attrs=True).expand_dims("channel")
    joined = joined.assign_coords(
        {
            "channel": [ALL_CHANNELS],
            "variable": ("channel", ["flow"]),
            "units": ("channel", [str(sums["units"].values[0])]),
            "cells": ("channel", [n_channels * rows * columns]),
        }
    )
    both = xr.concat(
        [sums, joined], dim="channel", coords="different", compat="equals", join="outer"
    )
    return both.transpose(*sums.sizes)
