"""Parts: the channels that a series will have, each with the files that it comes from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.grid import Grid, difference_of
from pipelines.series import names
from pipelines.variables import VARIABLES, Variable, channel_name
from pipelines.weather_fields import Field

__all__ = ["Part", "common_grid", "is_wanted", "lacking", "parts_of"]

Wanted = Sequence[tuple[Variable, float | None]]
"""Variables with a level, or with None for all that they have."""


@dataclass(frozen=True, eq=False)
class Part:
    """One channel, and the fields that it comes from."""

    variable: Variable
    level: float | None
    """hPa."""
    fields: tuple[Field, ...]
    """In order of their first time; no time stands in two."""
    times: np.ndarray
    """Of all fields, strictly increasing."""

    @property
    def name(self) -> str:
        """The channel's name."""
        return channel_name(self.variable, self.level)


def is_wanted(variable: Variable, level: float | None, wanted: Wanted | None) -> bool:
    """Whether a variable at a level (None: any) may hold something that is wanted (None: all)."""
    return wanted is None or any(
        variable is other and (level is None or at is None or level == at) for other, at in wanted
    )


def lacking(fields: Iterable[Field], wanted: Wanted) -> list[str]:
    """The wanted channels that no field has."""
    there = {(field.variable.short, level) for field in fields for level in field.levels or (None,)}
    return [
        channel_name(variable, level)
        for variable, level in wanted
        if not any(short == variable.short and level in (None, at) for short, at in there)
    ]


def parts_of(path: Path, fields: Iterable[Field], wanted: Wanted | None) -> list[Part]:
    """The parts of the wanted channels in the wanted order, or of all that there are.

    Raises:
        ValueError: a wanted channel is absent, or a time stands twice.
    """
    there: dict[tuple[str, float | None], list[Field]] = {}
    for field in fields:
        for level in field.levels or (None,):
            there.setdefault((field.variable.short, level), []).append(field)
    keys = sorted(there, key=lambda key: (list(VARIABLES).index(key[0]), key[1] or 0))
    if wanted is not None:
        absent = lacking((field for group in there.values() for field in group), wanted)
        if absent:
            have = names(channel_name(VARIABLES[short], level) for short, level in keys)
            raise ValueError(f"{path} has no {', '.join(absent)}; it has {have}.")
        keys = [
            key
            for variable, level in wanted
            for key in keys
            if key[0] == variable.short and level in (None, key[1])
        ]
    return [
        _part(path, VARIABLES[short], level, there[short, level])
        for short, level in dict.fromkeys(keys)
    ]


def common_grid(parts: Iterable[Part]) -> Grid:
    """The grid that all files lie on.

    Raises:
        ValueError: two files lie on different grids; both are named.
    """
    fields = [field for part in parts for field in part.fields]
    first = fields[0]
    for field in fields:
        difference = difference_of(field.placement.grid, first.placement.grid)
        if difference:
            raise ValueError(
                f"{field.source.path} ({field.name}) lies on another grid than "
                f"{first.source.path} ({first.name}): {difference}. Or open them apart."
            )
    return first.placement.grid


def _part(path: Path, variable: Variable, level: float | None, fields: list[Field]) -> Part:
    kept: list[Field] = []
    for field in sorted(fields, key=lambda field: (field.source.kind == "grib", len(field.levels))):
        better = [other.times for other in kept if _is_enough(other, field)]
        if not better or not np.isin(field.times, np.concatenate(better)).all():
            kept.append(field)
    kept.sort(key=lambda field: field.times[0])
    times = np.concatenate([field.times for field in kept])
    unique, counts = np.unique(times, return_counts=True)
    if len(unique) < len(times):
        raise ValueError(_twice(path, channel_name(variable, level), kept, unique[counts > 1]))
    return Part(variable, level, tuple(kept), unique)


def _is_enough(field: Field, other: Field) -> bool:
    """Whether a field makes another one with the same times needless."""
    # An extracted level (geopotential_500) may lie beside all levels (geopotential), and the GRIB
    # that a NetCDF was made from beside it.
    if field.source.kind != "grib" and other.source.kind == "grib":
        return not difference_of(field.placement.grid, other.placement.grid)
    return len(field.levels) < len(other.levels)


def _twice(path: Path, channel: str, fields: Sequence[Field], times: np.ndarray) -> str:
    """What is wrong with a channel whose times stand in several fields."""
    first, *others = holders = [field for field in fields if times[0] in field.times]
    when = np.datetime_as_string(times[0], unit="m")
    for other in others:
        if difference := difference_of(other.placement.grid, first.placement.grid):
            return (
                f"{path}: {channel} at {when} stands in {first.source.path} and in "
                f"{other.source.path}, on different grids: {difference}. If they are tiles of one "
                "grid, join them first, for example with xarray's open_mfdataset(FILES, "
                "combine='by_coords').to_netcdf(OUT)."
            )
    if len(holders) > 1 and len({field.source.path for field in holders}) == 1:
        called = names(field.name for field in holders)
        return (
            f"{path}: {channel} stands in {holders[0].source.path} under several names, {called}; "
            "leave one out, for example with xarray's drop_vars."
        )
    paths = " and in ".join(dict.fromkeys(str(field.source.path) for field in holders))
    many = sum(int(np.isin(field.times, times).sum()) for field in fields) - len(times)
    return (
        f"{path}: {channel} has {many} frames too many: {when} is the first of {len(times)} times "
        f"that stand twice, in {paths}. Remove one of each, for example with xarray's "
        "drop_duplicates('time')."
    )
