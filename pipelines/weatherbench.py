"""Weather on a latitude-longitude grid as a lazy series: WeatherBench 1 and 2, and CF NetCDF.

    ROOT/2m_temperature/2m_temperature_1979_5.625deg.nc   WeatherBench 1, a folder a variable
    ROOT/geopotential_500/geopotential_500hPa_1979_…      … with one level taken out
    ERA5.zarr                                             WeatherBench 2, Zarr v2 or v3
    any.nc, or a folder of such files                     CF NetCDF with time, latitude, longitude

Only labels and a few frames are read (the frames to tell units by); the rest when asked for.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

import dask.array as da
import numpy as np
import xarray as xr

from pipelines.readings import decide_units
from pipelines.series import make_series, names
from pipelines.units import Conversion
from pipelines.variables import VARIABLES, channel_of, parse_channel
from pipelines.weather_fields import Field, fields_of
from pipelines.weather_files import find_places, open_source
from pipelines.weather_frames import frames_in_chunk, lazy_frames
from pipelines.weather_parts import Part, Wanted, common_grid, is_wanted, lacking, parts_of
from pipelines.weather_times import common_times, thin

__all__ = ["open_weatherbench"]

_SAMPLED_FRAMES = 3
"""Frames that units are told by: first, middle and last."""


def open_weatherbench(
    path: str | Path,
    *,
    variables: Sequence[str] | None = None,
    time_step: np.timedelta64 | None = None,
) -> xr.DataArray:
    """The lazy series (time, channel, y, x) of weather data, float32, in the units of `VARIABLES`.

    Frames that not all channels have are left out; the attribute `note` says how many.

    Args:
        path: a NetCDF file, a Zarr store, or a folder of either.
        variables: such as ["t2m"], ["z500", "t850"]; "z" stands for all its levels; all known ones
            unless given.
        time_step: keeps the frames at this step, counted from midnight UTC; all unless given.

    Raises:
        ValueError: the data cannot be read, can be read in two ways, or lack what is wanted.
    """
    path = Path(path)
    wanted = None if variables is None else [parse_channel(name) for name in variables]
    if wanted == []:
        raise ValueError("variables is empty; name some, or leave it out for all that there are.")
    with ExitStack() as opened:
        fields = _open_fields(path, wanted, opened)
        series = _series_of(path, parts_of(path, fields, wanted), time_step)
        opened.pop_all()  # what goes on reading stays open; after an error nothing is locked
    return series


def _series_of(path: Path, parts: Sequence[Part], time_step: np.timedelta64 | None) -> xr.DataArray:
    grid = common_grid(parts)
    times, note = common_times({part.name: part.times for part in parts})
    notes = [note] if note else []
    if time_step is not None:
        times = thin(times, time_step)
        notes += _note_on_sums(parts)
    sources = {field.source for part in parts for field in part.fields}
    synthetic = any(source.is_synthetic for source in sources)
    attrs = {
        "dataset": "weatherbench",
        "source": str(path),
        "synthetic": "true" if synthetic else "false",
        "time_zone": "UTC",
    }
    return make_series(
        _stack(parts, times, grid.shape),
        times=times,
        channels=[channel_of(part.variable, part.level) for part in parts],
        latitude=grid.latitude,
        longitude=grid.longitude,
        attrs=attrs | ({"note": "; ".join(notes)} if notes else {}),
    )


def _open_fields(path: Path, wanted: Wanted | None, opened: ExitStack) -> list[Field]:
    """The known fields at a path. Folders named after other variables are opened if need be only."""
    fields, unknown = [], []
    places = find_places(path)
    first = [place for place in places if place == path or _may_hold(place.parent.name, wanted)]
    rest = [place for place in places if place not in first]
    for group in (first, rest):
        if group is rest and (wanted is None or not lacking(fields, wanted)):
            break
        for place in group:
            source = open_source(place)
            opened.callback(source.dataset.close)
            known, others = fields_of(source)
            fields += known
            unknown += others
    if not fields:
        there = names(dict.fromkeys(unknown)) or "none with a time axis"
        raise ValueError(
            f"{path} has no known variable; it has {there}. Known are {', '.join(VARIABLES)} under "
            "these names, their long names and their CF names: rename what is one of them."
        )
    return fields


def _may_hold(folder: str, wanted: Wanted | None) -> bool:
    try:
        return is_wanted(*parse_channel(folder), wanted)
    except ValueError:  # a folder of another name holds anything
        return True


def _stack(parts: Sequence[Part], times: np.ndarray, shape: tuple[int, int]) -> da.Array:
    """The frames of all parts, (time, channel, y, x)."""
    conversions = _decide_conversions(parts)
    frames = frames_in_chunk(len(parts), shape)
    blocks = []
    # Levels from the same files are read together: they often share a stored chunk.
    for (_, fields), group in groupby(parts, key=lambda part: (part.variable.short, part.fields)):
        levels = [part.level for part in group if part.level is not None]
        pieces = []
        for field in fields:
            own = times[np.isin(times, field.times, assume_unique=True)]
            if len(own):
                piece = lazy_frames(
                    field,
                    times=own,
                    levels=levels,
                    conversion=conversions[field],
                    frames=frames,
                )
                pieces.append((own, piece))
        joined = da.concatenate([piece for _, piece in pieces], axis=0)
        order = np.argsort(np.concatenate([own for own, _ in pieces]), kind="stable")
        if (np.diff(order) != 1).any():  # files that take turns in time
            joined = joined[order]
        blocks.append(joined)
    if len(blocks) == 1:
        return blocks[0]
    # The times of all blocks are the same, but not the places where their files end.
    edges = blocks[0].chunks[0]
    blocks = [block.rechunk({0: edges}) for block in blocks]
    return da.concatenate(blocks, axis=1).rechunk({1: -1})


def _decide_conversions(parts: Iterable[Part]) -> dict[Field, Conversion]:
    """How each field becomes the units of the series, told by a sample of its variable."""
    groups: dict[tuple[str, str | None, str], list[Field]] = {}
    for field in dict.fromkeys(field for part in parts for field in part.fields):
        key = (field.variable.short, field.declared_units, field.convention)
        groups.setdefault(key, []).append(field)
    conversions = {}
    for (_, declared, convention), fields in groups.items():
        spread = np.unique(np.linspace(0, len(fields) - 1, _SAMPLED_FRAMES).astype(int))
        sampled = [fields[index] for index in spread]
        samples: dict[float, list[np.ndarray]] = {}
        for field in sampled:
            for level, values in field.sample(-(-_SAMPLED_FRAMES // len(sampled))).items():
                samples.setdefault(level, []).append(values.ravel())
        first = sampled[0]
        conversion = decide_units(
            {level: np.concatenate(values) for level, values in samples.items()},
            declared,
            name=f"{first.source.path}: {first.name}",
            readings=first.variable.readings,
            convention=convention,
            way_out=first.way_out,
        )
        conversions |= dict.fromkeys(fields, conversion)
    return conversions


def _note_on_sums(parts: Iterable[Part]) -> list[str]:
    sums = [part.name for part in parts if part.variable.cell_methods]
    if not sums:
        return []
    return [
        f"{', '.join(sums)}: sums over the time before each frame as the files have them, not over "
        "the time step"
    ]
