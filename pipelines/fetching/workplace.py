"""Where a fetch works until it is whole: a hidden folder beside the result, with a journal."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.atomic import atomic_path, flush, flush_folder
from pipelines.lock import exclusive

__all__ = ["Workplace", "open_workplace"]

_MANIFEST = "manifest.json"
_JOURNAL = "finished.jsonl"
_DATA = "data"
_LOCK = "lock"


@dataclass(frozen=True)
class Workplace:
    """A fetch under way: `.NAME.partial` beside the folder NAME that it will become."""

    out: Path
    folder: Path
    finished: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Key of each finished block, with what its journal line tells."""

    @property
    def data(self) -> Path:
        """What will be renamed to `out`."""
        return self.folder / _DATA

    def finish(self, key: str, facts: Mapping[str, Any]) -> None:
        """Write down that a block is on the disk, with facts about it; lasts through a power cut."""
        line = json.dumps({"block": key, **facts})
        with (self.folder / _JOURNAL).open("a") as stream:
            stream.write("\n" + line)  # first the break: the line before may be torn
            stream.flush()
            os.fsync(stream.fileno())
        self.finished[key] = dict(facts)

    def publish(self) -> None:
        """Give the data their name; the journal goes."""
        for left in self.data.rglob("*.partial"):  # of writes that were killed
            left.unlink()
        flush(self.data)
        self.data.rename(self.out)
        flush_folder(self.out.parent)
        shutil.rmtree(self.folder)


@contextmanager
def open_workplace(
    out: Path,
    *,
    request: Mapping[str, Any],
    source: Mapping[str, str],
    prepare: Callable[[Path], None],
) -> Iterator[Workplace]:
    """The place of a fetch, new or as an interrupted one left it; nobody else works there meanwhile.

    Args:
        out: the folder to make, which is not there yet.
        request: what is fetched, in JSON's types; another one is not mixed with it.
        source: what tells one state of the source from another.
        prepare: writes the labels of the empty result to a path, for a new fetch.

    Raises:
        ValueError: another fetch works on it, or an interrupted one wanted or had something else.
    """
    folder = out.with_name(f".{out.name}.partial")
    folder.mkdir(parents=True, exist_ok=True)
    taken = ValueError(f"another process fetches {out}; wait for it, or name another folder.")
    with exclusive(folder / _LOCK, taken=taken):
        place = Workplace(out, folder)
        if (folder / _MANIFEST).is_file() and place.data.is_dir():
            _check_same(folder, request, source)
            place.finished.update(_read_journal(folder / _JOURNAL))
        else:
            for left in folder.iterdir():
                if left.name != _LOCK:
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
            prepare(place.data)
            with atomic_path(folder / _MANIFEST) as temporary:
                told = {"request": dict(request), "source": dict(source)}
                temporary.write_text(json.dumps(told, indent=1))
        yield place


def _check_same(folder: Path, request: Mapping[str, Any], source: Mapping[str, str]) -> None:
    told = json.loads((folder / _MANIFEST).read_text())
    before, now = told["request"], json.loads(json.dumps(dict(request)))
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            raise ValueError(
                f"{folder} holds an interrupted fetch with {name} = {before.get(name)}, now it is "
                f"{now.get(name)}. Ask for the same again to finish it, delete {folder}, or name "
                "another folder."
            )
    if told["source"] != dict(source):
        raise ValueError(
            f"the source changed since the fetch in {folder} began (its metadata are others): the "
            f"copy would mix two versions. Delete {folder} and fetch again."
        )


def _read_journal(file: Path) -> dict[str, dict[str, Any]]:
    finished = {}
    lines = file.read_text().splitlines() if file.is_file() else []
    for line in lines:
        try:
            facts = json.loads(line)
        except ValueError:  # the line at which the process was killed
            continue
        finished[facts.pop("block")] = facts
    return finished
