from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr


@pytest.fixture
def make_weather() -> Callable[..., xr.Dataset]:
    """Small good weather data in WeatherBench 1's way, for tests to write, bend and break."""

    def make(
        name: str = "t2m",
        *,
        base: float = 280.0,
        spread: float = 5.0,
        units: str | None = "K",
        first: str = "2015-01-01",
        frames: int = 8,
        step_hours: int = 6,
        levels: tuple[float, ...] = (),
        latitude: np.ndarray | None = None,
        longitude: np.ndarray | None = None,
    ) -> xr.Dataset:
        latitude = np.arange(-67.5, 90, 45) if latitude is None else latitude
        longitude = np.arange(0, 360, 45.0) if longitude is None else longitude
        shape = (frames, *((len(levels),) if levels else ()), len(latitude), len(longitude))
        dims = ("time", *(("level",) if levels else ()), "lat", "lon")
        values = base + spread * np.random.default_rng(0).uniform(-1, 1, shape)
        times = np.datetime64(first, "ns") + np.arange(frames) * np.timedelta64(step_hours, "h")
        coordinates: dict = {
            "time": times,
            "lat": ("lat", latitude, {"units": "degrees_north"}),
            "lon": ("lon", longitude, {"units": "degrees_east"}),
        }
        if levels:
            coordinates["level"] = ("level", np.array(levels), {"units": "millibars"})
        attrs = {} if units is None else {"units": units}
        array = xr.DataArray(values.astype("float32"), dims=dims, coords=coordinates, attrs=attrs)
        return array.to_dataset(name=name)

    return make
