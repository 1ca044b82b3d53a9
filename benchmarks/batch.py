"""Throughput of batch jobs in init times a second: a plain loop, one process, several workers.

    python -m benchmarks.batch --run runs/ncep --data data/ncep_slp --first 2009-01-01 --count 64

The plain loop calls `forecast_file`, what `stforecast forecast` does, once for each init time in one
process: without the start of Python, which a loop in a shell pays each time. Each way writes the same
files; whether those of one process and of workers are the same to the last byte is checked.
"""

import argparse
import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from pipelines.series import parse_step
from stforecast.allocator import keep_memory
from stforecast.batch.work import OutputSpec, Task, iso, passes
from stforecast.batch.workers import run_tasks

ENDINGS = {"cf": "nc", "wb2": "zarr", "tidy": "csv"}


def parse_arguments() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description="Throughput of batch jobs.")
    parser.add_argument("--run", required=True, help="folder of a run, or a forecaster.safetensors")
    parser.add_argument("--data", required=True, help="raw files or a store")
    parser.add_argument("--first", required=True, help="first init time")
    parser.add_argument("--count", type=int, default=64, help="init times")
    parser.add_argument("--every", default="24h", help="between init times")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1, help="of torch, in each process")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--layouts", nargs="+", default=["cf"], choices=list(ENDINGS))
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


def make_tasks(options: argparse.Namespace, folder: Path) -> list[Task]:
    """The passes of the job that is timed."""
    step = parse_step(options.every)
    first = np.datetime64(options.first, "ns")
    return [
        Task(
            run=options.run,
            source=options.data,
            init_times=held,
            wanted=wanted,
            steps=options.steps,
            batch_size=options.batch_size,
            outputs=tuple(
                OutputSpec(f"{folder}/{{init_time:%Y%m%dT%H}}.{ENDINGS[layout]}", layout)
                for layout in options.layouts
            ),
            work=str(folder / "work"),
            threads=options.threads,
        )
        for held, wanted in passes(
            first + np.arange(options.count) * step, every=step, batch_size=options.batch_size
        )
    ]


def plain_loop(options: argparse.Namespace, folder: Path) -> float:
    """Seconds until the first init time is done."""
    import torch

    from stforecast.forecasting import forecast_file

    torch.set_num_threads(options.threads)
    started, first = perf_counter(), 0.0
    for number in range(options.count):
        moment = np.datetime64(options.first, "ns") + number * parse_step(options.every)
        for layout in options.layouts:
            target = OutputSpec(f"{folder}/{{init_time:%Y%m%dT%H}}.{ENDINGS[layout]}", layout)
            forecast_file(
                options.run,
                options.data,
                target.target(moment),
                init_times=[iso(moment)],
                steps=options.steps,
                device="cpu",
            )
        first = first or perf_counter() - started
    return first


def batch_job(options: argparse.Namespace, folder: Path, *, workers: int) -> float:
    """Seconds until the first pass is done: the start of the processes and a pass."""
    started, first = perf_counter(), 0.0
    for _, made in run_tasks(make_tasks(options, folder), workers=workers):
        if isinstance(made, Exception):
            raise made
        for outcome in made:
            if outcome.error:
                raise RuntimeError(f"{outcome.init_time}: {outcome.error}")
        first = first or perf_counter() - started
    return first


def fingerprint(folder: Path) -> str:
    """Of the names and bytes of all files."""
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            digest.update(str(file.relative_to(folder)).encode() + file.read_bytes())
    return digest.hexdigest()


def measure(
    ways: dict[str, Callable[[Path], float]], repeats: int
) -> dict[str, list[tuple[float, float, str]]]:
    """Seconds in all, seconds to the first files and fingerprint of each way, in turn."""
    found: dict[str, list[tuple[float, float, str]]] = {name: [] for name in ways}
    for _ in range(repeats):
        # In turn, so that what else the machine does falls on all of them.
        for name, way in ways.items():
            with TemporaryDirectory() as folder:
                started = perf_counter()
                first = way(Path(folder))
                found[name].append((perf_counter() - started, first, fingerprint(Path(folder))))
    return found


def print_table(found: dict[str, list[tuple[float, float, str]]], count: int) -> None:
    """Medians, and ratios to the first way."""
    tell = sys.stdout.write
    tell(f"{'way':24} {'init times/s':>12} {'s':>8} {'s to first':>10} {'ratio':>6}  all s\n")
    base = median(seconds for seconds, _, _ in next(iter(found.values())))
    for name, rows in found.items():
        seconds = median(row[0] for row in rows)
        first = median(row[1] for row in rows)
        spread = " ".join(f"{row[0]:.1f}" for row in rows)
        ratio = base / seconds
        tell(
            f"{name:24} {count / seconds:12.2f} {seconds:8.1f} {first:10.1f} {ratio:6.2f}  {spread}\n"
        )


def main() -> None:
    """Measure and print."""
    options = parse_arguments()
    keep_memory()
    several = f"{options.workers} workers"
    found = measure(
        {
            "plain loop": lambda folder: plain_loop(options, folder),
            "one process": lambda folder: batch_job(options, folder, workers=1),
            several: lambda folder: batch_job(options, folder, workers=options.workers),
        },
        options.repeats,
    )
    print_table(found, options.count)
    bytes_of = {row[2] for name in ("one process", several) for row in found[name]}
    sys.stdout.write(f"bytes of one process and of {several}: ")
    sys.stdout.write("the same\n" if len(bytes_of) == 1 else f"{len(bytes_of)} kinds\n")
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    sys.stdout.write(f"{os.cpu_count()} processors, load {load}\n")


if __name__ == "__main__":
    main()
