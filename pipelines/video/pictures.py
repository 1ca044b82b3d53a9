"""Pictures as frames: folders of .png, .jpg, .jpeg and .bmp, by Pillow."""

import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from pipelines.video.frame_file import SYNTHETIC_MARK, Look

__all__ = ["Pictures", "decode_picture", "look_at_picture", "open_pictures", "write_picture"]

_GREY = ("1", "L", "LA", "La")
_COLOUR = ("RGB", "RGBA", "RGBa", "RGBX", "P", "PA", "CMYK", "YCbCr", "LAB", "HSV")
"""Modes of Pillow with 8 bits a channel or fewer."""
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, zlib.error, Image.DecompressionBombError)
"""What Pillow raises, depending on where a file is damaged."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Frames that are a file each, in one folder."""

    place: Path
    """The folder."""
    names: Sequence[str]
    """Of the files, in the order of the frames."""
    look: Look
    in_order: bool = False

    def label(self, number: int) -> str:
        """What messages call a frame: its file."""
        return str(self.place / self.names[number])

    def frames(self, numbers: np.ndarray) -> Iterator[np.ndarray]:
        """Frames uint8 (y, x), or (y, x, 3) in the order red, green, blue."""
        for number in numbers.tolist():
            label = self.label(number)
            yield decode_picture(Path(label), label)


def open_pictures(folder: Path, names: Sequence[str]) -> Pictures:
    """The frames that are a file each; the head of the first one is read.

    Raises:
        ValueError: the first one is no picture of 8 bits a channel.
    """
    file = folder / names[0]
    shape, is_grey, is_synthetic = look_at_picture(file, str(file))
    return Pictures(folder, names, Look(len(names), shape, is_grey, is_synthetic))


def look_at_picture(source: Path | io.BytesIO, label: str) -> tuple[tuple[int, int], bool, bool]:
    """Rows and columns, whether it is grey, and whether it is marked as synthetic.

    Raises:
        ValueError: it is no picture of 8 bits a channel.
    """
    try:
        with Image.open(source) as picture:
            comment = picture.info.get("comment", b"")
            shape, mode = (picture.height, picture.width), picture.mode
    except _UNREADABLE as error:
        raise _unreadable(label, error) from error
    _check_mode(mode, label)
    mark = comment.encode() if isinstance(comment, str) else comment
    return shape, mode in _GREY, mark == SYNTHETIC_MARK.encode()


def decode_picture(source: Path | io.BytesIO, label: str) -> np.ndarray:
    """A picture as uint8 (y, x), or (y, x, 3) in the order red, green, blue; transparency is dropped.

    Raises:
        ValueError: it is damaged, or no picture of 8 bits a channel.
    """
    try:
        with Image.open(source) as picture:
            mode = picture.mode
            frame = np.asarray(picture.convert("L" if mode in _GREY else "RGB"))
    except _UNREADABLE as error:
        raise _unreadable(label, error) from error
    _check_mode(mode, label)
    return frame


def _check_mode(mode: str, label: str) -> None:
    if mode not in (*_GREY, *_COLOUR):
        raise ValueError(
            f"{label} has more than 8 bits a channel (Pillow calls it {mode}), but frames have 8: write "
            "the pictures with values from 0 to 255."
        )


def _unreadable(label: str, error: BaseException) -> ValueError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return ValueError(
        f"{label} cannot be read as a picture ({reason}): it is damaged or cut off. Put a whole one in "
        "its place, or take it away; the frames around it are then read as two clips."
    )


def write_picture(file: Path, frame: np.ndarray, *, is_synthetic: bool = True) -> None:
    """Write a frame uint8 (y, x) or (y, x, 3) as the kind of picture that the file's ending says."""
    mark = {}
    if is_synthetic and file.suffix == ".png":
        info = PngImagePlugin.PngInfo()
        info.add_text("comment", SYNTHETIC_MARK)
        mark = {"pnginfo": info, "compress_level": 1}
    elif is_synthetic:
        mark = {"comment": SYNTHETIC_MARK}
    Image.fromarray(frame).save(file, **mark)
