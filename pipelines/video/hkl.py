"""Hickle files of PredNet: frames X_train.hkl (frame, y, x, 3) and their drives, sources_train.hkl.

Hickle writes HDF5, in a layout that changed from version to version. Read is what all of them share:
one array of frames; the names as one array, or as a group of an item each.

References:
    W. Lotter et al., PredNet, github.com/coxlab/prednet, process_kitti.py.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np

from pipelines.video.frame_file import SYNTHETIC_MARK, Look

__all__ = ["HickleFrames", "open_hickle", "write_hickle"]


@dataclass(frozen=True, eq=False)
class HickleFrames:
    """The frames of one drive in a file of many."""

    place: Path
    look: Look
    _array: str
    """The file's array of frames."""
    _first: int
    """Its place of the drive's first frame."""
    in_order: bool = False

    def label(self, number: int) -> str:
        """What messages call a frame, counting from 1 in the file."""
        return f"{self.place}, frame {self._first + number + 1}"

    def frames(self, numbers: np.ndarray) -> Iterator[np.ndarray]:
        """Frames uint8 (y, x, 3) in the order red, green, blue."""
        with h5py.File(self.place) as file:
            array = file[self._array]
            assert isinstance(array, h5py.Dataset)
            for number in numbers.tolist():
                try:
                    yield array[self._first + number]
                except OSError as error:
                    raise ValueError(
                        f"{self.label(number)} cannot be read ({error}): the file is damaged. Make or "
                        "get it again."
                    ) from error


def open_hickle(place: Path, sources: Path) -> list[tuple[str, HickleFrames]]:
    """The drives of a file of frames in their order, each with its name and its frames.

    Args:
        sources: the file with the name of each frame's drive.

    Raises:
        ValueError: a file is no such file, or the two do not belong together.
    """
    with _open(place) as file:
        arrays = [array for array in _arrays(file) if array.ndim == 4]
        if len(arrays) != 1 or arrays[0].dtype != np.uint8 or arrays[0].shape[3] != 3:
            found = (
                ", ".join(f"{array.dtype} {array.shape}" for array in _arrays(file)) or "nothing"
            )
            raise ValueError(
                f"{place} should hold frames uint8 (frame, y, x, 3), but holds {found}; make it by "
                "PredNet's process_kitti.py, or name the folder of the drives' pictures."
            )
        name, shape = str(arrays[0].name), arrays[0].shape
        is_synthetic = file.attrs.get("comment") == SYNTHETIC_MARK
    drives = np.array(_texts(sources))
    if len(drives) != shape[0]:
        raise ValueError(
            f"{place} holds {shape[0]} frames, but {sources.name} names the drives of {len(drives)}; "
            "the two must come from one run of process_kitti.py."
        )
    edges = [0, *(np.flatnonzero(drives[1:] != drives[:-1]) + 1).tolist(), len(drives)]
    return [
        (
            str(drives[first]),
            HickleFrames(
                place,
                Look(stop - first, (shape[1], shape[2]), is_grey=False, is_synthetic=is_synthetic),
                name,
                first,
            ),
        )
        for first, stop in pairwise(edges)
        if stop > first
    ]


def _open(place: Path) -> h5py.File:
    try:
        return h5py.File(place)
    except OSError as error:
        raise ValueError(
            f"{place} cannot be read as a Hickle file ({str(error).splitlines()[0]}): it is damaged or "
            "cut off. Make or get it again."
        ) from error


def _arrays(file: h5py.File) -> list[h5py.Dataset]:
    """All arrays of a file, items of a list in their order."""
    found: list[h5py.Dataset] = []

    def visit(name: str, item: h5py.Dataset | h5py.Group) -> None:
        # Hickle 1 writes beside the values of what type they were.
        if isinstance(item, h5py.Dataset) and name.rpartition("/")[2] != "type":
            found.append(item)

    file.visititems(visit)
    return sorted(found, key=lambda array: _order(str(array.name)))


def _order(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _texts(place: Path) -> list[str]:
    """The texts of a list."""
    texts: list[str] = []
    with _open(place) as file:
        for array in _arrays(file):
            values = array[()]
            if isinstance(values, np.ndarray) and values.dtype.kind == "u":
                values = values.astype("uint8").tobytes()  # one text, as its bytes
            texts += [
                value.decode() if isinstance(value, bytes) else str(value)
                for value in np.atleast_1d(np.asarray(values, dtype=object)).ravel()
            ]
    return texts


def write_hickle(place: Path, values: np.ndarray | list[str], *, is_synthetic: bool = True) -> None:
    """Write frames uint8 (frame, y, x, 3), or the names of their drives, as Hickle 3 does."""
    with h5py.File(place, "w") as file:
        if isinstance(values, list):
            file["data_0"] = np.array([value.encode() for value in values])
        else:
            file.create_dataset("data_0", data=values, chunks=(1, *values.shape[1:]))
        if is_synthetic:
            file.attrs["comment"] = SYNTHETIC_MARK
