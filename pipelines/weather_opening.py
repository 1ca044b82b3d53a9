"""Weather data opened: which channels there are, from which files, when, on which grid, in which units.

Only labels and a few frames are read (the frames to tell units by). What goes through all values,
lazily or in blocks, starts from here.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr

from pipelines.grid import Grid
from pipelines.readings import decide_units
from pipelines.series import names
from pipelines.units import Conversion
from pipelines.variables import VARIABLES, parse_channel
from pipelines.weather_fields import Field, fields_of
from pipelines.weather_files import Source, find_places, open_sources
from pipelines.weather_notes import notes_on_chunks, notes_on_values
from pipelines.weather_parts import Part, Wanted, common_grid, is_wanted, lacking, parts_of
from pipelines.weather_static import static_fields
from pipelines.weather_times import common_times, thin

__all__ = ["Missing", "OpenedWeather", "open_parts"]

Missing = Literal["drop", "mask"]
"""What happens to a time that not all channels have: it is left out, or the others read as NaN."""

_SAMPLED_FRAMES = 3
"""Frames that units are told by: first, middle and last."""


@dataclass(frozen=True, eq=False)
class OpenedWeather:
    """Weather data before anything but labels is read."""

    path: Path
    parts: tuple[Part, ...]
    """The channels in order, each with the fields that it comes from."""
    grid: Grid
    """Of the series; each field's `placement` says where its rows and columns go in it."""
    times: np.ndarray
    """Of the series, UTC, strictly increasing; a part may lack some where they are masked."""
    conversions: Mapping[Field, Conversion]
    """How the values of each field become those of the series."""
    static: Mapping[str, xr.DataArray]
    """Fields (y, x) on the grid that do not change: orography in metres, land_sea_mask."""
    attrs: Mapping[str, str]
    """Of the series."""


def open_parts(
    path: str | Path,
    *,
    variables: Sequence[str] | None = None,
    time_step: np.timedelta64 | None = None,
    missing: Missing = "drop",
) -> OpenedWeather:
    """Weather data opened; the arguments are those of `open_weatherbench`.

    Raises:
        ValueError: the data cannot be read, can be read in two ways, or lack what is wanted.
    """
    path = Path(path)
    wanted = None if variables is None else [parse_channel(name) for name in variables]
    if wanted == []:
        raise ValueError("variables is empty; name some, or leave it out for all that there are.")
    with ExitStack() as opened:
        sources: list[Source] = []
        fields = _open_fields(path, wanted, sources, opened)
        result = _opened(path, parts_of(path, fields, wanted), sources, time_step, missing)
        opened.pop_all()  # what goes on reading stays open; after an error nothing is locked
    return result


def _opened(
    path: Path,
    parts: Sequence[Part],
    sources: Sequence[Source],
    time_step: np.timedelta64 | None,
    missing: Missing,
) -> OpenedWeather:
    grid = common_grid(parts)
    times, note = common_times({part.name: part.times for part in parts}, missing=missing)
    if time_step is not None:
        times = thin(times, time_step)
    labelled = [(source.path, source.dataset, source.time_dim) for source in sources]
    static, refused = static_fields(labelled, grid)
    used = list(dict.fromkeys(field.source for part in parts for field in part.fields))
    absent = notes_on_chunks(parts, times)
    try:
        conversions = _decide_conversions(parts)
    except ValueError as error:
        if not absent:
            raise
        raise ValueError(f"{error} Note that {'; '.join(absent)}. Fetch them.") from error
    notes = [
        note,
        *dict.fromkeys(note for source in used for note in source.notes),
        *notes_on_values(parts, times, thinned=time_step is not None),
        *absent,
        *refused,
    ]
    calendars = sorted({source.calendar for source in used} - {"standard"})
    attrs = {
        "dataset": "weatherbench",
        "source": str(path),
        "synthetic": "true" if any(source.is_synthetic for source in used) else "false",
        "time_zone": "UTC",
        **({"calendar": " and ".join(calendars)} if calendars else {}),
        **({"note": "; ".join(filter(None, notes))} if any(notes) else {}),
    }
    return OpenedWeather(
        path=path,
        parts=tuple(parts),
        grid=grid,
        times=times,
        conversions=conversions,
        static=static,
        attrs=attrs,
    )


def _open_fields(
    path: Path, wanted: Wanted | None, sources: list[Source], opened: ExitStack
) -> list[Field]:
    """The known fields at a path. Folders named after other variables are opened if need be only.

    Args:
        sources: what is opened is added to it, and to what `opened` closes.
    """
    fields, unknown = [], []
    places = find_places(path)
    first = [place for place in places if place == path or _may_hold(place.parent.name, wanted)]
    rest = [place for place in places if place not in first]
    for group in (first, rest):
        if group is rest and (wanted is None or not lacking(fields, wanted)):
            break
        for place in group:
            for source in open_sources(place):
                opened.callback(source.dataset.close)
                sources.append(source)
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
