import os
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from multiprocessing import get_context

import pytest

from stforecast.batch import owner as owner_module
from stforecast.batch import record as record_module
from stforecast.batch.owner import is_dead, new_owner
from stforecast.batch.record import LEASE_SECONDS, Record
from stforecast.batch.rows import NOT_SEEN, Row

FIRST, SECOND = "2015-01-01T00:00:00", "2015-01-01T06:00:00"
ELSEWHERE = "another/1:77:abc"


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self):
        self.seconds = 1_000_000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def record(tmp_path, clock):
    return Record(tmp_path / "state" / "status.sqlite", clock=clock)


@pytest.fixture
def other(record):
    """Another run, on another host."""
    return replace(record, owner=ELSEWHERE)


def one(record, init_time=FIRST):
    (row,) = record.states(init_time, init_time)
    return row


def done(init_time=FIRST, **values):
    return Row(
        init_time,
        "done",
        fingerprint="f",
        missing=0.0,
        outputs=("a.nc",),
        **{"seconds": 1.5, **values},
    )


def test_a_record_that_nothing_was_written_to_is_empty_and_makes_no_file(record):
    assert record.states() == []
    assert record.newest_good() is None
    assert record.last_run() is None
    assert not record.file.exists()
    record.file.parent.mkdir()
    record.file.touch()
    assert record.states() == []
    assert record.file.stat().st_size == 0


def test_an_init_time_belongs_to_one_run_at_a_time(record, other):
    seen = {FIRST: NOT_SEEN, SECOND: NOT_SEEN}
    assert record.claim(seen) == [FIRST, SECOND]
    assert other.claim(seen) == []
    row = one(record)
    assert (row.state, row.attempts, row.owner) == ("running", 1, record.owner)
    assert other.claim({FIRST: row.token}) == []
    assert record.finish(done())
    row = one(record)
    assert (row.state, row.outputs, row.owner, row.seconds) == ("done", ("a.nc",), None, 1.5)
    # Who planned before that must not make it again; who has seen it may.
    assert other.claim({FIRST: (1, None)}) == []
    assert other.claim({FIRST: row.token}) == [FIRST]


def test_a_silent_owner_loses_its_claim_after_a_lease_and_a_beating_one_does_not(
    record, other, clock
):
    assert other.claim({FIRST: NOT_SEEN, SECOND: NOT_SEEN}) == [FIRST, SECOND]
    clock.seconds += LEASE_SECONDS - 1
    assert record.recover() == []
    other.heartbeat()
    clock.seconds += LEASE_SECONDS - 1
    assert record.claim({FIRST: one(record).token}) == []
    clock.seconds += 2
    assert record.recover() == [FIRST, SECOND]
    row = one(record)
    assert (row.state, row.reason) == ("waiting", f"left unfinished by {ELSEWHERE}")
    assert record.claim({FIRST: row.token}) == [FIRST]
    assert one(record).attempts == 2
    # The first owner comes back to life: it is not its own any more.
    assert not other.finish(done())
    assert not other.finish(done(init_time="2015-02-01T00:00:00"))
    assert record.finish(done())


def test_a_dead_owner_on_this_host_is_not_waited_for(record):
    process = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    )
    host = new_owner().rsplit(":", 2)[0]
    dead = replace(record, owner=f"{host}:{process.stdout.strip()}:abc")
    dead.claim({FIRST: NOT_SEEN})
    assert record.recover() == [FIRST]


def test_who_is_dead_is_known_on_this_host_alone(monkeypatch):
    assert not is_dead(new_owner())
    assert not is_dead(ELSEWHERE)
    host = new_owner().rsplit(":", 2)[0]

    def forbidden(pid, number):
        raise PermissionError

    monkeypatch.setattr(owner_module.os, "kill", forbidden)
    assert not is_dead(f"{host}:1:abc")


def test_a_failure_leaves_a_good_forecast_as_it_was(record):
    record.claim({FIRST: NOT_SEEN})
    record.finish(done(warnings=("old",)))
    record.claim({FIRST: one(record).token})
    assert one(record).state == "done"
    assert record.finish(Row(FIRST, "failed", reason="no room", seconds=0.1))
    row = one(record)
    assert (row.state, row.fingerprint, row.outputs) == ("done", "f", ("a.nc",))
    assert row.warnings == ("old", "could not be made again: no room")
    record.claim({FIRST: row.token})
    record.finish(done(verified_leads=3))
    assert one(record).warnings == ()


