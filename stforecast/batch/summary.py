"""What a run of a job came to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from stforecast.batch.plan import Step

__all__ = ["Summary"]

_STATES = {"wait": "waiting", "skip": "skipped", "fail": "failed", "keep": "kept"}


@dataclass
class Summary:
    """Init times by what became of them; filled while the run goes on."""

    job: str
    """Name of the job."""
    steps: Sequence[Step]
    """The plan, in order of time."""
    time_zone: str
    """In which the init times are: UTC, or the zone of a city."""
    dry_run: bool
    """Whether nothing was done."""
    ends: dict[str, str] = field(default_factory=dict)
    """For each init time done, degraded, failed, waiting, skipped, unchanged, kept, or held by another
    run; "planned" in a dry run."""
    removed: int = 0
    """Init times whose old outputs were removed."""
    seconds: float = 0.0
    """That the run took."""

    def __post_init__(self) -> None:
        for step in self.steps:
            planned = "planned" if self.dry_run else "unfinished"
            end = planned if step.action == "forecast" else _STATES.get(step.action, step.action)
            self.ends[step.init_time] = end

    @property
    def counts(self) -> dict[str, int]:
        """How many init times ended how."""
        return dict(sorted(Counter(self.ends.values()).items()))

    @property
    def exit_code(self) -> int:
        """1 if an init time failed, else 0."""
        return int(not {"failed", "unfinished"}.isdisjoint(self.ends.values()))

    def facts(self) -> dict[str, object]:
        """For the log and the record."""
        return {
            "counts": self.counts,
            "removed": self.removed,
            "seconds": round(self.seconds, 3),
            "time_zone": self.time_zone,
        }
