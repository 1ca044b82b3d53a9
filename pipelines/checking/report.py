"""The report of a check: findings, and a summary of each variable."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from pipelines.checking.findings import Finding, worst

__all__ = ["Report", "VariableSummary", "as_json"]

EXIT_CODES = {None: 0, "note": 0, "warning": 3, "error": 4}


@dataclass(frozen=True, eq=False)
class VariableSummary:
    """What there is of one variable in all files; numbers in `units`."""

    name: str
    """Short name, with the level where there is one only."""
    file_names: tuple[str, ...]
    """What the files call it."""
    units_declared: tuple[str, ...]
    """As the files say; "" where they say nothing."""
    units: str
    """Of the numbers here: those of the table where the variable is known."""
    levels: tuple[float, ...]
    """hPa."""
    files: int
    minimum: float
    maximum: float
    mean: float
    std: float
    share_missing: float
    """Of all values, 0 to 1."""
    low: float
    """Values below do not occur in nature; −inf where nobody knows."""
    high: float
    missing: xr.DataArray
    """Share of missing values (time), 0 to 1, in order of time."""
    missing_map: xr.DataArray
    """Share of missing values (y, x), 0 to 1, on the first grid."""
    histogram: xr.DataArray
    """Values of a sample (bin), with the middle of each bin."""

    @property
    def times(self) -> np.ndarray:
        """In order; perhaps with repetitions."""
        return self.missing["time"].values


@dataclass(frozen=True, eq=False)
class Report:
    """What a check has found."""

    path: Path
    files: tuple[str, ...]
    """Relative to the path."""
    variables: dict[str, VariableSummary]
    findings: tuple[Finding, ...]
    """Errors first."""
    bytes_read: int = 0
    """Of values, as they lie in memory."""

    @property
    def exit_code(self) -> int:
        """0 for nothing or notes, 3 for warnings, 4 for errors."""
        return EXIT_CODES[worst(self.findings)]

    @property
    def fixable(self) -> tuple[Finding, ...]:
        """What a mended copy is without."""
        return tuple(finding for finding in self.findings if finding.fixable)


def as_json(report: Report) -> dict[str, Any]:
    """A report for machines: without what is told for each time and cell."""
    return {
        "path": str(report.path),
        "files": list(report.files),
        "exit_code": report.exit_code,
        "bytes_read": report.bytes_read,
        "variables": {name: _of_variable(each) for name, each in report.variables.items()},
        "findings": [
            {
                "severity": each.severity,
                "code": each.code,
                "message": each.message,
                "count": each.count,
                "examples": list(each.examples),
                "way_out": each.way_out,
                "fixable": each.fixable,
            }
            for each in report.findings
        ],
    }


def _of_variable(variable: VariableSummary) -> dict[str, Any]:
    numbers = ("minimum", "maximum", "mean", "std", "share_missing", "low", "high")
    times = [str(time) for time in variable.times[[0, -1]].astype("datetime64[s]")]
    return {
        "file_names": list(variable.file_names),
        "units_declared": list(variable.units_declared),
        "units": variable.units,
        "levels": list(variable.levels),
        "files": variable.files,
        "frames": len(variable.times),
        "first": times[0],
        "last": times[1],
        **{name: _number(getattr(variable, name)) for name in numbers},
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
