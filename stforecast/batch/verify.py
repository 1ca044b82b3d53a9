"""Verification the day after: past forecasts of a job are scored as the truth arrives."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.lock import exclusive
from stforecast.batch.drift import judge_drift, open_test_scores
from stforecast.batch.fingerprint import file_fingerprint
from stforecast.batch.init_times import civil_now
from stforecast.batch.job import Job, VerifyConfig
from stforecast.batch.log import Log, silent
from stforecast.batch.mirror import mirror
from stforecast.batch.month_sums import MonthSums, load_month, merge, save_month
from stforecast.batch.network_pass import open_forecaster
from stforecast.batch.publish import is_url
from stforecast.batch.readback import read_back
from stforecast.batch.record import Record
from stforecast.batch.regions import cells_of_box
from stforecast.batch.rows import Row
from stforecast.batch.scoring import score_made
from stforecast.batch.verification import Verification, scores_of_month
from stforecast.batch.work import iso
from stforecast.forecaster import Forecaster
from stforecast.source import find_data, lazy_series

__all__ = ["verify_job"]

_AT_ONCE = 16
"""Forecasts in memory at once; after so many the sums are written."""

Progress = Callable[[str, int, int], None]


@dataclass
class _Work:
    """What a verification works with, and what it has come to so far."""

    job: Job
    config: VerifyConfig
    record: Record
    forecaster: Forecaster
    truth: xr.DataArray
    known: np.ndarray
    """Times of the truth up to now."""
    log: Log
    scored: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return Path(self.job.state) / "sums"


def verify_job(
    job: Job,
    *,
    now: np.datetime64,
    progress: Progress = lambda what, done, total: None,
    log: Log | None = None,
) -> Verification:
    """Score what has not been scored yet and whose truth is there, and look for drift.

    A lead time of a forecast is scored once: a truth that is corrected later changes nothing. One that
    was replaced is scored anew. A forecast that cannot be read does not keep the others from it.

    Args:
        now: UTC; truth after it is not known yet.

    Raises:
        ValueError: the job does not verify, or truth, run, record or sums cannot be used.
        OSError: something cannot be read or written, or another verification is at work.
    """
    if job.verify is None:
        raise ValueError(f"job {job.name} has no [verify]; add that table to its file.")
    log = silent(job.name) if log is None else log
    forecaster = open_forecaster(job.run)
    tested = None
    if job.verify.drift is not None:
        tested = open_test_scores(job.run, forecaster=forecaster.name)
    truth = _open_truth(job, job.verify, forecaster)
    here = civil_now(now, str(truth.attrs.get("time_zone", "UTC")))
    times = truth["time"].values
    work = _Work(
        job=job,
        config=job.verify,
        record=Record(job.status_file),
        forecaster=forecaster,
        truth=truth,
        known=times[times <= here],
        log=log,
    )
    for name, box in job.verify.regions.items():
        cells_of_box(_laid_out(work, truth.isel(time=slice(0, 1))), box, name=name)
    rows = [row for row in work.record.states() if row.is_good]
    # Two at once would write over each other's sums.
    taken = OSError(f"another verification of this job is at work in {work.folder}; let it finish.")
    with exclusive(work.folder / ".lock", taken=taken):
        over = 0
        for month, members in groupby(rows, key=lambda row: row.init_time[:7]):
            chosen = list(members)
            _verify_month(work, month, chosen)
            over += len(chosen)
            progress("verifying", over, len(rows))
        months = {file.stem: load_month(file) for file in sorted(work.folder.glob("????-??.nc"))}
    drift = []
    if tested is not None:
        drift = judge_drift(
            list(months.values()),
            tested,
            forecaster=forecaster.name,
            made_by=file_fingerprint(job.run),
            config=job.verify,
            now=here,
        )
    found = Verification(
        job=job.name,
        scored=work.scored,
        lost=work.lost,
        problems=work.problems,
        scores=[line for name, month in months.items() for line in scores_of_month(name, month)],
        drift=drift,
        limit=job.verify.drift,
    )
    log.tell("verified", facts=found.facts())
    return found


def _open_truth(job: Job, config: VerifyConfig, forecaster: Forecaster) -> xr.DataArray:
    """The lazy series of the truth; a URL is copied first, as far as it has changed."""
    data = config.data or job.input.data
    if is_url(data):
        part = "input" if data == job.input.data else "truth"
        data = str(mirror(data, Path(job.state) / part))
    experiment = forecaster.experiment
    return lazy_series(experiment, find_data(experiment.dataset, data))


def _verify_month(work: _Work, month: str, rows: Sequence[Row]) -> None:
    """Score what is due of a month, write its sums, then note in the record what they hold."""
    file = work.folder / f"{month}.nc"
    held = load_month(file) if file.is_file() else None
    due = [row for row in rows if row.outputs and _is_due(work, row, held)]
    for start in range(0, len(due), _AT_ONCE):
        batch = due[start : start + _AT_ONCE]
        found = list(_score(work, batch, held))
        for scored in found:
            try:
                held = scored if held is None else merge(held, scored)
            except ValueError as error:
                raise ValueError(
                    f"{file}: {error}; or move the file away, and what is still there of that month "
                    "is scored anew."
                ) from error
        if held is not None and found:
            save_month(held, file)
            _follow(work, batch, held)
            _tell(work, found)
    if held is not None:
        # A verification that was killed may have left the record behind the sums.
        _follow(work, [row for row in rows if row.init_time not in work.scored], held)


def _follow(work: _Work, rows: Sequence[Row], held: MonthSums) -> None:
    """The record says what the sums hold."""
    for row in rows:
        count = len(_done(row, held))
        if count != row.verified_leads:
            work.record.set_verified(row.init_time, count, fingerprint=row.fingerprint)


def _is_due(work: _Work, row: Row, held: MonthSums | None) -> bool:
    """Whether there is truth for a lead time that is not in the sums yet."""
    fingerprint = row.fingerprint or ""
    leads = held.leads(row.init_time, fingerprint) if held else None
    count = leads or work.job.steps or work.forecaster.experiment.horizon
    lead_times = np.arange(1, count + 1) * work.forecaster.time_step
    open_leads = lead_times[~np.isin(lead_times, _done(row, held))]
    return bool(np.isin(np.datetime64(row.init_time, "ns") + open_leads, work.known).any())


def _done(row: Row, held: MonthSums | None) -> np.ndarray:
    """The lead times of a forecast that are in the sums."""
    if held is None:
        return np.array([], dtype="timedelta64[ns]")
    return held.verified(row.init_time, row.fingerprint or "")


def _score(work: _Work, rows: Sequence[Row], held: MonthSums | None) -> Iterator[MonthSums]:
    """The sums of some forecasts, together where they have the same lead times and channels."""
    alike: dict[tuple, list[tuple[Row, xr.DataArray]]] = {}
    for row in rows:
        try:
            forecast = read_back(row.outputs, work=Path(work.job.state) / "work")
        except (OSError, ValueError, RuntimeError) as error:
            _complain(work, row, str(error))
            continue
        if forecast is None:
            work.lost.append(row.init_time)
            work.log.tell("lost", init_time=row.init_time, facts={"outputs": row.outputs})
            continue
        key = (forecast["lead_time"].values.tobytes(), *forecast["channel"].values.tolist())
        alike.setdefault(key, []).append((row, forecast))
    for members in alike.values():
        own = [row for row, _ in members]
        done = {row.init_time: _done(row, held) for row in own}
        made = xr.concat(
            [forecast for _, forecast in members],
            "init_time",
            join="override",
            coords="minimal",
            compat="override",
            combine_attrs="override",
        )
        try:
            truth = _frames_for(work, made)
            scored = score_made(made, own, truth, done=done, boxes=work.config.regions)
        except ValueError as error:
            for row in own:
                _complain(work, row, str(error))
            continue
        if scored is not None:
            yield scored


def _frames_for(work: _Work, made: xr.DataArray) -> xr.DataArray:
    """The frames that forecasts are compared with, in memory and laid out as they are."""
    times, leads = made["init_time"].values, made["lead_time"].values
    wanted = np.union1d(times, times[:, None] + leads)
    rows = np.flatnonzero(np.isin(work.truth["time"].values, wanted[np.isin(wanted, work.known)]))
    return _laid_out(work, work.truth.isel(time=rows).load())


def _laid_out(work: _Work, frames: xr.DataArray) -> xr.DataArray:
    """Frames of the truth on the map, where the run knows the place of a city."""
    place = work.forecaster.experiment.place.find(frames.attrs.get("place"))
    return frames if place is None else place.lay_out(frames)


def _complain(work: _Work, row: Row, why: str) -> None:
    work.problems[row.init_time] = why
    work.log.tell("not verified", init_time=row.init_time, facts={"error": why})


def _tell(work: _Work, found: Sequence[MonthSums]) -> None:
    """What is in the sums now, and on the disk."""
    for scored in found:
        for init_time in scored.made["init_time"].values:
            leads = int(scored.made["verified"].sel(init_time=init_time).sum())
            work.scored[iso(init_time)] = leads
            work.log.tell("scored", init_time=iso(init_time), facts={"lead_times": leads})
