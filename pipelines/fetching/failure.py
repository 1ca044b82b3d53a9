"""How long a fetch waits for a server, and what it says when that was not enough."""

from dataclasses import dataclass

__all__ = ["FetchError", "Patience"]


class FetchError(OSError):
    """A source that cannot be read, or holds what must not be taken for data."""


@dataclass(frozen=True)
class Patience:
    """How often a failing read is tried again, and how long is waited."""

    retries: int = 5
    """Attempts after the first."""
    first_pause_s: float = 1.0
    """Seconds before the second attempt; doubled before each further one."""
    longest_pause_s: float = 60.0
    """Seconds that no pause exceeds, whatever the server asks for."""
    timeout_s: float = 60.0
    """Seconds without a byte after which an attempt has failed."""

    def __post_init__(self) -> None:
        if self.retries < 0:
            raise ValueError(f"retries is {self.retries}; give 0 or more.")

    def pause_s(self, attempt: int, asked_s: float = 0.0) -> float:
        """Seconds to wait after an attempt (counted from 0) of which the server asked for `asked_s`."""
        return min(max(self.first_pause_s * 2**attempt, asked_s), self.longest_pause_s)
