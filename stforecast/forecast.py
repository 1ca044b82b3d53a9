"""The forecast, one labelled array, and the one interface of all that make it.

Dims `("init_time", "lead_time", "channel", "y", "x")`, float32, physical units.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import xarray as xr

__all__ = ["ForecastModel", "forecast_by_valid_time", "make_forecast"]

_GRID = ("latitude", "longitude")


@runtime_checkable
class ForecastModel(Protocol):
    """Whatever forecasts: a trained network, persistence, climatology."""

    @property
    def name(self) -> str:
        """As it stands in tables, figures and files."""
        ...

    def forecast(
        self, series: xr.DataArray, *, init_times: Sequence[Any] | np.ndarray, steps: int
    ) -> xr.DataArray:
        """The forecast (init_time, lead_time, channel, y, x) in physical units.

        Args:
            series: frames up to each init_time at least; nothing after an init_time is looked at.
            init_times: when the forecasts start; each is the last time of its history.
            steps: lead times, one time step apart, the first one step after init_time.
        """
        ...


def make_forecast(
    frames: np.ndarray,
    *,
    init_times: np.ndarray,
    time_step: np.timedelta64,
    like: xr.DataArray,
    forecaster: str,
) -> xr.DataArray:
    """The labelled forecast of `frames` (init_time, lead_time, channel, y, x).

    Args:
        frames: physical values in the series' units.
        init_times: when each forecast starts, the last time of its history.
        time_step: between lead times; the first lead time is one step.
        like: the series; channels, grid and attributes are taken from it, the surface is not.
        forecaster: name of who made it.
    """
    init_times = np.asarray(init_times, dtype="datetime64[ns]")
    lead_times = np.arange(1, frames.shape[1] + 1) * time_step.astype("timedelta64[ns]")
    coordinates = {
        name: like[name]
        for name in like.coords
        if "time" not in like[name].dims and (name in _GRID or like[name].dims != ("y", "x"))
    }
    forecast = xr.DataArray(
        np.asarray(frames, dtype="float32"),
        dims=("init_time", "lead_time", "channel", "y", "x"),
        coords={"init_time": init_times, "lead_time": lead_times, **coordinates},
        name="forecast",
    )
    forecast = forecast.assign_coords(valid_time=forecast["init_time"] + forecast["lead_time"])
    kept = ("dataset", "synthetic", "time_zone", "clock")
    forecast.attrs = {key: like.attrs[key] for key in kept if key in like.attrs}
    forecast.attrs["forecaster"] = forecaster
    return forecast


def forecast_by_valid_time(
    frames_at: Callable[[np.ndarray], np.ndarray],
    *,
    init_times: Sequence[Any] | np.ndarray,
    steps: int,
    time_step: np.timedelta64,
    like: xr.DataArray,
    forecaster: str,
) -> xr.DataArray:
    """The forecast of who looks at the valid time alone, such as an average; each time is asked once.

    Args:
        frames_at: frames (time, channel, y, x) at some times, each given once and in order.
        init_times, time_step, like, forecaster: as for `make_forecast`.

    Raises:
        ValueError: `steps` is below 1.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, but it is {steps}.")
    starts = np.asarray(init_times, dtype="datetime64[ns]")
    valid_times = starts[:, None] + np.arange(1, steps + 1) * time_step
    times, where = np.unique(valid_times, return_inverse=True)
    return make_forecast(
        frames_at(times)[where.reshape(valid_times.shape)],
        init_times=starts,
        time_step=time_step,
        like=like,
        forecaster=forecaster,
    )
