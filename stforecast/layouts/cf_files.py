"""NetCDF files in the cf layout: one for each init_time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.atomic import atomic_path
from stforecast.layouts.cf import from_cf, to_cf
from stforecast.layouts.labels import init_stamp

__all__ = ["read_file", "write_files"]


def write_files(forecasts: Iterator[xr.DataArray], path: Path) -> list[Path]:
    """Write forecasts to NetCDF files; what was written.

    A single init_time is written to `path`. Of several each is written beside it with the init_time in
    its name: `forecast_20180101T06.nc` for `forecast.nc`. Each file appears whole or not at all.
    """
    singles = _one_by_one(forecasts)
    first = next(singles)
    second = next(singles, None)
    if second is None:
        return [_write(first, path)]
    written = [_write(single, _stamped(path, single)) for single in (first, second)]
    return written + [_write(single, _stamped(path, single)) for single in singles]


def _one_by_one(forecasts: Iterator[xr.DataArray]) -> Iterator[xr.DataArray]:
    for forecast in forecasts:
        for number in range(forecast.sizes["init_time"]):
            yield forecast.isel(init_time=[number])


def _stamped(path: Path, forecast: xr.DataArray) -> Path:
    return path.with_stem(f"{path.stem}_{init_stamp(forecast['init_time'].values[0])}")


def _write(forecast: xr.DataArray, path: Path) -> Path:
    dataset = to_cf(forecast)
    encoding = {
        str(name): {
            "zlib": True,
            "complevel": 1,
            "shuffle": True,
            "chunksizes": (1, *array.shape[1:]),
            "_FillValue": np.float32(np.nan),
        }
        for name, array in dataset.data_vars.items()
        if array.ndim == 3
    }
    with atomic_path(path) as temporary:
        dataset.to_netcdf(temporary, engine="netcdf4", format="NETCDF4", encoding=encoding)
    return path


def read_file(path: Path) -> xr.DataArray:
    """The forecast in a NetCDF file, in memory.

    Raises:
        ValueError: the file is no NetCDF, cut short, or not in this layout.
    """
    try:
        with xr.open_dataset(path, engine="netcdf4", decode_timedelta=False) as dataset:
            return from_cf(dataset.load())
    except (OSError, RuntimeError) as error:
        with path.open("rb") as stream:
            head = stream.read(12)
        raise ValueError(
            f"{path} is no whole NetCDF file (it begins with {head!r}): {error}"
        ) from error
    except ValueError as error:
        raise ValueError(f"{path} is no forecast in the cf layout: {error}") from error
