"""Checks in the background: an archive takes minutes, and a server has others to answer meanwhile."""

import os
import subprocess
import sys
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

from pipelines.checking import Report

__all__ = ["BackgroundCheck", "Checks", "DataSize", "measure_data"]


@dataclass(frozen=True)
class DataSize:
    """What lies at a path, as far as the file system knows: changes whenever the data do."""

    files: int
    bytes: int
    changed: int
    """Of the newest file or folder, in nanoseconds since 1970."""


def measure_data(path: str | Path) -> DataSize:
    """Number, size and age of the files at a path, without opening any.

    Raises:
        ValueError: there is nothing.
    """
    path = Path(path)
    if not path.exists():
        raise ValueError(f"{path} does not exist; give another path, or mount the disk.")
    found = [path.stat()]
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                found.append(os.stat(os.path.join(folder, name)))
            except FileNotFoundError:  # removed in the meantime, or a link to nowhere
                continue
    files = found[1:] if path.is_dir() else found
    return DataSize(
        files=len(files),
        bytes=sum(each.st_size for each in files),
        changed=max(each.st_mtime_ns for each in found),
    )


@dataclass(eq=False)
class BackgroundCheck:
    """A check, at work or over; another thread fills it in."""

    path: Path
    done: int = 0
    """Bytes of values that have been read."""
    total: int = 0
    """That there are; 0 while nobody knows."""
    report: Report | None = None
    """Once it is there."""
    problem: str = ""
    """Why there is none."""
    is_started: bool = False
    """Whether no other check is waited for."""
    is_over: bool = False
    is_stopped: bool = False
    """Whether somebody asked it to stop."""
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def state(self) -> Literal["waiting", "running", "done", "failed", "stopped"]:
        """Where it stands."""
        if self.report is not None:
            return "done"
        if self.is_stopped:
            return "stopped"
        if self.is_over:
            return "failed"
        return "running" if self.is_started else "waiting"

    @property
    def fraction(self) -> float:
        """How much of the values is read, 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 0.0

    def stop(self) -> None:
        """End it, if it is not over."""
        self.is_stopped = self.report is None
        if self.process is not None:
            self.process.terminate()


class Checks:
    """Checks of data in processes of their own, one at a time; the newest reports are kept.

    Safe to use from several threads.
    """

    def __init__(self, *, most: int = 8) -> None:
        self._most = most
        self._held: OrderedDict[tuple[Path, DataSize], BackgroundCheck] = OrderedDict()
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def find(self, path: str | Path, size: DataSize) -> BackgroundCheck | None:
        """The check of these data as they are now, if one has begun and was not stopped."""
        with self._lock:
            found = self._held.get((Path(path), size))
            return None if found is None or found.is_stopped else found

    def begin(self, path: str | Path, size: DataSize) -> BackgroundCheck:
        """The same, begun if need be."""
        path = Path(path)
        with self._lock:
            held = self._held.get((path, size))
            if held is not None and not held.is_stopped:
                self._held.move_to_end((path, size))
                return held
            check = BackgroundCheck(path)
            self._held[path, size] = check
            over = [key for key, each in self._held.items() if each.is_over]
            for key in over[: max(len(self._held) - self._most, 0)]:
                del self._held[key]
        threading.Thread(target=self._run, args=(check,), daemon=True).start()
        return check

    def _run(self, check: BackgroundCheck) -> None:
        with self._turn:
            check.is_started = True
            if not check.is_stopped:
                _follow(check)
        check.is_over = True


def _follow(check: BackgroundCheck) -> None:
    """Start the process of a check, and note what it tells until it ends."""
    reader, writer = Pipe(duplex=False)
    with reader:
        with writer:
            check.process = _start(check.path, writer)
        if check.is_stopped:  # somebody was quicker than the start
            check.process.terminate()
        while True:
            try:
                kind, value = reader.recv()
            except (EOFError, OSError):
                break
            if kind == "progress":
                check.done, check.total = value
            elif kind == "report":
                check.report = value
            else:
                check.problem = value
    code = check.process.wait()
    check.process = None
    if check.report is None and not check.problem and not check.is_stopped:
        check.problem = (
            f"the check ended early with exit code {code}; run `stforecast check {check.path}` in a "
            "terminal to see why. Code -9 means that the system had no memory left."
        )


def _start(path: Path, writer: Connection) -> "subprocess.Popen[bytes]":
    """Another interpreter with the very same packages, whatever the current folder holds."""
    home = str(Path(__file__).resolve().parents[2])
    paths = [home, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return subprocess.Popen(
        [
            sys.executable,
            "-P",
            "-m",
            "stforecast.checking.worker",
            str(path),
            str(writer.fileno()),
        ],
        pass_fds=[writer.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
