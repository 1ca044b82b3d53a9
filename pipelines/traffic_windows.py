"""Frames rebuilt from windows without time stamps: neighbours that overlap by all but one frame.

W: window, L: frame of a window, N: frame of the series.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, UInt64

__all__ = ["Chain", "chain_windows"]


@dataclass(frozen=True, eq=False)
class Chain:
    """Where each frame of the series is found, in order of time."""

    windows: Int[np.ndarray, "N"]
    positions: Int[np.ndarray, "N"]
    """In its window, as stored."""
    runs: Int[np.ndarray, "N"]
    """The number of the run: frames of one run follow each other without a gap."""
    is_reversed: bool
    """Whether the windows run backwards in time."""

    @property
    def n_runs(self) -> int:
        """How many runs there are."""
        return int(self.runs[-1]) + 1


def chain_windows(digests: UInt64[np.ndarray, "W L"]) -> Chain:
    """The frames of windows that were cut one after the other, each of them once.

    Windows whose frames run against the order of the windows are turned round. That the windows stand
    in order of time is presumed: nothing in them tells.

    Args:
        digests: of each frame of each window; equal for equal frames.
    """
    n_windows, length = digests.shape
    onward = (digests[:-1, 1:] == digests[1:, :-1]).all(axis=1)
    backward = (digests[:-1, :-1] == digests[1:, 1:]).all(axis=1)
    is_reversed = bool(backward.sum() > onward.sum())
    linked = backward if is_reversed else onward
    # Of each window its first frame is new to no other; the last one of a run gives all it has.
    ends = np.append(~linked, True)
    counts = np.where(ends, length, 1)
    windows = np.repeat(np.arange(n_windows), counts)
    positions = np.arange(len(windows)) - np.repeat(np.cumsum(counts) - counts, counts)
    run_of_window = np.append(0, np.cumsum(~linked))
    return Chain(
        windows=windows,
        positions=length - 1 - positions if is_reversed else positions,
        runs=run_of_window[windows],
        is_reversed=is_reversed,
    )
