"""How a job stands, told without touching it."""

import shutil

import numpy as np
import pytest
import xarray as xr

from stforecast.batch.record import Record
from stforecast.batch.rows import open_rows, put_row
from stforecast.batch.verify import verify_job
from stforecast.forecaster import load_forecaster
from stforecast.verification.evaluate import evaluate
from stforecast.viewing.jobs import job_overview
from tests.stforecast.viewing.conftest import entry_at

LAST = np.datetime64("2015-01-04T18:00", "ns")


def overview_at(desk, hours=2):
    now = LAST + np.timedelta64(hours, "h")
    return job_overview(entry_at(desk.folder, "job.toml"), now=now)


def change(desk, init_time, **columns):
    with open_rows(desk.folder / "waves.state" / "status.sqlite", write=True) as connection:
        put_row(connection, init_time, columns)


def files_of(folder):
    return {file: file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()}


def test_a_fresh_job_is_good_and_nothing_is_written(worked):
    before = files_of(worked.folder)
    found = overview_at(worked)
    assert (found.level, found.problem) == ("good", "")
    assert found.freshness == "fresh: newest forecast 2 h old, at most 6 h is allowed"
    assert (found.counts, found.time_zone) == ({"done": 8}, "UTC")
    assert found.status.last_run.exit_code == 0
    assert files_of(worked.folder) == before


def test_an_old_forecast_is_stale(worked):
    found = overview_at(worked, hours=7 * 24)
    assert (found.level, found.freshness) == (
        "bad",
        "stale: newest forecast 7 days old, at most 6 h is allowed",
    )


def test_what_failed_since_is_a_warning_with_its_reason(worked):
    change(worked, "2015-01-05T00:00:00", state="failed", reason="no room", first_seen="2015")
    change(worked, "2015-01-05T06:00:00", state="waiting", reason="no frame", first_seen="2015")
    found = overview_at(worked)
    assert found.level == "warning"
    assert found.freshness.endswith("but 1 newer failed")
    assert [(row.init_time, row.reason) for row in found.failures] == [
        ("2015-01-05T00:00:00", "no room")
    ]
    assert [row.reason for row in found.waiting] == ["no frame"]


def test_lost_files_of_newer_forecasts_are_a_warning(worked):
    (worked.folder / "out" / "20150104T18.nc").unlink()
    found = overview_at(worked, hours=0)
    assert (found.level, found.freshness[-24:]) == ("warning", ", but 1 newer files lost")


def test_without_a_good_forecast_a_job_is_bad(worked):
    for row in Record(worked.folder / "waves.state" / "status.sqlite").states():
        change(worked, row.init_time, state="failed", reason="broken")
    found = overview_at(worked)
    assert (found.level, found.freshness) == ("bad", "no good forecast, at most 6 h is allowed")
    assert len(found.failures) == 8


def test_a_job_that_says_nothing_of_freshness_is_judged_by_nobody(worked):
    worked.job()
    found = overview_at(worked, hours=1)
    assert (found.level, found.freshness) == (
        "unknown",
        "newest forecast 60 min old; the job says nothing of freshness",
    )
    assert "does not verify" in found.notes[0]


def test_a_job_that_never_ran_says_how_to_start_it(desk):
    desk.job(verify={})
    found = overview_at(desk)
    assert found.level == "unknown"
    file = desk.folder / "job.toml"
    assert found.freshness == f"never run: start it with `stforecast batch run {file}`"
    assert f"Nothing is verified yet: run `stforecast batch verify {file}`" in found.notes[0]


def test_a_broken_job_file_or_record_says_what_is_wrong(worked):
    (worked.folder / "waves.state" / "status.sqlite").write_bytes(b"no database at all" * 100)
    found = overview_at(worked)
    assert (found.level, found.freshness, found.status) == ("bad", "cannot be told", None)
    assert "is damaged" in found.problem
    assert found.counts == {}
    entry = entry_at(worked.folder, "job.toml")
    (worked.folder / "job.toml").write_text("name = 3")
    broken = job_overview(entry, now=LAST)
    assert (broken.level, broken.job) == ("bad", None)
    assert "run is missing" in broken.problem


@pytest.fixture
def verified(worked):
    """A desk whose forecasts are verified, and whose run has test scores."""
    job = worked.job(verify={"drift": 0.1})
    forecaster = load_forecaster(worked.folder / "run")
    scores = evaluate(
        {"simvp": forecaster},
        worked.series,
        init_times=worked.series["time"].values[100:104],
        steps=3,
        time_step=np.timedelta64(6, "h"),
        dialect="wb2",
    )
    scores.to_netcdf(worked.folder / "run" / "scores.nc")
    verify_job(job, now=LAST + np.timedelta64(5, "D"))
    return worked


def test_scores_by_month_and_drift_are_told(verified):
    found = overview_at(verified, hours=48)
    assert {(line.month, line.forecasts) for line in found.scores} == {("2015-01", 8)}
    assert len(found.scores) == len(found.drift) == 2 * 3
    assert found.limit == 0.1
    assert found.notes == ()
    line = found.drift[0]
    with xr.open_dataset(verified.folder / "run" / "scores.nc") as scores:
        own = scores["score"].sel(forecaster="simvp", metric="rmse", channel=line.channel)
        assert line.test_rmse == pytest.approx(own.values[0])


def test_drift_without_anything_recent_is_a_note(verified):
    found = overview_at(verified, hours=60 * 24)
    assert found.drift == []
    assert len(found.scores) == 2 * 3
    [note] = found.notes
    assert note.startswith("Drift cannot be told: of the last 30 days no good forecast")
    assert f"`stforecast batch verify {verified.folder / 'job.toml'}`" in note


def test_what_cannot_be_told_of_verification_is_a_note(verified):
    (verified.folder / "run" / "scores.nc").unlink()
    assert "Drift cannot be told: " in overview_at(verified).notes[0]
    (verified.folder / "waves.state" / "sums" / "2015-01.nc").write_bytes(b"no")
    found = overview_at(verified)
    assert "is no whole file of score sums" in found.notes[0]
    assert found.scores == []
    shutil.rmtree(verified.folder / "run")
    assert overview_at(verified).drift == []
