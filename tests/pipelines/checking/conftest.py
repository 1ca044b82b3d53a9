from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

LATITUDE = np.arange(75.0, -76.0, -30)
LONGITUDE = np.arange(0.0, 360, 45)


@pytest.fixture
def make() -> Callable[..., xr.Dataset]:
    """Good weather in canonical order: six rows from north to south, eight columns from 0°."""

    def make(
        name: str = "t2m",
        *,
        base: float = 280.0,
        units: str | None = "K",
        first: str = "2015-01-01",
        frames: int = 12,
        step_hours: int = 6,
        latitude: np.ndarray = LATITUDE,
        longitude: np.ndarray = LONGITUDE,
        seed: int = 0,
    ) -> xr.Dataset:
        shape = (frames, len(latitude), len(longitude))
        values = base + 5 * np.random.default_rng(seed).uniform(-1, 1, shape)
        times = np.datetime64(first, "ns") + np.arange(frames) * np.timedelta64(step_hours, "h")
        coords = {
            "time": times,
            "latitude": ("latitude", latitude, {"units": "degrees_north"}),
            "longitude": ("longitude", longitude, {"units": "degrees_east"}),
        }
        attrs = {} if units is None else {"units": units}
        dims = ("time", "latitude", "longitude")
        array = xr.DataArray(values.astype("float32"), dims=dims, coords=coords, attrs=attrs)
        return array.to_dataset(name=name)

    return make


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Writes a dataset below `raw`, and gives the folder."""

    def save(dataset: xr.Dataset, name: str = "a.nc", **options: object) -> Path:
        file = tmp_path / "raw" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".zarr"):
            dataset.to_zarr(file, zarr_format=options.pop("zarr_format", 2), **options)
        else:
            dataset.to_netcdf(file, **options)
        return tmp_path / "raw"

    return save
