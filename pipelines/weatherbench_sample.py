"""Synthetic weather in WeatherBench 1's own layout: made up, marked so, and worth forecasting.

OUT/2m_temperature/2m_temperature_2015_5.625deg.nc
OUT/geopotential_500/geopotential_500hPa_2015_5.625deg.nc
OUT/constants/constants_5.625deg.nc
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.atomic import atomic_path
from pipelines.readings import standard_height
from pipelines.series import parse_step
from pipelines.variables import Variable, parse_channel
from pipelines.weather_climate import climate_on
from pipelines.weather_recipes import RECIPES, WHITE_NOISE, World
from pipelines.weather_waves import harmonics, red_noise, waves_on

__all__ = ["write_weatherbench_sample"]

_SAMPLED = tuple(RECIPES)
_FILE_UNITS = {"m2 s-2": "m**2 s**-2", "m s-1": "m s**-1", "1": "(0 - 1)"}  # as WeatherBench 1
_BLOCK_VALUES = 2**22
_CHUNK_VALUES = 2**18  # whole frames, a megabyte
_ATTRS = {
    "Conventions": "CF-1.6",
    "title": "Synthetic weather in the layout of WeatherBench",
    "source": "Computed by stforecast from travelling waves and noise: no observation, no model",
    "synthetic": "true",
}


def write_weatherbench_sample(
    out: str | Path,
    *,
    resolution: float = 5.625,
    time_step: str = "6h",
    first_year: int = 2015,
    years: int = 4,
    variables: Sequence[str] = ("t2m", "z500"),
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write synthetic weather, a file a variable and year and one of constants, and give the files.

    Equal arguments give equal values. A year is the same whether or not others follow it, and a
    variable whether or not others stand beside it.

    Args:
        resolution: degrees between rows and columns; 180 is a multiple of it.
        time_step: such as "6h"; a day is a multiple of it, or it is one of a day.
        variables: of t2m, u10, v10, msl, tcc, and z, t, u, v with a level such as z500.
        progress: called with the files written and the files in all.

    Raises:
        ValueError: a variable has no recipe, or a number makes no sense.
    """
    out = Path(out)
    channels = [_channel(name) for name in dict.fromkeys(variables)]
    if not channels or years < 1:
        raise ValueError(f"variables ({list(variables)}) and years ({years}) must not be empty.")
    latitude, longitude = _axes(resolution)
    times = _times(time_step, first_year, years)
    step_days = (times[1] - times[0]) / np.timedelta64(1, "D")
    patterns = harmonics(latitude, longitude)
    drawn = {"n_times": len(times), "step_days": float(step_days), "seed": seed}
    common = red_noise(patterns, stream=0, **drawn)
    world = World(
        shape=(len(latitude), len(longitude)),
        latitude=latitude,
        longitude=longitude,
        climate=climate_on(latitude, longitude, times),
        waves=waves_on(latitude, longitude, **drawn),
        patterns=patterns,
        noise=common,
        common_noise=common,
    )
    files = []
    for variable, level in channels:
        stream = 1 + _SAMPLED.index(variable.short) * 2000 + int(level or 0)
        world = replace(world, noise=red_noise(patterns, stream=stream, **drawn))
        for year in range(first_year, first_year + years):
            inside = np.flatnonzero(times.astype("datetime64[Y]").astype(int) + 1970 == year)
            white = np.random.default_rng([seed, 3, stream, year])
            frames = _frames(world, variable, level, slice(inside[0], inside[-1] + 1), white)
            dataset = _dataset(world, variable, level, times[inside], frames)
            files.append(_write(out, dataset, variable, level, f"{year}_{resolution:g}deg"))
            if progress is not None:
                progress(len(files), len(channels) * years + 1)
    files.append(_write_constants(out, world, f"{resolution:g}deg"))
    if progress is not None:
        progress(len(files), len(files))
    return files


