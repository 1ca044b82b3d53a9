"""What is removed in time: outputs that are older than a job keeps them."""

import numpy as np

from stforecast.batch.job import Job
from stforecast.batch.publish import remove
from stforecast.batch.record import Record
from stforecast.batch.rows import Row

__all__ = ["remove_old"]


def remove_old(job: Job, record: Record, *, now: np.datetime64) -> list[Row]:
    """Remove old outputs; the rows whose outputs are gone now.

    Where the job verifies, outputs stay until all their lead times are verified. The newest good
    forecast always stays, however old it is.

    Args:
        now: in the data's own time.

    Raises:
        OSError: an output cannot be removed.
    """
    if job.keep is None:
        return []
    newest = record.newest_good()
    removed = []
    for row in record.states():
        is_old = now - np.datetime64(row.init_time, "ns") > job.keep.outputs
        awaits = job.verify is not None and row.verified_leads < row.leads
        is_newest = newest is not None and row.init_time == newest.init_time
        if not row.is_good or not row.outputs or not is_old or awaits or is_newest:
            continue
        for path in row.outputs:
            remove(path)
        record.forget_outputs(row.init_time, reason="removed: older than keep.outputs")
        removed.append(row)
    return removed
