"""Which slots of some files make the series: sorted, each once, those that the clocks skip left out.

N: row of all files together, K: kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int, Shaped

from pipelines.civil_time import nonexistent, slots_per_day

__all__ = ["Kept", "keep_slots", "missing_slots", "repeated_rows"]


@dataclass(frozen=True, eq=False)
class Kept:
    """The rows that make the series, in order of time, and what was found on the way."""

    rows: Int[np.ndarray, "K"]
    unsorted: int
    """Rows that come after a later one of the same file."""
    repeated: int
    """Slots that are there more than once with equal values."""
    contradicting: int
    """Slots that are there more than once with other values: left out."""
    skipped: int
    """Slots that the clocks skip: left out."""

    def notes(self, time_zone: str) -> list[str]:
        """What a user should know."""
        told = {
            "slots out of order, sorted": self.unsorted,
            "slots there more than once with equal values, taken once": self.repeated,
            "slots there more than once with different values, left out": self.contradicting,
            f"slots that the clocks skip ({time_zone}), left out": self.skipped,
        }
        return [f"{text}: {count}" for text, count in told.items() if count]


def repeated_rows(times: Shaped[np.ndarray, "N"]) -> Bool[np.ndarray, "N"]:
    """Which rows have a time that others have too."""
    _, places, counts = np.unique(times, return_inverse=True, return_counts=True)
    return counts[places] > 1


def keep_slots(
    times: Shaped[np.ndarray, "N"],
    *,
    owners: Int[np.ndarray, "N"],
    digests: Mapping[int, bytes],
    time_zone: str | None,
) -> Kept:
    """The rows that make the series.

    Args:
        times: civil time at which each slot begins, in the order of the files.
        owners: the file of each row.
        digests: of the frame of each of the `repeated_rows`.
        time_zone: IANA name; None where it is not known, and no slot is known to be skipped.
    """
    unsorted = 0
    for owner in np.unique(owners):
        own = times[owners == owner]
        unsorted += int((own < np.maximum.accumulate(own)).sum())
    seen: dict[np.datetime64, set[bytes]] = {}
    for row, digest in digests.items():
        seen.setdefault(times[row], set()).add(digest)
    contradicting = [time for time, kinds in seen.items() if len(kinds) > 1]
    _, rows = np.unique(times, return_index=True)
    rows = rows[~np.isin(times[rows], np.array(contradicting, dtype=times.dtype))]
    skipped = np.zeros(len(rows), dtype=bool)
    if time_zone is not None:
        skipped = nonexistent(times[rows], time_zone)
    return Kept(
        rows=rows[~skipped],
        unsorted=unsorted,
        repeated=len(seen) - len(contradicting),
        contradicting=len(contradicting),
        skipped=int(skipped.sum()),
    )


def missing_slots(
    times: Shaped[np.ndarray, "K"],
    *,
    owners: Int[np.ndarray, "K"],
    time_step: np.timedelta64,
    time_zone: str | None,
) -> list[str]:
    """What is not there: slots of days that have some, and whole days between others of a file.

    Args:
        times: strictly increasing.
        owners: the file of each: the months between two files are not missing.
        time_zone: IANA name; its skipped hours are not missing. None where it is not known.
    """
    slots = slots_per_day(time_step)
    days = np.unique(times.astype("datetime64[D]"))
    should = (days[:, None] + np.arange(slots) * time_step.astype("timedelta64[ns]")).ravel()
    if time_zone is not None:
        should = should[~nonexistent(should, time_zone)]
    lacking = should[~np.isin(should, times)]
    # A day that lacks only what the clocks skip is complete.
    incomplete = len(np.unique(lacking.astype("datetime64[D]")))
    absent = 0
    for owner in np.unique(owners):
        own = np.unique(times[owners == owner].astype("datetime64[D]"))
        absent += int((own[-1] - own[0]).astype(int)) + 1 - len(own)
    notes = []
    if incomplete:
        notes.append(f"incomplete days: {incomplete} of {len(days)}, {len(lacking)} slots missing")
    if absent:
        notes.append(f"days missing altogether between others of a file: {absent}")
    return notes