def test_notes_and_warnings_never_touch_a_good_forecast_or_work_in_progress(record, other):
    record.claim({FIRST: NOT_SEEN})
    record.finish(done())
    other.claim({SECOND: NOT_SEEN})
    third = "2015-01-01T12:00:00"
    record.note([Row(time, "waiting", "no frame", missing=0.5) for time in (FIRST, SECOND, third)])
    assert [row.state for row in record.states()] == ["done", "running", "waiting"]
    assert one(record, third).missing == 0.5
    record.note([Row(FIRST, "waiting", "gone")], lost=[FIRST])
    assert one(record).state == "waiting"
    for _ in range(2):
        record.warn(FIRST, "look out")
        record.warn("2016-01-01T00:00:00", "nobody")
    assert one(record).warnings == ("look out",)


def test_what_is_released_waits_again(record):
    record.claim({FIRST: NOT_SEEN, SECOND: NOT_SEEN})
    record.finish(done())
    record.release("interrupted")
    assert [row.state for row in record.states()] == ["done", "waiting"]
    assert one(record, SECOND).owner is None


def test_the_newest_good_forecast_is_done_and_still_there(record):
    record.claim({FIRST: NOT_SEEN, SECOND: NOT_SEEN})
    record.finish(done())
    record.finish(replace(done(SECOND), state="degraded"))
    assert record.newest_good().init_time == FIRST
    assert not record.set_verified(FIRST, 8, fingerprint="of another forecast")
    assert one(record).verified_leads == 0
    assert record.set_verified(FIRST, 8, fingerprint=one(record).fingerprint)
    assert one(record).verified_leads == 8
    record.forget_outputs(FIRST, reason="removed")
    assert one(record).reason == "removed"
    assert record.newest_good() is None


def test_runs_are_noted(record):
    record.add_run(started=999_000.0, summary={"counts": {"done": 1}}, exit_code=0)
    record.add_run(started=999_500.0, summary={"error": "x"}, exit_code=1)
    last = record.last_run()
    assert (last.summary, last.exit_code) == ({"error": "x"}, 1)
    assert last.started == "1970-01-12T13:38:20.000000+00:00"


def test_the_time_zone_is_that_of_the_last_run_that_knew_it(record):
    assert record.time_zone() == "UTC"
    record.add_run(started=0.0, summary={"time_zone": "Asia/Shanghai"}, exit_code=0)
    record.add_run(started=0.0, summary={"error": "no network"}, exit_code=1)
    assert record.time_zone() == "Asia/Shanghai"


def test_heartbeats_go_on_beside_the_work_and_survive_a_hiccup(record, monkeypatch):
    monkeypatch.setattr(record_module, "_BEAT_SECONDS", 0.01)
    record.claim({FIRST: NOT_SEEN})
    beats, failures, enough = [], [], threading.Event()

    def beat(self):
        beats.append(self.owner)
        if len(beats) == 1:
            raise OSError("the disk is away")
        enough.set()

    monkeypatch.setattr(Record, "heartbeat", beat)
    with record.beating(failed=failures.append):
        assert enough.wait(5)
    assert failures == ["the disk is away"]


def _claim_all(file, names, queue, barrier):
    record = Record(file)
    barrier.wait()
    queue.put([name for name in names if record.claim({name: NOT_SEEN})])
    barrier.wait()  # who has ended is dead, and may be robbed


def test_processes_that_claim_at_once_share_without_overlap(record):
    names = [f"2015-01-{day:02}T00:00:00" for day in range(1, 21)]
    context = get_context("fork")
    queue, barrier = context.SimpleQueue(), context.Barrier(3)
    processes = [
        context.Process(target=_claim_all, args=(record.file, names, queue, barrier))
        for _ in range(3)
    ]
    for process in processes:
        process.start()
    taken = [queue.get() for _ in processes]
    for process in processes:
        process.join()
    assert sorted(sum(taken, [])) == names


def test_a_damaged_or_newer_record_is_refused(record):
    record.add_run(started=0.0, summary={}, exit_code=0)
    with sqlite3.connect(record.file) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(ValueError, match="has schema 2, but this version reads 1: update"):
        record.states()
    record.file.write_bytes(os.urandom(8192))
    with pytest.raises(
        ValueError, match="is damaged: file is not a database. Put a copy of it back"
    ):
        record.states()


def test_a_record_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "status.sqlite").mkdir()
    with pytest.raises(OSError, match=r"status.sqlite cannot be used: unable to open"):
        Record(tmp_path / "status.sqlite").add_run(started=0.0, summary={}, exit_code=0)
