import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.series import channels_of
from stforecast.batch import run as run_module
from stforecast.batch import workers as workers_module
from stforecast.batch.keep import remove_old
from stforecast.batch.log import Log
from stforecast.batch.record import Record
from stforecast.batch.run import run_job
from stforecast.batch.status import job_status
from stforecast.batch.verify import verify_job
from stforecast.forecaster import load_forecaster
from stforecast.layouts import read_forecast

NOW = np.datetime64("2015-01-20T00:00", "ns")


def go(job, **options):
    return run_job(job, **{"now": NOW, **options})


def states(job):
    return {row.init_time: row.state for row in Record(job.status_file).states()}


def row_of(job, init_time):
    (row,) = Record(job.status_file).states(init_time, init_time)
    return row


def spoil(series, time, *, cells=1, value=np.nan):
    """The series with some values of one frame replaced."""
    spoilt = series.copy(deep=True)
    frame = spoilt.sel(time=time).values.reshape(-1)
    frame[:cells] = value
    spoilt.loc[{"time": time}] = frame.reshape(spoilt.sel(time=time).shape)
    return spoilt


def test_a_backfill_writes_a_file_for_each_init_time_and_says_so(desk):
    job = desk.job()
    summary = go(job)
    assert summary.counts == {"done": 8}
    assert summary.exit_code == 0
    assert sorted(desk.outputs()) == [
        f"201501{day:02}T{hour:02}.nc" for day in (3, 4) for hour in (0, 6, 12, 18)
    ]
    row = row_of(job, "2015-01-03T06:00:00")
    assert (row.state, row.attempts, row.missing, row.owner) == ("done", 1, 0.0, None)
    assert row.fingerprint
    assert row.seconds > 0
    assert row.outputs == (str(desk.folder / "out/20150103T06.nc"),)
    forecast = read_forecast(row.outputs[0])
    assert forecast.sizes["lead_time"] == 3
    assert channels_of(forecast) == channels_of(desk.series)
    last = Record(job.status_file).last_run()
    assert (last.exit_code, last.summary["counts"]) == (0, {"done": 8})


def test_what_is_finished_is_not_made_again_until_something_changes(desk, new_forecaster):
    job = desk.job()
    go(job)
    before = desk.outputs()
    assert go(job).counts == {"unchanged": 8}
    assert states(job) == dict.fromkeys(states(job), "done")
    assert row_of(job, "2015-01-03T06:00:00").attempts == 1
    # What a forecast is not made from changes nothing: frames after the init time.
    desk.deliver(spoil(desk.series, "2015-01-05T00"))
    assert go(job).counts == {"unchanged": 8}
    # The history of 4 frames that ends at 18 h begins at 0 h: four init times see this frame.
    changed = desk.series.copy(deep=True)
    changed.loc[{"time": "2015-01-03T00"}] += 1
    desk.deliver(changed)
    plan = go(job, dry_run=True)
    reasons = {step.reason for step in plan.steps if step.action == "forecast"}
    assert (plan.counts, reasons) == ({"planned": 4, "unchanged": 4}, {"the input has changed"})
    assert go(job).counts == {"done": 4, "unchanged": 4}
    assert {name for name, now in desk.outputs().items() if now != before[name]} == {
        f"20150103T{hour:02}.nc" for hour in (0, 6, 12, 18)
    }
    new_forecaster(1)
    plan = go(job, dry_run=True)
    assert {step.reason for step in plan.steps} == {"the forecaster has changed"}
    assert go(job).counts == {"done": 8}
    longer = desk.job(steps=5)
    assert {step.reason for step in go(longer, dry_run=True).steps} == {"the settings have changed"}
    assert go(longer).counts == {"done": 8}
    assert read_forecast(desk.folder / "out/20150103T06.nc").sizes["lead_time"] == 5


def test_an_output_that_is_gone_is_made_again_and_asking_does_it_too(desk):
    job = desk.job()
    go(job)
    (desk.folder / "out/20150103T06.nc").unlink()
    plan = go(job, dry_run=True)
    (step,) = [step for step in plan.steps if step.action == "forecast"]
    assert step.reason.endswith("20150103T06.nc is gone")
    assert go(job).counts == {"done": 1, "unchanged": 7}
    before = desk.outputs()
    again = go(job, redo=True, init_times=["2015-01-03T00/2015-01-03T06"])
    assert again.counts == {"done": 2}
    assert desk.outputs() == before


