"""How a batch job stands: freshness, what failed and why, what waits, scores and drift. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from stforecast.batch.drift import DriftLine, judge_drift, open_test_scores
from stforecast.batch.fingerprint import file_fingerprint
from stforecast.batch.init_times import civil_now
from stforecast.batch.job import Job, load_job
from stforecast.batch.month_sums import MonthSums, load_month
from stforecast.batch.record import Record
from stforecast.batch.rows import Row
from stforecast.batch.status import Status, job_status
from stforecast.batch.verification import MonthScore, scores_of_month
from stforecast.viewing.catalogue import Entry
from stforecast.viewing.headers import read_header
from stforecast.viewing.reading import READING

__all__ = ["JobOverview", "Level", "job_overview"]

Level = Literal["good", "warning", "bad", "unknown"]


@dataclass(frozen=True, eq=False)
class JobOverview:
    """How a job stands."""

    entry: Entry
    job: Job | None = None
    """What its file says; None if it cannot be read."""
    status: Status | None = None
    """What its record says; None if it cannot be read."""
    level: Level = "unknown"
    """good: as fresh as it should be; warning: nothing fresh is asked for, or something failed since;
    bad: stale, or broken."""
    freshness: str = ""
    """The same in words."""
    time_zone: str = "UTC"
    """Of the init times: UTC, or the IANA name of a city's zone."""
    failures: Sequence[Row] = ()
    """Init times that failed, newest first, with their reasons."""
    waiting: Sequence[Row] = ()
    """Init times that wait, newest first, with what they wait for."""
    scores: Sequence[MonthScore] = ()
    """By month, of the forecasts whose truth has come."""
    drift: Sequence[DriftLine] = ()
    """The last weeks against the run's own test; none where the job asks for none."""
    limit: float | None = None
    """Share by which RMSE may exceed the test's before it is drift."""
    problem: str = ""
    """What is broken, and the way out; empty if all could be read."""
    notes: Sequence[str] = field(default_factory=tuple)
    """What could not be told, a sentence each."""

    @property
    def counts(self) -> dict[str, int]:
        """How many init times are in which state."""
        return self.status.counts if self.status else {}


def job_overview(entry: Entry, *, now: np.datetime64) -> JobOverview:
    """How a job stands now; nothing is written, and no run of it is disturbed.

    Args:
        now: UTC.
    """
    try:
        job = load_job(entry.path)
    except ValueError as error:
        return _broken(entry, error)
    try:
        status = job_status(job, now=now)
        zone = Record(job.status_file).time_zone()
    except (ValueError, OSError) as error:
        return _broken(entry, error, job=job)
    level, freshness = _freshness(entry, status, job)
    notes: list[str] = []
    months = _months(entry, job, notes)
    newest_first = status.rows[::-1]
    return JobOverview(
        entry=entry,
        job=job,
        status=status,
        level=level,
        freshness=freshness,
        time_zone=zone,
        failures=[row for row in newest_first if row.state == "failed"],
        waiting=[row for row in newest_first if row.state == "waiting"],
        scores=[line for name, month in months.items() for line in scores_of_month(name, month)],
        drift=_drift(entry, job, list(months.values()), notes, now=civil_now(now, zone)),
        limit=job.verify.drift if job.verify else None,
        notes=tuple(notes),
    )


def _broken(entry: Entry, error: Exception, *, job: Job | None = None) -> JobOverview:
    return JobOverview(
        entry=entry, job=job, level="bad", freshness="cannot be told", problem=str(error)
    )


def _freshness(entry: Entry, status: Status, job: Job) -> tuple[Level, str]:
    """How fresh the newest good forecast is, and whether that is fresh enough."""
    if not status.rows:
        return "unknown", f"never run: start it with `stforecast batch run {entry.path}`"
    allowed = "" if status.max_age is None else f", at most {age_text(status.max_age)} is allowed"
    if status.newest is None or status.age is None:
        return "bad", f"no good forecast{allowed}"
    age = f"newest forecast {age_text(status.age)} old{allowed}"
    if status.is_stale:
        return "bad", f"stale: {age}"
    newer = [row for row in status.rows if row.init_time > status.newest.init_time]
    failed = [row for row in newer if row.state == "failed"]
    if failed or status.lost:
        what = f"{len(failed)} newer failed" if failed else f"{len(status.lost)} newer files lost"
        return "warning", f"{age}, but {what}"
    if status.max_age is None:
        return "unknown", f"{age}; the job says nothing of freshness"
    return "good", f"fresh: {age}"


def age_text(age: np.timedelta64) -> str:
    """How old something is, for readers: "35 min", "7 h", "3 days"."""
    minutes = int(age / np.timedelta64(1, "m"))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def _months(entry: Entry, job: Job, notes: list[str]) -> dict[str, MonthSums]:
    """The score sums of each month that can be read."""
    found = {}
    for file in sorted((Path(job.state) / "sums").glob("????-??.nc")):
        try:
            with READING:
                found[file.stem] = load_month(file)
        except ValueError as error:
            notes.append(str(error))
    if job.verify is None:
        notes.append("The job does not verify its forecasts: add a [verify] table to its file.")
    elif not found:
        notes.append(f"Nothing is verified yet: run `stforecast batch verify {entry.path}`.")
    return found


def _drift(
    entry: Entry, job: Job, months: Sequence[MonthSums], notes: list[str], *, now: np.datetime64
) -> list[DriftLine]:
    """The last weeks against the run's test; none where the job does not ask for it."""
    if job.verify is None or job.verify.drift is None or not months:
        return []
    run = Path(job.run)
    try:
        header = read_header(run / "forecaster.safetensors" if run.is_dir() else run)
        name = str(header["experiment"]["network"]["name"])
        with READING:
            tested = open_test_scores(job.run, forecaster=name)
        lines = judge_drift(
            months,
            tested,
            forecaster=name,
            made_by=file_fingerprint(job.run),
            config=job.verify,
            now=now,
        )
    except (ValueError, OSError, KeyError) as error:
        notes.append(f"Drift cannot be told: {error}")
        return []
    if any(line.forecasts for line in lines):
        return lines
    notes.append(
        f"Drift cannot be told: of the last {age_text(job.verify.window)} no good forecast by the run "
        "as it is now is verified. When their truth has come, run "
        f"`stforecast batch verify {entry.path}`."
    )
    return []
