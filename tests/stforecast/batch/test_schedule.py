"""The schedule stays up, survives failures and stops when it is asked to."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from stforecast.batch import schedule as module
from stforecast.batch.log import Log
from stforecast.batch.record import Record
from stforecast.batch.schedule import run_once, run_schedule

HERE = Path(__file__).parents[3]


def states_of(job):
    return [row.state for row in Record(job.status_file).states()]


class Lines:
    """A log to be looked at."""

    def __init__(self):
        self.events = []
        self.log = Log("waves", lambda line: self.events.append(json.loads(line)))

    @property
    def names(self):
        return [event["event"] for event in self.events]


@pytest.fixture
def stop_after(monkeypatch):
    """Sends this process SIGTERM in its n-th run, and replaces the run by something else."""

    def arrange(number, run):
        runs = []

        def once(job, **options):
            runs.append(threading.current_thread())
            if len(runs) == number:
                os.kill(os.getpid(), signal.SIGTERM)
            return run()

        monkeypatch.setattr(module, "run_job", once)
        return runs

    return arrange


def test_a_failing_run_is_told_and_the_next_one_comes(desk, stop_after):
    job, lines = desk.job(schedule={"every": "1s"}), Lines()

    def fail():
        raise RuntimeError("the disk is full")

    runs = stop_after(2, fail)
    before = signal.getsignal(signal.SIGTERM)
    run_schedule(job, log=lines.log)
    assert len(runs) == 2
    assert lines.names == [
        "schedule started",
        "failed in the schedule",
        "failed in the schedule",
        "schedule stopped",
    ]
    assert lines.events[1]["error"] == "the disk is full"
    assert lines.events[0]["every"] == "1 s"
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_run_that_takes_longer_than_the_schedule_is_never_overlapped(desk, stop_after):
    job = desk.job(schedule={"every": "1s"})
    at_work = threading.Lock()

    def slow():
        assert at_work.acquire(blocking=False), "two runs at once"
        time.sleep(1.3)
        at_work.release()
        raise ValueError("that is all")

    assert len(stop_after(2, slow)) == 0
    run_schedule(job)
    assert not at_work.locked()


def test_a_signal_before_the_start_is_not_lost(desk, monkeypatch):
    job, original = desk.job(schedule={"cron": "0 0 1 1 *"}), module._on_signal

    def at_once(halt):
        halt()
        return original(halt)

    monkeypatch.setattr(module, "_on_signal", at_once)
    monkeypatch.setattr(module, "run_job", lambda *_, **__: pytest.fail("it was asked to stop"))
    lines = Lines()
    run_schedule(job, log=lines.log)
    assert lines.names[-1] == "schedule stopped"


def test_what_is_asked_to_stop_hands_back_what_it_has_not_done(desk):
    job, lines = desk.job(verify={}, batch_size=4), Lines()
    stop = threading.Event()

    def tell(line):
        lines.events.append(json.loads(line))
        if lines.names[-1] == "done":
            stop.set()

    assert run_once(job, log=Log("waves", tell), stop=stop) == 0
    # The pass in work was finished: its places are fixed by the init times alone.
    states = states_of(job)
    assert len(states) == 4
    assert states == ["done"] * 4
    assert lines.names[-1] == "run stopped"
    assert not any(row.owner for row in Record(job.status_file).states())
    assert run_once(job) == 0
    assert states_of(job) == ["done"] * 8


def test_once_runs_verifies_and_removes_what_is_old(desk):
    job, lines = desk.job(verify={}, keep={"outputs": "1d"}), Lines()
    assert run_once(job, log=lines.log) == 0
    order = list(dict.fromkeys(lines.names))
    assert order.index("run finished") < order.index("scored") < order.index("removed")
    # The newest one stays.
    assert list(desk.outputs()) == ["20150104T18.nc"]


@pytest.mark.parametrize(
    ("run", "verify", "code"),
    [(0, 0, 0), (1, 0, 1), (0, 4, 4), (1, 4, 4), (ValueError, 4, 2), (OSError, 0, 1)],
)
def test_the_exit_code_is_the_most_telling_one(desk, monkeypatch, run, verify, code):
    def ends(result):
        def part(job, **options):
            if isinstance(result, type):
                raise result
            return type("Ended", (), {"exit_code": result})

        return part

    monkeypatch.setattr(module, "run_job", ends(run))
    monkeypatch.setattr(module, "verify_job", ends(verify))
    assert run_once(desk.job(verify={})) == code


def test_cron_fields_mean_the_same_to_the_scheduler(desk):
    from datetime import UTC, datetime

    config = desk.job(schedule={"cron": "15 6 * * 0"}).schedule
    start = datetime(2026, 1, 1, tzinfo=UTC)
    # 2026-01-04 is a Sunday.
    assert module._trigger(config).get_next_fire_time(None, start).isoformat() == (
        "2026-01-04T06:15:00+00:00"
    )


def test_a_job_without_a_schedule_is_refused(desk):
    with pytest.raises(ValueError, match=r"job waves has no \[schedule\]; add that table"):
        run_schedule(desk.job())


def test_the_command_ends_with_0_on_a_signal_and_leaves_nothing_in_work(desk):
    job = desk.job(schedule={"cron": "0 0 1 1 *"}, verify={})
    events = []
    with subprocess.Popen(
        [sys.executable, "-m", "stforecast", "batch", "schedule", str(desk.folder / "job.toml")],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HERE), "OMP_NUM_THREADS": "1"},
    ) as process:
        for line in process.stderr:
            events.append(json.loads(line)["event"])
            if events[-1] == "verified":
                process.send_signal(signal.SIGTERM)
    assert process.returncode == 0
    assert events[0] == "schedule started"
    assert events[-1] == "schedule stopped"
    assert states_of(job) == ["done"] * 8
    assert {row.verified_leads for row in Record(job.status_file).states()} == {3}
    assert np.datetime64(Record(job.status_file).last_run().finished[:19]) > np.datetime64("2026")