def test_an_init_time_without_its_history_waits_until_it_is_there(desk):
    job = desk.job()
    whole = desk.series
    desk.deliver(whole.sel(time=slice(None, "2015-01-04T06")))
    lines = []
    summary = go(job, log=Log("waves", lines.append))
    assert summary.counts == {"done": 6, "waiting": 2}
    assert summary.exit_code == 0
    row = row_of(job, "2015-01-04T18:00:00")
    assert row.state == "waiting"
    assert row.reason == "2 of 4 frames are absent: 2015-01-04T12:00:00, 2015-01-04T18:00:00"
    events = [json.loads(line) for line in lines]
    assert events[0]["event"] == "run started"
    assert {"job": "waves", "init_time": row.init_time, "event": "wait"}.items() <= next(
        event for event in events if event.get("init_time") == row.init_time
    ).items()
    assert events[-1]["event"] == "run finished"
    assert events[-1]["counts"] == {"done": 6, "waiting": 2}
    assert all("time" in event for event in events)
    desk.deliver(whole)
    assert go(job).counts == {"done": 2, "unchanged": 6}


@pytest.mark.parametrize(("otherwise", "code"), [("wait", 0), ("skip", 0), ("fail", 1)])
def test_what_is_not_good_waits_is_skipped_or_fails_as_the_job_says(desk, otherwise, code):
    desk.deliver(spoil(desk.series, "2015-01-04T18"))
    job = desk.job(history={"otherwise": otherwise})
    summary = go(job)
    state = {"wait": "waiting", "skip": "skipped", "fail": "failed"}[otherwise]
    assert summary.counts == dict(sorted({"done": 7, state: 1}.items()))
    assert summary.exit_code == code
    # 1 of 4 frames × 2 channels × 8 × 16 values
    assert row_of(job, "2015-01-04T18:00:00").reason == (
        "0.0977 % of the values are missing, above 0 %"
    )


def test_what_waits_is_given_up_in_the_end(desk):
    desk.deliver(spoil(desk.series, "2015-01-04T18"))
    job = desk.job(history={"give_up": "10d"})
    assert go(job, now=np.datetime64("2015-01-14T18", "ns")).counts == {"done": 7, "waiting": 1}
    assert go(job).counts == {"skipped": 1, "unchanged": 7}
    assert row_of(job, "2015-01-04T18:00:00").reason.endswith("; given up after 10d")


def test_a_degraded_forecast_is_marked_and_becomes_good_later(desk):
    desk.deliver(spoil(desk.series, "2015-01-04T18"))
    job = desk.job(history={"degraded": 0.01})
    assert go(job).counts == {"degraded": 1, "done": 7}
    row = row_of(job, "2015-01-04T18:00:00")
    assert row.reason == "0.0977 % of the values are missing"
    assert "0.10% of the history is missing" in row.warnings[0]
    desk.deliver(desk.series)
    assert go(job).counts == {"done": 1, "unchanged": 7}
    assert row_of(job, "2015-01-04T18:00:00").warnings == ()


def test_nothing_worse_ever_replaces_a_good_forecast(desk, new_forecaster):
    job = desk.job(history={"degraded": 0.01})
    go(job)
    before = desk.outputs()
    worse = spoil(desk.series, "2015-01-04T18")
    desk.deliver(worse)
    for options in ({}, {"redo": True, "init_times": ["2015-01-04T18"]}):
        assert go(job, **options).counts.get("kept") == 1
    assert desk.outputs() == before
    row = row_of(job, "2015-01-04T18:00:00")
    assert row.state == "done"
    assert row.warnings == (
        "kept as it was, the input has become worse: 0.0977 % of the values are missing",
    )
    # Below the limit of the gate it is kept too, and an input that was emptied is no news.
    desk.deliver(spoil(worse, "2015-01-04T18", cells=200))
    assert go(job).ends["2015-01-04T18:00:00"] == "kept"
    desk.deliver(desk.series.sel(time=slice("2015-01-10", None)))
    assert go(job).counts == {"unchanged": 8}
    # A new forecaster does not make a worse input better.
    desk.deliver(worse)
    new_forecaster(1)
    assert go(job).counts == {"done": 7, "kept": 1}


