"""What the commands of `stforecast batch` have in common."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy as np

__all__ = ["CODES", "JobFile", "Now", "Scheduler", "Workers", "moment"]

CODES = (
    "Exit codes: 0 all that was due is done, or waits within the job's limits; 1 an init time or the "
    "run itself failed; 2 a user's mistake; 3 `status`: the newest good forecast is older than the "
    "job allows; 4 `verify`: the scores have drifted; 143 stopped by SIGTERM."
)

JobFile = Annotated[Path, typer.Argument(help="Job file, TOML.")]
Now = Annotated[
    str | None,
    typer.Option(help="Time (UTC) to act as if it were now, for rehearsals.", metavar="TIME"),
]
Workers = Annotated[int, typer.Option(help="Processes on this machine.", min=1)]
Scheduler = Annotated[
    str | None,
    typer.Option(help="Use the workers of a dask scheduler: tcp://HOST:PORT.", metavar="URL"),
]


def moment(text: str | None) -> "np.datetime64":
    """Now, or the time that a text names, in UTC.

    Raises:
        ValueError: the text is no time.
    """
    from datetime import UTC, datetime

    import numpy as np

    from pipelines.time_range import parse_times

    if text is None:
        return np.datetime64(datetime.now(UTC).replace(tzinfo=None), "ns")
    return parse_times(text)[0]
