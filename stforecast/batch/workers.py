"""Tasks of a batch job on one or many processes, here or on other machines."""

from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from itertools import islice
from queue import Empty, Queue
from typing import TYPE_CHECKING, cast

from stforecast.batch.work import Outcome, Task, forecast_init_times

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["run_tasks"]

_AHEAD = 2
"""Tasks that a worker has been given and has not finished: one that runs, one that waits."""

_PATIENCE_SECONDS = 15
"""For a scheduler to answer, and for its first worker."""

_LOOK_SECONDS = 10
_LONELY_LOOKS = 6
"""How often, so far apart, no worker may be seen while tasks wait for one."""

_GONE = "the scheduler has gone away; start it, and run the job again: it goes on where it stopped."


def run_tasks(
    tasks: Iterable[Task], *, workers: int = 1, scheduler: str | None = None
) -> Iterator[tuple[Task, list[Outcome] | Exception]]:
    """Each task with what became of its init times, or with why it failed, as they are finished.

    Tasks are taken as workers become free, a few at a time. A task whose worker dies runs again on
    another one; after three deaths it is the task that is taken for the cause.

    Args:
        workers: processes on this machine; with one, the tasks run in this process.
        scheduler: address of a dask scheduler, tcp://HOST:PORT, whose workers are used instead. They
            see the same files under the same paths.

    Raises:
        ValueError: `workers` is below 1, or the scheduler does not answer, has no workers, or has
            some with other versions than here.
        ConnectionError: the scheduler is gone, or all workers are and none comes within a minute.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, but it is {workers}.")
    if scheduler is None and workers == 1:
        return _run_here(tasks)
    return _run_there(tasks, workers=workers, scheduler=scheduler)


def _run_here(tasks: Iterable[Task]) -> Iterator[tuple[Task, list[Outcome] | Exception]]:
    for task in tasks:
        try:
            made: list[Outcome] | Exception = forecast_init_times(task)
        # The other tasks go on, as they would on other workers.
        except Exception as error:
            made = error
        yield task, made


def _run_there(
    tasks: Iterable[Task], *, workers: int, scheduler: str | None
) -> Iterator[tuple[Task, list[Outcome] | Exception]]:
    waiting = iter(tasks)
    done: Queue[Future] = Queue()
    with _client(workers, scheduler) as client:
        sent: dict[Future, Task] = {}
        while True:
            # Counted anew each time: workers come and go.
            room = max(_AHEAD * _count(client), 1) - len(sent)
            for task in islice(waiting, max(room, 0)):
                future = client.submit(forecast_init_times, task, pure=False)
                sent[future] = task
                future.add_done_callback(done.put)
            if not sent:
                return
            future = _next_done(client, done)
            yield sent.pop(future), _result(future)


def _next_done(client: "Client", done: "Queue[Future]") -> "Future":
    """The next that is done.

    Raises:
        ConnectionError: nothing is done and no worker has been there for a while.
    """
    lonely = 0
    while lonely < _LONELY_LOOKS:
        try:
            return done.get(timeout=_LOOK_SECONDS)
        except Empty:
            lonely = 0 if _count(client) else lonely + 1
    raise ConnectionError(
        f"all workers have been gone for {_LONELY_LOOKS * _LOOK_SECONDS} s; start some, and run the job "
        "again: it goes on where it stopped."
    )


def _result(future: "Future") -> list[Outcome] | Exception:
    try:
        return future.result()
    except CancelledError as error:
        raise ConnectionError(_GONE) from error
    # Whatever a task failed with, or what killed its workers: the others go on.
    except Exception as error:
        return error


def _count(client: "Client") -> int:
    try:
        return len(cast("dict[str, int]", client.nthreads()))
    except OSError as error:
        raise ConnectionError(_GONE) from error


@contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator["Client"]:
    import logging

    from distributed import Client, LocalCluster

    with ExitStack() as stack:
        if scheduler is None:
            # Forecasts are not kept on the workers, and what torch keeps of freed memory must not
            # count as theirs: dask sets no limit.
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                memory_limit=0,
                dashboard_address=":0",
                # What is wrong with a task comes back with it; the rest is dask's own housekeeping.
                silence_logs=logging.ERROR,
            )
            stack.enter_context(cluster)
            # Not the default of this process: xarray would read and lock through it.
            yield stack.enter_context(Client(cluster, set_as_default=False))
            return
        try:
            client = Client(scheduler, timeout=_PATIENCE_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ValueError(
                f"scheduler {scheduler} does not answer ({error}); start it with `dask scheduler`, and "
                "name it as tcp://HOST:PORT."
            ) from error
        stack.enter_context(client)
        _check_workers(client, scheduler)
        yield client


def _check_workers(client: "Client", scheduler: str) -> None:
    """Raise ValueError unless there are workers, each with the versions of this process."""
    try:
        client.wait_for_workers(1, timeout=_PATIENCE_SECONDS)
    except TimeoutError as error:
        raise ValueError(
            f"scheduler {scheduler} has no workers; start some with `dask worker {scheduler} "
            "--nthreads 1` where stforecast is installed."
        ) from error
    here = _versions()
    told_by = cast("dict[str, str]", client.run(_versions))
    others = {worker: told for worker, told in told_by.items() if told != here}
    if others:
        worker, told = next(iter(others.items()))
        raise ValueError(
            f"worker {worker} has {told}, but this process {here}: forecasts would differ in their "
            "last digits; install the same versions everywhere."
        )


def _versions() -> str:
    """What the values of a forecast depend on."""
    from importlib.metadata import version

    return ", ".join(
        f"{name} {version(name)}" for name in ("stforecast", "torch", "onnxruntime", "numpy")
    )
