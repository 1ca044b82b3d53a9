"""Findings: what is wrong with data, each under a code that stays the same."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pipelines.series import names

__all__ = [
    "CODES",
    "Code",
    "Finding",
    "Severity",
    "finding",
    "in_order",
    "merged",
    "told_apart",
    "worst",
]

Severity = Literal["error", "warning", "note"]

_EXAMPLES = 5
_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Code:
    """One kind of finding."""

    severity: Severity
    """Unless a finding says otherwise."""
    fixable: bool
    """Whether a mended copy is without it, unless a finding says otherwise."""
    what: str
    """One line for the documentation."""


CODES: dict[str, Code] = {
    "unreadable": Code("error", False, "a file, or a part of one, that cannot be read"),
    "web-page": Code("error", False, "a web page under the name of data"),
    "truncated": Code("error", False, "a file that is cut short"),
    "empty": Code("error", False, "a file of 0 bytes, or without frames"),
    "no-time": Code("note", False, "a file without a time axis: constants, or no series"),
    "time-units": Code("error", False, "times that cannot be decoded"),
    "time-zone": Code("warning", False, "times in units with an offset from UTC"),
    "calendar": Code("warning", True, "a calendar whose days are not those of the world"),
    "disorder": Code("warning", True, "frames that are not in order of time"),
    "duplicate-time": Code("warning", True, "times that stand twice; contradictory ones stay"),
    "gap": Code("warning", False, "times that the step asks for and the data lack"),
    "irregular-step": Code("warning", False, "neighbouring times apart by no multiple of the step"),
    "mixed-steps": Code("warning", False, "files of one variable with different time steps"),
    "variable-absent": Code("warning", False, "times that some variables have and others lack"),
    "init-valid-time": Code("error", False, "forecasts: time is their start; one lead is fixable"),
    "missing-values": Code("warning", False, "values that are missing, in whole frames or in part"),
    "always-missing": Code("note", False, "cells that never hold a value, such as the sea"),
    "absent-chunk": Code("error", False, "chunks of a Zarr store that are not there"),
    "infinite": Code("error", True, "infinite values"),
    "constant": Code("warning", False, "a variable with one value everywhere and always"),
    "stuck": Code("warning", False, "frames that equal the frame before"),
    "out-of-range": Code("error", True, "values that do not occur in nature"),
    "outlier": Code("warning", False, "values beyond 30 standard deviations"),
    "fill-value": Code("error", True, "an unmarked number that stands for missing values"),
    "units-missing": Code("warning", True, "no units; fixable if the values allow one reading"),
    "units-contradict": Code("error", True, "declared units that the values contradict"),
    "units-unknown": Code("error", False, "units that are unknown or measure something else"),
    "latitude-order": Code("note", True, "rows that run from south to north"),
    "longitude-range": Code("note", True, "columns that do not start in 0…360°, or jump"),
    "repeated-column": Code("note", True, "the first column once more, at 360°"),
    "uneven-grid": Code("error", False, "cells that are not evenly spaced"),
    "gaussian": Code("error", False, "a Gaussian grid"),
    "rotated": Code("error", False, "a rotated, projected or curvilinear grid"),
    "swapped-axes": Code("error", False, "latitude and longitude under each other's names"),
    "no-coordinates": Code("error", False, "no usable latitude or longitude"),
    "grids-differ": Code("error", False, "files that lie on different grids"),
    "expver-mixed": Code("warning", True, "final ERA5 and preliminary ERA5T in one file"),
    "ensemble": Code("error", False, "several members, or another dimension with no place"),
    "levels": Code("error", False, "levels that are not of pressure"),
    "unknown-variable": Code("note", False, "a variable that no network can be trained on"),
    "packing": Code("note", False, "values stored as integers or float16, and how coarsely"),
    "dtype": Code("note", False, "a variable that holds no numbers"),
    "reader": Code("note", False, "what the reader of the dataset says of it"),
}
"""Code to what it is; the order is that of reports."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing."""

    severity: Severity
    code: str
    """A key of `CODES`."""
    message: str
    count: int = 1
    """How many values, frames, times or files, as the message says."""
    examples: tuple[str, ...] = ()
    """The first few times, values or files."""
    way_out: str = ""
    fixable: bool = False
    """Whether a mended copy is without it."""

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"code {self.code!r} is unknown; known: {', '.join(CODES)}.")

    @property
    def further_examples(self) -> tuple[str, ...]:
        """Those that the message does not name already."""
        return tuple(example for example in self.examples if example not in self.message)


def finding(
    code: str,
    message: str,
    *,
    severity: Severity | None = None,
    fixable: bool | None = None,
    count: int = 1,
    examples: Iterable[object] = (),
    way_out: str = "",
) -> Finding:
    """A finding with the severity of its code unless given; of the examples the first few."""
    known = CODES[code]
    return Finding(
        severity=known.severity if severity is None else severity,
        code=code,
        message=message,
        count=count,
        examples=tuple(str(example) for example in examples)[:_EXAMPLES],
        way_out=way_out,
        fixable=known.fixable if fixable is None else fixable,
    )


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Findings that several files share, told once."""
    groups: dict[tuple, list[Finding]] = {}
    for each in findings:
        name = each.examples[0] if each.examples else ""
        body = each.message.removeprefix(f"{name}: ")
        key = (each.severity, each.code, body, each.way_out, each.fixable)
        groups.setdefault(key if body != each.message else (*key, id(each)), []).append(each)
    told = []
    for key, group in groups.items():
        if len(group) == 1:
            told += group
            continue
        files = [each.examples[0] for each in group]
        told.append(
            finding(
                group[0].code,
                f"{len(files)} files ({names(files, most=2)}): {key[2]}",
                severity=group[0].severity,
                fixable=group[0].fixable,
                count=sum(each.count for each in group),
                examples=files,
                way_out=group[0].way_out,
            )
        )
    return told


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings as reports list them: errors first."""
    severities, codes = _SEVERITIES, list(CODES)
    return tuple(
        sorted(findings, key=lambda each: (severities.index(each.severity), codes.index(each.code)))
    )


def told_apart(message: str) -> tuple[str, str]:
    """What a message of the readers says is wrong, and its way out; "" where it tells none."""
    text, *rest = re.split(r"; |\. ", message.strip().rstrip("."), maxsplit=1)
    way_out = "".join(rest)
    return text, way_out[:1].lower() + way_out[1:]


def worst(findings: Iterable[Finding]) -> Severity | None:
    """The gravest severity; None where there is no finding."""
    found = {finding.severity for finding in findings}
    return next((each for each in _SEVERITIES if each in found), None)
