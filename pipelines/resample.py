"""The regular time axis: gaps filled with missing frames, and irregular series brought onto it.

Neither happens unless it is asked for. Both are lazy: a block of frames reads the frames that it is
made of, and nothing is read before.
"""

from collections.abc import Iterable
from typing import Literal, get_args

import numpy as np
import xarray as xr

from pipelines.frame_plan import Plan, take_frames
from pipelines.series import channels_of, name_step, names, time_step_of
from pipelines.variables import VARIABLES

__all__ = [
    "LONGEST_GAP",
    "RULES",
    "Rule",
    "counted",
    "describe_steps",
    "fill_gaps",
    "is_irregular",
    "is_patchy",
    "noted",
    "resample",
]

Rule = Literal["none", "nearest", "linear", "mean"]
RULES: tuple[str, ...] = get_args(Rule)

LONGEST_GAP = 64
"""Frames; no window reaches across a longer gap, and frames without a value take room."""

_PATCHY = 0.05
"""Share of steps that differ from the commonest from which it is worth telling."""
_EPOCH = np.datetime64(0, "ns")
_NONE = np.timedelta64(0, "ns")


def fill_gaps(
    series: xr.DataArray, step: np.timedelta64, *, longest: int = LONGEST_GAP
) -> xr.DataArray:
    """The series with a frame of NaN wherever its regular axis lacks one; `note` counts them.

    The axis goes through most of the frames; frames beside it are left out. Longer gaps stay gaps.

    Args:
        step: between frames of the axis.
        longest: frames that a gap lacks at most, to be filled.
    """
    times = series["time"].values.astype("datetime64[ns]")
    phases, counts = np.unique((times - _EPOCH) % step, return_counts=True)
    phase = phases[counts.argmax()]
    rows = np.flatnonzero((times - _EPOCH) % step == phase)
    slots = ((times[rows] - _EPOCH - phase) // step).astype("int64")
    lacking = np.diff(slots) - 1
    ends = np.flatnonzero((lacking > 0) & (lacking <= longest))
    between = [np.arange(slots[end] + 1, slots[end + 1]) for end in ends]
    added = np.concatenate([np.empty(0, "int64"), *between])
    axis = np.concatenate([slots, added])
    order = np.argsort(axis, kind="stable")
    starts = np.concatenate([rows, np.zeros_like(added)])[order]
    stops = np.concatenate([rows + 1, np.zeros_like(added)])[order]
    filled = _EPOCH + phase + axis[order] * step
    plan = Plan(filled, starts, stops, np.full(len(axis), np.nan))
    every = f"at {name_step(step)}"
    return noted(
        take_frames(series, plan),
        [
            counted(f"frames missing {every}, kept as missing values", len(added)),
            counted(f"frames beside the axis {every}, left out", len(times) - len(rows)),
            counted(
                f"gaps of more than {longest} frames, kept as gaps", int((lacking > longest).sum())
            ),
        ],
    )


def resample(series: xr.DataArray, step: np.timedelta64, *, rule: Rule) -> xr.DataArray:
    """The series at the whole multiples of `step` in UTC, counted from midnight; lazy.

    What cannot be had stays absent; the attribute `note` counts what became of the frames, and
    `resample` holds the rule.

    Args:
        step: of the new series.
        rule: "nearest" takes the nearest frame less than half a step away, and each frame once;
            "linear" interpolates between neighbours at most two steps apart, and so knows the later
            one; "mean" takes the plain mean over the frames in (t − step, t], where at least half as
            many are there as their usual step lets expect, and over the values that are there, at
            least half of them; "none" changes nothing.

    Raises:
        ValueError: not one frame can be had.
    """
    if rule == "none":
        return series
    times = series["time"].values.astype("datetime64[ns]")
    plan = {"nearest": _nearest, "linear": _linear, "mean": _mean}[rule](times, step)
    had = plan.counts > 0
    if not had.any():
        raise ValueError(
            f"resample = {rule!r} at {name_step(step)} finds no frame among {len(times)} "
            f"({describe_steps(times)}); choose another rule, or a longer time_step."
        )
    inner = np.arange(len(had))
    inner = (inner >= inner[had][0]) & (inner <= inner[had][-1])
    absent = int((inner & ~had).sum())
    plan = plan.only(had)
    kept = int(((plan.counts == 1) & (times[plan.starts] == plan.times)).sum())
    verb = {"nearest": "moved", "linear": "interpolated", "mean": "averaged"}[rule]
    parts = [f"{kept} frames kept", f"{len(plan.times) - kept} {verb}", f"{absent} absent"]
    notes = [f"resampled to {name_step(step)} by {rule!r}: {', '.join(parts)}"]
    if rule == "linear" and kept < len(plan.times):
        notes.append("interpolated frames know the frame after them")
    sums = [
        channel.name
        for channel in channels_of(series)
        if channel.variable in VARIABLES and VARIABLES[channel.variable].cell_methods
    ]
    if sums:
        notes.append(
            f"{', '.join(sums)}: sums over the time before each frame as the files have them, not "
            "over the time step"
        )
    return noted(take_frames(series, plan), notes).assign_attrs(resample=rule)


def is_irregular(times: np.ndarray) -> bool:
    """Whether gaps alone do not explain how frames lie: a step is no multiple of the commonest."""
    if len(times) < 3:
        return False
    return bool((np.diff(times.astype("datetime64[ns]")) % time_step_of(times) != _NONE).any())


def is_patchy(times: np.ndarray) -> bool:
    """Whether the steps between frames differ from the commonest in more than a few places."""
    if len(times) < 3:
        return False
    others = np.diff(times.astype("datetime64[ns]")) != time_step_of(times)
    return int(others.sum()) > max(2, _PATCHY * len(others))


def describe_steps(times: np.ndarray) -> str:
    """The steps between neighbouring times, commonest first: "7h ×120, 8h ×40, 6h ×3"."""
    steps = np.diff(times.astype("datetime64[ns]")).astype("int64")
    steps, counts = np.unique(steps, return_counts=True)
    order = np.argsort(-counts, kind="stable").tolist()
    told = [f"{name_step(np.timedelta64(int(steps[row]), 'ns'))} ×{counts[row]}" for row in order]
    return names(told, most=5) or "a single time"


def _axis(times: np.ndarray, step: np.timedelta64) -> np.ndarray:
    """All whole multiples of the step from around the first to around the last time."""
    first, last = (times[0] - _EPOCH) // step, (times[-1] - _EPOCH) // step
    return _EPOCH + np.arange(first, last + 2) * step


def _nearest(times: np.ndarray, step: np.timedelta64) -> Plan:
    axis = _axis(times, step)
    after = np.minimum(np.searchsorted(times, axis), len(times) - 1)
    before = np.maximum(after - 1, 0)
    earlier = np.abs(times[before] - axis) <= np.abs(times[after] - axis)
    rows = np.where(earlier, before, after)
    # Open at one end: a frame midway belongs to the later time alone.
    away = times[rows] - axis
    near = (2 * away >= -step) & (2 * away < step)
    return Plan(axis, rows, rows + near, np.full(len(axis), np.nan))


def _linear(times: np.ndarray, step: np.timedelta64) -> Plan:
    axis = _axis(times, step)
    after = np.searchsorted(times, axis)
    inside = (after < len(times)) & (after > 0)
    after = np.clip(after, 1, len(times) - 1) if len(times) > 1 else np.zeros_like(after)
    before = np.maximum(after - 1, 0)
    width = times[after] - times[before]
    between = inside & (width <= 2 * step) & (times[after] != axis) & (width > _NONE)
    exact = np.isin(axis, times)
    starts = np.where(exact, np.minimum(np.searchsorted(times, axis), len(times) - 1), before)
    stops = starts + np.where(exact, 1, np.where(between, 2, 0))
    weights = np.full(len(axis), np.nan)
    np.divide((axis - times[before]).astype("int64"), width.astype("int64"), weights, where=between)
    return Plan(axis, starts, stops, weights)


def _mean(times: np.ndarray, step: np.timedelta64) -> Plan:
    axis = _axis(times, step)
    starts = np.searchsorted(times, axis - step, side="right")
    stops = np.searchsorted(times, axis, side="right")
    usual = time_step_of(times) if len(times) > 1 else step
    # A first or last interval that the series covers in part has another mean than a whole one.
    whole = (axis <= times[-1]) & (axis >= times[0] + step - usual)
    enough = whole & (2 * (stops - starts) >= max(step // usual, 1))
    return Plan(axis, starts, np.where(enough, stops, starts), np.full(len(axis), np.nan))


def noted(series: xr.DataArray, notes: Iterable[str]) -> xr.DataArray:
    """The series with more to be told of it in its attribute `note`; empty texts add nothing."""
    added = [note for note in notes if note]
    if not added:
        return series
    return series.assign_attrs(note="; ".join(filter(None, [series.attrs.get("note", ""), *added])))


def counted(text: str, count: int) -> str:
    """A text with its count, for a note; empty where there is nothing to count."""
    return f"{text}: {count}" if count else ""
