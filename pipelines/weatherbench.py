"""Weather on a latitude-longitude grid as a lazy series: WeatherBench 1 and 2, CF NetCDF, GRIB.

    ROOT/2m_temperature/2m_temperature_1979_5.625deg.nc   WeatherBench 1, a folder a variable
    ROOT/geopotential_500/geopotential_500hPa_1979_…      … with one level taken out
    ERA5.zarr                                             WeatherBench 2, Zarr v2 or v3
    any.nc, or a folder of such files                     CF NetCDF with time, latitude, longitude
    any.grib, or a folder of such files                   GRIB 1 and 2 (needs cfgrib)
    ROOT/constants/constants_5.625deg.nc                  height of the ground and land-sea mask

Only labels and a few frames are read (the frames to tell units by); the rest when asked for.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import dask.array as da
import numpy as np
import xarray as xr

from pipelines.series import make_series
from pipelines.variables import channel_of
from pipelines.weather_frames import lazy_frames, time_chunks
from pipelines.weather_opening import Missing, OpenedWeather, open_parts

__all__ = ["OpenedWeather", "lazy_series", "open_parts", "open_weatherbench"]


def open_weatherbench(
    path: str | Path,
    *,
    variables: Sequence[str] | None = None,
    time_step: np.timedelta64 | None = None,
    missing: Missing = "drop",
) -> xr.DataArray:
    """The lazy series (time, channel, y, x) of weather data, float32, in the units of `VARIABLES`.

    Height of the ground (`orography`, m) and `land_sea_mask` (0 to 1) come with it as coordinates
    along y and x, where they lie beside the data.

    Args:
        path: a NetCDF or GRIB file, a Zarr store, or a folder of these.
        variables: such as ["t2m"], ["z500", "t850"]; "z" stands for all its levels; all known ones
            unless given.
        time_step: keeps the frames at this step, counted from midnight UTC; all unless given.
        missing: what happens to frames that not all channels have: "drop" leaves them out, "mask"
            keeps them, with NaN in the channels that lack them. The attribute `note` counts them.

    Raises:
        ValueError: the data cannot be read, can be read in two ways, or lack what is wanted.
    """
    opened = open_parts(path, variables=variables, time_step=time_step, missing=missing)
    return lazy_series(opened)


def lazy_series(opened: OpenedWeather) -> xr.DataArray:
    """The series of opened data; frames are read when they are asked for."""
    series = make_series(
        _stack(opened),
        times=opened.times,
        channels=[channel_of(part.variable, part.level) for part in opened.parts],
        latitude=opened.grid.latitude,
        longitude=opened.grid.longitude,
        attrs=opened.attrs,
    )
    return series.assign_coords(opened.static)


def _stack(opened: OpenedWeather) -> da.Array:
    """The frames of all parts, (time, channel, y, x)."""
    # Levels from the same files are read together: they often share a stored chunk.
    groups = [
        list(group)
        for _, group in groupby(opened.parts, key=lambda part: (part.variable.short, part.fields))
    ]
    chunks = time_chunks(
        [group[0].fields for group in groups],
        opened.times,
        channels=len(opened.parts),
        shape=opened.grid.shape,
    )
    blocks = [
        lazy_frames(group, opened.times, opened.conversions, chunks=chunks) for group in groups
    ]
    return blocks[0] if len(blocks) == 1 else da.concatenate(blocks, axis=1).rechunk({1: -1})
