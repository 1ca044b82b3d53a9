"""Clips found in a folder: films, .seq files, and pictures that are numbered frames."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from pipelines.series import names
from pipelines.video.decoding import open_movie
from pipelines.video.frame_file import FrameFile
from pipelines.video.pictures import open_pictures
from pipelines.video.seq import open_seq

__all__ = ["MOVIES", "PICTURES", "Footage", "find_footage", "natural_order", "runs_of"]

MOVIES = (".avi", ".mp4", ".m4v", ".mov", ".mkv")
PICTURES = (".png", ".jpg", ".jpeg", ".bmp")
_SEQ = ".seq"
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".rar", ".7z")


@dataclass(frozen=True, eq=False)
class Footage:
    """What lies on the disk of one clip."""

    name: str
    """Where it lies in the folder, without ending: "walking/person01_walking_d1_uncomp"."""
    file: FrameFile
    numbers: np.ndarray
    """Of the frames, increasing: those in the names of pictures; from 1 in a file."""
    beginning: str = ""
    """Of the names of pictures, before the number."""

    @property
    def is_pictures(self) -> bool:
        """Whether its frames are files of their own, some of which may be missing."""
        return self.file.place.is_dir()


def find_footage(path: Path, *, needed: bool = True) -> list[Footage]:
    """All clips in a folder and the folders in it, in the order of their names; or the one in a file.

    Pictures of one folder are one clip for each beginning of their names, their last digits being the
    number of the frame: "S1_Walking.54138969_" of "S1_Walking.54138969_000001.jpg".

    Args:
        needed: whether there must be one.

    Raises:
        ValueError: there is none, or one cannot be read.
    """
    if path.is_file() and not needed:
        return []
    if path.is_file():
        footage = _open_file(path.parent, path.name)
        if footage is None:
            raise ValueError(f"{path} is no clip: {_way_out(Counter([path.suffix.lower()]))}")
        return [footage]
    found: list[Footage] = []
    others: Counter[str] = Counter()
    for folder, folders, files in os.walk(path, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        shown = [name for name in files if not name.startswith(".")]
        pictures = [name for name in shown if _ending(name) in PICTURES]
        found += _open_pictures(path, Path(folder), pictures)
        for name in sorted(set(shown) - set(pictures)):
            footage = _open_file(path, os.path.relpath(os.path.join(folder, name), path))
            if footage is None:
                others[_ending(name)] += 1
            else:
                found.append(footage)
    if not found and needed:
        raise ValueError(f"{path} holds no clip: {_way_out(others)}")
    return sorted(found, key=lambda footage: natural_order(footage.name))


def natural_order(name: str) -> list[tuple[int, str]]:
    """A key that sorts "clip 2" before "clip 10"."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)
    ]


def runs_of(footage: Footage) -> list[np.ndarray]:
    """The places of the frames in each run of numbers without a gap.

    Numbers that are all a step apart, as where one of 5 frames was kept, have no gap.
    """
    if len(footage.numbers) < 3:
        return [np.arange(len(footage.numbers))]
    steps = np.diff(footage.numbers)
    kinds, counts = np.unique(steps, return_counts=True)
    usual = kinds[counts.argmax()]
    return np.split(np.arange(len(footage.numbers)), np.flatnonzero(steps != usual) + 1)


def _ending(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _open_file(root: Path, name: str) -> Footage | None:
    """The clip in a film or .seq file; None if it is neither."""
    ending = _ending(name)
    if ending not in (*MOVIES, _SEQ):
        return None
    file = open_seq(root / name) if ending == _SEQ else open_movie(root / name)
    return Footage(
        os.path.splitext(name)[0].replace(os.sep, "/"), file, np.arange(file.look.n_frames) + 1
    )


def _open_pictures(root: Path, folder: Path, files: list[str]) -> Iterator[Footage]:
    """The clips that the pictures of one folder make up."""
    by_beginning: dict[str, list[tuple[int, str]]] = {}
    for name in files:
        stem = os.path.splitext(name)[0]
        digits = re.search(r"\d*$", stem)
        assert digits is not None
        number = int(digits.group() or 0)
        by_beginning.setdefault(stem[: digits.start()], []).append((number, name))
    within = "" if folder == root else folder.relative_to(root).as_posix()
    for beginning, frames in by_beginning.items():
        frames.sort()
        for (number, name), (following, other) in pairwise(frames):
            if number == following:
                raise ValueError(
                    f"{folder}: {name} and {other} are both frame {number} of one clip; take one away, "
                    "or give each clip a folder of its own."
                )
        parts = [within, beginning.rstrip("_-. ") if len(by_beginning) > 1 else ""]
        yield Footage(
            "/".join(part for part in parts if part) or folder.name,
            open_pictures(folder, [name for _, name in frames]),
            np.array([number for number, _ in frames]),
            beginning,
        )


def _way_out(others: Counter[str]) -> str:
    """What is there instead of a clip, and what can be done."""
    readable = f"Readable are {', '.join((*MOVIES, _SEQ))}, and numbered {', '.join(PICTURES)}"
    if ".gif" in others:
        return f"a GIF is not read; make a film of it, `ffmpeg -i NAME.gif NAME.mp4`. {readable}."
    archives = [ending for ending in others if ending in _ARCHIVES]
    if archives:
        return f"there are archives ({names(archives)}); unpack them first. {readable}."
    pictures = [ending for ending in others if ending in PICTURES]
    if pictures:
        return f"a picture is one frame; name its folder. {readable}."
    there = names(f"{count} {ending or 'without ending'}" for ending, count in others.items())
    return f"there is {there or 'nothing'}. {readable}."
