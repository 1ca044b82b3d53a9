"""Climatology: the mean of the training years for each day of the year and hour of the day."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dask.array
import dask.config
import numpy as np
import pandas as pd
import xarray as xr
from dask.delayed import delayed

from pipelines.atomic import atomic_path
from pipelines.series import time_step_of
from pipelines.store import blocks_of
from stforecast.baselines.day_of_year import (
    BYTES_PER_MEAN,
    DAYS,
    days_without_training,
    hours_of,
    smoothed_means,
)
from stforecast.forecast import forecast_by_valid_time

__all__ = ["Climatology", "fit_climatology", "load_climatology"]

DIMS = ("hour", "dayofyear", "channel", "y", "x")
_KEPT_ATTRS = ("dataset", "source", "synthetic", "time_zone")


@dataclass(frozen=True, eq=False)
class Climatology:
    """What is usual at each day of the year and hour of the day, as learnt from the training years."""

    values: xr.DataArray = field(repr=False)
    """(hour, dayofyear, channel, y, x) in the channels' units, NaN where no training day is near;
    it may be lazy. The attributes say what it was fitted on."""
    name: str = "climatology"
    """As it stands in tables, figures and files."""

    def __post_init__(self) -> None:
        if self.values.dims != DIMS:
            raise ValueError(
                f"A climatology has the dimensions {DIMS}, but these values have {self.values.dims}."
            )

    @property
    def description(self) -> str:
        """Training period, window and what is missing, in one line."""
        attrs = self.values.attrs
        text = (
            f"mean per day of year and hour, {attrs['training_first']} to {attrs['training_last']}, "
            f"{attrs['window_days']}-day window"
        )
        if self.days_missing:
            text += f"; {self.days_missing} of {DAYS} days of the year have no training day near"
        return text

    @property
    def days_missing(self) -> int:
        """Days of the year that have no value at some hour, as no training day lies in the window."""
        return int(self.values.attrs["days_missing"])

    def at(
        self,
        times: Sequence[Any] | np.ndarray,
        *,
        channels: Sequence[str] | np.ndarray | None = None,
    ) -> xr.DataArray:
        """The climatology at some times (time, channel, y, x), float32.

        Args:
            times: UTC.
            channels: names; all unless given.

        Raises:
            ValueError: a time's hour of the day, or a channel, is not in the climatology.
        """
        wanted = pd.DatetimeIndex(np.asarray(times, dtype="datetime64[ns]"))
        values = self.values if channels is None else self._select(channels)
        rows = pd.Index(values["hour"].values).get_indexer(hours_of(wanted))
        if (rows < 0).any():
            raise ValueError(
                f"The climatology has the hours {values['hour'].values.tolist()}, but none for "
                f"{wanted[rows < 0][0]}; fit it on a series with that hour."
            )
        chosen = values.isel(
            hour=xr.DataArray(rows, dims="time"),
            dayofyear=xr.DataArray(wanted.day_of_year.to_numpy() - 1, dims="time"),
        )
        chosen = chosen.drop_vars(["hour", "dayofyear"]).transpose("time", *DIMS[2:])
        return chosen.assign_coords(time=wanted.to_numpy())

    def forecast(
        self, series: xr.DataArray, *, init_times: Sequence[Any] | np.ndarray, steps: int
    ) -> xr.DataArray:
        """The climatology at each valid time; of the series only the labels are looked at.

        Raises:
            ValueError: `steps` is below 1, or an hour or a channel is not in the climatology.
        """
        return forecast_by_valid_time(
            lambda times: self.at(times, channels=series["channel"].values).values,
            init_times=init_times,
            steps=steps,
            time_step=time_step_of(series["time"].values),
            like=series,
            forecaster=self.name,
        )

    def save(self, path: Path) -> None:
        """Write the climatology to one NetCDF file, uncompressed."""
        with atomic_path(path) as temporary:
            self.values.to_netcdf(temporary, engine="netcdf4")

    def _select(self, channels: Sequence[str] | np.ndarray) -> xr.DataArray:
        known = self.values["channel"].values.tolist()
        missing = [str(channel) for channel in channels if channel not in known]
        if missing:
            raise ValueError(
                f"The climatology has the channels {', '.join(known)}, but not "
                f"{', '.join(missing)}; fit it on a series that has them."
            )
        if known == list(channels):
            return self.values
        return self.values.isel(channel=[known.index(channel) for channel in channels])


def load_climatology(path: Path) -> Climatology:
    """The climatology that `Climatology.save` wrote; values are read when asked for."""
    return Climatology(xr.open_dataarray(path, engine="netcdf4"))


def fit_climatology(
    series: xr.DataArray,
    *,
    window_days: int = 61,
    memory_bytes: int = 512 * 2**20,
    path: Path | None = None,
    attrs: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Climatology:
    """The climatology of a series, which must hold the training years and nothing else.

    All values of a day of the year and hour are pooled over the years, then averaged over the days
    around it with weights that fall linearly to 0 at the ends of the window; 31 December is followed
    by 1 January. In a year of 365 days, day 366 takes the values of day 365. Missing values do not
    count.

    Args:
        series: hourly to daily, on whole hours; it may cover a part of the year.
        window_days: length of the window, odd; days half a window away count 0.
        memory_bytes: for the sums. A larger grid is worked off in blocks of rows, and the series is
            read once for each of them.
        path: a NetCDF file to write the values to, block by block; without it they stay in memory.
        attrs: kept with the values.
        progress: called with the frames read and the frames to be read, over all blocks.

    Raises:
        ValueError: the window is even, too short or too long, or the series is empty or not on whole
            hours.

    References:
        WeatherBench 2, `scripts/compute_climatology.py` and `utils.compute_rolling_stat`: equal to
        them where the training years are whole.
    """
    if window_days % 2 == 0 or not 3 <= window_days <= 365:
        raise ValueError(f"window_days must be odd, from 3 to 365, but it is {window_days}.")
    if series.sizes["time"] == 0:
        raise ValueError(
            "The series to fit a climatology on has no frames; give the training years."
        )
    times = pd.DatetimeIndex(series["time"].values)
    hours = np.unique(hours_of(times))
    row_bytes = BYTES_PER_MEAN * len(hours) * DAYS * series.sizes["channel"] * series.sizes["x"]
    block_rows = int(np.clip(memory_bytes // max(row_bytes, 1), 1, series.sizes["y"]))
    blocks = [
        series.isel(y=slice(start, start + block_rows))
        for start in range(0, series.sizes["y"], block_rows)
    ]

    frames_read = 0

    def tell(frames: int) -> None:
        nonlocal frames_read
        frames_read += frames
        if progress is not None:
            progress(frames_read, len(blocks) * len(times))

    def fit_block(index: int) -> np.ndarray:
        block = blocks[index]
        return smoothed_means(
            _read(block, tell), times, shape=block.shape[1:], window_days=window_days
        )

    parts = [
        dask.array.from_delayed(
            delayed(fit_block, pure=False)(index),
            shape=(len(hours), DAYS, *block.shape[1:]),
            dtype="float32",
        )
        for index, block in enumerate(blocks)
    ]
    kept = {name: series[name] for name in series.coords if "time" not in series[name].dims}
    values = xr.DataArray(
        dask.array.concatenate(parts, axis=-2),
        dims=DIMS,
        coords={"hour": hours, "dayofyear": np.arange(1, DAYS + 1), **kept},
        name="climatology",
        attrs={
            **{key: str(series.attrs[key]) for key in _KEPT_ATTRS if key in series.attrs},
            "training_first": str(np.datetime_as_string(times.values[0], unit="m")),
            "training_last": str(np.datetime_as_string(times.values[-1], unit="m")),
            "window_days": window_days,
            "days_missing": days_without_training(times, window_days=window_days),
            **(attrs or {}),
        },
    )
    # One block at a time: several at once would need several times the memory.
    with dask.config.set(scheduler="synchronous"):
        if path is None:
            return Climatology(values.compute())
        Climatology(values).save(path)
    return load_climatology(path)


def _read(series: xr.DataArray, tell: Callable[[int], None]) -> Iterator[tuple[int, np.ndarray]]:
    """Row of the first frame and frames, one block of times in memory at once."""
    for start, stop in blocks_of(series):
        yield start, series[start:stop].values
        tell(stop - start)
