"""A raw dataset brought to one frame a time: members, leads, preliminary values and calendars."""

import re
from dataclasses import dataclass

import numpy as np
import xarray as xr

from pipelines.checking.clock import decode_clock
from pipelines.checking.findings import Finding, finding
from pipelines.series import names
from pipelines.weather_coordinates import find_time

__all__ = ["Labelled", "label"]

_MEMBERS = ("number", "realization", "member", "ensemble", "ens")
_LEADS = ("prediction_timedelta", "lead_time", "step", "forecast_period", "leadtime")
_START = "forecast_reference_time"


@dataclass(frozen=True, eq=False)
class Labelled:
    """A dataset with a time for each of its frames."""

    dataset: xr.Dataset
    """Without members and leads, expver merged; only the frames that have a time in the world."""
    time_name: str
    time_dim: str
    times: np.ndarray
    """UTC, datetime64[ns], as they stand: perhaps unsorted."""
    frames: np.ndarray
    """Their places on the raw axis."""


def label(dataset: xr.Dataset, name: str) -> tuple[Labelled | None, list[Finding]]:
    """The frames of a dataset with their times, and what is wrong with them; None without times."""
    dataset, findings = _one_member(dataset, name)
    dataset, found = _merge_expver(dataset, name)
    findings += found
    dataset, lead, found = _one_lead(dataset, name)
    findings += found
    time = _find_time(dataset)
    if time is None:
        return None, [
            *findings,
            finding("no-time", f"{name}: there is no time axis", examples=[name]),
        ]
    clock, found = decode_clock(dataset[time], name)
    findings += found
    if clock is None:
        return None, findings
    times, kept = clock.times, clock.frames
    if lead:
        times = times + lead
    dim = str(dataset[time].dims[0])
    bounds = _valid_span(dataset)
    inside = (times >= bounds[0]) & (times <= bounds[1])
    kept, times = kept[inside], times[inside]
    if not len(times):
        return None, [
            *findings,
            finding("empty", f"{name} has no frames: its time axis is empty", examples=[name]),
        ]
    if len(kept) < dataset.sizes[dim]:
        whole = np.array_equal(kept, np.arange(kept[0], kept[-1] + 1))
        dataset = dataset.isel({dim: slice(int(kept[0]), int(kept[-1]) + 1) if whole else kept})
    return Labelled(dataset, time, dim, times, kept), findings


def _one_member(dataset: xr.Dataset, name: str) -> tuple[xr.Dataset, list[Finding]]:
    findings = []
    for dim in _MEMBERS:
        if (size := dataset.sizes.get(dim, 1)) > 1:
            findings.append(
                finding(
                    "ensemble",
                    f"{name} has {size} members ({dim}), of which the first alone is checked",
                    count=size,
                    examples=[name],
                    way_out=f"select one with .isel({dim}=0), or average them",
                )
            )
            dataset = dataset.isel({dim: 0})
    return dataset, findings


def _merge_expver(dataset: xr.Dataset, name: str) -> tuple[xr.Dataset, list[Finding]]:
    """Final ERA5 where it is there, else preliminary ERA5T."""
    if "expver" not in dataset.variables:
        return dataset, []
    versions = [_version(value) for value in np.ravel(dataset["expver"].values)]
    if dataset.sizes.get("expver", 1) > 1 and sorted(versions) != ["1", "5"]:
        told = finding(
            "expver-mixed",
            f"{name}: expver holds {names(versions)}, of which the first alone is checked; known are "
            "1 for final ERA5 and 5 for preliminary ERA5T",
            severity="error",
            fixable=False,
            count=len(versions),
            examples=[name],
            way_out="select one with .isel(expver=0)",
        )
        return dataset.isel(expver=0, drop=True), [told]
    if "expver" in dataset.dims and len(versions) == 2:
        final = versions.index("1")
        lazy = dataset.chunk()
        merged = lazy.isel(expver=final, drop=True)
        other = lazy.isel(expver=1 - final, drop=True)
        for key, array in dataset.data_vars.items():
            if "expver" in array.dims:
                both = merged[key].fillna(other[key])
                both.encoding = dict(array.encoding)
                merged[key] = both.assign_attrs(array.attrs)
        text = "final ERA5 (1) and preliminary ERA5T (5) lie side by side, each missing in part"
        return merged, [finding("expver-mixed", f"{name}: {text}", examples=[name])]
    preliminary = sum(version == "5" for version in versions)
    if not preliminary:
        return dataset, []
    return dataset, [
        finding(
            "expver-mixed",
            f"{name}: {preliminary} of {len(versions)} frames are preliminary ERA5T",
            severity="note",
            fixable=False,
            count=preliminary,
            examples=[name],
            way_out="fetch them again some three months later",
        )
    ]


