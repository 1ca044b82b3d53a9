from types import SimpleNamespace

import pytest
from distributed import KilledWorker, LocalCluster

from pipelines.preparing import workers
from pipelines.preparing.workers import start_workers


def test_one_worker_is_this_process():
    seen = []
    with start_workers(1) as run:
        assert list(run(seen.append, [3, 1, 2])) == [3, 1, 2]
    assert seen == [3, 1, 2]


def test_fewer_than_one_worker_are_refused():
    with pytest.raises(ValueError, match="workers is 0; at least one"), start_workers(0):
        pass


@pytest.fixture(scope="module")
def scheduler():
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as cluster:
        yield cluster.scheduler_address


def test_a_cluster_works_through_all_blocks(scheduler):
    with start_workers(1, scheduler) as run:
        assert sorted(run(abs, list(range(20)))) == list(range(20))


def test_what_fails_on_a_worker_fails_here(scheduler):
    with (
        start_workers(1, scheduler) as run,
        pytest.raises(ValueError, match="invalid literal"),
    ):
        list(run(int, ["1", "x", "2"]))


def test_workers_that_die_are_told_of(scheduler):
    def die(block):
        raise KilledWorker("copy", SimpleNamespace(address="tcp://node1"), 3)

    with (
        start_workers(1, scheduler) as run,
        pytest.raises(OSError, match="start fewer of them. What is done is kept"),
    ):
        list(run(die, [1]))


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr(workers, "_PATIENCE", "200ms")
    with (
        pytest.raises(ValueError, match="no dask scheduler answers at tcp://127.0.0.1:9"),
        start_workers(1, "tcp://127.0.0.1:9"),
    ):
        pass


def test_an_address_needs_a_port():
    with (
        pytest.raises(ValueError, match="scheduler 'node1' is no address"),
        start_workers(1, "node1"),
    ):
        pass
