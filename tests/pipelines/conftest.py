from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pipelines.grib_library import load_eccodes


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


@pytest.fixture
def write_grib() -> Callable[..., Path]:
    """Writes small GRIB files, message by message, for tests to bend and break."""

    def write(
        file: Path,
        messages: Sequence[dict],
        *,
        edition: int = 2,
        latitude: Sequence[float] = (60.0, 50.0, 40.0),
        longitude: Sequence[float] = (0.0, 10.0, 20.0, 30.0),
    ) -> Path:
        """Keys of ecCodes for each message; `values` (y, x) may hold NaN."""
        eccodes = load_eccodes()

        grid = {
            "Ni": len(longitude),
            "Nj": len(latitude),
            "latitudeOfFirstGridPointInDegrees": latitude[0],
            "latitudeOfLastGridPointInDegrees": latitude[-1],
            "longitudeOfFirstGridPointInDegrees": longitude[0] % 360,
            "longitudeOfLastGridPointInDegrees": longitude[-1] % 360,
            "iDirectionIncrementInDegrees": longitude[1] - longitude[0],
            "jDirectionIncrementInDegrees": abs(latitude[1] - latitude[0]),
            "jScansPositively": int(latitude[1] > latitude[0]),
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as stream:
            for keys in messages:
                sample = keys.get("sample", f"regular_ll_sfc_grib{edition}")
                message = eccodes.codes_grib_new_from_samples(sample)
                for key, value in ((grid if "sample" not in keys else {}) | keys).items():
                    if key not in ("values", "sample"):
                        eccodes.codes_set(message, key, value)
                if "values" in keys:
                    values = np.array(keys["values"], dtype="float64")
                    if np.isnan(values).any():
                        eccodes.codes_set(message, "bitmapPresent", 1)
                        eccodes.codes_set(message, "missingValue", 1e20)
                    eccodes.codes_set(message, "bitsPerValue", 24)
                    eccodes.codes_set_values(message, np.nan_to_num(values, nan=1e20).ravel())
                eccodes.codes_write(message, stream)
                eccodes.codes_release(message)
        return file

    return write
