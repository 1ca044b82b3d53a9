"""The rows of a job's record, and the SQLite file that holds them."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

__all__ = ["NOT_SEEN", "Row", "RunRow", "find_row", "open_rows", "put_row", "row_of"]

SCHEMA_VERSION = 1
_BUSY_SECONDS = 60.0

_TABLES = {
    "init_times": "init_time TEXT PRIMARY KEY, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', "
    "attempts INTEGER NOT NULL DEFAULT 0, fingerprint TEXT, forecaster_fingerprint TEXT, "
    "input_fingerprint TEXT, missing REAL, outputs TEXT NOT NULL DEFAULT '[]', "
    "warnings TEXT NOT NULL DEFAULT '[]', first_seen TEXT NOT NULL, started TEXT, finished TEXT, "
    "seconds REAL, owner TEXT, lease_until TEXT, verified_leads INTEGER NOT NULL DEFAULT 0, "
    "leads INTEGER NOT NULL DEFAULT 0",
    "runs": "started TEXT NOT NULL, finished TEXT NOT NULL, summary TEXT NOT NULL, "
    "exit_code INTEGER NOT NULL",
}
_GOOD = ("done", "degraded")


@dataclass(frozen=True)
class Row:
    """One init time; clock times are UTC."""

    init_time: str
    """ISO text, in the data's own time."""
    state: str
    """waiting, skipped, running, done, degraded or failed."""
    reason: str = ""
    """Why it is in that state."""
    attempts: int = 0
    """How often it was claimed."""
    fingerprint: str | None = None
    """By what its outputs were made: forecaster, history and settings."""
    forecaster_fingerprint: str | None = None
    """Of the forecaster alone."""
    input_fingerprint: str | None = None
    """Of the history alone."""
    missing: float | None = None
    """Share of the history's values that are missing."""
    outputs: tuple[str, ...] = ()
    """Paths and URLs; none once they were removed."""
    warnings: tuple[str, ...] = ()
    """What a reader should know."""
    first_seen: str = ""
    """When a run first looked at it."""
    started: str | None = None
    """When it was last claimed."""
    finished: str | None = None
    """When its last attempt came to an end."""
    seconds: float | None = None
    """What its last attempt took."""
    owner: str | None = None
    """Who is at work on it."""
    lease_until: str | None = None
    """Until when, without a sign of life."""
    verified_leads: int = 0
    """Lead times that are verified."""
    leads: int = 0
    """Lead times of its forecast."""

    @property
    def is_good(self) -> bool:
        """Whether it has a forecast."""
        return self.state in _GOOD

    @property
    def token(self) -> tuple[int, str | None]:
        """Changes whenever somebody has begun or ended work on it."""
        return self.attempts, self.finished


NOT_SEEN = (0, None)
"""The token of an init time that has no row."""


@dataclass(frozen=True)
class RunRow:
    """One run of the job."""

    started: str
    finished: str
    summary: Mapping[str, object]
    exit_code: int


@contextmanager
def open_rows(file: Path, *, write: bool) -> Iterator[sqlite3.Connection]:
    """A transaction, in a connection of its own: threads and network disks share none well.

    Raises:
        ValueError: the file is damaged, or a newer version wrote it.
        OSError: it cannot be read or written.
    """
    if write:
        file.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = sqlite3.connect(file, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            _check_schema(connection, file, write=write)
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()  # what was not committed is rolled back
    except sqlite3.OperationalError as error:
        raise OSError(f"the record {file} cannot be used: {error}") from error
    except sqlite3.DatabaseError as error:
        raise ValueError(
            f"the record {file} is damaged: {error}. Put a copy of it back, or move it away: outputs "
            "stay as they are, and the next run makes again what is due."
        ) from error


def _check_schema(connection: sqlite3.Connection, file: Path, *, write: bool) -> None:
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > SCHEMA_VERSION:
        raise ValueError(
            f"the record {file} has schema {found}, but this version reads {SCHEMA_VERSION}: update "
            "stforecast."
        )
    if found == 0:
        # Somebody may be making the tables just now: who only reads makes empty ones of its own.
        kind = "TABLE" if write else "TEMP TABLE"
        for name, columns in _TABLES.items():
            connection.execute(f"CREATE {kind} IF NOT EXISTS {name} ({columns})")
    if found == 0 and write:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def find_row(connection: sqlite3.Connection, init_time: str) -> Row | None:
    """The row of an init time, if it has one."""
    query = "SELECT * FROM init_times WHERE init_time = ?"
    found = connection.execute(query, (init_time,)).fetchone()
    return None if found is None else row_of(found)


_COLUMNS = tuple(column.name for column in fields(Row))


def row_of(found: Sequence) -> Row:
    """What SQLite gives, as a row."""
    values = dict(zip(_COLUMNS, found, strict=True))
    for name in ("outputs", "warnings"):
        values[name] = tuple(json.loads(values[name]))
    return Row(**values)


def put_row(connection: sqlite3.Connection, init_time: str, changes: Mapping[str, object]) -> None:
    """Change some columns of a row; a new one needs `state` and `first_seen`."""
    values = [
        json.dumps(value) if isinstance(value, tuple) else value for value in changes.values()
    ]
    assert set(changes) <= set(_COLUMNS)  # no name comes from outside
    sets = ", ".join(f"{name} = ?" for name in changes)
    query = f"UPDATE init_times SET {sets} WHERE init_time = ?"
    if connection.execute(query, [*values, init_time]).rowcount == 0:
        places = ", ".join("?" * (1 + len(values)))
        query = f"INSERT INTO init_times (init_time, {', '.join(changes)}) VALUES ({places})"
        connection.execute(query, [init_time, *values])
