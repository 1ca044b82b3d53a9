"""Past forecasts are scored as the truth arrives, each lead time once."""

import fcntl
import json
import shutil
from dataclasses import replace

import fsspec
import numpy as np
import pytest
import xarray as xr

from stforecast.batch.log import Log
from stforecast.batch.month_sums import load_month
from stforecast.batch.record import Record
from stforecast.batch.rows import open_rows, put_row
from stforecast.batch.run import run_job
from stforecast.batch.verify import verify_job
from stforecast.layouts import read_forecast, write_forecast
from stforecast.verification.evaluate import verify

NOW = np.datetime64("2015-02-10T00:00", "ns")
FIRST = "2015-01-03T00:00:00"


def go(job, **options):
    return run_job(job, **{"now": NOW, **options})


def check(job, now=NOW, **options):
    return verify_job(job, now=np.datetime64(now, "ns"), **options)


def rows_of(job):
    return {row.init_time: row for row in Record(job.status_file).states()}


def sums_of(job, month="2015-01"):
    return load_month(job.status_file.parent / "sums" / f"{month}.nc")


def alike(one, other):
    """The same sums to the last bit, of the same forecasts."""
    xr.testing.assert_identical(one.sums.data, other.sums.data)
    xr.testing.assert_identical(one.made, other.made)
    return True


def test_scores_are_those_of_the_same_forecasts_all_at_once(desk):
    job = desk.job(verify={})
    go(job)
    found = check(job)
    assert found.exit_code == 0
    assert found.scored == dict.fromkeys(rows_of(job), 3)
    assert {row.verified_leads for row in rows_of(job).values()} == {3}
    files = sorted((desk.folder / "out").glob("*.nc"))
    once = verify(read_forecast(files), desk.series)
    assert len(found.scores) == 2 * 3  # channels × lead times
    for line in found.scores:
        at = {"channel": line.channel, "lead_time": np.timedelta64(int(line.lead_hours), "h")}
        assert (line.forecasts, line.degraded, line.values) == (8, 0, 8 * 8 * 16)
        for metric in ("rmse", "mae", "bias"):
            expected = once["score"].sel(at).sel(metric=metric).item()
            assert getattr(line, metric) == pytest.approx(expected, rel=1e-12)


def test_a_constant_error_is_its_own_rmse_in_every_region(desk):
    job = desk.job(verify={"regions": {"north": [0, 0, 360, 90], "date-line": [170, -30, 190, 30]}})
    go(job)
    for init_time in rows_of(job):
        stamp = np.datetime64(init_time, "ns")
        file = desk.folder / "out" / f"{init_time[:13].replace('-', '')}.nc"
        forecast = read_forecast(file)
        for lead in range(3):
            row = desk.series.sel(time=stamp + forecast["lead_time"].values[lead]).values
            # The truth + 3, and + 5 south of the equator.
            forecast[0, lead] = row + np.where(forecast["latitude"] > 0, 3, 5)[:, None]
        write_forecast(forecast, file)
    found = {(s.region, s.channel, s.lead_hours): s for s in check(job).scores}
    assert len(found) == 3 * 2 * 3
    for channel in ("t2m", "z500"):
        assert found["north", channel, 6].rmse == pytest.approx(3, abs=1e-5)
        assert found["north", channel, 18].bias == pytest.approx(3, abs=1e-5)
        # Half of the area with 3 and half with 5: sqrt((9 + 25) / 2) = sqrt(17)
        for region in ("all", "date-line"):
            assert found[region, channel, 12].rmse == pytest.approx(17**0.5, abs=1e-5)
    # Columns at 180, of 22.5 degrees each; 4 rows within 30 degrees: -11.25, 11.25
    assert found["date-line", "t2m", 6].values == 8 * 2 * 1
    assert found["north", "t2m", 6].values == 8 * 4 * 16


