import os
import signal
import subprocess
import sys
from concurrent.futures import CancelledError
from pathlib import Path
from threading import Event, Thread

import distributed
import numpy as np
import pytest
import torch
import xarray as xr
from distributed import LocalCluster

from models import build_network
from pipelines.grid import Grid
from pipelines.normalise import Normaliser
from pipelines.series import channels_of
from pipelines.store import write_store
from stforecast.batch import workers
from stforecast.batch.work import OutputSpec, Task, passes
from stforecast.batch.workers import run_tasks
from stforecast.experiment import load_experiment
from stforecast.forecaster import Forecaster

OPTIONS = {"spatial_width": 4, "translator_width": 8, "translator_layers": 2}
STEP = np.timedelta64(6, "h")


@pytest.fixture
def place(waves, tmp_path):
    """A forecaster and a store of 30 frames."""
    series = waves[:30]
    experiment = load_experiment(
        base={
            "dataset": "weatherbench",
            "history": 4,
            "horizon": 3,
            "time_step": "6h",
            "network": {"name": "simvp", **OPTIONS},
        }
    )
    torch.manual_seed(0)
    network = build_network(
        "simvp", OPTIONS, history=4, horizon=3, channels_in=2, channels_out=2, height=8, width=16
    )
    Forecaster(
        network=network.eval(),
        experiment=experiment,
        channels=channels_of(series),
        normaliser=Normaliser((280.0,) * 2, (10.0,) * 2),
        time_step=STEP,
        shape=(8, 16),
        grid=Grid(series["latitude"].values, series["longitude"].values),
    ).save(tmp_path / "forecaster.safetensors")
    write_store(series, tmp_path / "store")
    return tmp_path


def tasks_of(place, n_tasks, *, out, source="store"):
    init_times = np.datetime64("2015-01-02", "ns") + np.arange(2 * n_tasks) * STEP
    return [
        Task(
            run=str(place / "forecaster.safetensors"),
            source=str(place / source),
            init_times=held,
            wanted=wanted,
            steps=4,
            batch_size=2,
            outputs=(OutputSpec(f"{place}/{out}/{{init_time:%m%dT%H}}.nc", "cf"),),
            work=str(place / "work"),
        )
        for held, wanted in passes(init_times, every=STEP, batch_size=2)
    ]


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def errors(results):
    return [outcome.error for _, made in results for outcome in made]


@pytest.fixture
def kill_a_writer(place):
    """Kills the first process that is seen writing, which must not be this one."""
    killed, enough = [], Event()

    def watch():
        while not enough.wait(0.001):
            for left in (place / "work").glob(".partial-*"):
                pid = int(left.name.split("-")[-2])
                if pid != os.getpid():
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                    return

    thread = Thread(target=watch)
    thread.start()
    yield killed
    enough.set()
    thread.join()


@pytest.fixture
def in_threads():
    """A scheduler and one worker, all in this process, reached as if they were far away."""
    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        dashboard_address=":0",
        memory_limit=0,
    ) as cluster:
        yield cluster


def test_one_worker_is_this_process_and_takes_tasks_one_by_one(place):
    taken = []

    def tasks():
        for task in tasks_of(place, 3, out="out"):
            taken.append(task)
            yield task

    results = run_tasks(tasks())
    assert taken == []
    task, made = next(results)
    assert taken == [task]
    assert [outcome.init_time for outcome in made] == list(task.wanted)
    results.close()


def test_a_task_that_fails_does_not_stop_the_others(place):
    bad, good = tasks_of(place, 2, out="out")
    bad = Task(**vars(bad) | {"source": str(place / "nowhere")})
    (_, failure), (task, made) = run_tasks([bad, good])
    assert "nowhere does not exist" in str(failure)
    assert task is good
    assert [outcome.error for outcome in made] == [None, None]


def test_a_killed_worker_changes_no_byte(place, kill_a_writer):
    tasks = tasks_of(place, 5, out="many")
    results = list(run_tasks(tasks, workers=2))
    assert len(kill_a_writer) == 1
    assert errors(results) == [None] * 10
    assert sorted(task.wanted for task, _ in results) == sorted(task.wanted for task in tasks)
    assert errors(run_tasks(tasks_of(place, 5, out="one"))) == [None] * 10
    assert contents(place / "many") == contents(place / "one")
    assert list((place / "work").iterdir()) == []


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(Path(workers.__file__).parents[2])},
        start_new_session=True,
    )


def test_a_scheduler_with_two_workers_of_which_one_dies(place, tmp_path, kill_a_writer):
    scheduler = LocalCluster(n_workers=0, protocol="tcp", dashboard_address=":0")
    worker = (
        *("distributed.cli.dask_worker", scheduler.scheduler_address, "--no-nanny"),
        *("--nthreads", "1", "--no-dashboard", "--local-directory", str(tmp_path / "dask")),
    )
    processes = [start(*worker) for _ in range(2)]
    try:
        scheduler.wait_for_workers(2, timeout=120)
        tasks = tasks_of(place, 5, out="many")
        results = list(run_tasks(tasks, scheduler=scheduler.scheduler_address))
        assert errors(results) == [None] * 10
        assert [process.pid for process in processes if process.poll() is not None] == kill_a_writer
    finally:
        for process in processes:
            process.kill()
            process.wait()
        scheduler.close()
    assert errors(run_tasks(tasks_of(place, 5, out="one"))) == [None] * 10
    assert contents(place / "many") == contents(place / "one")


