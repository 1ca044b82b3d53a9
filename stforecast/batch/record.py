"""The record of a job: what became of each init time, and who is at work on it, in one SQLite file."""

import json
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from stforecast.batch.owner import is_dead, new_owner
from stforecast.batch.rows import NOT_SEEN, Row, RunRow, find_row, open_rows, put_row, row_of

__all__ = ["LEASE_SECONDS", "Record"]

LEASE_SECONDS = 300.0
"""How long an init time belongs to who claimed it, without a sign of life."""
_BEAT_SECONDS = 60.0


@dataclass(frozen=True)
class Record:
    """The record in one file; it is made when something is first written."""

    file: Path
    """STATE/status.sqlite"""
    owner: str = field(default_factory=new_owner)
    """By whose name init times are claimed."""
    clock: Callable[[], float] = time.time
    """Seconds since 1970, for leases and stamps."""

    def states(self, first: str = "", last: str = "~") -> list[Row]:
        """The init times from first to last, both inclusive, in order."""
        query = "SELECT * FROM init_times WHERE init_time BETWEEN ? AND ? ORDER BY init_time"
        if not self.file.exists():
            return []
        with open_rows(self.file, write=False) as connection:
            return [row_of(found) for found in connection.execute(query, (first, last))]

    def newest_good(self) -> Row | None:
        """The newest init time that is done, not degraded, and whose outputs were not removed."""
        rows = [row for row in self.states() if row.state == "done" and row.outputs]
        return rows[-1] if rows else None

    def note(self, rows: Sequence[Row], *, lost: Collection[str] = ()) -> None:
        """Say why init times are not forecast; one that has a forecast, or is in work, stays.

        Args:
            rows: of which `init_time`, `state`, `reason` and `missing` are looked at.
            lost: init times whose outputs are gone, so that they have no forecast whatever their
                rows say.
        """
        with open_rows(self.file, write=True) as connection:
            for row in rows:
                before = find_row(connection, row.init_time)
                has_forecast = before and before.is_good and row.init_time not in lost
                if has_forecast or (before and self._is_held(before)):
                    continue
                put_row(
                    connection,
                    row.init_time,
                    {
                        "state": row.state,
                        "reason": row.reason,
                        "missing": row.missing,
                        "first_seen": before.first_seen if before else self._stamp(),
                    },
                )

    def recover(self) -> list[str]:
        """Free the init times whose owners are gone, dead or silent for a lease; which they are."""
        freed = []
        query = "SELECT * FROM init_times WHERE owner IS NOT NULL ORDER BY init_time"
        with open_rows(self.file, write=True) as connection:
            for row in map(row_of, connection.execute(query).fetchall()):
                if self._is_held(row):
                    continue
                changes: dict[str, object] = {"owner": None, "lease_until": None}
                if row.state == "running":
                    changes |= {"state": "waiting", "reason": f"left unfinished by {row.owner}"}
                put_row(connection, row.init_time, changes)
                freed.append(row.init_time)
        return freed

    def warn(self, init_time: str, warning: str) -> None:
        """Add a warning to an init time that has a row, once."""
        with open_rows(self.file, write=True) as connection:
            row = find_row(connection, init_time)
            if row is not None and warning not in row.warnings:
                put_row(connection, init_time, {"warnings": (*row.warnings, warning)})

    def claim(self, seen: Mapping[str, tuple[int, str | None]]) -> list[str]:
        """Those of some init times that are ours now; the others are somebody else's, or finished.

        One that has a forecast keeps its state while a better one is made.

        Args:
            seen: the token of each, as it was when the work was planned.
        """
        now, claimed = self._stamp(), []
        with open_rows(self.file, write=True) as connection:
            for init_time, token in seen.items():
                row = find_row(connection, init_time)
                if (row.token if row else NOT_SEEN) != token or (row and self._is_held(row)):
                    continue
                changes: dict[str, object] = {
                    "owner": self.owner,
                    "lease_until": self._stamp(LEASE_SECONDS),
                    "started": now,
                    "attempts": token[0] + 1,
                    "first_seen": row.first_seen if row else now,
                }
                if row is None or not row.is_good:
                    changes |= {"state": "running", "reason": ""}
                put_row(connection, init_time, changes)
                claimed.append(init_time)
        return claimed

    def heartbeat(self) -> None:
        """A sign of life: all that is claimed stays ours for another lease."""
        with open_rows(self.file, write=True) as connection:
            connection.execute(
                "UPDATE init_times SET lease_until = ? WHERE owner = ?",
                (self._stamp(LEASE_SECONDS), self.owner),
            )

    @contextmanager
    def beating(self, *, failed: Callable[[str], None]) -> Iterator[None]:
        """Heartbeats from another thread, as long as the body runs.

        Args:
            failed: told why a heartbeat did not come through; the next may.
        """
        over = threading.Event()

        def beat() -> None:
            while not over.wait(_BEAT_SECONDS):
                try:
                    self.heartbeat()
                except (OSError, ValueError) as error:
                    failed(str(error))

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def finish(self, row: Row) -> bool:
        """Write how an init time that we claimed came out; whether it was still ours.

        A failure leaves a forecast that was there before as it was, with a warning.
        """
        with open_rows(self.file, write=True) as connection:
            before = find_row(connection, row.init_time)
            if before is None or before.owner != self.owner:
                return False
            changes: dict[str, object] = {
                "finished": self._stamp(),
                "seconds": row.seconds,
                "owner": None,
                "lease_until": None,
            }
            if before.is_good and not row.is_good:
                warning = f"could not be made again: {row.reason}"
                changes["warnings"] = tuple(dict.fromkeys([*before.warnings, warning]))
            else:
                names = ("fingerprint", "forecaster_fingerprint", "input_fingerprint", "missing")
                changes |= {name: getattr(row, name) for name in ("state", "reason", *names)}
                changes |= {"outputs": row.outputs, "warnings": row.warnings}
                changes |= {"verified_leads": 0, "leads": row.leads}
            put_row(connection, row.init_time, changes)
        return True

    def release(self, reason: str) -> None:
        """Give back what is claimed and not finished."""
        with open_rows(self.file, write=True) as connection:
            connection.execute(
                "UPDATE init_times SET state = 'waiting', reason = ? "
                "WHERE owner = ? AND state = 'running'",
                (reason, self.owner),
            )
            connection.execute(
                "UPDATE init_times SET owner = NULL, lease_until = NULL WHERE owner = ?",
                (self.owner,),
            )

    def forget_outputs(self, init_time: str, *, reason: str) -> None:
        """Note that the outputs of an init time were removed."""
        with open_rows(self.file, write=True) as connection:
            put_row(connection, init_time, {"outputs": (), "reason": reason})

    def set_verified(self, init_time: str, leads: int, *, fingerprint: str | None) -> bool:
        """Note how many lead times are verified, of the forecast with this fingerprint alone.

        Returns:
            Whether it is still the forecast of its init time.
        """
        with open_rows(self.file, write=True) as connection:
            row = find_row(connection, init_time)
            if row is None or row.fingerprint != fingerprint:
                return False
            put_row(connection, init_time, {"verified_leads": leads})
        return True

    def add_run(self, *, started: float, summary: Mapping[str, object], exit_code: int) -> None:
        """Note a run that has come to its end."""
        begun = datetime.fromtimestamp(started, tz=UTC).isoformat(timespec="microseconds")
        with open_rows(self.file, write=True) as connection:
            connection.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?)",
                (begun, self._stamp(), json.dumps(summary), exit_code),
            )

    def last_run(self) -> RunRow | None:
        """The run that ended last."""
        if not self.file.exists():
            return None
        with open_rows(self.file, write=False) as connection:
            query = (
                "SELECT started, finished, summary, exit_code FROM runs ORDER BY rowid DESC LIMIT 1"
            )
            found = connection.execute(query).fetchone()
        if found is None:
            return None
        return RunRow(found[0], found[1], json.loads(found[2]), found[3])

    def time_zone(self) -> str:
        """In which the init times are, as the last run told that came so far: UTC, or a city's zone."""
        if not self.file.exists():
            return "UTC"
        with open_rows(self.file, write=False) as connection:
            # A run that broke off has an error in its place.
            for (text,) in connection.execute("SELECT summary FROM runs ORDER BY rowid DESC"):
                zone = json.loads(text).get("time_zone")
                if zone is not None:
                    return str(zone)
        return "UTC"

    def _is_held(self, row: Row) -> bool:
        if row.owner is None or row.lease_until is None:
            return False
        return row.lease_until > self._stamp() and not is_dead(row.owner)

    def _stamp(self, later: float = 0.0) -> str:
        """Now, or so many seconds later; texts in the order of time."""
        moment = datetime.fromtimestamp(self.clock() + later, tz=UTC)
        return moment.isoformat(timespec="microseconds")
