"""Drives on the disk: which of the clips in a folder are KITTI's, which Caltech's."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from pipelines.video.containers import Footage, find_footage, natural_order, runs_of
from pipelines.video.frame_file import FrameFile
from pipelines.video.hkl import open_hickle

__all__ = ["Drive", "find_drives"]

_CAMERA = re.compile(r"image_0?([0-3])$")
_BEST_CAMERA = (3, 2, 1, 0)
"""PredNet took the right one in colour, 3; 0 and 1 are grey."""
_CALTECH_SET = re.compile(r"set(\d\d)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Drive:
    """One recording."""

    name: str
    """"2011_09_26_drive_0001_sync", or "set06/V000"."""
    file: FrameFile
    runs: Sequence[np.ndarray]
    """Places of its frames, a run without a gap after another."""
    caltech_set: int | None = None
    """None of KITTI's."""
    given: Literal["train", "validation"] | None = None
    """The part that its file says."""
    step: int = 1
    """Between the numbers of neighbouring frames."""


def find_drives(path: Path) -> tuple[list[Drive], list[str]]:
    """The drives in a folder in the order of their names, and what to know of them.

    Raises:
        ValueError: a file cannot be read, or there is no drive.
    """
    packed = _packed_drives(path)
    footage = find_footage(path, needed=not packed)
    kitti, others = _of_kitti(path, footage)
    caltech = [drive for one in others if (drive := _of_caltech(path, one))]
    notes = []
    if packed and kitti:
        notes.append("KITTI is taken from X_train.hkl; its pictures are left aside")
    if len(caltech) < len(others):
        notes.append(
            f"clips that are neither KITTI's nor Caltech's, left out: {len(others) - len(caltech)}"
        )
    drives = [*(packed or kitti), *caltech]
    if not drives:
        raise ValueError(
            f"{path} holds {len(footage)} clips, but neither KITTI's drives (DRIVE/image_03/… of "
            "pictures, or X_train.hkl) nor Caltech's (set06/V000.seq); clips of your own are read as "
            "`video`."
        )
    return drives, notes


def _packed_drives(path: Path) -> list[Drive]:
    """The drives in PredNet's files; those that it tested on, X_test.hkl, are left aside."""
    drives: list[Drive] = []
    parts: tuple[tuple[str, Literal["train", "validation"]], ...] = (
        ("train", "train"),
        ("val", "validation"),
    )
    for ending, part in parts:
        place = path if path.name == f"X_{ending}.hkl" else None
        if path.is_dir():
            place = next(iter(sorted(path.rglob(f"X_{ending}.hkl"))), None)
        if place is None:
            continue
        sources = place.with_name(f"sources_{ending}.hkl")
        if not sources.is_file():
            raise ValueError(
                f"{place} needs {sources.name} beside it, which names the drive of each frame; get "
                "both files."
            )
        drives += [
            Drive(name, file, [np.arange(file.look.n_frames)], given=part)
            for name, file in open_hickle(place, sources)
        ]
    return drives


def _of_kitti(path: Path, footage: Sequence[Footage]) -> tuple[list[Drive], list[Footage]]:
    """KITTI's drives, from one camera each, and the clips that are none."""
    cameras: dict[Path, dict[int, Footage]] = {}
    others = []
    for one in footage:
        place = one.file.place.resolve()
        folder = place.parent if place.name == "data" else place
        camera = _CAMERA.search(folder.name)
        if camera is None or not one.is_pictures:
            others.append(one)
        else:
            cameras.setdefault(folder.parent, {})[int(camera.group(1))] = one
    drives = []
    for folder, seen in cameras.items():
        best = next(seen[camera] for camera in _BEST_CAMERA if camera in seen)
        drives.append(Drive(folder.name, best.file, runs_of(best)))
    return sorted(drives, key=lambda drive: natural_order(drive.name)), others


def _of_caltech(path: Path, footage: Footage) -> Drive | None:
    """The drive that a clip is, if a set of Caltech is in its name or that of its folder."""
    found = _CALTECH_SET.search(footage.name) or _CALTECH_SET.search(path.resolve().as_posix())
    if found is None:
        return None
    runs = runs_of(footage)
    step = int(np.diff(footage.numbers[runs[0][:2]]).sum()) or 1
    return Drive(footage.name, footage.file, runs, caltech_set=int(found.group(1)), step=step)