def _version(value: object) -> str:
    text = value.decode() if isinstance(value, bytes) else str(value)
    return text.strip().lstrip("0").removesuffix(".0")


def _one_lead(
    dataset: xr.Dataset, name: str
) -> tuple[xr.Dataset, np.timedelta64 | None, list[Finding]]:
    """The dataset of one lead time, and that lead if the times are those at which forecasts start."""
    leads = [key for key in _LEADS if key in dataset.variables or key in dataset.dims]
    starts = [
        key for key, at in dataset.variables.items() if at.attrs.get("standard_name") == _START
    ]
    valid = [key for key in dataset.variables if str(key).casefold() == "valid_time"]
    several = [key for key in leads if dataset.sizes.get(key, 1) > 1]
    if several:
        dim, size = several[0], dataset.sizes[several[0]]
        return (
            dataset.isel({dim: 0}),
            None,
            [
                finding(
                    "init-valid-time",
                    f"{name} holds forecasts: {size} lead times ({dim}), of which the first alone is "
                    "checked; a series has one frame for each valid time",
                    fixable=False,
                    count=size,
                    examples=[name],
                    way_out="select one lead time, and let time be the valid time",
                )
            ],
        )
    if any(dataset[key].ndim == 1 for key in valid):
        return dataset, None, []
    if leads and leads[0] in dataset.variables:
        lead = None if _is_valid(dataset) else _duration(dataset[leads[0]])
        dataset = dataset.isel({leads[0]: 0}) if leads[0] in dataset.dims else dataset
        if not lead:
            return dataset, None, []
        hours = lead / np.timedelta64(1, "h")
        text = f"{name}: time is when forecasts start; they are valid {hours:g} hours later"
        told = finding("init-valid-time", text, severity="warning", fixable=True, examples=[name])
        return dataset, lead, [told]
    analyses = {str(at.attrs.get("GRIB_dataType", "")) for at in dataset.data_vars.values()} == {
        "an"
    }
    if starts and not leads and not analyses and dataset[starts[0]].ndim == 1:
        text = f"{name}: {starts[0]} is when forecasts start, and no lead time says when they hold"
        told = finding(
            "init-valid-time",
            text,
            severity="warning",
            fixable=False,
            examples=[name],
            way_out="unless they are analyses, write the valid time as time",
        )
        return dataset, None, [told]
    return dataset, None, []


def _is_valid(dataset: xr.Dataset) -> bool:
    """Whether the reader takes `time` for the valid time, whatever lead stands beside it."""
    try:
        return find_time(dataset).casefold() == "time"
    except ValueError:  # there is none, or it says when forecasts start
        return False


_HOURS = {"h": 1.0, "d": 24.0, "m": 1 / 60, "s": 1 / 3600}


def _duration(variable: xr.DataArray) -> np.timedelta64 | None:
    """The lead time that a variable of one value holds; None where it is 0 or not told."""
    value = np.ravel(variable.values)[0]
    if np.issubdtype(variable.dtype, np.timedelta64):
        lead = value.astype("timedelta64[ns]")
    else:
        units = str(variable.attrs.get("units", "hours")).strip().casefold()
        hours = float(value) * _HOURS.get(units[:1], 1.0)
        if not np.isfinite(hours):
            return None
        lead = np.timedelta64(round(hours * 3600), "s").astype("timedelta64[ns]")
    return lead if lead else None


def _find_time(dataset: xr.Dataset) -> str | None:
    """The coordinate along one dimension that says when frames are valid."""
    candidates = [
        str(name)
        for name, variable in dataset.variables.items()
        if variable.ndim == 1
        and "bnds" not in str(name)
        and (str(name).casefold() in ("time", "valid_time") or _is_time(variable))
    ]
    for wanted in ("valid_time", "time"):
        for candidate in candidates:
            if candidate.casefold() == wanted:
                return candidate
    return candidates[0] if candidates else None


def _is_time(variable: xr.Variable) -> bool:
    since = re.search(r"\bsince\b", str(variable.attrs.get("units", ""))) is not None
    return since or np.issubdtype(variable.dtype, np.datetime64)


def _valid_span(dataset: xr.Dataset) -> tuple[np.datetime64, np.datetime64]:
    """The span that ARCO-ERA5 says its data cover, of a time axis that starts in 1900."""
    first = _day(dataset.attrs.get("valid_time_start"), np.datetime64("1678-01-01", "ns"))
    last = _day(dataset.attrs.get("valid_time_stop"), np.datetime64("2262-01-01", "ns"))
    return first, last + np.timedelta64(86_399, "s")


def _day(text: object, default: np.datetime64) -> np.datetime64:
    try:
        return np.datetime64(str(text), "D").astype("datetime64[ns]") if text else default
    except ValueError:
        return default
