"""Times that are wrong, made on purpose, and found."""

import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pipelines.checking import check, mend
from pipelines.checking.labels import label

HOUR = np.timedelta64(1, "h")


def codes(report):
    return {each.code for each in report.findings}


def found(report, code):
    [each] = [each for each in report.findings if each.code == code]
    return each


def mended(raw: Path):
    """The mended copy of a folder, which holds nothing more that could be mended."""
    result = mend(raw, raw.parent / "mended")
    assert result.after.fixable == ()
    return result


def test_gaps_are_counted_with_their_times(make, save):
    raw = save(make(frames=20).isel(time=[*range(5), *range(8, 20)]))
    told = found(check(raw), "gap")
    assert told.message == "t2m: 3 frames are missing in 1 gap(s), at a step of 6h"
    assert (told.count, told.severity) == (3, "warning")
    assert told.examples == ("2015-01-02T00:00 to 2015-01-03T00:00 (3 frames)",)
    assert check(raw).exit_code == 3


def test_times_in_disorder_are_put_in_order(make, save):
    data = make()
    raw = save(data.isel(time=[1, 0, *range(2, 12)]))
    assert found(check(raw), "disorder").count == 1
    assert codes(check(raw)) == {"disorder"}
    mended(raw)
    copy = xr.load_dataset(raw.parent / "mended" / "a.nc")
    np.testing.assert_array_equal(copy["time"].values, data["time"].values)
    np.testing.assert_array_equal(copy["t2m"].values, data["t2m"].values)


def test_equal_repetitions_are_dropped_and_contradictions_stay(make, save):
    data = make()
    raw = save(data, "a.nc")
    again = data.isel(time=slice(8, 12)).copy(deep=True)
    again["t2m"][3] += 1
    save(again, "b.nc")
    report = check(raw)
    kinds = {(each.severity, each.count, each.fixable) for each in report.findings}
    assert kinds == {("warning", 3, True), ("error", 1, False)}
    assert codes(report) == {"duplicate-time"}
    result = mended(raw)
    assert codes(result.after) == {"duplicate-time"}
    assert xr.load_dataset(raw.parent / "mended" / "b.nc").sizes["time"] == 1
    [contradiction] = result.not_mended
    assert "contradictory" in contradiction.message


def test_a_file_of_repetitions_alone_is_not_in_the_copy(make, save):
    raw = save(make(), "a.nc")
    save(make().isel(time=slice(2, 5)), "b.nc")
    result = mended(raw)
    assert codes(result.after) == set()
    assert sorted(os.listdir(raw.parent / "mended")) == ["a.nc"]


def test_irregular_steps_are_listed_with_their_counts(make, save):
    data = make(frames=30)
    steps = np.array([7, 8, 7, 9] * 8)[:30]
    data["time"] = np.datetime64("2015-01-01", "ns") + np.cumsum(steps) * HOUR
    told = found(check(save(data)), "irregular-step")
    assert "7h ×14, 8h ×8, 9h ×7" in told.message
    assert "resample" in told.way_out


def test_one_odd_step_among_regular_ones_is_told_beside_gaps(make, save):
    data = make(frames=30)
    times = data["time"].values.copy()
    times[20:] += 2 * HOUR
    data["time"] = times
    told = found(check(save(data)), "irregular-step")
    assert (told.count, told.examples) == (1, ("2015-01-06T02:00",))


def test_months_are_no_irregular_steps(make, save):
    data = make(frames=14)
    months = np.arange("2015-01", "2016-04", dtype="datetime64[M]").astype("M8[ns]")
    data["time"] = np.delete(months, 5)
    report = check(save(data))
    assert found(report, "irregular-step").severity == "note"
    assert found(report, "gap").count == 1


def test_files_of_different_steps_are_told(make, save):
    raw = save(make(frames=40), "a.nc")
    save(make(first="2015-02-01", frames=20, step_hours=12), "b.nc")
    assert found(check(raw), "mixed-steps").examples == ("b.nc",)


