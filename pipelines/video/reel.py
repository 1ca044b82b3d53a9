"""One clip's frames as they are wanted, read in order where they cannot be had otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

import numpy as np

from pipelines.clips import Clip
from pipelines.video.frame_file import FrameFile
from pipelines.video.resizing import FrameRule

__all__ = ["Reel", "Take"]

_KEPT_BYTES = 128 * 2**20
"""Of frames that were passed over, and may be asked for next."""


@dataclass(frozen=True, eq=False)
class Take:
    """A clip, and the frames of a file that it is made of."""

    clip: Clip
    file: FrameFile
    places: np.ndarray
    """Of its frames in the file, from 0, increasing."""


class Reel:
    """The frames of a take by their number; a film is decoded once if they are asked for in order.

    Several threads may ask at once, and a little out of order: what one of them passes over is kept for
    the others, up to 128 MiB.
    """

    def __init__(self, take: Take, rule: FrameRule) -> None:
        """Take a clip and how its frames are made; nothing is opened."""
        self._take = take
        self._rule = rule
        self._lock = Lock()
        self._coming: Iterator[np.ndarray] = iter(())
        self._next = take.clip.n_frames
        self._passed: dict[int, np.ndarray] = {}

    def read(self, numbers: np.ndarray) -> np.ndarray:
        """Frames uint8 (frame, channel, row, column).

        Args:
            numbers: of the clip's frames, increasing.

        Raises:
            ValueError: a frame cannot be read, or does not fit.
        """
        if not self._take.file.in_order:
            return np.stack(list(self._brought(numbers)))
        with self._lock:
            return np.stack([self._in_order(number) for number in numbers.tolist()])

    def _brought(self, numbers: np.ndarray) -> Iterator[np.ndarray]:
        file, places = self._take.file, self._take.places[numbers]
        for place, frame in zip(places.tolist(), file.frames(places), strict=True):
            yield self._rule.bring(frame, file.label(place))

    def _in_order(self, number: int) -> np.ndarray:
        if number in self._passed:
            return self._passed.pop(number)
        if number < self._next:
            self._coming = self._brought(np.arange(self._take.clip.n_frames))
            self._next = 0
            self._passed.clear()
        while True:
            frame = next(self._coming)
            self._next += 1
            if self._next > number:
                break
            self._passed[self._next - 1] = frame
            while len(self._passed) * frame.nbytes > _KEPT_BYTES:
                del self._passed[min(self._passed)]
        if self._next == self._take.clip.n_frames:
            self._coming = iter(())
        return frame
