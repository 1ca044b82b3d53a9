"""Made-up digits and clothes in idx files, as MNIST and Fashion-MNIST have them.

OUT/train-images-idx3-ubyte.gz, OUT/t10k-images-idx3-ubyte.gz
OUT/SYNTHETIC.txt    by which they are known as made up
"""

import gzip
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from pipelines.atomic import atomic_path
from pipelines.video.moving_mnist import SYNTHETIC_MARK

__all__ = ["write_mfmnist_sample", "write_mmnist_sample"]

Line = tuple[tuple[float, float], ...]
"""Corners (x, y) from 0 to 1, y downwards."""
Draw = Callable[[np.random.Generator], UInt8[np.ndarray, "28 28"]]

_COUNTS = {"train-images-idx3-ubyte.gz": 2000, "t10k-images-idx3-ubyte.gz": 500}
_SIDE = 28
_FINER = 4
"""An image is drawn so many times as large, and averaged: its edges are grey as a pen's are."""

_DIGITS: tuple[tuple[Line, ...], ...] = (
    (((0.5, 0.1), (0.8, 0.3), (0.8, 0.7), (0.5, 0.9), (0.2, 0.7), (0.2, 0.3), (0.5, 0.1)),),
    (((0.35, 0.25), (0.55, 0.1), (0.55, 0.9)),),
    (((0.2, 0.3), (0.4, 0.1), (0.7, 0.15), (0.75, 0.4), (0.2, 0.9), (0.8, 0.9)),),
    (
        ((0.2, 0.15), (0.6, 0.1), (0.75, 0.3), (0.45, 0.47)),
        ((0.45, 0.47), (0.8, 0.65), (0.6, 0.9), (0.2, 0.85)),
    ),
    (((0.65, 0.9), (0.65, 0.1), (0.2, 0.6), (0.85, 0.6)),),
    (((0.75, 0.1), (0.3, 0.1), (0.25, 0.45), (0.65, 0.45), (0.8, 0.7), (0.55, 0.9), (0.2, 0.85)),),
    (((0.7, 0.1), (0.35, 0.35), (0.25, 0.7), (0.5, 0.9), (0.75, 0.7), (0.55, 0.5), (0.28, 0.65)),),
    (((0.2, 0.1), (0.8, 0.1), (0.4, 0.9)),),
    (
        ((0.5, 0.1), (0.72, 0.28), (0.5, 0.47), (0.28, 0.28), (0.5, 0.1)),
        ((0.5, 0.47), (0.8, 0.7), (0.5, 0.9), (0.2, 0.7), (0.5, 0.47)),
    ),
    (((0.75, 0.35), (0.5, 0.5), (0.25, 0.3), (0.5, 0.1), (0.75, 0.35), (0.6, 0.9)),),
)
"""Strokes of 0 to 9."""

_CLOTHES: tuple[Line, ...] = (
    (
        *((0.3, 0.1), (0.7, 0.1), (0.98, 0.3), (0.75, 0.42)),
        *((0.75, 0.9), (0.25, 0.9), (0.25, 0.42), (0.02, 0.3)),
    ),
    (
        *((0.3, 0.05), (0.7, 0.05), (0.78, 0.97), (0.57, 0.97)),
        *((0.5, 0.35), (0.43, 0.97), (0.22, 0.97)),
    ),
    (
        *((0.35, 0.1), (0.65, 0.1), (0.95, 0.85), (0.8, 0.9), (0.7, 0.5)),
        *((0.7, 0.9), (0.3, 0.9), (0.3, 0.5), (0.2, 0.9), (0.05, 0.85)),
    ),
    ((0.4, 0.03), (0.6, 0.03), (0.6, 0.4), (0.8, 0.97), (0.2, 0.97), (0.4, 0.4)),
    ((0.03, 0.65), (0.35, 0.55), (0.75, 0.2), (0.9, 0.25), (0.97, 0.75), (0.03, 0.78)),
    ((0.1, 0.35), (0.9, 0.35), (0.97, 0.9), (0.03, 0.9)),
    ((0.55, 0.05), (0.95, 0.05), (0.95, 0.92), (0.1, 0.92), (0.05, 0.75), (0.5, 0.6)),
)
"""Outlines: shirt, trousers, pullover, dress, shoe, bag, boot."""


