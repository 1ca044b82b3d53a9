"""Norpix .seq files, as Caltech Pedestrian comes in them: a head, then one picture after another.

A compressed frame is its length (4 bytes, which count themselves), a JPEG or PNG, and its time. The time
takes 6, 8 or more bytes, depending on who wrote the file: so the next frame is looked for.

References:
    Norpix, "Sequence file format"; P. Dollár's toolbox (MATLAB), videos/private/seqReaderPlugin.m.
"""

import io
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import numpy as np
from PIL import Image

from pipelines.video.frame_file import SYNTHETIC_MARK, Look
from pipelines.video.pictures import decode_picture, look_at_picture

__all__ = ["SeqFile", "open_seq", "write_seq"]

_MAGIC = 0xFEED
_HEAD_BYTES = 1024
"""Of the versions before 5; later ones say theirs."""
_RAW = {100: 1, 200: 3}
"""Formats of pictures that are stored as they are, and their channels: grey, and blue, green, red."""
_PACKED = (1, 2, 102, 201)
"""Formats of pictures that are JPEGs or PNGs."""
_STARTS = (b"\xff\xd8\xff", b"\x89PNG")
_MOST_BETWEEN = 64
"""Bytes between two packed frames, at most."""


@dataclass(frozen=True)
class _Head:
    size: int
    """Bytes before the first frame."""
    width: int
    height: int
    bits: int
    """Of a channel."""
    kind: int
    """Of pictures; the formats are above."""
    n_frames: int
    apart: int
    """Bytes from one raw frame to the next."""
    is_packed: bool
    description: str


@dataclass(frozen=True, eq=False)
class SeqFile:
    """Frames of a .seq file; each can be had alone."""

    place: Path
    look: Look
    _head: _Head
    in_order: bool = False
    _starts: list[int] = field(default_factory=list)
    """Bytes before each packed frame, as far as they have been looked for."""
    _lock: Lock = field(default_factory=Lock)

    def label(self, number: int) -> str:
        """What messages call a frame, counting from 1."""
        return f"{self.place}, frame {number + 1}"

    def frames(self, numbers: np.ndarray) -> Iterator[np.ndarray]:
        """Frames uint8 (y, x), or (y, x, 3) in the order red, green, blue."""
        with self.place.open("rb") as file:
            for number in numbers.tolist():
                if self._head.is_packed:
                    picture = io.BytesIO(self._packed(file, number))
                    yield decode_picture(picture, self.label(number))
                else:
                    yield self._raw(file, number)

    def _raw(self, file: BinaryIO, number: int) -> np.ndarray:
        head, channels = self._head, _RAW[self._head.kind]
        file.seek(head.size + number * head.apart)
        values = np.frombuffer(file.read(head.height * head.width * channels), dtype="uint8")
        if len(values) < head.height * head.width * channels:
            raise _cut_off(self.place, head.n_frames, number)
        if channels == 1:
            return values.reshape(head.height, head.width)
        return values.reshape(head.height, head.width, 3)[:, :, ::-1]

    def _packed(self, file: BinaryIO, number: int) -> bytes:
        with self._lock:
            while len(self._starts) <= number:
                self._starts.append(self._next_start(file))
        file.seek(self._starts[number])
        length = _length(file.read(4))
        picture = file.read(length)
        if not length or len(picture) < length:
            raise _cut_off(self.place, self._head.n_frames, number)
        return picture

    def _next_start(self, file: BinaryIO) -> int:
        if not self._starts:
            return self._head.size
        file.seek(self._starts[-1])
        end = self._starts[-1] + 4 + _length(file.read(4))
        file.seek(end)
        between = file.read(_MOST_BETWEEN + 8)
        for gap in range(len(between) - 7):
            if between[gap + 4 :].startswith(_STARTS):
                return end + gap
        raise _cut_off(self.place, self._head.n_frames, len(self._starts))


