"""Small clips for tests to read, bend and break: frame number n has the grey value 10 + 4 n."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.video.decoding import write_movie
from pipelines.video.seq import write_seq


def flat_frames(numbers: Iterable[int], size=(16, 32), *, grey=False) -> list[np.ndarray]:
    shape = size if grey else (*size, 3)
    return [np.full(shape, 10 + 4 * (number % 60), dtype="uint8") for number in numbers]


@pytest.fixture
def write_film() -> Callable[..., Path]:
    def write(file: Path, n_frames: int = 10, *, size=(16, 32), **options) -> Path:
        file.parent.mkdir(parents=True, exist_ok=True)
        frames = flat_frames(range(n_frames), size)
        if file.suffix == ".seq":
            write_seq(file, frames, is_synthetic=False, **options)
        else:
            write_movie(file, frames, is_synthetic=False, **options)
        return file

    return write


@pytest.fixture
def write_pictures() -> Callable[..., Path]:
    def write(
        folder: Path,
        numbers: Iterable[int] = range(10),
        *,
        size=(16, 32),
        grey=False,
        name="{:06d}.png",
    ) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        numbers = list(numbers)
        for number, frame in zip(numbers, flat_frames(numbers, size, grey=grey), strict=True):
            Image.fromarray(frame).save(folder / name.format(number))
        return folder

    return write
