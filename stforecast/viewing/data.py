"""Data that may be looked at: those that runs and jobs name, and those that are named at the start."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines import PIPELINES
from stforecast.batch.job import load_job
from stforecast.batch.publish import is_url
from stforecast.viewing.catalogue import Catalogue, Entry
from stforecast.viewing.headers import read_header, read_table

__all__ = ["DataPlace", "data_for", "data_stamp", "data_places"]


@dataclass(frozen=True)
class DataPlace:
    """A file, a folder or a store with data."""

    name: str
    """For readers and URLs: the last parts of its path, as many as tell it apart."""
    path: Path
    dataset: str
    """Empty where nothing tells it."""
    used_by: tuple[str, ...] = ()
    """Names of the runs and jobs that name it."""
    is_there: bool = True
    """Whether it can be looked at now."""


def data_places(catalogue: Catalogue, extra: Sequence[str | Path] = ()) -> list[DataPlace]:
    """The data that may be opened, each once: nothing else may be from a browser.

    Args:
        extra: paths that were named when the app was started.
    """
    found: dict[Path, DataPlace] = {}
    for path in extra:
        _add(found, Path(path), "", "")
    for entry in catalogue.entries:
        for text in _named_by(entry):
            _add(found, Path(text), entry.dataset, entry.name)
    home = Path(os.environ.get("STFORECAST_DATA", "data"))
    for dataset in PIPELINES:
        if (home / dataset).exists():
            _add(found, home / dataset, dataset, "")
    return _named_apart(list(found.values()))


def data_for(entry: Entry, extra: Sequence[str | Path]) -> tuple[Path | None, ...]:
    """Where an entry's truth may lie, the likeliest first; None stands for where it says itself.

    That is there alone, if it is there. Else it may be among the paths named at the start: the one with
    the name that its data had, or that of its dataset; a single one in any case. The others come last.
    """
    own = [Path(text) for text in _named_by(entry)]
    candidates = [Path(path) for path in extra]
    if not candidates or any(path.exists() for path in own):
        return (None,)
    wanted = [*(path.name for path in own), entry.dataset]
    fitting = [path for name in wanted for path in candidates if path.name == name]
    if len(candidates) == 1:
        fitting = candidates
    return tuple(dict.fromkeys([*fitting, None, *candidates]))


def data_stamp(entry: Entry, extra: Sequence[str | Path]) -> tuple[tuple[int, int], ...]:
    """What changes when the data of an entry do: sizes and times of change of the files they are.

    Of a folder those at its first level are looked at.
    """
    places = [path for path in data_for(entry, extra) if path is not None]
    places += [Path(text) for text in _named_by(entry)]
    marks = []
    for place in places:
        try:
            facts = place.stat()
            marks.append((facts.st_size, facts.st_mtime_ns))
            if place.is_dir():
                with os.scandir(place) as found:
                    inner = [one.stat() for one in found]
                total = sum(one.st_size for one in inner)
                newest = max((one.st_mtime_ns for one in inner), default=0)
                marks.append((total, newest))
        except OSError:
            marks.append((-1, -1))
    return tuple(marks)


def _add(found: dict[Path, DataPlace], path: Path, dataset: str, user: str) -> None:
    key = path.resolve()
    known = found.get(key) or DataPlace("", path, dataset, is_there=key.exists())
    users = known.used_by if not user or user in known.used_by else (*known.used_by, user)
    found[key] = replace(known, dataset=known.dataset or dataset, used_by=users)


def _named_by(entry: Entry) -> list[str]:
    """Paths on this machine that a run or a job names; none of a broken one."""
    try:
        if entry.kind == "run":
            weights = entry.path / "forecaster.safetensors"
            experiment = (
                read_header(weights)["experiment"]
                if weights.is_file()
                else read_table(entry.path / "experiment.toml")
            )
            named = [experiment.get("data")]
        elif entry.kind == "job":
            job = load_job(entry.path)
            named = [job.input.data, job.verify.data if job.verify else None]
        else:
            named = []
    except ValueError:
        return []
    return [text for text in named if isinstance(text, str) and not is_url(text)]


def _named_apart(places: list[DataPlace]) -> list[DataPlace]:
    """The places with names as short as tells them apart."""
    parts = [place.path.resolve().parts for place in places]
    named = []
    for place, own in zip(places, parts, strict=True):
        count = next(
            count
            for count in range(1, len(own) + 1)
            if [other[-count:] for other in parts].count(own[-count:]) == 1 or count == len(own)
        )
        named.append(replace(place, name="/".join(own[-count:])))
    return named
