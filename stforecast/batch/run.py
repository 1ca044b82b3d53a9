"""A run of a job: plan, gate, fingerprints, claims, tasks and the record, in that order."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from stforecast.batch.fingerprint import file_fingerprint, settings_fingerprint
from stforecast.batch.folders import sweep
from stforecast.batch.init_times import civil_now, due_init_times, named_init_times, step_of
from stforecast.batch.job import Job
from stforecast.batch.keep import remove_old
from stforecast.batch.log import Log, silent
from stforecast.batch.mirror import mirror
from stforecast.batch.network_pass import open_forecaster, open_input, ready_forecaster
from stforecast.batch.output_path import check_distinct, check_outside, check_targets
from stforecast.batch.plan import Step, decide, judge_all, unfinished
from stforecast.batch.publish import is_url
from stforecast.batch.record import Record
from stforecast.batch.rows import Row
from stforecast.batch.summary import Summary
from stforecast.batch.work import Outcome, Task, passes
from stforecast.batch.workers import run_tasks

__all__ = ["input_folder", "run_job"]

Progress = Callable[[str, int, int], None]


def run_job(
    job: Job,
    *,
    now: np.datetime64,
    init_times: Sequence[str] | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    dry_run: bool = False,
    redo: bool = False,
    progress: Progress = lambda what, done, total: None,
    log: Log | None = None,
) -> Summary:
    """Do all that is due, and write down what became of it.

    Args:
        now: UTC.
        init_times: times, or "first/last" for the job's own between; what the job says unless given.
        workers: processes on this machine.
        scheduler: address of a dask scheduler whose workers are used instead.
        dry_run: plan alone; nothing is written but the copy of an input that is a URL.
        redo: make again what is finished and unchanged; never from a worse input.

    Raises:
        ValueError: the job fits neither its input nor its run, or the record is damaged.
        OSError: the input or the record cannot be read or written, or all workers are gone.
    """
    log = silent(job.name) if log is None else log
    record = Record(job.status_file)
    started, begun = record.clock(), time.perf_counter()
    log.tell("run started", facts={"now": str(now), "owner": record.owner})
    try:
        plan = _plan(
            job, record, now=now, named=init_times, redo=redo, dry_run=dry_run, tell=progress
        )
        summary = Summary(job.name, plan.steps, plan.time_zone, dry_run)
        if not dry_run:
            sweep(Path(job.state) / "work")
            _note(plan, record, log)
            _forecast(
                plan, record, summary, workers=workers, scheduler=scheduler, log=log, tell=progress
            )
            removed = remove_old(job, record, now=plan.now)
            for row in removed:
                log.tell("removed", init_time=row.init_time, facts={"outputs": row.outputs})
            summary.removed = len(removed)
    except (ValueError, OSError, RuntimeError) as error:
        code = 2 if isinstance(error, ValueError) else 1
        log.tell("run failed", facts={"error": str(error), "exit_code": code})
        if not dry_run:
            _remember_failure(record, started=started, error=error, code=code)
        if isinstance(error, RuntimeError):
            raise OSError(str(error)) from error
        raise
    except (KeyboardInterrupt, SystemExit) as stop:
        code = stop.code if isinstance(stop, SystemExit) and isinstance(stop.code, int) else 130
        log.tell("run interrupted", facts={"exit_code": code})
        if not dry_run:
            _remember_failure(record, started=started, error=stop, code=code)
        raise
    summary.seconds = time.perf_counter() - begun
    if not dry_run:
        record.add_run(started=started, summary=summary.facts(), exit_code=summary.exit_code)
    facts = {**summary.facts(), "engine": plan.engine, "exit_code": summary.exit_code}
    log.tell("run finished", facts=facts)
    return summary


def input_folder(job: Job) -> Path:
    """Where the input lies on this machine; a URL is copied first, as far as it has changed.

    Raises:
        OSError: the URL cannot be read.
    """
    if is_url(job.input.data):
        return mirror(job.input.data, Path(job.state) / "input")
    return Path(job.input.data)


@dataclass(frozen=True)
class _Plan:
    """What is to be done, and all that doing it takes."""

    job: Job
    steps: tuple[Step, ...]
    source: Path
    apart: np.timedelta64
    n_leads: int
    now: np.datetime64
    time_zone: str
    forecaster: str
    engine: str


def _plan(
    job: Job,
    record: Record,
    *,
    now: np.datetime64,
    named: Sequence[str] | None,
    redo: bool,
    dry_run: bool,
    tell: Progress,
) -> _Plan:
    source = input_folder(job)
    if not is_url(job.input.data):
        paths = [output.spec.target(now) for output in job.output if not is_url(output.path)]
        check_outside([*paths, job.state], source)
    forecaster = open_forecaster(job.run, device=job.device)
    series = open_input(forecaster, str(source))
    step = step_of(job.init_times, time_step=forecaster.time_step)
    for output in job.output:
        check_distinct(output.spec, step=step)
    time_zone = str(series.attrs.get("time_zone", "UTC"))
    here = civil_now(now, time_zone)
    if not dry_run:
        record.recover()
    rows = {row.init_time: row for row in record.states()}
    if named:
        wanted = named_init_times(job.init_times, list(named), step=step)
    else:
        due = due_init_times(job.init_times, series["time"].values, step=step, now=here)
        wanted = np.union1d(due, unfinished(rows, job=job, now=here))
    verdicts = judge_all(
        series,
        wanted,
        offsets=np.arange(1 - forecaster.experiment.history, 1) * forecaster.time_step,
        job=job,
        now=here,
        named=bool(named),
        empty=forecaster.empty,
        progress=lambda done, total: tell("checking", done, total),
    )
    n_leads = job.steps or forecaster.experiment.horizon
    made_by = file_fingerprint(job.run)
    engine = forecaster.settle_engine(job.engine)
    settings = settings_fingerprint(job, steps=n_leads, engine=engine)
    steps = [
        decide(
            verdict, rows.get(verdict.init_time), forecaster=made_by, settings=settings, redo=redo
        )
        for verdict in verdicts
    ]
    check_targets([output.spec for output in job.output], [step.init_time for step in steps])
    return _Plan(job, tuple(steps), source, step, n_leads, here, time_zone, made_by, engine)


def _note(plan: _Plan, record: Record, log: Log) -> None:
    """Write down what is not forecast, and why."""
    states = {"wait": "waiting", "skip": "skipped", "fail": "failed"}
    refused = [step for step in plan.steps if step.action in states]
    record.note(
        [
            Row(step.init_time, states[step.action], step.reason, missing=step.verdict.missing)
            for step in refused
        ],
        lost=[step.init_time for step in refused if step.lost],
    )
    for step in plan.steps:
        if step.action == "unchanged":
            continue
        log.tell(step.action, init_time=step.init_time, facts={"reason": step.reason})
        if step.warning is not None:
            record.warn(step.init_time, step.warning)


def _forecast(
    plan: _Plan,
    record: Record,
    summary: Summary,
    *,
    workers: int,
    scheduler: str | None,
    log: Log,
    tell: Progress,
) -> None:
    """Claim, forecast and record, pass by pass."""
    chosen = {step.init_time: step for step in plan.steps if step.action == "forecast"}
    if not chosen:
        return
    if plan.engine == "onnx":  # before workers do, each for itself: there may be no export yet
        job = plan.job
        ready_forecaster(job.run, device=job.device, engine="onnx", threads=job.threads)
    over = 0
    tasks = _tasks(plan, chosen, record, summary, log)
    with record.beating(failed=lambda why: log.tell("heartbeat failed", facts={"error": why})):
        try:
            for task, made in run_tasks(tasks, workers=workers, scheduler=scheduler):
                for outcome in _outcomes(task, made):
                    step = chosen[outcome.init_time]
                    row = _row_of(step, outcome, plan)
                    kept = record.finish(row)
                    end = row.state if kept else "held"
                    summary.ends[outcome.init_time] = end
                    facts = {"reason": row.reason, "seconds": row.seconds, "outputs": row.outputs}
                    log.tell(end, init_time=outcome.init_time, facts=facts)
                over += len(task.wanted)
                tell("forecasting", over, len(chosen))
        finally:
            record.release("interrupted")


def _tasks(
    plan: _Plan, chosen: dict[str, Step], record: Record, summary: Summary, log: Log
) -> Iterator[Task]:
    """The passes, each claimed when its turn comes: two runs at once share the work."""
    job = plan.job
    cut = passes(list(chosen), every=plan.apart, batch_size=job.batch_size)
    for places, members in cut:
        claimed = record.claim({init_time: chosen[init_time].token for init_time in members})
        for init_time in sorted(set(members) - set(claimed)):
            summary.ends[init_time] = "held"
            log.tell("held", init_time=init_time, facts={"reason": "another run has taken it"})
        if claimed:
            yield Task(
                run=job.run,
                source=str(plan.source),
                init_times=places,
                wanted=tuple(claimed),
                steps=plan.n_leads,
                batch_size=job.batch_size,
                outputs=tuple(output.spec for output in job.output),
                work=str(Path(job.state) / "work"),
                threads=job.threads,
                device=job.device,
                engine=plan.engine,
                inputs=tuple(chosen[one].verdict.input_fingerprint or "" for one in claimed),
            )


def _outcomes(task: Task, made: list[Outcome] | Exception) -> list[Outcome]:
    if isinstance(made, Exception):
        error = str(made) or type(made).__name__
        return [Outcome(init_time, error=error) for init_time in task.wanted]
    return made


def _row_of(step: Step, outcome: Outcome, plan: _Plan) -> Row:
    """What the record says of a forecast that was made, or was not."""
    missing = max(outcome.missing, step.verdict.missing or 0.0)
    row = Row(
        init_time=outcome.init_time,
        state="failed",
        reason=outcome.error or "",
        missing=missing,
        outputs=outcome.outputs,
        warnings=outcome.warnings,
        seconds=outcome.seconds,
        leads=plan.n_leads,
    )
    if outcome.error is not None:
        return row
    degraded = missing > plan.job.history.max_missing
    return replace(
        row,
        state="degraded" if degraded else "done",
        reason=step.verdict.reason,
        fingerprint=step.fingerprint,
        forecaster_fingerprint=plan.forecaster,
        input_fingerprint=step.verdict.input_fingerprint,
    )


def _remember_failure(record: Record, *, started: float, error: BaseException, code: int) -> None:
    """Note a run that broke off, if the record itself is not what broke."""
    why = str(error) if isinstance(error, Exception) else "interrupted"
    try:
        record.add_run(started=started, summary={"error": why}, exit_code=code)
    except (OSError, ValueError) as second:
        error.add_note(f"nor could the run be recorded: {second}")
