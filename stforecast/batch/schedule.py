"""The schedule: a process that stays up and runs a job when it is due."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType

import numpy as np

from stforecast.batch.cron import parse_cron
from stforecast.batch.init_times import civil_now
from stforecast.batch.job import Job, ScheduleConfig
from stforecast.batch.keep import remove_old
from stforecast.batch.log import Log, silent
from stforecast.batch.record import Record
from stforecast.batch.run import run_job
from stforecast.batch.verify import verify_job

__all__ = ["Stopped", "run_once", "run_schedule"]


_TELLING = (2, 4, 1)
"""Exit codes of the parts, the most telling first: what a person must mend, then what they must see."""


class Stopped(BaseException):
    """Somebody has asked the schedule to stop: no failure, and nothing that may be caught as one."""


def run_schedule(
    job: Job, *, workers: int = 1, scheduler: str | None = None, log: Log | None = None
) -> None:
    """Run a job now and whenever its schedule says, until SIGTERM or SIGINT; in the main thread.

    Never two runs at once: what falls due meanwhile is one run afterwards. A run that fails is told to
    the log, and the next one comes all the same. On a signal the pass in work is finished and what is
    left is handed back.

    Args:
        workers: processes on this machine.
        scheduler: address of a dask scheduler whose workers are used instead.

    Raises:
        ValueError: the job has no schedule.
    """
    from apscheduler.events import EVENT_SCHEDULER_STARTED
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.blocking import BlockingScheduler

    if job.schedule is None:
        raise ValueError(
            f'job {job.name} has no [schedule]; add that table with cron = "15 0,6,12,18 * * *" or '
            'every = "6h" to its file.'
        )
    log = silent(job.name) if log is None else log
    stop, pool = threading.Event(), ThreadPoolExecutor(1)
    blocking = BlockingScheduler(executors={"default": pool}, timezone=UTC)

    def halt() -> None:
        stop.set()
        if blocking.running:
            blocking.shutdown(wait=False)

    # A signal that came before the start must not be lost.
    blocking.add_listener(lambda event: halt() if stop.is_set() else None, EVENT_SCHEDULER_STARTED)
    blocking.add_job(
        lambda: run_once(job, workers=workers, scheduler=scheduler, log=log, stop=stop),
        trigger=_trigger(job.schedule),
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
        next_run_time=datetime.now(UTC),
    )
    log.tell("schedule started", facts={"cron": job.schedule.cron, "every": _told(job.schedule)})
    with _on_signal(halt):
        blocking.start()
        # Until the pass in work is finished, and the record says so.
        pool.shutdown(wait=True)
    log.tell("schedule stopped")


def run_once(
    job: Job,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    log: Log | None = None,
    stop: threading.Event | None = None,
) -> int:
    """What is done whenever a job is due: run it, verify, remove what is old; the exit code.

    A part that fails keeps none of the others from being done. The code is 2 if a part met with a
    user's mistake, else 4 if the scores have drifted, else 1 if something failed, else 0.

    Args:
        stop: when it is set, the pass in work is finished and the rest handed back.
    """
    told = silent(job.name) if log is None else log

    def check(what: str, done: int, total: int) -> None:
        if stop is not None and stop.is_set():
            raise Stopped

    parts: list[tuple[str, Callable[[], int]]] = [
        (
            "run",
            lambda: (
                run_job(
                    job, now=_now(), workers=workers, scheduler=scheduler, progress=check, log=log
                ).exit_code
            ),
        )
    ]
    if job.verify is not None:
        parts.append(
            ("verify", lambda: verify_job(job, now=_now(), progress=check, log=log).exit_code)
        )
        if job.keep is not None:
            parts.append(("keep", lambda: _keep(job, told)))
    codes = set()
    for name, part in parts:
        try:
            check(name, 0, 1)
            codes.add(part())
        except Stopped:
            told.tell(f"{name} stopped", facts={"reason": "the schedule was asked to stop"})
            break
        # Whatever it was, the next run may fare better.
        except Exception as error:
            codes.add(2 if isinstance(error, ValueError) else 1)
            facts = {"part": name, "error": str(error) or type(error).__name__}
            told.tell("failed in the schedule", facts=facts)
    return next((code for code in _TELLING if code in codes), 0)


def _keep(job: Job, log: Log) -> int:
    """Remove what is old and has just been verified."""
    record = Record(job.status_file)
    zone = record.time_zone()
    for row in remove_old(job, record, now=civil_now(_now(), zone)):
        log.tell("removed", init_time=row.init_time, facts={"outputs": row.outputs})
    return 0


def _now() -> np.datetime64:
    return np.datetime64(datetime.now(UTC).replace(tzinfo=None), "ns")


def _trigger(config: ScheduleConfig) -> object:
    from apscheduler.triggers.cron import CronTrigger
    from apscheduler.triggers.interval import IntervalTrigger

    if config.cron is None:
        assert config.every is not None  # one of the two is given
        return IntervalTrigger(seconds=int(config.every / np.timedelta64(1, "s")), timezone=UTC)
    cron = parse_cron(config.cron)
    return CronTrigger(
        minute=_listed(cron.minutes),
        hour=_listed(cron.hours),
        day=_listed(cron.days),
        month=_listed(cron.months),
        day_of_week=_listed(cron.weekday_names),
        timezone=UTC,
    )


def _listed(values: tuple[int, ...] | tuple[str, ...]) -> str:
    return ",".join(map(str, values)) or "*"


def _told(config: ScheduleConfig) -> str | None:
    return None if config.every is None else f"{config.every / np.timedelta64(1, 's'):g} s"


@contextmanager
def _on_signal(halt: Callable[[], None]) -> Iterator[None]:
    """Call something on SIGTERM and SIGINT, as long as the body runs."""

    def handle(number: int, frame: FrameType | None) -> None:
        halt()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
