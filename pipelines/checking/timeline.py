"""The times of variables over all their files: gaps, repetitions, irregular and different steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.checking.findings import Finding, finding
from pipelines.series import name_step, names

__all__ = ["Stretch", "judge_times", "repeated_frames", "time_text"]


@dataclass(frozen=True, eq=False)
class Stretch:
    """The times of one variable in one file."""

    name: str
    """Of the file."""
    times: np.ndarray
    """As they stand."""
    digests: Mapping[int, int]
    """Of the bytes of those frames whose time stands elsewhere too."""


def repeated_frames(times: Sequence[np.ndarray]) -> list[np.ndarray]:
    """For each file of a variable, the frames whose time stands twice in them all."""
    together = np.concatenate(times)
    unique, counts = np.unique(together, return_counts=True)
    twice = unique[counts > 1]
    return [np.flatnonzero(np.isin(own, twice)) for own in times]


def judge_times(variables: Mapping[str, Sequence[Stretch]]) -> list[Finding]:
    """What is wrong with the times of variables; equal findings of several are told once."""
    told: dict[tuple[str, str], tuple[list[str], Finding]] = {}
    for key, stretches in variables.items():
        found = [*_order(stretches), *_repetitions(stretches), *_steps(stretches)]
        for each in found:
            told.setdefault((each.code, each.message), ([], each))[0].append(key)
    findings = [_renamed(each, f"{names(keys)}: {each.message}") for keys, each in told.values()]
    return findings + _absent(variables)


def _renamed(each: Finding, message: str) -> Finding:
    return finding(
        each.code,
        message,
        severity=each.severity,
        fixable=each.fixable,
        count=each.count,
        examples=each.examples,
        way_out=each.way_out,
    )


def _order(stretches: Sequence[Stretch]) -> list[Finding]:
    places = [
        (stretch.name, stretch.times[1:][np.diff(stretch.times) < np.timedelta64(0)])
        for stretch in stretches
    ]
    back = [(name, times) for name, times in places if len(times)]
    if not back:
        return []
    count = sum(len(times) for _, times in back)
    text = f"time runs backwards {count} times, in {names(name for name, _ in back)}"
    return [finding("disorder", text, count=count, examples=map(time_text, back[0][1]))]


def _repetitions(stretches: Sequence[Stretch]) -> list[Finding]:
    frames: dict[np.datetime64, list[tuple[str, int]]] = {}
    for stretch in stretches:
        for frame, digest in stretch.digests.items():
            frames.setdefault(stretch.times[frame], []).append((stretch.name, digest))
    kinds: dict[bool, list[np.datetime64]] = {True: [], False: []}
    for time, copies in frames.items():
        if len(copies) > 1:  # else the other one is passed over
            kinds[len({digest for _, digest in copies}) == 1].append(time)
    findings = []
    for equal, times in kinds.items():
        if not times:
            continue
        first = min(times)
        where = names(dict.fromkeys(name for name, _ in frames[first]))
        findings.append(
            finding(
                "duplicate-time",
                f"{len(times)} times stand twice or more, with "
                f"{'equal' if equal else 'contradictory'} values (the first in {where})",
                severity="warning" if equal else "error",
                fixable=equal,
                count=len(times),
                examples=map(time_text, sorted(times)),
                way_out="" if equal else "find out which is right, and remove the other",
            )
        )
    return findings


def _steps(stretches: Sequence[Stretch]) -> list[Finding]:
    times = np.unique(np.concatenate([stretch.times for stretch in stretches]))
    if len(times) < 3:
        return []
    if _is_monthly(times):
        months = times.astype("datetime64[M]").astype("int64")
        text = "one frame a month: no two steps need be equal"
        told = finding("irregular-step", text, severity="note", examples=map(time_text, times[:2]))
        return [told, *_gaps(times, np.diff(months), "1 month")]
    differences = np.diff(times)
    steps, counts = np.unique(differences, return_counts=True)
    step = np.timedelta64(steps[counts.argmax()], "ns")
    findings = []
    if counts.max() * 2 > len(differences):
        whole = differences % step == np.timedelta64(0)
        ratios = np.where(whole, differences // step, 1)
        findings += _gaps(times, ratios, name_step(step))
        odd = ~whole
    else:
        odd = differences != step
    if odd.any():
        order = np.argsort(-counts)
        listed = names(
            (
                f"{name_step(own)} ×{count}"
                for own, count in zip(steps[order], counts[order], strict=True)
            ),
            most=6,
        )
        findings.append(
            finding(
                "irregular-step",
                f"{int(odd.sum())} of {len(differences)} steps are no multiple of the commonest, "
                f"{name_step(step)}: {listed}",
                count=int(odd.sum()),
                examples=map(time_text, times[1:][odd]),
                way_out="put them on regular times with resample, or choose a time_step",
            )
        )
    return findings + _mixed(stretches)


def _gaps(times: np.ndarray, ratios: np.ndarray, step: str) -> list[Finding]:
    places = np.flatnonzero(ratios > 1)
    if not len(places):
        return []
    lacking = int((ratios[places] - 1).sum())
    examples = [
        f"{time_text(before)} to {time_text(after)} ({int(ratio) - 1} frames)"
        for before, after, ratio in zip(
            times[places], times[places + 1], ratios[places], strict=True
        )
    ]
    text = f"{lacking} frames are missing in {len(places)} gap(s), at a step of {step}"
    way_out = "fetch them, or train across the gaps (windows never cross one)"
    return [finding("gap", text, count=lacking, examples=examples, way_out=way_out)]


def _mixed(stretches: Sequence[Stretch]) -> list[Finding]:
    steps: dict[np.timedelta64, list[str]] = {}
    for stretch in stretches:
        times = np.unique(stretch.times)
        if len(times) > 2:
            own, counts = np.unique(np.diff(times), return_counts=True)
            steps.setdefault(own[counts.argmax()], []).append(stretch.name)
    if len(steps) < 2:
        return []
    listed = names(f"{name_step(step)} in {len(files)} file(s)" for step, files in steps.items())
    rare = min(list(steps.values())[::-1], key=len)
    text = f"files have different time steps: {listed}"
    way_out = "choose a time_step that all have"
    return [finding("mixed-steps", text, count=len(rare), examples=rare, way_out=way_out)]


def _is_monthly(times: np.ndarray) -> bool:
    days = np.diff(times) / np.timedelta64(1, "D")
    months = np.unique(np.diff(times.astype("datetime64[M]").astype("int64")))
    same_day = len(np.unique(times - times.astype("datetime64[M]"))) == 1
    return bool(days.min() >= 28 and months[0] >= 1 and same_day and len(np.unique(days)) > 1)


def _absent(variables: Mapping[str, Sequence[Stretch]]) -> list[Finding]:
    own = {
        key: np.unique(np.concatenate([stretch.times for stretch in stretches]))
        for key, stretches in variables.items()
    }
    if len(own) < 2:
        return []
    every = np.unique(np.concatenate(list(own.values())))
    lacking: dict[bytes, tuple[list[str], np.ndarray]] = {}
    for key, times in own.items():
        absent = np.setdiff1d(every, times, assume_unique=True)
        if len(absent):
            lacking.setdefault(absent.tobytes(), ([], absent))[0].append(key)
    return [
        finding(
            "variable-absent",
            f"{names(keys)}: {len(absent)} of {len(every)} times, which other variables have, are "
            "not there",
            count=len(absent),
            examples=map(time_text, absent),
            way_out='choose variables that overlap, or train with missing = "mask"',
        )
        for keys, absent in lacking.values()
    ]


def time_text(time: np.datetime64) -> str:
    """A time as people write it, to the minute."""
    return str(np.datetime_as_string(time, unit="m"))
