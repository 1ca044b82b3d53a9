"""A check in a process of its own: `python -m stforecast.checking.worker PATH FD` tells how it goes."""

import os
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

__all__ = ["work"]

_TELL_SECONDS = 0.2
"""Progress is told so often at the most."""


def work(path: str, tell: Callable[[object], None]) -> None:
    """Check data and tell of it: "progress", (done, total) in bytes; then a "report" or a "problem"."""
    from pipelines.checking import check

    told = -_TELL_SECONDS

    def progress(done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= _TELL_SECONDS:
            told = now
            tell(("progress", (done, total)))

    try:
        report = check(path, progress=progress)
    except (ValueError, OSError) as error:
        tell(("problem", str(error)))
    else:
        tell(("report", report))


if __name__ == "__main__":
    os.nice(10)  # whoever looks at forecasts in the meantime comes first
    with Connection(int(sys.argv[2]), readable=False) as pipe:
        work(sys.argv[1], pipe.send)
