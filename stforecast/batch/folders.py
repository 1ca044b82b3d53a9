"""Folders of work in progress, and renames that a reader never sees the middle of."""

import ctypes
import errno
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time
from uuid import uuid4

from pipelines.atomic import flush_folder

__all__ = ["PARTIAL", "aside", "staging", "swap", "sweep", "sweep_beside"]

PARTIAL = ".partial-"
"""How the names of unfinished files begin."""

_ABANDONED_SECONDS = 24 * 3600
"""After which work of a process on another machine is taken for abandoned."""

# <fcntl.h> and <linux/fs.h>
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """A folder of this process alone in `folder`, removed at the end; what `sweep` finds if killed."""
    own = folder / f"{PARTIAL}{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:12]}"
    own.mkdir(parents=True)
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


def sweep(folder: Path) -> int:
    """Remove what killed processes left in a folder of work in progress; how many there were.

    Those of this machine are known to be dead; those of another one are after a day.
    """
    count = 0
    own = re.compile(rf"{PARTIAL}{re.escape(socket.gethostname())}-(\d+)-[0-9a-f]{{12}}")
    for left in folder.glob(f"{PARTIAL}*"):
        old = time() - left.stat().st_mtime > _ABANDONED_SECONDS
        of_here = own.fullmatch(left.name)
        if old or (of_here and not _is_alive(int(of_here[1]))):
            shutil.rmtree(left, ignore_errors=True)
            count += 1
    return count


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def aside(place: Path) -> Path:
    """A hidden name beside a file or folder, for what comes there or was there."""
    return place.with_name(f"{PARTIAL}{uuid4().hex[:12]}-{place.name}")


def sweep_beside(place: Path) -> None:
    """Remove hidden copies of a file or folder: only who may write it calls this, so they are debris."""
    for left in place.parent.glob(f"{PARTIAL}{'[0-9a-f]' * 12}-{_literally(place.name)}"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _literally(name: str) -> str:
    """A name as a pattern that matches it alone."""
    return "".join(f"[{sign}]" if sign in "[*?" else sign for sign in name)


def swap(new: Path, place: Path) -> None:
    """Rename `new` to `place`, file or folder, so that a reader sees the old or the new one.

    Raises:
        OSError: they lie on different disks, or the place cannot be written; nothing has changed.
    """
    if not place.is_dir():
        new.replace(place)
    elif _exchange(new, place):
        shutil.rmtree(new, ignore_errors=True)
    else:
        hidden = aside(place)
        place.rename(hidden)
        try:
            new.rename(place)
        except OSError:
            hidden.rename(place)
            raise
        shutil.rmtree(hidden, ignore_errors=True)
    flush_folder(place.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where the system or the disk cannot."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    done = renameat2(
        _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), ctypes.c_uint(_RENAME_EXCHANGE)
    )
    code = ctypes.get_errno()
    if done != 0 and code not in (errno.ENOSYS, errno.EINVAL):
        raise OSError(code, os.strerror(code), str(other))
    return done == 0
