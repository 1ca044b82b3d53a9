"""The time axis of a series: its zone, its whole days, and its regular steps."""

from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr

from pipelines import find_pipeline
from pipelines.civil_time import complete_days, nonexistent
from pipelines.resample import (
    Rule,
    counted,
    describe_steps,
    fill_gaps,
    is_irregular,
    is_patchy,
    noted,
    resample,
)
from pipelines.series import time_step_of

__all__ = ["Missing", "check_resampling", "complete_only", "in_zone", "on_axis"]

Missing = Literal["drop", "mask"]


def in_zone(series: xr.DataArray, time_zone: str) -> xr.DataArray:
    """The series with its zone named, unless it tells one itself or has no true times.

    The frames of hours that clocks skip there are left out.
    """
    if series.attrs.get("time_zone") != "unknown" or _has_artificial_clock(series):
        return series
    skipped = nonexistent(series["time"].values, time_zone)
    known = _frames(series, ~skipped).assign_attrs(time_zone=time_zone)
    text = f"slots that the clocks skip ({time_zone}), left out"
    return noted(known, [counted(text, int(skipped.sum()))])


def complete_only(series: xr.DataArray, place: Path) -> xr.DataArray:
    """The frames of complete days, lazily.

    Raises:
        ValueError: there is none, or the times are not true ones.
    """
    if _has_artificial_clock(series):
        raise ValueError(f"{place} has no time stamps and so no days; leave out days = 'complete'.")
    times = series["time"].values
    kept = complete_days(times, time_step=time_step_of(times))
    if not kept.any():
        raise ValueError(f"{place} has no day with all its frames; leave out days = 'complete'.")
    left_out = len(np.unique(times[~kept].astype("datetime64[D]")))
    return noted(_frames(series, kept), [counted("incomplete days, left out", left_out)])


def check_resampling(dataset: str, rule: Rule, step: np.timedelta64 | None) -> None:
    """Raise ValueError unless the dataset can be resampled, to a step that is known."""
    if find_pipeline(dataset).has_sums:
        raise ValueError(
            f"resample = {rule!r}: {dataset} holds counts, each over its own time step, which cannot "
            "be moved, interpolated or averaged; leave it out."
        )
    if step is None:
        raise ValueError(
            f"resample = {rule!r} needs the step of the new series: give time_step, such as 6h."
        )


def on_axis(
    series: xr.DataArray, step: np.timedelta64 | None, *, missing: Missing, rule: Rule
) -> xr.DataArray:
    """The series on a regular axis, as far as that is asked for; an irregular one is told of.

    Args:
        step: of the series; its commonest unless given.
    """
    if step is not None and rule != "none":
        series = resample(series, step, rule=rule)
    else:
        series = noted(series, [_note_on_steps(series["time"].values, missing=missing)])
    if missing == "drop":
        return series
    return _without_skipped(fill_gaps(series, step or time_step_of(series["time"].values)))


def _note_on_steps(times: np.ndarray, *, missing: Missing) -> str:
    """What to do about steps that differ; empty if there is nothing to be done."""
    if is_irregular(times):
        way_out = "resample = 'nearest' (or 'linear', 'mean') brings them onto a regular axis"
    elif missing == "drop" and is_patchy(times):
        way_out = "missing = 'mask' goes over the gaps"
    else:
        return ""
    return (
        f"the steps between frames differ ({describe_steps(times)}), and a window takes frames one "
        f"time_step apart: {way_out}"
    )


def _without_skipped(series: xr.DataArray) -> xr.DataArray:
    """Without what was filled in where the clocks skip an hour: it never was."""
    zone = series.attrs.get("time_zone", "unknown")
    if zone in ("UTC", "unknown") or _has_artificial_clock(series):
        return series
    return _frames(series, ~nonexistent(series["time"].values, zone))


def _has_artificial_clock(series: xr.DataArray) -> bool:
    return series.attrs.get("clock") == "artificial"


def _frames(series: xr.DataArray, kept: np.ndarray) -> xr.DataArray:
    """The frames that are to be kept, lazily: choosing from a memory map would copy them."""
    if kept.all():
        return series
    return (series.chunk(time=64) if series.chunks is None else series).isel(
        time=np.flatnonzero(kept)
    )
