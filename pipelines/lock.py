"""A lock between processes on one machine, or on a disk that they share."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["exclusive"]


@contextmanager
def exclusive(file: Path, *, taken: Exception) -> Iterator[IO[str]]:
    """Hold a lock file as long as the body lasts; it is made, with its folder, if need be.

    The system lets go of it when the process ends, however it ends.

    Args:
        taken: is raised if another process holds it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise taken from error
        yield stream
