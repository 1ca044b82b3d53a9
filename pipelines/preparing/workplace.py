"""Where a store is made: a hidden folder beside it, with a lock and a journal of what is done.

.STORE.partial/lock           held while a process works there
.STORE.partial/request.json   what is made, from which files
.STORE.partial/journal        a line for each block that is done and on the disk
.STORE.partial/store/         the store so far; at the end it is renamed to STORE
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.atomic import atomic_path
from pipelines.lock import exclusive
from pipelines.series import names

__all__ = ["Workplace", "fingerprint_of_request", "open_workplace", "source_files"]


def source_files(path: Path) -> dict[str, list[int]]:
    """Size (bytes) and time of change (ns) of a file, or of all those in a folder, by name."""
    if path.is_file():
        facts = path.stat()
        return {path.name: [facts.st_size, facts.st_mtime_ns]}
    found = {}
    for folder, folders, files in os.walk(path):
        # Half-written stores, such as the one that is being made.
        folders[:] = [name for name in folders if not name.endswith(".partial")]
        for file in files:
            place = os.path.join(folder, file)
            facts = os.stat(place)
            found[os.path.relpath(place, path)] = [facts.st_size, facts.st_mtime_ns]
    return dict(sorted(found.items()))


def fingerprint_of_request(request: Mapping[str, object]) -> str:
    """A hash of what is made and of the files that it is made from."""
    text = json.dumps(request, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@dataclass
class Workplace:
    """A store in the making."""

    folder: Path
    done: set[str] = field(default_factory=set)
    """Names of the blocks that are done."""

    @property
    def store(self) -> Path:
        """The store so far."""
        return self.folder / "store"

    def record(self, blocks: Iterable[str]) -> None:
        """Note blocks as done, whose values must be on the disk already."""
        lines = "".join(f"{block}\n" for block in blocks)
        with (self.folder / "journal").open("a") as stream:
            stream.write(lines)
            stream.flush()
            os.fsync(stream.fileno())
        self.done.update(lines.split())


@contextmanager
def open_workplace(
    out: Path, request: Mapping[str, object], *, say: Callable[[str], None]
) -> Iterator[Workplace]:
    """The workplace of a store, with what was done before if it was for the same request.

    It stays when the body raises, to go on from there; once the body has moved the store away it is
    removed.

    Args:
        request: what is made; JSON can write it. Its `files` are those of `source_files`.
        say: is told what becomes of earlier work.

    Raises:
        ValueError: another process works there.
    """
    folder = out.with_name(f".{out.name}.partial")
    request = json.loads(json.dumps(request))  # as it is read back: no tuples
    with _locked(folder, out):
        place = Workplace(folder)
        before = _read_request(folder)
        if before is not None:
            reason = _difference(before, request)
            if not reason:
                place.done = _read_journal(folder)
                say(f"going on with what was begun: {len(place.done)} blocks are done")
            else:
                say(f"starting anew: {reason}")
        if before is None or not place.done:
            _clear(place)
            with atomic_path(folder / "request.json") as file:
                file.write_text(json.dumps(request))
        yield place
        if not place.store.exists():
            shutil.rmtree(folder)


@contextmanager
def _locked(folder: Path, out: Path) -> Iterator[None]:
    taken = ValueError(
        f"{out} is being prepared by another process; wait for it, or name another store."
    )
    with exclusive(folder / "lock", taken=taken) as lock:
        if not os.fstat(lock.fileno()).st_nlink:
            raise ValueError(f"{out} was finished by another process a moment ago.")
        yield


def _clear(place: Workplace) -> None:
    (place.folder / "request.json").unlink(missing_ok=True)
    (place.folder / "journal").unlink(missing_ok=True)
    shutil.rmtree(place.store, ignore_errors=True)
    place.store.mkdir()


def _read_request(folder: Path) -> dict[str, object] | None:
    file = folder / "request.json"
    return json.loads(file.read_text()) if file.is_file() else None


def _read_journal(folder: Path) -> set[str]:
    file = folder / "journal"
    if not file.is_file():
        return set()
    # A line without an end was cut off while it was written.
    return set(file.read_text().rpartition("\n")[0].split())


def _difference(before: Mapping[str, object], request: Mapping[str, object]) -> str:
    """How two requests differ, in words; empty if they are the same."""
    files, now = before.get("files"), request["files"]
    if isinstance(files, dict) and isinstance(now, dict) and files != now:
        changed = [name for name in {**files, **now} if files.get(name) != now.get(name)]
        return f"the source has changed since ({names(changed, most=3)})"
    keys = [key for key in {**before, **request} if before.get(key) != request.get(key)]
    return f"what was begun was for another request ({', '.join(keys)})" if keys else ""
