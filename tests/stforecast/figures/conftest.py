import socket

import numpy as np
import pytest

from pipelines.places import Place
from pipelines.series import Channel, make_series
from pipelines.variables import channel_of, parse_channel
from stforecast.forecast import make_forecast

GRIDS = {
    "global": (np.linspace(67.5, -67.5, 4), np.arange(0, 360, 45.0)),
    "regional": (np.arange(60.0, 49, -2.5), np.arange(-10.0, 12, 2.5)),
    "polar": (np.arange(87.5, 29, -5.0), np.arange(0, 360, 30.0)),
}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    def refuse(*_arguments, **_options):
        raise AssertionError("a figure asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def build():
    """Builds a series and the forecast of its value plus 1 for each step, from 2018-01-01 00 UTC."""

    def build(channels=("t2m",), *, grid="global", n_leads=6, hours=6):
        entries = [
            channel if isinstance(channel, Channel) else channel_of(*parse_channel(channel))
            for channel in channels
        ]
        latitude, longitude = (None, None) if grid is None else GRIDS[grid]
        shape = (4, 5) if latitude is None else (len(latitude), len(longitude))
        time_step = np.timedelta64(hours, "h")
        times = np.datetime64("2018-01-01", "ns") + np.arange(n_leads + 2) * time_step
        field = np.random.default_rng(0).uniform(250, 300, (len(entries), *shape))
        frames = np.repeat(field[None], len(times), axis=0).astype("float32")
        series = make_series(
            frames,
            times=times,
            channels=entries,
            latitude=latitude,
            longitude=longitude,
            attrs={"dataset": "weatherbench", "synthetic": "true", "time_zone": "UTC"},
        )
        growing = np.arange(1, n_leads + 1, dtype="float32")[:, None, None, None]
        forecast = make_forecast(
            np.stack([field + growing, field - growing]),
            init_times=times[:2],
            time_step=time_step,
            like=series,
            forecaster="simvp",
        )
        return series, forecast

    return build


TRAFFIC = [
    Channel("inflow", "inflow", long_name="vehicles entering", valid_min=0),
    Channel("outflow", "outflow", long_name="vehicles leaving", valid_min=0),
]


@pytest.fixture
def build_town():
    """Builds a day of traffic on 4 rows and 5 columns, and its persistence, on the map or not.

    Cell (row, column) has 10·row + column vehicles, and one more each half hour.
    """

    def build_town(*, place=True, n_leads=4, first_cell="north-west", note="roughly there"):
        half_hour = np.timedelta64(30, "m")
        times = np.datetime64("2016-01-23", "ns") + np.arange(48) * half_hour
        cells = 10 * np.arange(4.0)[:, None] + np.arange(5)
        frames = cells + np.arange(48.0)[:, None, None, None] + np.zeros((1, 2, 1, 1))
        series = make_series(
            frames.astype("float32"),
            times=times,
            channels=TRAFFIC,
            attrs={"dataset": "taxibj", "synthetic": "false", "time_zone": "America/New_York"},
        )
        forecast = make_forecast(
            np.repeat(frames[:, None], n_leads, axis=1),
            init_times=times,
            time_step=half_hour,
            like=series,
            forecaster="persistence",
        )
        if not place:
            return series, forecast
        town = Place(
            name="own", extent=(40.7, 40.8, -74.0, -73.8), first_cell=first_cell, note=note
        )
        return town.lay_out(series), town.lay_out(forecast)

    return build_town
