"""What is to be told of opened weather data: sums, preliminary values, absent chunks."""

from collections.abc import Iterable, Sequence
from itertools import groupby

import numpy as np

from pipelines.weather_chunks import absent_chunks
from pipelines.weather_parts import Part

__all__ = ["notes_on_chunks", "notes_on_values"]


def notes_on_values(parts: Sequence[Part], times: np.ndarray, *, thinned: bool) -> list[str]:
    """One sentence for each thing that the frames at `times` do not show of themselves.

    Args:
        thinned: whether they are fewer than the files have, at a longer step.
    """
    return [
        *(_on_sums(parts) if thinned else ()),
        *_on_versions(parts, times),
    ]


def _on_sums(parts: Iterable[Part]) -> list[str]:
    sums = [part.name for part in parts if part.variable.cell_methods]
    if not sums:
        return []
    return [
        f"{', '.join(sums)}: sums over the time before each frame as the files have them, not over "
        "the time step"
    ]


def _on_versions(parts: Iterable[Part], times: np.ndarray) -> list[str]:
    notes = []
    parts = list(parts)
    mixed = [part.name for part in parts if any(field.versions for field in part.fields)]
    if mixed:
        notes.append(
            f"{', '.join(mixed)}: final ERA5 where there is any, else preliminary ERA5T (expver 5)"
        )
    counts: dict[int, list[str]] = {}
    for part in parts:
        if count := sum(field.preliminary(times) for field in part.fields):
            counts.setdefault(count, []).append(part.name)
    notes += [
        f"{', '.join(channels)}: {count} frames are preliminary (ERA5T, expver 5)"
        for count, channels in counts.items()
    ]
    return notes


def notes_on_chunks(parts: Iterable[Part], times: np.ndarray) -> list[str]:
    """One sentence for each field of a Zarr store that lacks chunks which hold `times`."""
    notes = []
    for (_, fields), group in groupby(parts, key=lambda part: (part.variable.short, part.fields)):
        group = list(group)
        levels = [part.level for part in group if part.level is not None]
        for field in fields:
            absent = absent_chunks(field, times, levels)
            if absent is None:
                continue
            number = f"{absent.reads_as:g} {field.declared_units or ''}".rstrip()
            read_as = "missing" if np.isnan(absent.reads_as) else number
            when = np.datetime_as_string(absent.first, unit="m")
            store = field.source.path.name
            notes.append(
                f"{absent.count} stored chunks of {field.name} are absent from {store}, "
                f"the first at {when}: what was in them reads as {read_as}"
            )
    return notes
