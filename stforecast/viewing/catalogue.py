"""The catalogue: runs, jobs and forecast files below a folder, by their heads alone."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from stforecast.viewing.headers import (
    Stamp,
    read_forecast_head,
    read_header,
    read_table,
    stamp_of,
)
from stforecast.viewing.walk import RECORD_FILES, RUN_FILES, Found, output_patterns, walk

__all__ = ["Catalogue", "Entry", "Kind", "Theme", "find_entries", "theme_of"]

Kind = Literal["run", "job", "files"]
Theme = Literal["weather", "traffic", "video"]

_THEMES: dict[str, Theme] = {"": "weather", "weatherbench": "weather", "taxibj": "traffic"}
_EPOCH = np.datetime64(0, "ns")
_LOOKED_AT = 3
"""NetCDF files of a folder that are opened to find out whether it holds forecasts."""


@dataclass(frozen=True)
class Entry:
    """Something to look at."""

    name: str
    """Path relative to the catalogue's folder, as a URL may carry it."""
    kind: Kind
    path: Path
    """The folder of a run or of files, or the file of a job."""
    dataset: str = ""
    """Name of the dataset; empty where nothing tells it."""
    theme: Theme = "weather"
    changed: np.datetime64 = _EPOCH
    """When something of it last changed, UTC."""
    problem: str = ""
    """What is wrong with it and the way out, in a sentence; empty if it can be shown."""
    stamp: Stamp = ()
    """A key for caches: it differs when its files do."""


@dataclass(frozen=True)
class Catalogue:
    """What there is below a folder."""

    folder: Path
    entries: tuple[Entry, ...] = ()
    """Runs, jobs and files, by name."""
    problem: str = ""
    """Why there is nothing, and what to do; empty if there is something."""

    def find(self, name: str) -> Entry:
        """The entry with a name.

        Raises:
            ValueError: there is none.
        """
        for entry in self.entries:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.entries[:8]) or "nothing"
        raise ValueError(
            f"There is no {name!r} in {self.folder}; there is {known}"
            f"{', …' if len(self.entries) > 8 else ''}."
        )


def theme_of(dataset: str) -> Theme:
    """What the data of a dataset are about."""
    return _THEMES.get(dataset, "video")


def find_entries(folder: str | Path) -> Catalogue:
    """The runs, jobs and forecast files below a folder, at most four levels deep.

    A broken one is an entry with a `problem`. Weights and values are not read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        return Catalogue(folder, problem=f"{folder} is no folder; {_ways_out(folder)}")
    found = Found()
    walk(folder, found)
    entries = [_guarded(folder, path, "run", _run_entry) for path in found.runs]
    entries += [_guarded(folder, path, "job", _job_entry) for path in found.jobs]
    owned = [
        pattern for file, tree in found.jobs.items() for pattern in output_patterns(file, tree)
    ]
    for place, files in found.files.items():
        own = [
            file for file in files if not any(one.fullmatch(os.path.abspath(file)) for one in owned)
        ]
        if own and (entry := _files_entry(folder, place, own)) is not None:
            entries.append(entry)
    entries.sort(key=lambda entry: entry.name)
    problem = "" if entries else f"{folder} holds no run, job or forecast; {_ways_out(folder)}"
    return Catalogue(folder, tuple(entries), problem)


def _ways_out(folder: Path) -> str:
    return (
        f"train one with `stforecast train DATASET --run {folder}/NAME`, make the demonstration with "
        "`make demo`, or name another folder with --runs DIR."
    )


def _guarded(folder: Path, path: Path, kind: Kind, describe: Any) -> Entry:
    """The entry that `describe` makes, or one that says why it cannot be made."""
    relative = path.relative_to(folder).as_posix()
    entry = Entry(path.name if relative == "." else relative, kind, path)
    try:
        return describe(entry)
    except (ValueError, OSError) as error:
        marks = _stamp(entry)
        return replace(entry, problem=str(error), stamp=marks, changed=_newest(marks))


def _stamp(entry: Entry) -> Stamp:
    if entry.kind == "run":
        return stamp_of(*(entry.path / name for name in RUN_FILES))
    return stamp_of(entry.path)


def _run_entry(entry: Entry) -> Entry:
    """The entry of a run.

    Raises:
        ValueError: it has no forecaster yet, or its files are damaged.
    """
    weights, table = entry.path / RUN_FILES[0], entry.path / RUN_FILES[1]
    marks = _stamp(entry)
    known = {name for name, _, _ in marks}
    dataset = problem = ""
    if str(weights) not in known:
        dataset = str(read_table(table).get("dataset", ""))
        problem = (
            f"{entry.path} has no forecaster yet: its training has not come to the end of an epoch. Go "
            f"on with `stforecast train {dataset or 'DATASET'} --run {entry.path} --resume`."
        )
    else:
        try:
            dataset = str(read_header(weights)["experiment"]["dataset"])
        except (ValueError, KeyError, TypeError) as error:
            problem = (
                f"{str(error).rstrip('.')}: train it again with `stforecast train DATASET --run "
                f"{entry.path}`, or put a copy of it back."
            )
    return replace(
        entry,
        dataset=dataset,
        theme=theme_of(dataset),
        changed=_newest(marks),
        problem=problem,
        stamp=marks,
    )


def _job_entry(entry: Entry) -> Entry:
    """The entry of a job.

    Raises:
        ValueError: its file has a mistake.
    """
    from stforecast.batch.job import load_job

    job = load_job(entry.path)
    state = Path(job.state)
    marks = stamp_of(entry.path, *(state / name for name in RECORD_FILES))
    dataset = ""
    try:
        run = Path(job.run)
        weights = run / RUN_FILES[0] if run.is_dir() else run
        dataset = str(read_header(weights)["experiment"]["dataset"])
    except (ValueError, KeyError, TypeError):
        pass  # its forecasts and its record can be shown all the same
    return replace(
        entry, dataset=dataset, theme=theme_of(dataset), changed=_newest(marks), stamp=marks
    )


def _files_entry(folder: Path, place: Path, files: list[Path]) -> Entry | None:
    """The entry of a folder's forecast files; None if it holds other ones alone."""
    relative = place.relative_to(folder).as_posix()
    name = f"{place.name}/" if relative == "." else f"{relative}/"
    dataset, problem = None, ""
    for file in [*(one for one in files if one.suffix == ".zarr"), *_few(files)]:
        try:
            dataset = _dataset_of(file)
        except ValueError as error:
            problem = f"{str(error).rstrip('.')}: write or copy it again, or remove it."
            continue
        if dataset is not None:
            problem = ""
            break
    if dataset is None and not problem:
        return None
    marks = stamp_of(*files)
    return Entry(
        name,
        "files",
        place,
        dataset=dataset or "",
        theme=theme_of(dataset or ""),
        changed=_newest(marks),
        problem=problem,
        stamp=marks,
    )


def _few(files: list[Path]) -> list[Path]:
    """Some NetCDF files, from the last one back: the names of forecasts are in order of time."""
    return [file for file in files if file.suffix == ".nc"][::-1][:_LOOKED_AT]


def _dataset_of(file: Path) -> str | None:
    """Of which dataset a forecast is; None if the file or store holds no forecast."""
    if file.suffix == ".nc":
        head = read_forecast_head(file)
        return None if head is None else head.dataset
    if not (file / "prediction_timedelta").is_dir():
        return None
    try:
        return str(json.loads((file / ".zattrs").read_text()).get("dataset", ""))
    except (OSError, ValueError):
        return ""


def _newest(marks: Stamp) -> np.datetime64:
    return np.datetime64(max((changed for _, _, changed in marks), default=0), "ns")
