"""What many tests share: a small series, and caches that no test leaves behind."""

import os
from importlib import import_module

import numpy as np
import pyproj  # noqa: F401  (before xarray tries cfgrib on a file: see pipelines.grib_library)
import pytest
import xarray as xr
from hypothesis import settings
from jaxtyping import install_import_hook

# The networks of the tests are so small that threads wait for each other longer than they compute.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The hook compiles anew, seconds of it, whatever our modules are the first to import. A worker of
# many tests needs all of these in any case, and takes them before the hook from their own caches.
if "PYTEST_XDIST_WORKER" in os.environ:
    for name in ("beartype.claw", "distributed", "lightning.pytorch", "matplotlib.pyplot", "zarr"):
        import_module(name)

# Shapes and types in signatures are checked wherever a test calls our code. The hook must stand
# before the first import of it; a whole number is a fine float (PEP 484's tower).
install_import_hook(
    ["models", "pipelines", "stforecast"],
    "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))",
)

from pipelines.series import Channel, make_series  # noqa: E402

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Tables are as wide wherever the tests run: a process of its own has no terminal to ask.
os.environ["COLUMNS"] = "120"

# An export takes longer than most trainings of the tests; those that are about it ask for it.
os.environ["STFORECAST_EXPORT"] = "0"

T2M = Channel("t2m", "t2m", None, "K", "air_temperature", "2 metre temperature")
Z500 = Channel("z500", "z", 500.0, "m2 s-2", "geopotential", "geopotential")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STFORECAST_CACHE", str(tmp_path_factory.mktemp("cache")))


def make_times(n_times: int, *, step_hours: int = 6, first: str = "2015-01-01") -> np.ndarray:
    """Regular times."""
    return np.datetime64(first, "ns") + np.arange(n_times) * np.timedelta64(step_hours, "h")


def make_waves(
    n_times: int, *, channels: tuple[Channel, ...] = (T2M, Z500), height: int = 8, width: int = 16
) -> xr.DataArray:
    """A wave that travels east by one column a step: easy to forecast, impossible to persist."""
    columns, steps = np.arange(width), np.arange(n_times)
    phase = 2 * np.pi * (columns[None, :] - steps[:, None]) / width
    rows = 1 + 0.2 * np.cos(np.arange(height))
    frames = np.stack(
        [
            280 + 10 * (1 + number) * np.sin(phase)[:, None, :] * rows[:, None]
            for number in range(len(channels))
        ],
        axis=1,
    )
    spacing = 180 / height
    return make_series(
        frames.astype("float32"),
        times=make_times(n_times),
        channels=channels,
        latitude=90 - spacing / 2 - spacing * np.arange(height),
        longitude=360 / width * columns,
        attrs={
            "dataset": "weatherbench",
            "source": "made here",
            "synthetic": "true",
            "time_zone": "UTC",
        },
    )


@pytest.fixture
def waves() -> xr.DataArray:
    """200 frames of travelling waves, two channels on 8×16."""
    return make_waves(200)
