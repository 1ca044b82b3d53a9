"""The times of a raw axis in the calendar of the world."""

import re

import numpy as np
import xarray as xr

from pipelines.checking.findings import Finding, finding, told_apart
from pipelines.weather_calendars import TimeLabels, decode_times

__all__ = ["decode_clock"]

_OFFSET = re.compile(r"[+-](\d{1,2}):?(\d{2})?\s*$")


def decode_clock(variable: xr.DataArray, name: str) -> tuple[TimeLabels | None, list[Finding]]:
    """The times of an axis, and what is wrong with it; None if it cannot be decoded."""
    units = str(variable.attrs.get("units", ""))
    calendar = str(variable.attrs.get("calendar", "standard"))
    findings = []
    if _has_offset(units):
        text = f"{name}: the times are counted in {units!r}, with an offset from UTC"
        findings.append(
            finding("time-zone", text, examples=[name], way_out="make sure that they are in UTC")
        )
    try:
        labels = decode_times(variable)
    except ValueError as error:
        text, way_out = told_apart(str(error))
        code = "calendar" if "has the calendar" in str(error) else "time-units"
        told = finding(
            code,
            f"{name}: {text}",
            severity="error",
            fixable=False,
            examples=[name],
            way_out=way_out,
        )
        return None, [*findings, told]
    if labels.calendar != "standard":
        note = labels.note.partition(": ")[2] or "its dates are those of the world, but for gaps"
        lost = int(np.size(variable) - len(labels.frames))
        text = f"{name} has the calendar {calendar}: {note}"
        findings.append(finding("calendar", text, count=max(lost, 1), examples=[name]))
    return labels, findings


def _has_offset(units: str) -> bool:
    stamp = units.partition(" since ")[2].strip()
    found = _OFFSET.search(stamp[10:])
    return found is not None and (int(found[1]) > 0 or int(found[2] or 0) > 0)
