"""Times of several ways to do the same thing, taken in turn, each in a process of its own.

What a machine does beside the measurement changes from second to second, so the ways take turns and
what counts is the ratio of their medians. A process of its own keeps what belongs to a process (the
allocator's settings, threads, memory at the peak) from one way to the next apart.
"""

import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = ["Row", "Timing", "alternate", "machine", "show"]

Work = Callable[[], object]


@dataclass(frozen=True)
class Timing:
    """How long one way took, over all its turns."""

    seconds: tuple[float, ...]
    """Of each turn."""
    peak: int
    """Bytes that its process held at the most."""
    before: int
    """Bytes that it held at the most before the first turn."""
    value: Any
    """What the last turn gave, where it is a plain number or a tuple of numbers; else None."""

    @property
    def median(self) -> float:
        """Seconds of the middle turn."""
        return statistics.median(self.seconds)


@dataclass(frozen=True)
class Row:
    """One line of a table: what was measured, and how it stands to what it is compared with."""

    what: str
    """The work."""
    way: str
    """How it was done."""
    value: float
    unit: str
    ratio: float | None = None
    """To the way it is compared with; above 1 is better."""
    against: str = ""
    """The way it is compared with."""
    note: str = ""
    """Accuracy, memory, or what forbids more."""


def alternate(
    ways: Mapping[str, Callable[[], Work]],
    *,
    turns: int = 7,
    warm_up: int = 2,
    environment: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Timing]:
    """Medians of several ways, in turn.

    Args:
        ways: of each name, what makes the work in its process; a function of a module, or a `partial`.
        turns: that are timed.
        warm_up: turns before the clock starts.
        environment: variables that the process of a way has beside those of this one.
    """
    environment = environment or {}
    spawn = multiprocessing.get_context("spawn")
    children: dict[str, tuple[Any, Connection]] = {}
    try:
        for name, make in ways.items():
            here, there = spawn.Pipe()
            child = spawn.Process(target=_serve, args=(there, make), daemon=False)
            kept = dict(os.environ)
            os.environ.update(environment.get(name, {}))
            try:
                child.start()
            finally:
                os.environ.clear()
                os.environ.update(kept)
            there.close()
            children[name] = (child, here)
            here.recv()  # it has made its work: nothing of that runs beside another's turn
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(warm_up + turns):
            for name, (_, pipe) in children.items():
                pipe.send("turn")
                took = pipe.recv()
                if turn >= warm_up:
                    seconds[name].append(took)
        timings = {}
        for name, (_, pipe) in children.items():
            pipe.send("end")
            timings[name] = Timing(tuple(seconds[name]), *pipe.recv())
        return timings
    finally:
        for child, pipe in children.values():
            pipe.close()
            child.join(timeout=10)
            if child.is_alive():
                child.kill()


def _serve(pipe: Connection, make: Callable[[], Work]) -> None:
    """Make the work, do it whenever asked, and say how long it took."""
    work = make()
    before = _peak()
    pipe.send("ready")
    value: object = None
    try:
        while pipe.recv() == "turn":
            start = time.perf_counter()
            value = work()
            pipe.send(time.perf_counter() - start)
        plain = value if isinstance(value, int | float | tuple) else None
        pipe.send((_peak(), before, plain))
    except EOFError:  # the parent has given up
        return


def _peak() -> int:
    # Not by getrusage: that begins with what the parent held.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def machine() -> str:
    """The processor, the cores that this process may use, and how busy they are."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ] or [platform.processor() or platform.machine()]
    return f"{names[0]}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}"


def show(title: str, rows: list[Row], *, console: Console | None = None) -> None:
    """Print the rows as a table."""
    table = Table("what", "way", "value", "ratio", "note", title=title, title_justify="left")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}× {row.against}".strip()
        table.add_row(row.what, row.way, f"{row.value:.4g} {row.unit}", ratio, row.note)
    (console or Console()).print(table)


if __name__ == "__main__":  # an example, and a check of the machine's evenness
    sleep = partial(partial, time.sleep)
    timings = alternate({"10 ms": partial(sleep, 0.01), "20 ms": partial(sleep, 0.02)})
    show(
        machine(),
        [Row("sleep", name, one.median * 1e3, "ms") for name, one in timings.items()],
    )
