"""The published lists of Human3.6M: which frames each window begins with.

A line of train.txt or test.txt is `images/S1_Walking.54138969_,276,346`: the beginning of the pictures'
names, the number of the first frame, and one that the protocol does not use. A window is 8 frames, every
fifth one: numbers 276, 281, … 311.

References:
    Z. Chang et al., STRPM, CVPR 2022 (the lists). OpenSTL, openstl/datasets/dataloader_human.py and
    tools/prepare_data/meta/human.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["EVERY", "WINDOW_FRAMES", "Begins", "overlapping", "read_list", "stretches"]

EVERY = 5
"""One frame of so many is taken (50 a second)."""
WINDOW_FRAMES = 8
"""Of a window as published: 4 seen and 4 forecast."""
_SPAN = EVERY * (WINDOW_FRAMES - 1) + 1
"""Numbers from a window's first frame to its last."""

Begins = Mapping[str, np.ndarray]
"""The numbers of the windows' first frames, increasing, of each clip ("S1_Walking.54138969")."""


@dataclass(frozen=True)
class Stretch:
    """Windows of a clip at an even distance, as one run of frames."""

    first: int
    """Number of the first frame."""
    n_frames: int
    """Every fifth one."""
    stride: int
    """Frames of these between the starts of windows."""


def read_list(file: Path) -> dict[str, np.ndarray]:
    """The windows that a list names.

    Raises:
        ValueError: a line reads otherwise, or there is none.
    """
    begins: dict[str, list[int]] = {}
    for number, line in enumerate(file.read_text(errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        found = re.fullmatch(r"\s*(?:.*/)?([^/,]+?)_?\s*,\s*(\d+)\s*(?:,\s*\d+\s*)?", line)
        if found is None:
            raise ValueError(
                f"{file}, line {number} is {line[:60]!r}, but should read like "
                "images/S1_Walking.54138969_,276,346; get the list again, or take both lists away: then "
                "the parts are told by subject."
            )
        begins.setdefault(found.group(1), []).append(int(found.group(2)))
    if not begins:
        raise ValueError(
            f"{file} names no window; get it again, or take both lists away: then the parts are told "
            "by subject."
        )
    return {clip: np.unique(numbers) for clip, numbers in begins.items()}


def overlapping(begins: Begins, others: Begins) -> dict[str, np.ndarray]:
    """Of each window, whether the span of its frames meets that of another list's in the same clip."""
    meets = {}
    for clip, numbers in begins.items():
        taken = others.get(clip, np.empty(0, dtype=int))
        after = np.searchsorted(taken, numbers)
        following = np.append(taken, np.iinfo(int).max)[after]
        before = np.concatenate([[np.iinfo(int).min // 2], taken])[after]
        meets[clip] = (following - numbers < _SPAN) | (numbers - before < _SPAN)
    return meets


def stretches(numbers: Sequence[int] | np.ndarray) -> list[Stretch]:
    """The windows of a clip as runs of frames: together where they begin at the usual distance.

    So a run gives just these windows, and no frame is kept twice for it.
    """
    numbers = np.asarray(numbers)
    steps = np.diff(numbers)
    even = steps[steps % EVERY == 0]
    kinds, counts = np.unique(even, return_counts=True)
    usual = int(kinds[counts.argmax()]) if len(kinds) else EVERY
    groups = np.split(numbers, np.flatnonzero(steps != usual) + 1)
    return [
        Stretch(
            first=int(group[0]),
            n_frames=int(group[-1] - group[0]) // EVERY + WINDOW_FRAMES,
            stride=usual // EVERY,
        )
        for group in groups
        if len(group)
    ]
