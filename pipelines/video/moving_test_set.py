"""The fixed test sets of moving digits, as they are published: one array of sequences, time first.

mnist_test_seq.npy     uint8 (20, 10000, 64, 64), by Srivastava and others
fmnist_test_seq.npy    the same of Fashion-MNIST, by OpenSTL; its whole numbers are stored as float32

S: sequence, T: frame, Y: row, X: column.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from pipelines.fetching.integrity import is_page

__all__ = ["PublishedSet", "find_test_set", "open_test_set"]

_SHAPE = (20, 10_000, 64, 64)
_DTYPES = ("uint8", "float32")


@dataclass(frozen=True, eq=False)
class PublishedSet:
    """A fixed test set on the disk; its frames are read when they are asked for."""

    file: Path
    frames: np.ndarray
    """(T, S, Y, X), memory-mapped."""

    @property
    def n_sequences(self) -> int:
        """How many there are."""
        return self.frames.shape[1]

    def sequences(self, numbers: range) -> UInt8[np.ndarray, "S T 1 Y X"]:
        """The frames of neighbouring sequences, grey levels 0 to 255.

        Raises:
            ValueError: there are values that no grey level has.
        """
        read = np.asarray(self.frames[:, numbers.start : numbers.stop])
        with np.errstate(invalid="ignore"):  # of NaN, which is told below
            frames = np.clip(read, 0, 255).astype("uint8")
        if not np.array_equal(frames, read):
            raise ValueError(
                f"{self.file} holds values that are no whole numbers from 0 to 255: it is not the "
                "published test set. Fetch it again, or take it away to have one made."
            )
        return np.ascontiguousarray(frames.swapaxes(0, 1))[:, :, None]


def find_test_set(path: Path, name: str) -> Path | None:
    """The file of a fixed test set in a folder or below it; None if there is none."""
    return next(iter(sorted(path.rglob(name))), None) if path.is_dir() else None


def open_test_set(file: Path) -> PublishedSet:
    """A fixed test set, checked by its shape and type; nothing but its head is read.

    Raises:
        ValueError: it is something else, or not whole.
    """
    way_out = "Fetch it again, or take it away to have a test set made."
    with file.open("rb") as stream:
        if is_page(stream.read(512)):
            raise ValueError(f"{file} is a web page and no test set. {way_out}")
    try:
        frames = np.load(file, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(f"{file} is no NumPy array, or cut short ({error}). {way_out}") from error
    found = f"{frames.dtype} {frames.shape}" if isinstance(frames, np.ndarray) else "an archive"
    if found not in [f"{dtype} {_SHAPE}" for dtype in _DTYPES]:
        raise ValueError(
            f"{file} holds {found}, but the published test set is {_DTYPES[0]} {_SHAPE}: (frame, "
            f"sequence, row, column). {way_out}"
        )
    return PublishedSet(file, frames)