def test_lead_times_are_scored_once_as_their_truth_arrives(desk):
    job = desk.job(verify={})
    go(job)
    # At 2015-01-04T00 five of eight forecasts have begun; the fourth one has a lead time of 6 h.
    early = check(job, "2015-01-04T00:00")
    assert list(early.scored.values()) == [3, 3, 2, 1]
    assert check(job, "2015-01-04T00:00").scored == {}
    later = check(job, "2015-01-04T06:00")
    assert list(later.scored.values()) == [1, 1, 1]
    rest = check(job)
    assert sum(rest.scored.values()) == 8 * 3 - 9 - 3
    assert {row.verified_leads for row in rows_of(job).values()} == {3}
    in_steps = sums_of(job)
    shutil.rmtree(desk.folder / "waves.state" / "sums")
    assert len(check(job).scored) == 8
    assert alike(in_steps, sums_of(job))


def test_a_kill_between_sums_and_record_counts_nothing_twice(desk, monkeypatch):
    job = desk.job(verify={})
    go(job)

    def killed(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Record, "set_verified", killed)
        with pytest.raises(KeyboardInterrupt):
            check(job)
    assert {row.verified_leads for row in rows_of(job).values()} == {0}
    before = sums_of(job)
    assert check(job).scored == {}
    assert alike(before, sums_of(job))
    assert {row.verified_leads for row in rows_of(job).values()} == {3}


def test_a_kill_before_the_sums_are_in_place_loses_nothing(desk, monkeypatch):
    job = desk.job(verify={})
    go(job)

    def full(self, path, **options):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(xr.Dataset, "to_netcdf", full)
        with pytest.raises(OSError, match="No space left"):
            check(job)
    assert [file.name for file in (desk.folder / "waves.state" / "sums").iterdir()] == [".lock"]
    assert len(check(job).scored) == 8


def test_a_forecast_that_was_replaced_is_verified_anew(desk, new_forecaster):
    job = desk.job(verify={})
    go(job)
    check(job)
    before = sums_of(job)
    new_forecaster(7)
    go(job, init_times=[FIRST])
    assert rows_of(job)[FIRST].verified_leads == 0
    found = check(job)
    assert found.scored == {FIRST: 3}
    after = sums_of(job)
    others = before.made["init_time"].values[1:]
    assert alike(before.at(others), after.at(others))
    at = {"init_time": np.datetime64(FIRST, "ns"), "forecaster": "forecast"}
    errors = [month.sums.data["squared_error"].sel(at) for month in (before, after)]
    assert (errors[0] != errors[1]).all()
    shutil.rmtree(desk.folder / "waves.state" / "sums")
    check(job)
    assert alike(after, sums_of(job))


def test_what_is_replaced_while_it_is_verified_is_not_taken_for_verified(desk, monkeypatch):
    job = desk.job(verify={})
    go(job, init_times=[FIRST])
    record = Record(job.status_file)
    follow = Record.set_verified

    def meanwhile(self, init_time, leads, *, fingerprint):
        with open_rows(job.status_file, write=True) as connection:
            put_row(connection, init_time, {"fingerprint": "new", "verified_leads": 0})
        return follow(self, init_time, leads, fingerprint=fingerprint)

    with monkeypatch.context() as patch:
        patch.setattr(Record, "set_verified", meanwhile)
        check(job)
    assert record.states()[0].verified_leads == 0
    assert check(job).scored == {FIRST: 3}


def test_without_a_frame_at_the_init_time_there_is_no_persistence(desk):
    job = desk.job(verify={"data": "truth"})
    go(job)
    times = desk.series["time"].values
    lacking = times != np.datetime64(FIRST, "ns")
    desk.deliver(desk.series)
    from pipelines.store import write_store

    write_store(desk.series.isel(time=np.flatnonzero(lacking)), desk.folder / "truth")
    found = check(job)
    assert {line.persistence_rmse for line in found.scores} == {None}
    assert {line.forecasts for line in found.scores} == {8}
    data = sums_of(job).sums.data.sel(region="all", channel="t2m")
    weights = data["weight"].sel(forecaster="persistence").values
    assert (weights[0] == 0).all()
    assert (weights[1:] > 0).all()