def test_an_input_that_changes_after_the_gate_replaces_nothing(desk, monkeypatch):
    job = desk.job(history={"degraded": 0.01})
    go(job)
    before = desk.outputs()
    better = desk.series + 1.0
    desk.deliver(better)
    real, worse = workers_module.forecast_init_times, spoil(better, "2015-01-03T18", cells=400)

    def delivered_meanwhile(task):
        desk.deliver(worse)
        return real(task)

    with monkeypatch.context() as patch:
        patch.setattr(workers_module, "forecast_init_times", delivered_meanwhile)
        summary = go(job)
    # The first three histories do not reach as far as the hole, the next four hold it.
    assert (summary.counts, summary.exit_code) == ({"done": 4, "failed": 4}, 1)
    row = row_of(job, "2015-01-03T18:00:00")
    assert (row.state, row.missing) == ("done", 0)
    assert "has changed since this run looked at it" in row.warnings[-1]
    now = desk.outputs()
    assert sum(now[name] == before[name] for name in before) == 4
    assert go(job).counts == {"kept": 4, "unchanged": 4}
    desk.deliver(better)
    assert go(job).counts == {"done": 4, "unchanged": 4}


def test_a_forecast_that_is_gone_and_cannot_be_made_again_is_not_called_done(desk):
    job = desk.job()
    go(job)
    (desk.folder / "out/20150104T18.nc").unlink()
    desk.deliver(spoil(desk.series, "2015-01-04T18"))
    assert go(job).counts == {"unchanged": 7, "waiting": 1}
    assert states(job)["2015-01-04T18:00:00"] == "waiting"
    desk.deliver(desk.series)
    assert go(job).counts == {"done": 1, "unchanged": 7}


def test_the_latest_follows_the_input_and_refuses_a_stale_one(desk):
    job = desk.job(init_times={"latest": True}, history={"max_age": "12h"})
    desk.deliver(desk.series.sel(time=slice(None, "2015-01-19T18")))
    assert list(go(job).ends) == ["2015-01-19T18:00:00"]
    # Frames after now are not known yet: a rehearsal in the middle of an archive.
    desk.deliver(desk.series)
    assert go(job, now=np.datetime64("2015-01-20T07", "ns")).ends == {"2015-01-20T06:00:00": "done"}
    desk.deliver(desk.series.sel(time=slice(None, "2015-01-21T00")))
    late = np.datetime64("2015-01-21T13", "ns")
    assert go(job, now=late).ends == {"2015-01-21T00:00:00": "waiting"}
    assert row_of(job, "2015-01-21T00:00:00").reason == (
        "the input is stale: its newest init time 2015-01-21T00:00:00 is 13 h old, more than 12h"
    )
    # Once it is fresh again, what waited is made too; just one by name is never too old.
    desk.deliver(desk.series.sel(time=slice(None, "2015-01-21T06")))
    assert go(job, now=late).counts == {"done": 2}
    assert go(job, now=late, init_times=["2015-01-10"]).counts == {"done": 1}


def test_every_looks_back_from_now(desk):
    job = desk.job(init_times={"every": "12h", "offset": "6h", "back": "1d"})
    summary = go(job, now=np.datetime64("2015-02-20T00", "ns"))
    # The series ends on 2015-02-19T18.
    assert summary.ends == {"2015-02-19T06:00:00": "done", "2015-02-19T18:00:00": "done"}
    later = go(job, now=np.datetime64("2015-02-20T06", "ns"))
    assert later.ends == {
        "2015-02-19T06:00:00": "unchanged",
        "2015-02-19T18:00:00": "unchanged",
        "2015-02-20T06:00:00": "waiting",
    }
    # What waits is looked at although `back` has passed it by.
    last = go(job, now=np.datetime64("2015-02-25T00", "ns"))
    assert last.ends["2015-02-20T06:00:00"] == "waiting"