def _frames(
    world: World,
    variable: Variable,
    level: float | None,
    frames: slice,
    white: np.random.Generator,
) -> np.ndarray:
    """(time, y, x) float32, computed in blocks that fit in memory."""
    count, cells = frames.stop - frames.start, world.shape[0] * world.shape[1]
    result = np.empty((count, cells), dtype="float32")
    block = max(_BLOCK_VALUES // cells, 1)
    for start in range(0, count, block):
        stop = min(start + block, count)
        part = slice(frames.start + start, frames.start + stop)
        values = RECIPES[variable.short](world, part, standard_height(level or 1013.25))
        strength = WHITE_NOISE[variable.short]
        values = values + strength * white.standard_normal(values.shape, dtype="float32")
        # Digits below the noise carry nothing and would not be compressed.
        digit = 2.0 ** np.floor(np.log2(strength / 8))
        result[start:stop] = np.round(values / digit) * digit
    np.clip(result, variable.valid_min, variable.valid_max, out=result)
    return result.reshape(count, *world.shape)


def _dataset(
    world: World,
    variable: Variable,
    level: float | None,
    times: np.ndarray,
    frames: np.ndarray,
) -> xr.Dataset:
    array = xr.DataArray(
        frames,
        dims=("time", "lat", "lon"),
        coords={"time": ("time", times, {"long_name": "time"}), **_coordinates(world)},
        attrs={
            "units": _FILE_UNITS.get(variable.units, variable.units),
            "long_name": variable.long_name,
            "standard_name": variable.standard_name,
        },
    )
    if level is not None:
        attrs = {"units": "millibars", "long_name": "pressure_level"}
        array = array.assign_coords(level=((), int(level), attrs))
    return array.to_dataset(name=variable.short).assign_attrs(_ATTRS)


def _write_constants(out: Path, world: World, ending: str) -> Path:
    """Height of the ground, share of land and the coordinates of each cell, as WeatherBench 1."""
    phi, lam = np.meshgrid(world.latitude, world.longitude, indexing="ij")
    fields = {
        "orography": (world.climate.ground, "m", "orography"),
        "lsm": (world.climate.land, "(0 - 1)", "Land-sea mask"),
        "lat2d": (phi, "degrees_north", "latitude"),
        "lon2d": (lam, "degrees_east", "longitude"),
    }
    dataset = xr.Dataset(
        {
            name: (
                ("lat", "lon"),
                np.asarray(values, dtype="float32").reshape(world.shape),
                {"units": units, "long_name": long_name},
            )
            for name, (values, units, long_name) in fields.items()
        },
        coords=_coordinates(world),
        attrs=_ATTRS,
    )
    file = out / "constants" / f"constants_{ending}.nc"
    with atomic_path(file) as temporary:
        dataset.to_netcdf(temporary, engine="netcdf4")
    return file


def _coordinates(world: World) -> dict[str, tuple]:
    return {
        "lat": ("lat", world.latitude, {"units": "degrees_north", "long_name": "latitude"}),
        "lon": ("lon", world.longitude, {"units": "degrees_east", "long_name": "longitude"}),
    }


def _write(
    out: Path, dataset: xr.Dataset, variable: Variable, level: float | None, ending: str
) -> Path:
    name = variable.wb1_name or variable.wb2_name
    folder = name if level is None else f"{name}_{level:g}"
    file = out / folder / f"{folder}{'' if level is None else 'hPa'}_{ending}.nc"
    step_hours = (dataset["time"].values[1] - dataset["time"].values[0]) / np.timedelta64(1, "h")
    unit = "hours" if step_hours == int(step_hours) else "minutes"
    n_times, *shape = dataset[variable.short].shape
    chunk = min(n_times, max(_CHUNK_VALUES // int(np.prod(shape)), 1))
    packing = {"zlib": True, "complevel": 1, "shuffle": True, "chunksizes": (chunk, *shape)}
    encoding = {
        variable.short: {**packing, "_FillValue": None},
        "time": {"units": f"{unit} since 1900-01-01 00:00:00", "dtype": "int32"},
        "lat": {"_FillValue": None},
        "lon": {"_FillValue": None},
    }
    with atomic_path(file) as temporary:
        dataset.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
    return file


def _channel(name: str) -> tuple[Variable, float | None]:
    variable, level = parse_channel(name)
    if variable.short not in _SAMPLED:
        raise ValueError(
            f"variable {name!r} is not in the sample; it has {', '.join(_SAMPLED)} (the last four "
            "with a level, such as z500)."
        )
    if variable.has_level and (level is None or level != int(level) or not 10 <= level <= 1000):
        raise ValueError(
            f"variable {name!r} needs a level in whole hPa, from 10 to 1000, such as "
            f"{variable.short}500."
        )
    return variable, level


def _axes(resolution: float) -> tuple[np.ndarray, np.ndarray]:
    rows = round(180 / resolution) if resolution > 0 else 0
    if rows < 4 or abs(rows * resolution - 180) > 1e-6:
        raise ValueError(
            f"resolution {resolution} degrees does not divide 180 into at least 4 rows; choose "
            "5.625, 2.8125 or 1.40625."
        )
    step = 180 / rows
    return -90 + step * (np.arange(rows) + 0.5), step * np.arange(2 * rows)


def _times(time_step: str, first_year: int, years: int) -> np.ndarray:
    step, day = parse_step(time_step), np.timedelta64(1, "D")
    if step > day or day % step or step < np.timedelta64(1, "m"):
        raise ValueError(
            f"time_step {time_step!r} must divide a day into whole minutes: 1h, 3h, 6h, 12h, 1d."
        )
    first, last = (
        np.datetime64(f"{year:04d}-01-01", "ns") for year in (first_year, first_year + years)
    )
    return np.arange(first, last, step)
