"""Files that appear whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

__all__ = ["atomic_path", "flush", "flush_folder"]


@contextmanager
def atomic_path(final: Path) -> Iterator[Path]:
    """A temporary sibling of `final` to write a file or folder to; at the end it takes that name.

    A reader sees the old content or the new, never half of it: the data are on the disk before the
    rename. When the body raises, the temporary is removed and `final` is left as it was.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    # The name's ending stays the same: several writers choose a format by it.
    temporary = final.with_name(f".partial-{uuid4().hex[:12]}-{final.name}")
    try:
        yield temporary
        flush(temporary)
        _move(temporary, final)
    finally:
        _remove(temporary)
    flush_folder(final.parent)


def flush(path: Path) -> None:
    """Bring a file, or all files of a folder, from memory to the disk."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    for file in files:
        with file.open("rb") as stream:
            os.fsync(stream.fileno())


def _move(temporary: Path, final: Path) -> None:
    if not final.is_dir():
        temporary.replace(final)
        return
    # A folder that is not empty cannot be replaced in one step: the old one steps aside first.
    aside = final.with_name(f".partial-{uuid4().hex[:12]}-{final.name}")
    final.rename(aside)
    try:
        temporary.rename(final)
    except OSError:
        aside.rename(final)
        raise
    _remove(aside)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