def test_a_job_computes_with_the_engine_that_it_names(desk):
    job = desk.job(engine="onnx")
    exports = sorted(Path(job.run).glob("*.onnx*"))
    assert exports == []
    assert go(job, dry_run=True).counts == {"planned": 8}
    assert sorted(Path(job.run).glob("*.onnx*")) == exports  # a plan exports nothing
    lines = []
    assert go(job, workers=1, log=Log("job", lines.append)).counts == {"done": 8}
    assert json.loads(lines[-1])["engine"] == "onnx"
    made = read_forecast(desk.folder / "out/20150103T06.nc")
    again = go(desk.job(engine="torch"), dry_run=True)
    assert {step.reason for step in again.steps} == {"the settings have changed"}
    go(desk.job(engine="torch"))
    wanted = read_forecast(desk.folder / "out/20150103T06.nc")
    assert not made.identical(wanted)
    assert float(abs(made - wanted).max() / wanted.std()) < 1e-4


def test_a_dry_run_writes_nothing(desk):
    job = desk.job()
    summary = go(job, dry_run=True)
    assert summary.counts == {"planned": 8}
    assert summary.exit_code == 0
    assert {step.reason for step in summary.steps} == {"new"}
    assert sorted(path.name for path in desk.folder.iterdir()) == ["data", "job.toml", "run"]


def test_an_input_behind_a_url_is_copied_first(desk):
    job = desk.job(input={"data": f"file://{desk.folder / 'data'}"})
    assert go(job).counts == {"done": 8}
    assert (desk.folder / "waves.state" / "input").is_dir()


def test_old_outputs_are_removed_but_never_the_newest_or_the_unverified(desk):
    job = desk.job(keep={"outputs": "15d"})
    # On the 20th, all up to the 4th, 18 h are more than 15 days old; the newest stays.
    summary = go(job)
    assert (summary.counts, summary.removed) == ({"done": 8}, 7)
    assert list(desk.outputs()) == ["20150104T18.nc"]
    assert row_of(job, "2015-01-03T00:00:00").reason == "removed: older than keep.outputs"
    again = go(job)
    assert (again.counts, again.removed) == ({"unchanged": 8}, 0)
    assert go(job, redo=True, init_times=["2015-01-03T00"]).counts == {"done": 1}


def test_outputs_that_are_not_verified_yet_are_not_removed(desk):
    job = desk.job(keep={"outputs": "15d"}, verify={})
    assert go(job).removed == 0
    record = Record(job.status_file)
    for init_time, leads in (("2015-01-03T00:00:00", 3), ("2015-01-03T06:00:00", 2)):
        record.set_verified(init_time, leads, fingerprint=row_of(job, init_time).fingerprint)
    assert go(job).removed == 1
    assert "20150103T00.nc" not in desk.outputs()


def test_what_was_verified_is_removed_whatever_the_job_forecasts_now(desk):
    tables = {"keep": {"outputs": "15d"}, "verify": {}}
    first, second = "2015-01-03T00:00:00", "2015-01-03T06:00:00"
    short = desk.job(steps=2, **tables)
    assert go(short, init_times=[first]).removed == 0
    longer = desk.job(steps=3, **tables)
    assert go(longer, init_times=[second]).removed == 0
    record = Record(longer.status_file)
    for init_time in (first, second):
        record.set_verified(init_time, 2, fingerprint=row_of(longer, init_time).fingerprint)
    assert [row.init_time for row in remove_old(longer, record, now=NOW)] == [first]
    assert [row.leads for row in record.states()] == [2, 3]


def test_a_full_disk_loses_nothing_and_the_next_run_goes_on(desk, monkeypatch):
    job = desk.job(output=[{"path": "out/{init_time:%Y%m%dT%H}.zarr"}])
    go(job, init_times=["2015-01-03T00"])
    before = desk.outputs()

    def full(*arguments, **options):
        raise OSError(28, "No space left on device", str(desk.folder / "waves.state"))

    with monkeypatch.context() as patch:
        patch.setattr("stforecast.batch.network_pass.write_forecasts", full)
        summary = go(job, redo=True, init_times=["2015-01-03T00/2015-01-03T06"])
    assert summary.counts == {"failed": 2}
    assert summary.exit_code == 1
    good, failed = (row_of(job, f"2015-01-03T0{hour}:00:00") for hour in (0, 6))
    assert (good.state, failed.state) == ("done", "failed")
    assert "could not be made again: [Errno 28] No space left on device" in good.warnings[0]
    assert failed.reason.startswith("[Errno 28] No space left on device")
    assert desk.outputs() == before
    assert go(job).counts == {"done": 7, "unchanged": 1}


