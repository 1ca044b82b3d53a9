"""Images in idx files, as MNIST and all that follow it are published, packed by gzip or not.

train-images-idx3-ubyte.gz    images that training draws from
t10k-images-idx3-ubyte.gz     images for test

N: image, Y: row, X: column.
"""

import gzip
import math
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from pipelines.fetching.integrity import is_page
from pipelines.series import names

__all__ = ["IdxFiles", "find_idx_files", "read_idx_images"]

_GZIP = b"\x1f\x8b"
_UBYTE = 0x08
"""Third byte of the head: the type of the values (yann.lecun.com/exdb/mnist)."""
_DIMENSIONS = 3
"""Fourth byte of the head: image, row, column. Labels have one."""
_HEAD_BYTES = 16
"""The sizes are four bytes each, the greatest first."""
_TEST_WORDS = ("t10k", "test")


@dataclass(frozen=True)
class IdxFiles:
    """The idx files of images in a folder."""

    train: Path
    """Whose images training draws from; the only file where there is no other."""
    test: Path | None = None
    """Whose images are kept for test; None where `train` is the only file."""


def find_idx_files(path: Path) -> IdxFiles:
    """The idx files of images at a path: itself, or in that folder and those below it.

    Raises:
        ValueError: there is none, or it is not plain which one is meant.
    """
    if path.is_file():
        return IdxFiles(path)
    found: dict[str, Path] = {}
    for file in sorted(path.rglob("*idx3-ubyte*")):
        # Of a file that lies there packed and unpacked the latter sorts first, and is read faster.
        if file.is_file() and not file.name.startswith("."):
            found.setdefault(file.name.removesuffix(".gz"), file)
    if not found:
        labels = any(path.rglob("*idx1-ubyte*"))
        raise ValueError(
            f"{path} has no images in idx files, such as train-images-idx3-ubyte.gz"
            f"{': labels alone do not do' if labels else ''}. Fetch them with `stforecast fetch mnist "
            "OUT` or `stforecast fetch fashion-mnist OUT`, or make some with `stforecast sample "
            "mmnist OUT`."
        )
    for_test = [name for name in found if any(word in name for word in _TEST_WORDS)]
    for_training = [name for name in found if name not in for_test]
    if not for_training and len(for_test) == 1:
        return IdxFiles(found[for_test[0]])
    if len(for_training) != 1 or len(for_test) > 1:
        raise ValueError(
            f"{path} has several idx files of one kind: {names(found)}. Leave there one with images "
            "for training and one for test, or name a single file."
        )
    return IdxFiles(found[for_training[0]], found[for_test[0]] if for_test else None)


def read_idx_images(file: Path) -> UInt8[np.ndarray, "N Y X"]:
    """The images of an idx file, bright on 0.

    Raises:
        ValueError: it is no such file, or not whole.
    """
    body = _unpacked(file)
    if is_page(body):
        raise ValueError(f"{file} is a web page and no idx file; fetch it again.")
    if len(body) < 4 or body[:2] != b"\0\0":
        raise ValueError(
            f"{file} is no idx file: it begins with {body[:4].hex(' ') or 'nothing'} and not with "
            "00 00 08 03. Fetch it again, or name another file."
        )
    kind, dimensions = body[2], body[3]
    if dimensions == 1:
        raise ValueError(
            f"{file} holds labels (one dimension); the images are in the file with idx3 in its name."
        )
    if (kind, dimensions) != (_UBYTE, _DIMENSIONS):
        raise ValueError(
            f"{file} holds values of type {kind:#04x} in {dimensions} dimensions; images are unsigned "
            f"bytes ({_UBYTE:#04x}) in {_DIMENSIONS}. Name another file."
        )
    shape = tuple(
        int.from_bytes(body[place : place + 4], "big") for place in range(4, _HEAD_BYTES, 4)
    )
    if len(body) != _HEAD_BYTES + math.prod(shape):
        raise ValueError(
            f"{file} is not whole: its head tells of images {shape}, but "
            f"{max(len(body) - _HEAD_BYTES, 0)} bytes follow it. Fetch it again."
        )
    if 0 in shape:
        raise ValueError(f"{file} holds no image: {shape}. Name another file.")
    return np.frombuffer(body, dtype="uint8", offset=_HEAD_BYTES).reshape(shape)


def _unpacked(file: Path) -> bytes:
    body = file.read_bytes()
    if not body.startswith(_GZIP):
        return body
    try:
        return gzip.decompress(body)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(
            f"{file} is cut short or damaged: gzip says {error}. Fetch it again."
        ) from error
