"""Climatology: the mean of the training years for each day of the year and hour of the day."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from pipelines.atomic import atomic_path
from pipelines.series import time_step_of
from stforecast.baselines.climatology_fit import DAYS, fit_values
from stforecast.forecast import make_forecast

__all__ = ["Climatology", "fit_climatology", "load_climatology"]

DIMS = ("hour", "dayofyear", "channel", "y", "x")


@dataclass(frozen=True, eq=False)
class Climatology:
    """What is usual at each day of the year and hour of the day, as learnt from the training years."""

    values: xr.DataArray
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
        self, times: Sequence[Any] | np.ndarray, *, channels: Sequence[str] | np.ndarray | None = None
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
        rows = pd.Index(values["hour"].values).get_indexer(_hours_of(wanted))
        if (rows < 0).any():
            raise ValueError(
                f"The climatology has the hours {values['hour'].values.tolist()}, but none for "
                f"{wanted[rows < 0][0]}; fit it on a series with that hour."
            )
        chosen = values.isel(
            hour=xr.DataArray(rows, dims="time"),
            dayofyear=xr.DataArray(wanted.dayofyear.to_numpy() - 1, dims="time"),
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
        if steps < 1:
            raise ValueError(f"steps must be at least 1, but it is {steps}.")
        init_times = np.asarray(init_times, dtype="datetime64[ns]")
        time_step = time_step_of(series["time"].values)
        valid_times = init_times[:, None] + np.arange(1, steps + 1) * time_step
        times, where = np.unique(valid_times, return_inverse=True)
        frames = self.at(times, channels=series["channel"].values).values
        return make_forecast(
            frames[where.reshape(valid_times.shape)],
            init_times=init_times,
            time_step=time_step,
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
