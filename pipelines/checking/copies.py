"""Copies that the reader passes over: GRIB beside the NetCDF that was made from it."""

from collections.abc import Sequence
from pathlib import Path

from pipelines.checking.findings import Finding, finding
from pipelines.weather_fields import Field
from pipelines.weather_parts import parts_of

__all__ = ["find_copies"]


def find_copies(
    path: Path, key: str, fields: Sequence[tuple[str, Field | None]]
) -> tuple[list[int], list[Finding]]:
    """Which fields of one variable the reader needs not, and a note on each file of them.

    Args:
        fields: with the names of their files; what has no field is of no account.

    Returns:
        Places in `fields`. None where the reader refuses the variable: times that stand twice all the
        same are told as such.
    """
    known = [field for _, field in fields if field is not None]
    if len({field.source.kind == "grib" for field in known}) < 2:
        return [], []
    try:
        parts = parts_of(path, known, None)
    except ValueError:
        return [], []
    used = {field for part in parts for field in part.fields}
    places = [
        place for place, (_, field) in enumerate(fields) if not (field is None or field in used)
    ]
    text = f"{key} is passed over, since a file of another format beside it has all its times"
    return places, [
        finding("duplicate-time", f"{name}: {text}", severity="note", examples=[name])
        for name in dict.fromkeys(fields[place][0] for place in places)
    ]
