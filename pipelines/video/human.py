"""Human3.6M: people who act, seen by four cameras, as pictures or as films.

FOLDER/images/S1_Walking.54138969_000001.jpg …      pictures, numbered from 1
FOLDER/train.txt, test.txt                          the published lists of windows, where they are
FOLDER/S1/Videos/Walking 1.54138969.mp4             the original films

Every fifth frame counts (10 a second), in 256×256 colour. With the lists, the windows that they name
are trained and tested on. They share frames: that is counted and told, and clips.split = "clean" leaves
out of training what meets a window of the test. Without them, subjects 1, 5, 6, 7 and 8 are trained on,
and 9 and 11 tested on. For validation subject 8 is kept, but nothing that meets a window of the test.

References:
    C. Ionescu et al., PAMI 2014 (data). OpenSTL, openstl/datasets/dataloader_human.py: its training also
    turns and crops the frames at random, and its frames are in the order blue, green, red.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.clips import AS_PUBLISHED, Clip, ClipConfig
from pipelines.series import names
from pipelines.video.containers import Footage, find_footage, runs_of
from pipelines.video.human_lists import (
    EVERY,
    WINDOW_FRAMES,
    Begins,
    overlapping,
    read_list,
    stretches,
)
from pipelines.video.lazy import series_of_takes
from pipelines.video.options import OF_FILMS, Part, check_options, colour_of, stride_of
from pipelines.video.reel import Take
from pipelines.video.resizing import FrameRule

__all__ = ["open_human"]

_SIZE = (256, 256)
_TRAINED, _TESTED = (1, 5, 6, 7, 8), (9, 11)
_STRIDE = 5
"""Frames between the starts of windows, as in the lists."""
_SUBJECT = re.compile(r"(?:^|[/_ .])S(\d{1,2})(?=[/_ .])")


def open_human(
    path: str | Path,
    *,
    variables: Sequence[str] | None = None,
    clips: ClipConfig = AS_PUBLISHED,
) -> xr.DataArray:
    """The lazy series (time, channel, y, x) of Human3.6M, 256×256 in colour, every fifth frame.

    Args:
        path: the folder of the pictures or films, or one film.
        variables: red, green, blue or some of them; with clips.colour = "grey" "luminance".
        clips: `size`, `colour`, `every` (without lists), `stride` and `split` count.

    Raises:
        ValueError: no clip is there, a file cannot be read, or something is wanted that is not there.
    """
    path = Path(path)
    check_options("human", clips, known=(*OF_FILMS, "split"))
    rule = FrameRule(
        clips.size or _SIZE, colour_of(clips, variables, default="rgb"), resize="bilinear"
    )
    found = find_footage(path)
    footage = {key: one for one in found if (key := _key(one)) is not None}
    if not footage:
        raise ValueError(
            f"{path} holds {len(found)} clips, but no name tells the subject, as S1_Walking.54138969 or "
            "S1/Videos/… does; clips of your own are read as `video`."
        )
    lists = _find_lists(path)
    if lists is None:
        takes, notes = _by_subject(path, footage, clips)
    else:
        takes, notes = _by_lists(footage, lists, clips)
    if len(footage) < len(found):
        notes.append(f"clips that tell no subject, left out: {len(found) - len(footage)}")
    notes.append(
        "published training turns and crops the frames at random, which is not done; frames of "
        "another size are brought to 256x256 without being saved as JPEG again"
    )
    return series_of_takes(
        takes,
        rule,
        dataset="human",
        source=str(path),
        told={"every": clips.every or EVERY, "lists": lists is not None, "split": clips.split},
        notes=notes,
        variables=variables,
    )


def _key(footage: Footage) -> str | None:
    """What the lists call a clip, "S1_Walking.54138969"; None where no subject is told."""
    stem = footage.beginning.rstrip("_") or footage.name.rpartition("/")[2]
    for name in (f"{stem}_", f"{footage.name}/", f"{footage.file.place.resolve().as_posix()}/"):
        if subject := _SUBJECT.search(name):
            own = f"S{subject.group(1)}_"
            action = stem.replace(" ", "_").removeprefix(own)
            return own + action
    return None


def _subject(key: str) -> int:
    """Of what the lists call a clip; 0 where it tells none."""
    found = re.match(r"S(\d+)_", key)
    return int(found.group(1)) if found else 0


def _kept(subjects: set[int]) -> int | None:
    """The subject whose clips are kept for validation; None where there is one alone."""
    if len(subjects) < 2:
        return None
    return _TRAINED[-1] if _TRAINED[-1] in subjects else max(subjects)


def _find_lists(path: Path) -> tuple[Begins, Begins] | None:
    """The windows of train.txt and test.txt; None where neither is there."""
    folder = path if path.is_dir() else path.parent
    for place in (folder, folder.parent):
        files = [place / "train.txt", place / "test.txt"]
        there = [file for file in files if file.is_file()]
        if len(there) == 1:
            lacking = "test.txt" if there[0] == files[0] else "train.txt"
            raise ValueError(
                f"{there[0]} is there without {lacking}; get both lists, or take this one away: then "
                "the parts are told by subject."
            )
        if there:
            return read_list(files[0]), read_list(files[1])
    return None


def _by_lists(
    footage: dict[str, Footage], lists: tuple[Begins, Begins], clips: ClipConfig
) -> tuple[list[Take], list[str]]:
    """The windows that the lists name, and what to know of them."""
    if clips.every not in (None, EVERY):
        raise ValueError(
            f"clips.every = {clips.every}: the lists are of every fifth frame; leave it out, or take "
            "train.txt and test.txt away."
        )
    train, test = lists
    meeting = overlapping(train, test)
    kept = _kept({_subject(clip) for clip in train})
    windows: dict[Part, dict[str, np.ndarray]] = {"train": {}, "validation": {}, "test": {**test}}
    for clip, numbers in train.items():
        is_kept = _subject(clip) == kept
        free = numbers[~meeting[clip]] if is_kept or clips.split == "clean" else numbers
        windows["validation" if is_kept else "train"][clip] = free
    takes, counts, n_missing = [], {}, 0
    for part, begins in windows.items():
        there = {
            clip: _present(numbers, footage[clip]) if clip in footage else numbers[:0]
            for clip, numbers in begins.items()
        }
        counts[part] = sum(map(len, there.values()))
        n_missing += sum(map(len, begins.values())) - counts[part]
        for clip, numbers in there.items():
            takes += _stretch_takes(clip, numbers, footage.get(clip), part, clips)
    if not takes:
        raise ValueError(
            f"none of the windows in train.txt and test.txt has its frames here; such as the clip "
            f"{next(iter(train))}. Put the pictures where the lists name them, or take both lists away."
        )
    n_met = sum(int(meets.sum()) for meets in overlapping(test, train).values())
    n_test = sum(map(len, test.values()))
    notes = [
        f"windows by the published lists: train {counts['train']}, validation "
        f"{counts['validation']} (subject {kept}, kept from training), test {counts['test']}",
        f"{n_met} of the {n_test} windows in test.txt share frames with windows in train.txt"
        + (
            "; those are left out of training, but other cameras see the same moments"
            if clips.split == "clean"
            else ": scores are flattering, as all published ones are; clips.split = clean leaves "
            "those out of training"
        ),
    ]
    if n_missing:
        notes.append(f"windows of the lists whose frames are not there, left out: {n_missing}")
    return takes, notes


def _present(numbers: np.ndarray, footage: Footage) -> np.ndarray:
    """The windows that have all their frames."""
    wanted = numbers[:, None] + EVERY * np.arange(WINDOW_FRAMES)
    return numbers[np.isin(wanted, footage.numbers).all(axis=1)]


def _stretch_takes(
    clip: str, numbers: np.ndarray, footage: Footage | None, part: Part, clips: ClipConfig
) -> list[Take]:
    takes = []
    for stretch in stretches(numbers) if footage is not None else []:
        assert footage is not None
        frames = stretch.first + EVERY * np.arange(stretch.n_frames)
        stride = stride_of(clips, part, published=stretch.stride)
        takes.append(
            Take(
                Clip(f"{clip}, from frame {stretch.first}", stretch.n_frames, part, stride),
                footage.file,
                np.searchsorted(footage.numbers, frames),
            )
        )
    return takes


def _by_subject(
    path: Path, footage: dict[str, Footage], clips: ClipConfig
) -> tuple[list[Take], list[str]]:
    """Whole clips, their parts told by their subject, and what to know of them."""
    if clips.split == "clean":
        raise ValueError(
            "clips.split = 'clean' is for the published lists, and train.txt and test.txt are not "
            f"there; put them into {path}, or leave it out: parts by subject share no frame."
        )
    every = clips.every or EVERY
    subjects = {_subject(key) for key in footage}
    kept = _kept(subjects & {*_TRAINED})
    takes = []
    for key, one in footage.items():
        subject = _subject(key)
        if subject not in (*_TRAINED, *_TESTED):
            continue
        part = "test" if subject in _TESTED else "validation" if subject == kept else "train"
        for run in runs_of(one):
            # Pictures that are numbered in steps were thinned before: they are taken as they are.
            is_thinned = len(run) > 1 and one.numbers[run[1]] - one.numbers[run[0]] > 1
            places = run if is_thinned else run[::every]
            stride = stride_of(clips, part, published=_STRIDE)
            name = f"{key}, from frame {one.numbers[run[0]]}"
            takes.append(Take(Clip(name, len(places), part, stride), one.file, places))
    others = subjects - {*_TRAINED, *_TESTED}
    if not takes:
        raise ValueError(
            f"{path} holds subjects {names(sorted(others))} alone; used are 1, 5, 6, 7, 8, 9 and 11."
        )
    notes = [
        "parts by subject, since train.txt and test.txt are not there: validation on "
        f"{'none' if kept is None else kept}, test on "
        f"{names(sorted(subjects & {*_TESTED})) or 'none'}; published scores are of the lists"
    ]
    if not subjects & {*_TESTED}:
        notes.append(f"no clip to test on: those of subjects 9 and 11 belong in {path}")
    if others:
        notes.append(f"subjects that are not used: {names(sorted(others))}")
    return takes, notes
