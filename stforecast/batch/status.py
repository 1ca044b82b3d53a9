"""How a job stands: what its record says, and whether the newest forecast is as new as it should be."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from pipelines.series import name_step
from stforecast.batch.init_times import civil_now
from stforecast.batch.job import Job
from stforecast.batch.publish import exists_whole
from stforecast.batch.record import Record
from stforecast.batch.rows import Row, RunRow

__all__ = ["STALE_EXIT_CODE", "Status", "job_status"]

STALE_EXIT_CODE = 3


@dataclass(frozen=True)
class Status:
    """How a job stands."""

    job: str
    """Name of the job."""
    rows: Sequence[Row]
    """Every init time that a run has looked at, in order."""
    newest: Row | None
    """The newest good forecast whose outputs are all there."""
    age: np.timedelta64 | None
    """Of the newest good forecast."""
    max_age: np.timedelta64 | None
    """That the job allows it; None for any."""
    lost: Sequence[str]
    """Outputs of newer forecasts that should be there and are not."""
    last_run: RunRow | None
    """The run that ended last."""

    @property
    def is_stale(self) -> bool:
        """Whether there is no good forecast as new as the job asks for."""
        return self.max_age is not None and (self.age is None or bool(self.age > self.max_age))

    @property
    def exit_code(self) -> int:
        """3 if it is stale, else 0."""
        return STALE_EXIT_CODE if self.is_stale else 0

    @property
    def counts(self) -> dict[str, int]:
        """How many init times are in which state."""
        return dict(sorted(Counter(row.state for row in self.rows).items()))

    def as_tree(self) -> dict[str, object]:
        """All of it, as JSON holds it."""
        return {
            "job": self.job,
            "is_stale": self.is_stale,
            "newest": self.newest.init_time if self.newest else None,
            "age_hours": None if self.age is None else float(self.age / np.timedelta64(1, "h")),
            "max_age": None if self.max_age is None else name_step(self.max_age),
            "lost": list(self.lost),
            "counts": self.counts,
            "last_run": None if self.last_run is None else asdict(self.last_run),
            "init_times": [asdict(row) for row in self.rows],
        }


def job_status(job: Job, *, now: np.datetime64) -> Status:
    """How a job stands now (UTC).

    A forecast counts if it is done, not degraded, and if all its outputs are really there.

    Raises:
        ValueError: the record is damaged.
        OSError: the record cannot be read, or the place of an output cannot be asked.
    """
    record = Record(job.status_file)
    rows, last_run = record.states(), record.last_run()
    zone = record.time_zone()
    newest, lost = None, []
    for row in reversed(rows):
        if row.state != "done" or not row.outputs:
            continue
        gone = [path for path in row.outputs if not exists_whole(path)]
        if not gone:
            newest = row
            break
        lost += gone
    age = None if newest is None else civil_now(now, zone) - np.datetime64(newest.init_time, "ns")
    return Status(
        job=job.name,
        rows=rows,
        newest=newest,
        age=age,
        max_age=job.freshness.max_age if job.freshness else None,
        lost=lost,
        last_run=last_run,
    )
