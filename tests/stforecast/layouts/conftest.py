from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from pipelines.places import Place
from pipelines.series import Channel, make_series
from pipelines.variables import channel_of, parse_channel
from stforecast.forecast import make_forecast

GRIDS = {
    "global": (np.linspace(67.5, -67.5, 4), np.arange(0, 360, 45.0)),
    # Across Greenwich, in degrees that no binary fraction holds.
    "regional": (np.arange(60.1, 50, -2.5), np.arange(-10.1, 12, 2.5)),
}


@pytest.fixture
def build() -> Callable[..., xr.DataArray]:
    """Builds forecasts of made-up values."""

    def build(
        channels: Sequence[str | Channel] = ("t2m",),
        *,
        grid: str | None = "global",
        n_times: int = 2,
        n_leads: int = 3,
        time_step: np.timedelta64 | None = None,
        first: str = "2018-01-01T06",
        seed: int = 0,
    ) -> xr.DataArray:
        time_step = np.timedelta64(6, "h") if time_step is None else time_step
        entries = [
            channel if isinstance(channel, Channel) else channel_of(*parse_channel(channel))
            for channel in channels
        ]
        latitude, longitude = (None, None) if grid is None else GRIDS[grid]
        shape = (4, 5) if latitude is None else (len(latitude), len(longitude))
        times = np.datetime64(first, "ns") + np.arange(n_times) * time_step
        values = np.random.default_rng(seed).random((n_times, n_leads, len(entries), *shape))
        series = make_series(
            np.empty((n_times, len(entries), *shape), dtype="float32"),
            times=times,
            channels=entries,
            latitude=latitude,
            longitude=longitude,
            attrs={"dataset": "weatherbench", "synthetic": "true", "time_zone": "UTC"},
        )
        return make_forecast(
            values.astype("float32"),
            init_times=times,
            time_step=time_step,
            like=series,
            forecaster="simvp",
        )

    return build


TOWN = Place(
    name="own", extent=(40.0, 40.4, 116.0, 116.5), first_cell="south-east", note="roughly there"
)
TRAFFIC = [
    Channel("inflow", "inflow", long_name="vehicles entering", valid_min=0),
    Channel("outflow", "outflow", long_name="vehicles leaving", valid_min=0),
]


@pytest.fixture
def build_town(build: Callable[..., xr.DataArray]) -> Callable[..., xr.DataArray]:
    """Builds forecasts of traffic on 4 rows and 5 columns, with north up unless `lay_out` is not.

    The data's row 0, column 0 is in the south-east.
    """

    def build_town(*, lay_out: bool = True, transposed: bool = False, **options) -> xr.DataArray:
        half_hour = np.timedelta64(30, "m")
        options = {"time_step": half_hour, "first": "2016-01-23T12:00"} | options
        forecast = build(TRAFFIC, grid=None, **options)
        forecast.attrs |= {"dataset": "taxibj", "time_zone": "America/New_York"}
        place = replace(TOWN, transposed=transposed)
        return place.lay_out(forecast) if lay_out else forecast

    return build_town
