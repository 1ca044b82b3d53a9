"""Frames brought to one size and to grey or colour.

Y: row, X: column, of a frame as it was; C: channel, R: row, K: column, of a frame as it is wanted.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from pipelines.video.frame_file import as_rgb

__all__ = ["FrameRule", "bilinear"]


@dataclass(frozen=True)
class FrameRule:
    """How frames are made of those in the files."""

    size: tuple[int, int]
    """Rows and columns."""
    colour: Literal["grey", "rgb"]
    """Grey is 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601)."""
    resize: Literal["bilinear", "averaged"] = "averaged"
    """"bilinear" looks at 4 pixels, as cv2.resize does; "averaged" weighs all that a wanted pixel
    covers, as Pillow's bilinear filter and scipy's imresize do: the same where a frame grows."""
    fit: Literal["stretch", "crop", "same"] = "stretch"
    """"crop" brings the height to the wanted one and takes the middle of the width; "same" takes no
    frame of another size."""

    @property
    def n_channels(self) -> int:
        """Of a frame."""
        return 1 if self.colour == "grey" else 3

    def bring(self, frame: np.ndarray, label: str) -> np.ndarray:
        """A frame uint8 (channel, row, column) of one uint8 (y, x) or (y, x, 3).

        Args:
            label: what messages call it.

        Raises:
            ValueError: its size does not fit.
        """
        if self.colour == "rgb":
            frame = as_rgb(frame)
        elif frame.ndim == 3:
            frame = np.asarray(Image.fromarray(frame).convert("L"))
        if frame.shape[:2] != self.size:
            frame = self._resized(frame, label)
        return frame[None] if frame.ndim == 2 else np.moveaxis(frame, 2, 0)

    def _resized(self, frame: np.ndarray, label: str) -> np.ndarray:
        rows, columns = self.size
        if self.fit == "same":
            raise ValueError(
                f"{label} has {frame.shape[0]}x{frame.shape[1]} pixels, but the frames before it have "
                f"{rows}x{columns}: name one size for all, such as --set clips.size={rows}x{columns}."
            )
        if self.fit == "stretch":
            return self._scaled(frame, self.size)
        # As PredNet's process_im: rounded, and the odd column lost on the right.
        width = round(rows / frame.shape[0] * frame.shape[1])
        if width < columns:
            raise ValueError(
                f"{label} has {frame.shape[0]}x{frame.shape[1]} pixels: at {rows} rows it is {width} "
                f"columns wide, fewer than {columns}; name a narrower size, such as --set "
                f"clips.size={rows}x{width}."
            )
        left = (width - columns) // 2
        return self._scaled(frame, (rows, width))[:, left : left + columns]

    def _scaled(self, frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        if self.resize == "bilinear":
            return bilinear(frame, size)
        picture = Image.fromarray(frame)
        return np.asarray(picture.resize((size[1], size[0]), Image.Resampling.BILINEAR))


def bilinear(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A frame uint8 (y, x) or (y, x, 3) at another size, between the 4 nearest pixels, rounded.

    Centres of pixels lie at halves, and nothing is averaged where the frame shrinks: as cv2.resize
    does by default.
    """
    below, above, down = _neighbours(frame.shape[0], size[0])
    left, right, across = _neighbours(frame.shape[1], size[1])
    # The wanted pixels are picked before they become floats: most of a large frame is not looked at.
    down = down.reshape(-1, *[1] * (frame.ndim - 1))
    across = across.reshape(-1, *[1] * (frame.ndim - 2))
    upper, lower = frame[below], frame[above]
    values = (upper[:, left] * (1 - across) + upper[:, right] * across) * (1 - down)
    values += (lower[:, left] * (1 - across) + lower[:, right] * across) * down
    return np.floor(values + np.float32(0.5)).astype("uint8")


def _neighbours(n_before: int, n_after: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pixels on either side of each new one, and the weight of the latter."""
    position = (np.arange(n_after) + 0.5) * n_before / n_after - 0.5
    position = np.clip(position, 0, n_before - 1)
    below = np.floor(position).astype(int)
    above = np.minimum(below + 1, n_before - 1)
    return below, above, (position - below).astype("float32")
