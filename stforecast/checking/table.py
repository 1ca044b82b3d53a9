"""A report in a table and in numbers."""

import numpy as np
import pandas as pd

from pipelines.checking import Report
from stforecast.checking.numbers import short_number
from stforecast.figures.palette import pretty_units

__all__ = ["severity_counts", "variable_table"]


def severity_counts(report: Report) -> dict[str, int]:
    """How many errors, warnings and notes there are, in this order."""
    return {
        kind: sum(each.severity == kind for each in report.findings)
        for kind in ("error", "warning", "note")
    }


def variable_table(report: Report) -> pd.DataFrame:
    """A row for each variable, in texts for readers; numbers in `units`."""
    rows = []
    for each in report.variables.values():
        first, last = (str(time)[:16] for time in each.times[[0, -1]].astype("datetime64[m]"))
        is_known = np.isfinite([each.low, each.high]).all()
        rows.append(
            {
                "variable": each.name,
                "units": pretty_units(each.units) or ("1" if each.units else "unknown"),
                "in the files": ", ".join(units or "none" for units in each.units_declared),
                "frames": len(each.times),
                "first": first.replace("T", " "),
                "last": last.replace("T", " "),
                "missing": f"{100 * each.share_missing:.3g} %",
                "least": short_number(each.minimum),
                "mean": short_number(each.mean),
                "greatest": short_number(each.maximum),
                "in nature": f"{short_number(each.low)} to {short_number(each.high)}"
                if is_known
                else "unknown",
            }
        )
    return pd.DataFrame(rows)
