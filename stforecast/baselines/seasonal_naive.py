"""Seasonal naive: the value at the same time of an earlier day or week."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from pipelines.series import name_step, time_step_of
from stforecast.forecast import make_forecast

__all__ = ["SeasonalNaive"]


@dataclass(frozen=True)
class SeasonalNaive:
    """Forecasts that all goes as it went a whole number of periods before."""

    period: np.timedelta64
    """Such as a day or a week, a whole number of time steps."""
    name: str
    """As it stands in tables, figures and files: "daily_naive", "weekly_naive"."""
    time_step: np.timedelta64 | None = None
    """Between lead times; None takes the commonest step of the series."""
    most: int = 4
    """Periods that are tried, the latest first, where a frame is absent."""

    def __post_init__(self) -> None:
        if self.period <= np.timedelta64(0):
            raise ValueError(f"period must be positive, but it is {self.period}.")
        if self.most < 1:
            raise ValueError(f"most must be at least 1 period, but it is {self.most}.")

    def forecast(
        self, series: xr.DataArray, *, init_times: Sequence[Any] | np.ndarray, steps: int
    ) -> xr.DataArray:
        """The frame one period before each valid time, or as many as take it to init_time or before.

        Where that frame is absent, the frame of one more period before; NaN where `most` of them are
        absent. Missing values stay missing. Nothing after an init_time is read.

        Raises:
            ValueError: `steps` is below 1, or the period is no whole number of time steps.
        """
        if steps < 1:
            raise ValueError(f"steps must be at least 1, but it is {steps}.")
        init_times = np.asarray(init_times, dtype="datetime64[ns]")
        time_step = self.time_step or time_step_of(series["time"].values)
        if self.period % time_step != np.timedelta64(0):
            raise ValueError(
                f"{self.name} looks back by {name_step(self.period)}, which is no whole number of "
                f"time steps of {name_step(time_step)}; choose a time step that divides it."
            )
        rows = self._rows(series["time"].values, init_times, steps=steps, time_step=time_step)
        found = rows >= 0
        unique, where = np.unique(rows[found], return_inverse=True)
        frames = np.full((*rows.shape, *series.shape[1:]), np.nan, dtype="float32")
        if len(unique):
            frames[found] = np.asarray(series.isel(time=unique).values, dtype="float32")[where]
        return make_forecast(
            frames,
            init_times=init_times,
            time_step=time_step,
            like=series,
            forecaster=self.name,
        )

    def _rows(
        self,
        times: np.ndarray,
        init_times: np.ndarray,
        *,
        steps: int,
        time_step: np.timedelta64,
    ) -> np.ndarray:
        """The row of the frame for each init_time and lead time; −1 where there is none."""
        lead_times = np.arange(1, steps + 1) * time_step
        fewest = -(-lead_times // self.period)  # the least number that reaches init_time or before
        rows = np.full((len(init_times), steps), -1)
        for more in range(self.most):
            wanted = init_times[:, None] + lead_times - (fewest + more) * self.period
            at = np.minimum(np.searchsorted(times, wanted), len(times) - 1)
            rows = np.where((rows < 0) & (times[at] == wanted), at, rows)
        return rows