def test_times_that_one_variable_lacks_are_told(make, save):
    raw = save(make(), "a.nc")
    save(make("msl", base=101_000, units="Pa", frames=10), "b.nc")
    told = found(check(raw), "variable-absent")
    assert told.message.startswith("msl: 2 of 12 times")


def test_members_and_lead_times_are_told_and_not_mended(make, save):
    raw = save(make(), "good.nc")
    members = xr.concat([make(), make(seed=1)], "number")
    save(members.transpose("time", ...), "members.nc")
    leads = xr.concat([make(), make(seed=1)], "step").assign_coords(step=[6, 12])
    save(leads.transpose("time", ...), "leads.nc")
    odd = xr.concat([make(), make(seed=1)], "kind")
    save(odd.transpose("time", ...), "odd.nc")
    report = check(raw)
    assert sorted(each.examples[0] for each in report.findings if each.code == "ensemble") == [
        "members.nc",
        "odd.nc",
    ]
    assert "2 lead times (step)" in found(report, "init-valid-time").message
    result = mend(raw, raw.parent / "mended")
    assert result.files == ("good.nc",)
    assert set(result.left_out) == {"leads.nc", "members.nc", "odd.nc"}


def test_one_lead_time_becomes_the_valid_time(make, save):
    data = make().assign_coords(step=((), 6.0, {"units": "hours"}))
    raw = save(data)
    told = found(check(raw), "init-valid-time")
    assert "they are valid 6 hours later" in told.message
    assert (told.severity, told.fixable) == ("warning", True)
    mended(raw)
    copy = xr.load_dataset(raw.parent / "mended" / "a.nc")
    np.testing.assert_array_equal(copy["time"], data["time"].values + 6 * HOUR)
    assert "step" not in copy.variables


def test_a_lead_time_beside_the_valid_time_is_no_fault(make, save):
    data = make().assign_coords(forecast_period=((), 6.0, {"units": "hours"}))
    data["time"].attrs["standard_name"] = "time"
    report = check(save(data))
    assert codes(report) == set()
    assert report.variables["t2m"].times[0] == data["time"].values[0]
    # cfgrib calls the start so too, and says in other words what it is.
    data["time"].attrs["long_name"] = "initial time of forecast"
    raw = save(data)
    assert codes(check(raw)) == {"init-valid-time"}
    mended(raw)
    copy = xr.load_dataset(raw.parent / "mended" / "a.nc")
    np.testing.assert_array_equal(copy["time"], data["time"].values + 6 * HOUR)
    assert "long_name" not in copy["time"].attrs


def test_starts_without_a_lead_time_are_doubted(make, save):
    data = make()
    data["time"].attrs["standard_name"] = "forecast_reference_time"
    assert codes(check(save(data))) == {"init-valid-time"}
    data["t2m"].attrs["GRIB_dataType"] = "an"
    assert codes(check(save(data))) == set()


def test_final_and_preliminary_values_are_merged(make, save):
    data = make()
    both = xr.concat([data.copy(deep=True), data.copy(deep=True)], "expver")
    both = both.assign_coords(expver=[1, 5]).transpose("time", "expver", ...)
    both["t2m"][8:, 0] = np.nan
    both["t2m"][:8, 1] = np.nan
    raw = save(both)
    assert codes(check(raw)) == {"expver-mixed"}
    mended(raw)
    copy = xr.load_dataset(raw.parent / "mended" / "a.nc")
    np.testing.assert_array_equal(copy["t2m"].values, data["t2m"].values)


