"""Inputs with gaps, repetitions, disorder, irregular steps, leads and other calendars."""

import numpy as np
import pytest
import xarray as xr

from tests.pipelines.odd_inputs.conftest import (
    Bench,
    Case,
    Cases,
    Read,
    Refused,
    compare_with_document,
)

CASES = Cases()

HOUR = np.timedelta64(1, "h")


def timed(dataset: xr.Dataset, times: np.ndarray, **attrs: str) -> xr.Dataset:
    return dataset.assign_coords(time=("time", times, attrs))


@CASES.add(
    "frames that are missing",
    Read("the frames that are there, with a gap", expected=lambda good: good[[0, 1, 2, 5, 6, 7]]),
    "gap (warning)",
)
def gap(bench: Bench) -> None:
    bench.save(bench.weather().isel(time=[0, 1, 2, 5, 6, 7]))


@CASES.add("frames in disorder", Read(), "disorder (warning, mended)")
def disorder(bench: Bench) -> None:
    bench.save(bench.weather().isel(time=[1, 0, 2, 5, 4, 3, 7, 6]))


@CASES.add("frames from last to first", Read(), "disorder (warning, mended)")
def backwards(bench: Bench) -> None:
    bench.save(bench.weather().isel(time=slice(None, None, -1)))


@CASES.add("files that take turns in time", Read())
def files_that_take_turns(bench: Bench) -> None:
    bench.save(bench.weather().isel(time=slice(0, 8, 2)), "a.nc")
    bench.save(bench.weather().isel(time=slice(1, 8, 2)), "b.nc")


@CASES.add(
    "a frame that stands twice in one file",
    Refused("t2m has 1 frames too many: 2015-01-01T12:00 is the first of 1 times that stand twice"),
    "duplicate-time (warning, mended)",
)
def repeated_frame(bench: Bench) -> None:
    bench.save(bench.weather().isel(time=[0, 1, 2, 2, 3, 4, 5, 6, 7]))


@CASES.add(
    "files that overlap, with equal values",
    Refused("t2m has 1 frames too many: 2015-01-02T00:00 is the first of 1 times that stand twice"),
    "duplicate-time (warning, mended)",
)
def overlapping_files(bench: Bench) -> None:
    bench.save(bench.weather().isel(time=slice(0, 5)), "a.nc")
    bench.save(bench.weather().isel(time=slice(4, 8)), "b.nc")


@CASES.add(
    "files that overlap, with contradictory values",
    Refused("t2m has 1 frames too many: 2015-01-02T00:00 is the first of 1 times that stand twice"),
    "duplicate-time (error)",
)
def contradictory_files(bench: Bench) -> None:
    bench.save(bench.weather().isel(time=slice(0, 5)), "a.nc")
    bench.save(bench.weather().isel(time=slice(4, 8)) + 1, "b.nc")


@CASES.add("steps of 7 and 8 h", Read("the frames at their own times"), "irregular-step (warning)")
def irregular_steps(bench: Bench) -> xr.Dataset:
    good = bench.weather()
    good = timed(good, good["time"].values[0] + np.array([0, 7, 15, 22, 30, 37, 45, 52]) * HOUR)
    bench.save(good)
    return good


@CASES.add(
    "one step of 8 h among those of 6 h",
    Read("the frames at their own times"),
    "irregular-step (warning)",
)
def one_odd_step(bench: Bench) -> xr.Dataset:
    good = bench.weather()
    good = timed(good, good["time"].values + 2 * HOUR * (np.arange(8) > 4))
    bench.save(good)
    return good


@CASES.add("one frame a month", Read("the frames at their own times"), "irregular-step (note)")
def months(bench: Bench) -> xr.Dataset:
    good = timed(bench.weather(), np.arange("2015-01", "2015-09", dtype="M8[M]").astype("M8[ns]"))
    bench.save(good)
    return good


@CASES.add(
    "files of 6 h and of 12 h",
    Read("the frames at their own times"),
    "gap (warning), mixed-steps (warning)",
)
def two_steps(bench: Bench) -> xr.Dataset:
    good = bench.weather(frames=12).isel(time=[0, 1, 2, 3, 4, 5, 6, 8, 10])
    bench.save(good.isel(time=slice(0, 5)), "a.nc")
    bench.save(good.isel(time=slice(5, 9)), "b.nc")
    return good


def with_pressure(bench: Bench, kept: slice | list[int]) -> xr.Dataset:
    pressure = bench.weather("msl", base=101_300, units="Pa")
    bench.save(bench.weather(), "a.nc")
    bench.save(pressure.isel(time=kept), "b.nc")
    return xr.merge([bench.weather(), pressure])


@CASES.add(
    "a variable that is absent in some frames",
    Read(
        "the frames that have all variables",
        "2 frames are left out, since not all channels have them",
        lambda good: good[[0, 1, 4, 5, 6, 7]],
    ),
    "gap (warning), variable-absent (warning)",
)
def absent_variable(bench: Bench) -> xr.Dataset:
    return with_pressure(bench, [0, 1, 4, 5, 6, 7])


@CASES.add(
    'the same, with `missing = "mask"`',
    Read(
        "all frames; the variable is missing in some",
        "2 frames lack a channel, which is missing there",
        lambda good: good.where((good["channel"] == "t2m") | ~good["time"].isin(good["time"][2:4])),
    ),
    "gap (warning), variable-absent (warning)",
    missing="mask",
)
def absent_variable_masked(bench: Bench) -> xr.Dataset:
    return with_pressure(bench, [0, 1, 4, 5, 6, 7])


@CASES.add(
    "variables that never meet in time",
    Refused("no frame has all channels"),
    "variable-absent (warning)",
)
def variables_that_never_meet(bench: Bench) -> None:
    bench.save(bench.weather(), "a.nc")
    bench.save(bench.weather("msl", base=101_300, units="Pa", first="2016-01-01"), "b.nc")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_times_are_read_or_refused_as_the_table_says(judge, case: Case):
    judge(case)


def test_the_table_of_times_is_that_of_the_cases():
    compare_with_document("Times", CASES)