def test_a_target_that_cannot_be_written_fails_and_the_rest_goes_on(desk):
    job = desk.job()
    (desk.folder / "out").write_text("in the way")
    summary = go(job)
    assert summary.counts == {"failed": 8}
    assert str(desk.folder / "out") in row_of(job, "2015-01-03T00:00:00").reason
    (desk.folder / "out").unlink()
    assert go(job).counts == {"done": 8}
    assert row_of(job, "2015-01-03T00:00:00").attempts == 2


def test_a_pass_that_fails_as_a_whole_fails_its_init_times(desk, monkeypatch):
    job = desk.job()

    def broken(task):
        raise ValueError("") if "2015-01-03T00:00:00" in task.wanted else KeyError("odd")

    monkeypatch.setattr(workers_module, "forecast_init_times", broken)
    summary = go(job)
    assert summary.counts == {"failed": 8}
    assert row_of(job, "2015-01-03T00:00:00").reason == "ValueError"


def test_two_runs_at_once_share_the_work_and_do_it_once(desk, monkeypatch):
    job = desk.job(batch_size=1)
    passes, real = [], workers_module.forecast_init_times

    def counted(task):
        passes.extend(task.wanted)
        time.sleep(0.02)
        return real(task)

    monkeypatch.setattr(workers_module, "forecast_init_times", counted)
    summaries = []
    threads = [threading.Thread(target=lambda: summaries.append(go(job))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passes) == sorted(set(passes))
    assert len(passes) == 8
    assert sum(summary.counts.get("done", 0) for summary in summaries) == 8
    for summary in summaries:
        assert set(summary.counts) <= {"done", "held", "unchanged"}
        assert summary.exit_code == 0
    assert set(states(job).values()) == {"done"}


def test_an_interrupt_gives_back_what_it_had_claimed(desk, monkeypatch):
    job = desk.job()

    def interrupted(task):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(workers_module, "forecast_init_times", interrupted)
        with pytest.raises(KeyboardInterrupt):
            go(job)
    row = row_of(job, "2015-01-03T00:00:00")
    assert (row.state, row.reason, row.owner) == ("waiting", "interrupted", None)
    last = Record(job.status_file).last_run()
    assert (last.summary, last.exit_code) == ({"error": "interrupted"}, 130)
    assert go(job).counts == {"done": 8}


def test_a_run_that_lost_its_claims_says_that_they_are_held(desk, monkeypatch):
    job = desk.job(init_times={"range": "2015-01-03T00:00/2015-01-03T00:00"})
    real = workers_module.forecast_init_times

    def slow(task):
        # As if the machine had slept past its lease, and another one had taken over.
        other = Record(job.status_file, owner="elsewhere:1:x", clock=lambda: time.time() + 1000)
        other.recover()
        seen = row_of(job, task.wanted[0])
        assert other.claim({seen.init_time: seen.token}) == [seen.init_time]
        return real(task)

    monkeypatch.setattr(workers_module, "forecast_init_times", slow)
    assert go(job).counts == {"held": 1}
    assert row_of(job, "2015-01-03T00:00:00").owner == "elsewhere:1:x"


KILLED = """
import os, signal, sys
import numpy as np
import torch
from stforecast.batch import network_pass, record
from stforecast.batch.job import load_job
from stforecast.batch.run import run_job

countdown = 0

def step():
    global countdown
    countdown -= 1
    if countdown == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def dying(call):
    def maybe(*arguments, **options):
        step()
        made = call(*arguments, **options)
        step()
        return made
    return maybe

network_pass.publish = dying(network_pass.publish)
network_pass.write_forecasts = dying(network_pass.write_forecasts)
record.put_row = dying(record.put_row)
torch.set_num_threads(1)
for countdown in map(int, sys.argv[2:]):
    child = os.fork()  # one import for all of them
    if child == 0:
        run_job(load_job(sys.argv[1]), now=np.datetime64("2015-01-20", "ns"))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def files_below(folder):
    files = sorted(folder.rglob("*"))
    return {str(file): file.read_bytes() for file in files if file.is_file()}


def test_a_run_that_is_killed_again_and_again_ends_as_an_unbroken_one(desk):
    outputs = [
        {"path": "out/{init_time:%Y%m%dT%H}.nc"},
        {"path": "out/{init_time:%Y%m%dT%H}.zarr"},
    ]
    job = desk.job(output=outputs)
    go(job)
    expected = files_below(desk.folder / "out")
    for place in ("out", "waves.state"):
        (desk.folder / place).rename(desk.folder / f"{place}.unbroken")
    # Before and after each claim, writing, publishing and record: after 7 of them, then after 18, …
    killed = subprocess.run(
        [
            sys.executable,
            "-c",
            KILLED,
            desk.folder / "job.toml",
            "7",
            "18",
            "11",
            "9999",
        ],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert killed.stdout.split() == [str(-signal.SIGKILL)] * 3 + ["0"]
    assert set(states(job).values()) == {"done"}
    assert max(row.attempts for row in Record(job.status_file).states()) > 1
    assert files_below(desk.folder / "out") == expected
    assert not list((desk.folder / "waves.state" / "work").iterdir())


def test_a_run_that_breaks_off_is_recorded(desk):
    job = desk.job(input={"data": "absent"})
    with pytest.raises(ValueError, match="absent does not exist"):
        go(job)
    last = Record(job.status_file).last_run()
    assert last.exit_code == 2
    assert "absent does not exist" in last.summary["error"]
    assert job_status(job, now=NOW).newest is None


def test_workers_that_are_all_gone_are_a_failure_and_no_mistake(desk, monkeypatch):
    job = desk.job()

    def lonely(tasks, **options):
        next(iter(tasks))
        raise RuntimeError("all workers have been gone")

    monkeypatch.setattr(run_module, "run_tasks", lonely)
    with pytest.raises(OSError, match="all workers have been gone"):
        go(job)
    assert Record(job.status_file).last_run().exit_code == 1
    assert set(states(job).values()) == {"waiting"}


def test_a_damaged_record_is_refused_and_nothing_is_overwritten(desk):
    job = desk.job()
    go(job)
    before = desk.outputs()
    job.status_file.write_bytes(b"no database at all" * 100)
    with pytest.raises(
        ValueError, match="is damaged: file is not a database. Put a copy"
    ) as raised:
        go(job)
    assert "nor could the run be recorded" in raised.value.__notes__[0]
    with pytest.raises(ValueError, match="is damaged"):
        job_status(job, now=NOW)
    job.status_file.rename(desk.folder / "aside")
    assert go(job).counts == {"done": 8}
    assert desk.outputs() == before


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"output": [{"path": "data/{init_time:%Y%m%dT%H}.nc"}]}, "would lie in the input"),
        ({"state": "data/state"}, "would lie in the input"),
        ({"init_times": {"every": "4h"}}, "every = 4h is no whole number of the forecaster's time"),
        (
            {"output": [{"path": "out/{init_time:%Y%m%d}.nc"}]},
            "one forecast would replace the other",
        ),
        ({"run": "absent"}, "absent"),
    ],
)
def test_a_job_that_does_not_fit_is_refused_before_anything_is_done(desk, tables, message):
    with pytest.raises(ValueError, match=message):
        go(desk.job(**tables))
    assert not (desk.folder / "out").exists()


def test_a_job_of_video_is_refused_by_run_and_verify_and_makes_nothing(desk):
    file = desk.folder / "run" / "forecaster.safetensors"
    forecaster = load_forecaster(file)
    of_video = forecaster.experiment.model_copy(update={"dataset": "video"})
    replace(forecaster, experiment=of_video).save(file)
    job = desk.job(init_times={"latest": True}, verify={})
    refused = "forecasts video, whose frames have no times, and jobs go by the clock"
    with pytest.raises(ValueError, match=refused):
        go(job)
    with pytest.raises(ValueError, match=refused):
        verify_job(job, now=NOW)
    assert not (desk.folder / "out").exists()


def test_the_latest_needs_a_frame_that_is_not_of_the_future(desk):
    job = desk.job(init_times={"latest": True})
    with pytest.raises(ValueError, match="the input has no frame up to now"):
        go(job, now=np.datetime64("2014-01-01", "ns"))
