import socket

import numpy as np
import pytest

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