def test_tasks_are_handed_out_a_few_at_a_time(place, in_threads):
    taken = []

    def tasks():
        for task in tasks_of(place, 6, out="out"):
            taken.append(task)
            yield task

    ahead = []
    for number, _ in enumerate(run_tasks(tasks(), scheduler=in_threads.scheduler_address)):
        ahead.append(len(taken) - number)
    # One worker: one task that runs, one that waits.
    assert max(ahead) <= 2
    assert len(ahead) == 6


def test_a_task_that_fails_elsewhere_does_not_stop_the_others(place, in_threads):
    bad, good = tasks_of(place, 2, out="out")
    bad = Task(**vars(bad) | {"source": str(place / "nowhere")})
    results = dict(run_tasks([bad, good], scheduler=in_threads.scheduler_address))
    assert isinstance(results[bad], ValueError)
    assert [outcome.error for outcome in results[good]] == [None, None]


def test_files_that_are_read_lazily_are_read_on_the_worker(waves, place, in_threads):
    series = waves[:30].copy()
    series[:, 1] += 54000  # as high as 500 hPa
    names = {"y": "latitude", "x": "longitude"}
    t2m, z500 = (
        series.isel(channel=number, drop=True)
        .swap_dims(names)
        .drop_vars(("y", "x"), errors="ignore")
        for number in range(2)
    )
    t2m.attrs = {"units": "K", "standard_name": "air_temperature"}
    z500.attrs = {"units": "m2 s-2", "standard_name": "geopotential"}
    (place / "raw").mkdir()
    dataset = xr.Dataset({"t2m": t2m, "z": z500.expand_dims(level=[500.0], axis=1)})
    dataset.reset_coords(drop=True).to_netcdf(place / "raw" / "frames.nc")
    tasks = tasks_of(place, 4, out="raw_out", source="raw")
    assert errors(run_tasks(tasks, scheduler=in_threads.scheduler_address)) == [None] * 8
    assert errors(run_tasks(tasks_of(place, 4, out="out", source="raw"))) == [None] * 8
    assert contents(place / "raw_out") == contents(place / "out")


def test_no_tasks_are_no_work(in_threads):
    assert list(run_tasks([], scheduler=in_threads.scheduler_address)) == []


def test_workers_with_other_versions_are_refused(place, in_threads, monkeypatch):
    told = iter(["torch 1", "torch 2"])
    monkeypatch.setattr(workers, "_versions", lambda: next(told))
    with pytest.raises(ValueError, match="has torch 2, but this process torch 1: forecasts would"):
        next(run_tasks(tasks_of(place, 1, out="out"), scheduler=in_threads.scheduler_address))


def test_a_scheduler_without_workers_is_refused(place, in_threads, monkeypatch):
    monkeypatch.setattr(workers, "_PATIENCE_SECONDS", 1)
    in_threads.scale(0)
    in_threads.sync(in_threads._correct_state)
    with pytest.raises(ValueError, match="has no workers; start some with `dask worker tcp://"):
        next(run_tasks(tasks_of(place, 1, out="out"), scheduler=in_threads.scheduler_address))


def test_workers_that_are_gone_for_good_end_the_run(place, in_threads, monkeypatch):
    monkeypatch.setattr(workers, "_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(workers, "_LONELY_LOOKS", 3)
    results = run_tasks(tasks_of(place, 4, out="out"), scheduler=in_threads.scheduler_address)
    next(results)
    in_threads.scale(0)
    in_threads.sync(in_threads._correct_state)
    with pytest.raises(ConnectionError, match="all workers have been gone for"):
        list(results)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://here"])
def test_a_scheduler_that_does_not_answer_is_named(address, monkeypatch):
    monkeypatch.setattr(workers, "_PATIENCE_SECONDS", 0.5)
    with pytest.raises(ValueError, match=f"scheduler {address} does not answer"):
        next(run_tasks([], scheduler=address))
    # Nothing of it is left that this process would read and write through.
    with pytest.raises(ValueError, match="No clients found"):
        distributed.default_client()


def test_a_run_on_workers_leaves_this_process_its_own_reading(place, in_threads):
    results = run_tasks(tasks_of(place, 2, out="out"), scheduler=in_threads.scheduler_address)
    next(results)
    with pytest.raises(ValueError, match="No clients found"):
        distributed.default_client()
    results.close()


def test_no_worker_at_all_is_refused():
    with pytest.raises(ValueError, match="workers must be at least 1, but it is 0"):
        run_tasks([], workers=0)


class _Gone:
    """A client and a future whose scheduler is gone."""

    def result(self):
        raise CancelledError("lost")

    def nthreads(self):
        raise OSError("timed out")


@pytest.mark.parametrize("ask", [workers._result, workers._count])
def test_a_scheduler_that_goes_away_ends_the_run(ask):
    with pytest.raises(ConnectionError, match="the scheduler has gone away; start it"):
        ask(_Gone())
