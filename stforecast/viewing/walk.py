"""The walk through a folder: where runs, jobs and forecast files lie."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stforecast.viewing.headers import read_table

__all__ = ["RECORD_FILES", "RUN_FILES", "Found", "output_patterns", "walk"]

RUN_FILES = (
    "forecaster.safetensors",
    "experiment.toml",
    "history.csv",
    "scores.nc",
    "errors.nc",
    "climatology.nc",
    "historical_average.nc",
)
"""What a run holds that is looked at; one of the first two makes a folder a run."""
RECORD_FILES = ("status.sqlite", "status.sqlite-wal")
"""The record of a job, in its state."""
_SKIPPED = {"training", "figures", "node_modules"}


@dataclass
class Found:
    """What a walk has come upon."""

    runs: list[Path] = field(default_factory=list)
    jobs: dict[Path, dict[str, Any]] = field(default_factory=dict)
    """What the job files hold."""
    files: dict[Path, list[Path]] = field(default_factory=dict)
    """NetCDF files and Zarr stores by folder, be they forecasts or not."""


def walk(folder: Path, found: Found, *, depth: int = 4) -> None:
    """Note what is in a folder and, so many levels deep, in those below it."""
    try:
        members = sorted(os.scandir(folder), key=lambda member: member.name)
    except OSError:
        return  # not ours to read
    names = {member.name for member in members}
    is_run = not names.isdisjoint(RUN_FILES[:2])
    if is_run:
        found.runs.append(folder)
    elif _is_store(names):
        return
    for member in members:
        path = folder / member.name
        if member.is_dir():
            if member.name.endswith(".zarr"):
                found.files.setdefault(folder, []).append(path)
            elif depth > 0 and not _is_skipped(path):
                walk(path, found, depth=depth - 1)
        elif is_run:
            continue  # climatology and scores are no forecasts
        elif member.name.endswith(".nc") and not member.name.startswith("."):
            found.files.setdefault(folder, []).append(path)
        elif member.name.endswith(".toml") and (tree := _job_table(path)) is not None:
            found.jobs[path] = tree


def _is_store(names: set[str]) -> bool:
    """Whether a folder with these names in it is data: a store of ours, or one of Zarr's."""
    return not names.isdisjoint(("store.json", ".zgroup", ".zarray", "zarr.json"))


def _is_skipped(folder: Path) -> bool:
    name = folder.name
    return (
        name.startswith((".", "__"))
        or name in _SKIPPED
        or name.endswith(".state")
        # Of a folder that may not be looked into, Path.is_file raises; this says no.
        or os.path.isfile(folder / RECORD_FILES[0])
    )


def _job_table(file: Path) -> dict[str, Any] | None:
    """The table of a job file; None of another TOML file. One that cannot be read is taken for one."""
    try:
        tree = read_table(file)
    except ValueError:
        return {}
    is_job = {"run", "input", "output"} <= set(tree) and isinstance(tree["output"], list)
    return tree if is_job else None


def output_patterns(file: Path, tree: dict[str, Any]) -> Iterator[re.Pattern[str]]:
    """Patterns of the absolute paths that a job writes to."""
    for output in tree.get("output", []):
        path = output.get("path") if isinstance(output, dict) else None
        if isinstance(path, str):
            parts = re.split(r"\{[^}]*\}", os.path.abspath(file.parent / path))
            yield re.compile(".+".join(map(re.escape, parts)))