def write_mmnist_sample(
    out: str | Path, *, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> list[Path]:
    """Write idx files of drawn digits, 2000 for training and 500 for test, and give the files.

    Args:
        seed: equal seeds give equal files.
        progress: called with the images drawn and the images in all.
    """
    return _write(Path(out), _digit, seed=seed, progress=progress)


def write_mfmnist_sample(
    out: str | Path, *, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> list[Path]:
    """As `write_mmnist_sample`, of clothes."""
    return _write(Path(out), _garment, seed=seed, progress=progress)


def _write(
    out: Path, draw: Draw, *, seed: int, progress: Callable[[int, int], None] | None
) -> list[Path]:
    files, total, done = [], sum(_COUNTS.values()), 0
    for number, (name, count) in enumerate(_COUNTS.items()):
        generator = np.random.default_rng([seed, number])
        images = np.stack([draw(generator) for _ in range(count)])
        files.append(out / name)
        with atomic_path(files[-1]) as temporary:
            # Without the time and the name that gzip would note, equal seeds give equal files.
            temporary.write_bytes(gzip.compress(_idx(images), mtime=0))
        done += count
        if progress is not None:
            progress(done, total)
    files.append(out / SYNTHETIC_MARK)
    with atomic_path(files[-1]) as temporary:
        temporary.write_text("The images beside this file are made up: drawn by stforecast.\n")
    return files


def _idx(images: UInt8[np.ndarray, "N Y X"]) -> bytes:
    return struct.pack(">BBBBIII", 0, 0, 8, 3, *images.shape) + images.tobytes()


def _digit(generator: np.random.Generator) -> UInt8[np.ndarray, "28 28"]:
    strokes = _DIGITS[generator.integers(len(_DIGITS))]
    picture, pen = _blank()
    width = round(generator.uniform(2.0, 3.5) * _FINER)
    bent = _bent(strokes, generator, margin=4)
    for corners in bent:
        pen.line(corners, fill=255, width=width, joint="curve")
        for x, y in (corners[0], corners[-1]):
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return _averaged(picture)


def _garment(generator: np.random.Generator) -> UInt8[np.ndarray, "28 28"]:
    outline = _CLOTHES[generator.integers(len(_CLOTHES))]
    picture, pen = _blank()
    pen.polygon(_bent((outline,), generator, margin=1)[0], fill=255)
    stripes = 1 + 0.3 * np.sin(np.arange(_SIDE) * generator.uniform(0.2, 2)) * generator.random()
    bright = generator.uniform(90, 195) * stripes[:, None]
    return (_averaged(picture) / 255 * bright).astype("uint8")


def _blank() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("L", (_SIDE * _FINER, _SIDE * _FINER))
    return picture, ImageDraw.Draw(picture)


def _averaged(picture: Image.Image) -> UInt8[np.ndarray, "28 28"]:
    return np.asarray(picture.reduce(_FINER))


def _bent(
    lines: Sequence[Line], generator: np.random.Generator, *, margin: int
) -> list[list[tuple[float, float]]]:
    """Corners in fine pixels: turned, slanted, stretched, and shaken a little, as a hand does it.

    Args:
        margin: pixels around the drawing.
    """
    turn, slant = generator.uniform(-0.12, 0.12), generator.uniform(-0.2, 0.2)
    stretch = generator.uniform(0.75, 1.0, size=2) * (_SIDE - 2 * margin) * _FINER
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    change = rotation @ np.array([[1, slant], [0, 1]])
    middle = _SIDE * _FINER / 2
    return [
        [
            (float(x), float(y))
            for x, y in (
                (np.array(line) - 0.5 + generator.normal(0, 0.015, (len(line), 2))) @ change.T
            )
            * stretch
            + middle
        ]
        for line in lines
    ]