@pytest.mark.parametrize("versions", [[1, 9], [1, 5, 9], [5, 5]])
def test_versions_that_nobody_knows_are_not_merged(make, save, versions):
    both = xr.concat([make(seed=seed) for seed in range(len(versions))], "expver")
    raw = save(both.assign_coords(expver=versions).transpose("time", "expver", ...))
    told = found(check(raw), "expver-mixed")
    assert (told.severity, told.fixable) == ("error", False)
    assert f"expver holds {', '.join(map(str, versions))}, of which" in told.message
    save(make(first="2015-01-04"), "b.nc")
    result = mend(raw, raw.parent / "mended")
    assert (result.files, result.left_out) == (("b.nc",), ("a.nc",))


@pytest.mark.parametrize("versions", [["0001", "0005"], [1.0, 5.0], [b"0001", b"0005"]])
def test_versions_are_known_however_they_are_written(make, versions):
    both = xr.concat([make(), make()], "expver")
    both = both.assign_coords(expver=versions).transpose("time", "expver", ...)
    _, [told] = label(both, "a.nc")
    assert (told.code, told.severity, told.fixable) == ("expver-mixed", "warning", True)


def test_preliminary_frames_are_counted(make, save):
    data = make().assign_coords(expver=("time", ["0001"] * 9 + ["0005"] * 3))
    told = found(check(save(data)), "expver-mixed")
    assert (told.count, told.severity, told.fixable) == (3, "note", False)


def test_calendars_of_models_become_that_of_the_world(make, save):
    data = make(frames=60, step_hours=24)
    attrs = {"units": "days since 2015-02-01", "calendar": "360_day"}
    raw = save(data.assign_coords(time=("time", np.arange(60.0), attrs)))
    report = check(raw)
    assert found(report, "calendar").severity == "warning"
    result = mended(raw)
    assert codes(result.after) == {"gap"}
    with xr.open_dataset(raw.parent / "mended" / "a.nc", decode_times=False) as copy:
        assert copy["time"].attrs.get("calendar") == "proleptic_gregorian"
    save(data.assign_coords(time=("time", np.arange(60.0), attrs | {"calendar": "julian"})))
    told = found(check(raw), "calendar")
    assert (told.severity, told.fixable) == ("error", False)


@pytest.mark.parametrize(
    ("attrs", "code"),
    [
        ({"units": "fortnights"}, "time-units"),
        ({"units": "hours since 1900-01-01 00:00:00 +08:00"}, "time-zone"),
    ],
)
def test_times_that_say_too_little_or_are_not_utc_are_told(make, save, attrs, code):
    data = make()
    hours = 1_000_000 + 6.0 * np.arange(12)
    assert code in codes(check(save(data.assign_coords(time=("time", hours, attrs)))))


def test_a_time_axis_of_no_length_is_told(make, save):
    assert codes(check(save(make().isel(time=slice(0, 0))))) == {"empty"}
    (folder := save(make()).parent / "void").mkdir()
    assert codes(check(folder)) == {"empty"}


def test_a_span_that_the_store_names_cuts_its_axis(make, save):
    data = make(frames=12, step_hours=24)
    data.attrs |= {"valid_time_start": "2015-01-03", "valid_time_stop": "2015-01-10"}
    raw = save(data, "a.zarr", encoding={"t2m": {"chunks": (1, 6, 8)}}, consolidated=False)
    (raw / "a.zarr" / "t2m" / "0.0.0").unlink()
    report = check(raw)
    assert codes(report) == set()
    assert len(report.variables["t2m"].times) == 8


def test_files_of_other_levels_repeat_no_time(make, tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    for file, levels in (("a.nc", (500.0, 850.0)), ("b.nc", (700.0, 1000.0))):
        level = xr.DataArray([*levels], dims="level", attrs={"units": "hPa"})
        data = xr.concat([make("t"), make("t")], dim="level", coords="minimal", compat="override")
        data.assign_coords(level=level).transpose("time", ...).to_netcdf(
            raw / file, engine="netcdf4"
        )
    report = check(raw)
    assert codes(report) == set()
    assert list(report.variables) == ["t at 500, 850 hPa", "t at 700, 1000 hPa"]