def open_seq(place: Path) -> SeqFile:
    """The frames of a .seq file; its head and that of its first picture are read.

    Raises:
        ValueError: it is no .seq file, its pictures are of a kind that is not read, or it has none.
    """
    head = _read_head(place)
    if head.n_frames < 1 or min(head.height, head.width) < 1:
        raise ValueError(
            f"{place} announces {head.n_frames} frames of {head.height}x{head.width}: its head is "
            "damaged, or was never finished. Get it again, or take it away."
        )
    is_synthetic = head.description == SYNTHETIC_MARK
    shape = (head.height, head.width)
    if not head.is_packed:
        return SeqFile(place, Look(head.n_frames, shape, _RAW[head.kind] == 1, is_synthetic), head)
    with place.open("rb") as file:
        file.seek(head.size)
        first = file.read(_length(file.read(4)))
    shape, is_grey, _ = look_at_picture(io.BytesIO(first), f"{place}, frame 1")
    return SeqFile(place, Look(head.n_frames, shape, is_grey, is_synthetic), head)


def _read_head(place: Path) -> _Head:
    with place.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if len(head) < _HEAD_BYTES or struct.unpack_from("<I", head)[0] != _MAGIC:
        raise ValueError(
            f"{place} is no Norpix sequence: its first 4 bytes are not those of one. Get it again, or "
            "take it away."
        )
    size = struct.unpack_from("<i", head, 32)[0]
    width, height, _, bits, _, kind, n_frames, _, apart = struct.unpack_from("<9I", head, 548)
    is_packed = kind in _PACKED or (kind in _RAW and head[620] == 1)
    if not is_packed and (kind not in _RAW or bits != 8):
        raise ValueError(
            f"{place} has pictures of kind {kind} with {bits} bits a channel; read are JPEG, PNG, and "
            "raw grey or colour with 8 bits. Export it as .avi or as pictures."
        )
    words = head[36:548].decode("utf-16-le", errors="replace").partition("\0")[0]
    return _Head(
        max(size, _HEAD_BYTES), width, height, bits, kind, n_frames, apart, is_packed, words
    )


def _length(field_bytes: bytes) -> int:
    """Bytes of the picture that follows its length; 0 at the end of the file."""
    return max(int.from_bytes(field_bytes, "little") - 4, 0) if len(field_bytes) == 4 else 0


def _cut_off(place: Path, n_frames: int, number: int) -> ValueError:
    return ValueError(
        f"{place} announces {n_frames} frames, but ends in number {number + 1}: it is cut off or "
        "damaged there. Get it again, or take it away."
    )


def write_seq(
    place: Path, frames: Iterable[np.ndarray], *, is_packed: bool = True, is_synthetic: bool = True
) -> None:
    """Write frames uint8 (y, x) or (y, x, 3) as Caltech's files are.

    Args:
        is_packed: as JPEGs.
    """
    pictures, shape, channels = [], (0, 0), 3
    for frame in frames:
        shape, channels = frame.shape[:2], 3 if frame.ndim == 3 else 1
        if is_packed:
            packed = io.BytesIO()
            Image.fromarray(frame).save(packed, "JPEG", quality=90)
            pictures.append(packed.getvalue())
        else:
            pictures.append((frame[:, :, ::-1] if channels == 3 else frame).tobytes())
    n_bytes = shape[0] * shape[1] * channels
    kind = {(True, 1): 102, (True, 3): 201, (False, 1): 100, (False, 3): 200}[is_packed, channels]
    head = bytearray(_HEAD_BYTES)
    struct.pack_into("<I", head, 0, _MAGIC)
    head[4:24] = "Norpix seq".encode("utf-16-le")
    struct.pack_into("<ii", head, 28, 3, _HEAD_BYTES)
    if is_synthetic:
        words = SYNTHETIC_MARK.encode("utf-16-le")
        head[36 : 36 + len(words)] = words
    sizes = (8 * channels, 8, n_bytes, kind, len(pictures), 0, n_bytes + 8)
    struct.pack_into("<9I", head, 548, shape[1], shape[0], *sizes)
    struct.pack_into("<d", head, 584, 30.0)
    with place.open("wb") as file:
        file.write(head)
        for number, picture in enumerate(pictures):
            if is_packed:
                file.write(struct.pack("<I", len(picture) + 4))
            file.write(picture)
            file.write(struct.pack("<IHH", number // 30, number % 30 * 33, 0))