def test_a_truth_without_a_value_has_not_arrived(desk):
    job = desk.job(verify={"data": "truth"})
    go(job)
    from pipelines.store import write_store

    series = desk.series.copy()
    series.loc[{"time": "2015-01-03T06:00"}] = np.nan
    series.loc[{"time": "2015-01-03T12:00", "channel": "t2m"}] = np.nan
    write_store(series, desk.folder / "truth")
    assert check(job, "2015-01-03T06:00").scored == {}
    assert check(job, "2015-01-03T12:00").scored[FIRST] == 1
    leads = sums_of(job).verified(FIRST, rows_of(job)[FIRST].fingerprint)
    assert leads.tolist() == [np.timedelta64(12, "h").astype("timedelta64[ns]").astype(int)]
    found = {(s.channel, s.lead_hours): s for s in check(job, "2015-01-03T12:00").scores}
    assert found["t2m", 12].rmse is None
    assert found["z500", 12].values == 128


def test_a_forecast_that_is_gone_or_damaged_does_not_keep_the_others(desk):
    job = desk.job(verify={}, init_times={"range": "2015-01-03T00:00/2015-01-03T12:00"})
    go(job)
    files = sorted((desk.folder / "out").glob("*.nc"))
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:100])
    lines = []
    found = check(job, log=Log("waves", lines.append))
    assert found.exit_code == 1
    assert found.lost == [FIRST]
    assert list(found.problems) == ["2015-01-03T06:00:00"]
    assert "is no whole NetCDF file" in found.problems["2015-01-03T06:00:00"]
    assert len(found.scored) == 1
    events = [json.loads(line)["event"] for line in lines]
    assert sorted(set(events)) == ["lost", "not verified", "scored", "verified"]


@pytest.mark.parametrize("layout", ["zarr", "memory"])
def test_any_output_that_can_be_read_back_will_do(desk, layout):
    fsspec.filesystem("memory").store.clear()
    place = "memory://bucket/v" if layout == "memory" else "out"
    outputs = ["out/{init_time:%Y%m%dT%H}.csv", f"{place}/{{init_time:%Y%m%dT%H}}.zarr"]
    job = desk.job(output=[{"path": path} for path in outputs], verify={})
    go(job, init_times=[FIRST])
    found = check(job)
    assert found.scored == {FIRST: 3}
    values = {(line.channel, line.lead_hours): line.rmse for line in found.scores}
    shutil.rmtree(desk.folder / "waves.state")
    other = desk.job(verify={})
    go(other, init_times=[FIRST])
    for line in check(other).scores:
        assert values[line.channel, line.lead_hours] == pytest.approx(line.rmse, rel=1e-6)


def test_an_object_store_that_fails_is_named(desk, monkeypatch):
    fsspec.filesystem("memory").store.clear()
    job = desk.job(output=[{"path": "memory://b/{init_time:%Y%m%dT%H}.nc"}], verify={})
    go(job, init_times=[FIRST])

    def refuse(self, *arguments, **options):
        raise RuntimeError("access denied")

    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem.get", refuse)
    found = check(job)
    assert found.problems == {FIRST: "memory://b/20150103T00.nc could not be read: access denied"}


def test_a_truth_behind_a_url_is_copied_first(desk):
    job = desk.job(verify={"data": f"file://{desk.folder / 'data'}"})
    go(job, init_times=[FIRST])
    assert check(job).scored == {FIRST: 3}
    assert (desk.folder / "waves.state" / "truth").is_dir()
    job = desk.job(verify={}, input={"data": f"file://{desk.folder / 'data'}"})
    assert check(job).scored == {}
    assert (desk.folder / "waves.state" / "input").is_dir()


def test_a_forecast_on_another_grid_or_in_other_units_is_refused(desk, monkeypatch):
    job = desk.job(verify={})
    go(job, init_times=[FIRST])
    file = desk.folder / "out" / "20150103T00.nc"
    forecast = read_forecast(file)
    write_forecast(forecast.isel(x=slice(0, 8)), file)
    assert "differ in longitude" in check(job).problems[FIRST]
    celsius = forecast.assign_coords(units=("channel", ["degC", "m2 s-2"]))
    monkeypatch.setattr("stforecast.batch.verify.read_back", lambda outputs, work: celsius)
    why = "t2m is in 'degC' in the forecast and in 'K' in the truth; convert the truth"
    assert check(job).problems[FIRST] == why


