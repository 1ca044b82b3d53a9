"""Persistence: the last seen frame, repeated."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from pipelines.series import time_step_of
from stforecast.forecast import make_forecast
from stforecast.history import history_frames

__all__ = ["Persistence"]


@dataclass(frozen=True)
class Persistence:
    """Forecasts that nothing changes."""

    time_step: np.timedelta64 | None = None
    """Between lead times; None takes the commonest step of the series."""
    name: str = "persistence"
    """As it stands in tables, figures and files."""

    def forecast(
        self, series: xr.DataArray, *, init_times: Sequence[Any] | np.ndarray, steps: int
    ) -> xr.DataArray:
        """The frame at each init_time at every lead time; missing values stay missing.

        Raises:
            ValueError: `steps` is below 1, or the series has no frame at an init_time.
        """
        if steps < 1:
            raise ValueError(f"steps must be at least 1, but it is {steps}.")
        times = np.asarray(init_times, dtype="datetime64[ns]")
        time_step = self.time_step or time_step_of(series["time"].values)
        last = history_frames(series, times, history=1, time_step=time_step)
        return make_forecast(
            np.repeat(last, steps, axis=1),
            init_times=times,
            time_step=time_step,
            like=series,
            forecaster=self.name,
        )
