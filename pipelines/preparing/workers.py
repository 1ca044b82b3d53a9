"""Workers: this process, processes of its own, or those of a dask cluster."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Run", "start_workers"]

Run = Callable[[Callable[[Any], None], Sequence[Any]], Iterator[Any]]
"""Calls a function with each block, and yields the blocks as they are done, in any order."""

_AHEAD = 4
"""Blocks a worker that wait for it: enough that it never waits for the scheduler."""


_PATIENCE = "10s"
"""How long a scheduler may take to answer."""


@contextmanager
def start_workers(workers: int, scheduler: str | None = None) -> Iterator[Run]:
    """What runs blocks: this process for one worker, else processes on this machine, or a cluster.

    Args:
        workers: processes on this machine.
        scheduler: address of a dask scheduler, such as tcp://node1:8786; its workers must see the same
            files under the same names, and have stforecast. `workers` is not looked at then.

    Raises:
        ValueError: `workers` is less than 1, the address has no port, or there is no scheduler at it.
    """
    if workers < 1:
        raise ValueError(f"workers is {workers}; at least one is needed.")
    if scheduler is None and workers == 1:
        yield _here
        return
    from distributed import Client, LocalCluster

    has_port = scheduler is None or scheduler.rpartition(":")[2].isdigit()
    if not has_port and not str(scheduler).startswith("inproc:"):
        # Asked for such a client, dask complains once more when it is thrown away.
        raise ValueError(f"scheduler {scheduler!r} is no address; write it like tcp://HOST:8786.")
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ValueError(
                f"no dask scheduler answers at {scheduler} ({error}); start one with `dask scheduler`, "
                "or name workers instead."
            ) from error
        with client:
            yield lambda function, blocks: _on_cluster(client, function, blocks)
        return
    cluster = LocalCluster(
        n_workers=workers,
        threads_per_worker=1,  # the NetCDF library reads with one thread at a time
        dashboard_address=":0",  # any port that is free
        silence_logs=logging.ERROR,
    )
    with cluster, Client(cluster, set_as_default=False) as client:
        yield lambda function, blocks: _on_cluster(client, function, blocks)


def _here(function: Callable[[Any], None], blocks: Sequence[Any]) -> Iterator[Any]:
    for block in blocks:
        function(block)
        yield block


def _on_cluster(
    client: "Client", function: Callable[[Any], None], blocks: Sequence[Any]
) -> Iterator[Any]:
    from distributed import KilledWorker, as_completed

    waiting = iter(blocks)
    running = {}
    n_workers = max(len(client.scheduler_info(n_workers=-1)["workers"]), 1)
    finished = as_completed(loop=client.loop)
    try:
        for block in islice(waiting, _AHEAD * n_workers):
            running[future := client.submit(function, block, pure=False)] = block
            finished.add(future)
        for future in finished:
            future.result()
            yield running.pop(future)
            for block in islice(waiting, 1):
                running[following := client.submit(function, block, pure=False)] = block
                finished.add(following)
    except KilledWorker as error:
        raise OSError(
            f"workers died again and again over one block ({error}); if memory ran out, start fewer of "
            "them. What is done is kept: start again to go on."
        ) from error
    finally:
        client.cancel(list(running))