def test_forecasts_of_several_lengths_and_months_are_scored_side_by_side(desk):
    span = {"range": "2015-01-30T00:00/2015-02-02T18:00", "every": "24h"}
    job = desk.job(verify={}, init_times=span)
    go(job)
    longer = desk.job(verify={}, init_times=span, steps=5)
    go(longer, init_times=["2015-01-31", "2015-02-01"])
    found = check(longer, "2015-02-03T00:00")
    assert found.scored == {
        "2015-01-30T00:00:00": 3,
        "2015-01-31T00:00:00": 5,
        "2015-02-01T00:00:00": 5,
        "2015-02-02T00:00:00": 3,
    }
    counts = {(s.month, s.lead_hours): s.forecasts for s in found.scores if s.channel == "t2m"}
    assert counts["2015-01", 18] == 2
    assert counts["2015-02", 30] == 1
    assert check(longer, "2015-02-03T00:00").scored == {}


def test_a_new_region_begins_now_and_an_old_one_cannot_move(desk):
    job = desk.job(verify={"regions": {"north": [0, 0, 360, 90]}})
    go(job)
    check(job, "2015-01-04T00:00")
    wider = desk.job(verify={"regions": {"south": [0, -90, 360, 0]}})
    found = check(wider)
    counts = {(s.region, s.lead_hours): s.values for s in found.scores if s.channel == "t2m"}
    assert counts["all", 6] == 8 * 128
    assert counts["north", 6] == 4 * 64
    assert counts["south", 6] == 4 * 64
    moved = desk.job(verify={"regions": {"south": [0, -60, 360, 0]}})
    shutil.copy(desk.folder / "out" / "20150103T00.nc", desk.folder / "kept.nc")
    go(moved, init_times=[FIRST], redo=True)
    with open_rows(moved.status_file, write=True) as connection:
        put_row(connection, FIRST, {"fingerprint": "new"})
    with pytest.raises(ValueError, match=r"2015-01\.nc: region south was .* or move the file away"):
        check(moved)


def test_a_mistake_is_named(desk):
    with pytest.raises(ValueError, match=r"job waves has no \[verify\]; add"):
        check(desk.job())
    with pytest.raises(ValueError, match=r"region tiny = .* holds no cell of the grid"):
        check(desk.job(verify={"regions": {"tiny": [1, 1, 2, 2]}}))
    job = desk.job(verify={})
    go(job, init_times=[FIRST])
    check(job)
    file = desk.folder / "waves.state" / "sums" / "2015-01.nc"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"2015-01.nc is no whole file of score sums .* move it"):
        check(job)


def test_one_verification_at_a_time(desk):
    job = desk.job(verify={})
    folder = desk.folder / "waves.state" / "sums"
    folder.mkdir(parents=True)
    with (folder / ".lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="another verification of this job is at work"):
            check(job)
    assert check(job).scored == {}


def test_degraded_forecasts_are_scored_and_counted_apart(desk):
    job = desk.job(verify={})
    go(job)
    with open_rows(job.status_file, write=True) as connection:
        put_row(connection, FIRST, {"state": "degraded"})
    assert {(line.forecasts, line.degraded) for line in check(job).scores} == {(8, 1)}


def test_a_city_on_the_map_is_compared_with_a_truth_laid_out_alike(desk, monkeypatch):
    """A run that knows its place writes turned grids; the truth has to turn with them."""
    from stforecast.batch import verify as module

    class Upside:
        def lay_out(self, array):
            return array.isel(y=slice(None, None, -1))

    class Places:
        zone = None

        def find(self, place):
            return Upside()

    job = desk.job(verify={})
    go(job, init_times=[FIRST])
    forecaster = module.open_forecaster(job.run)
    experiment = forecaster.experiment.model_copy(update={"place": Places()})
    monkeypatch.setattr(
        module, "open_forecaster", lambda run: replace(forecaster, experiment=experiment)
    )
    assert "differ in latitude" in check(job).problems[FIRST]
