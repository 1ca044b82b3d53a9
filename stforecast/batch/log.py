"""Structured log lines: one JSON object a line, for machines that watch."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["Log", "silent"]


@dataclass(frozen=True)
class Log:
    """Where the events of a job are told."""

    job: str
    """Name of the job."""
    write: Callable[[str], object]
    """Takes a line, without its end."""

    def tell(
        self,
        event: str,
        *,
        init_time: str | None = None,
        facts: Mapping[str, object] | None = None,
    ) -> None:
        """One event: {"time", "job", "init_time", "event", …}; the time is UTC."""
        line: dict[str, object] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "job": self.job,
        }
        if init_time is not None:
            line["init_time"] = init_time
        self.write(json.dumps({**line, "event": event, **(facts or {})}, ensure_ascii=False))


def silent(job: str) -> Log:
    """A log that nobody reads."""
    return Log(job, lambda line: None)
