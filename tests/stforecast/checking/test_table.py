from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.checking import Finding, Report, VariableSummary
from stforecast.checking.table import severity_counts, variable_table


def summary(**facts):
    times = np.datetime64("2015-01-01", "ns") + np.arange(3) * np.timedelta64(6, "h")
    known = {
        "name": "t2m",
        "file_names": ("t2m",),
        "units_declared": ("K", ""),
        "units": "K",
        "levels": (),
        "files": 1,
        "minimum": 250.0,
        "maximum": 300.25,
        "mean": 280.0,
        "std": 5.0,
        "share_missing": 0.125,
        "low": 170.0,
        "high": 345.0,
        "missing": xr.DataArray(np.zeros(3), {"time": times}, "time"),
        "missing_map": xr.DataArray(np.zeros((2, 2)), dims=("y", "x")),
        "histogram": xr.DataArray(np.ones(4), dims="bin"),
    }
    return VariableSummary(**{**known, **facts})


def report_of(*variables, findings=()):
    return Report(Path("data"), ("t2m.nc",), {each.name: each for each in variables}, findings)


def test_findings_are_counted_by_severity_the_gravest_first():
    findings = (
        Finding("error", "empty", "nothing in it"),
        Finding("note", "dtype", "no numbers"),
        Finding("note", "packing", "coarse"),
    )
    counts = severity_counts(report_of(findings=findings))
    assert list(counts.items()) == [("error", 1), ("warning", 0), ("note", 2)]


def test_a_variable_is_a_row_in_the_units_of_its_numbers():
    [row] = variable_table(report_of(summary())).to_dict("records")
    assert row == {
        "variable": "t2m",
        "units": "K",
        "in the files": "K, none",
        "frames": 3,
        "first": "2015-01-01 00:00",
        "last": "2015-01-01 12:00",
        "missing": "12.5 %",
        "least": "250",
        "mean": "280",
        "greatest": "300.2",
        "in nature": "170 to 345",
    }


def test_what_nobody_knows_is_said_to_be_unknown():
    unknown = summary(name="x", units="", low=-np.inf, high=np.inf)
    counted = summary(name="inflow", units="1")
    rows = variable_table(report_of(unknown, counted)).set_index("variable")
    assert rows.loc["x", ["units", "in nature"]].tolist() == ["unknown", "unknown"]
    assert rows.loc["inflow", "units"] == "1"


def test_a_report_without_variables_gives_no_row():
    assert variable_table(report_of()).empty
