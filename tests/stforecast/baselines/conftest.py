from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from pipelines.series import Channel, make_series


@pytest.fixture
def series_at() -> Callable[..., xr.DataArray]:
    """A series of frames (time, channel, y, x), or of one number a time, in K."""

    def make(times, frames) -> xr.DataArray:
        frames = np.asarray(frames, dtype="float32")
        if frames.ndim == 1:
            frames = frames[:, None, None, None] * np.ones((1, 1, 2, 3), dtype="float32")
        return make_series(
            frames,
            times=np.asarray(times, dtype="datetime64[ns]"),
            channels=[Channel(name, name, units="K") for name in "ab"[: frames.shape[1]]],
            latitude=np.linspace(60, 20, frames.shape[2]),
            longitude=np.arange(frames.shape[3]) * 10.0,
            attrs={"dataset": "made", "time_zone": "UTC"},
        )

    return make
