"""Files of frames: what a reader tells before it decodes anything, and how frames come out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

__all__ = ["SYNTHETIC_MARK", "FrameFile", "Look", "as_rgb"]

SYNTHETIC_MARK = "synthetic: drawn by stforecast"
"""In the comment of every file of a sample, whatever its format calls that."""


@dataclass(frozen=True)
class Look:
    """What the head of a file tells of its frames; nothing is decoded for it."""

    n_frames: int
    shape: tuple[int, int]
    """Rows and columns of the first frame."""
    is_grey: bool
    """Whether the first frame has one channel."""
    is_synthetic: bool = False
    """Whether it is marked as part of a sample."""


@runtime_checkable
class FrameFile(Protocol):
    """A file or a folder that holds frames in their order."""

    @property
    def place(self) -> Path:
        """The file or folder."""
        ...

    @property
    def look(self) -> Look:
        """What its head tells."""
        ...

    @property
    def in_order(self) -> bool:
        """Whether a frame can only be had after all those before it."""
        ...

    def label(self, number: int) -> str:
        """What messages call a frame."""
        ...

    def frames(self, numbers: np.ndarray) -> Iterator[np.ndarray]:
        """Frames uint8 (y, x), or (y, x, 3) in the order red, green, blue.

        Args:
            numbers: increasing, from 0.

        Raises:
            ValueError: a frame cannot be read.
        """
        ...


def as_rgb(frame: np.ndarray) -> np.ndarray:
    """A frame (y, x, 3): a grey one gets three equal channels."""
    return frame if frame.ndim == 3 else np.repeat(frame[:, :, None], 3, axis=2)
