from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from pipelines.series import Channel, make_series
from stforecast.forecast import make_forecast

HOURS = np.timedelta64(1, "h")


@pytest.fixture
def series_of() -> Callable[..., xr.DataArray]:
    """A 6-hourly series of frames (time, channel, y, x) with channels a, b, … in K."""

    def make(frames, *, latitude=None, start="2018-01-01", step=6 * HOURS) -> xr.DataArray:
        frames = np.asarray(frames, dtype="float32")
        times = np.datetime64(start, "ns") + np.arange(len(frames)) * step
        return make_series(
            frames,
            times=times,
            channels=[Channel(name, name, units="K") for name in "abcdef"[: frames.shape[1]]],
            latitude=latitude,
            longitude=None if latitude is None else np.arange(frames.shape[3]) * 10.0,
            attrs={"dataset": "made", "synthetic": "true"},
        )

    return make


@pytest.fixture
def forecast_of() -> Callable[..., xr.DataArray]:
    """A 6-hourly forecast of frames (init_time, lead_time, channel, y, x) for a series."""

    def make(frames, series, *, init_times=None, name="made") -> xr.DataArray:
        frames = np.asarray(frames, dtype="float32")
        if init_times is None:
            init_times = series["time"].values[: len(frames)]
        return make_forecast(
            frames, init_times=init_times, time_step=6 * HOURS, like=series, forecaster=name
        )

    return make
