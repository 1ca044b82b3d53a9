"""KITTI to train on, Caltech Pedestrian to test on: driving seen from a car, ten frames a second.

FOLDER/…/2011_09_26_drive_0001_sync/image_03/data/0000000000.png …   KITTI's raw data
FOLDER/…/00/image_2/000000.png …                                      KITTI's odometry
FOLDER/…/X_train.hkl, sources_train.hkl                               PredNet's frames of the raw data
FOLDER/…/set06/V000.seq, or films or folders of pictures so named     Caltech, sets 06 to 10

Both sides become colour, red, green, blue, in 128×160: brought to a height of 128 and cut to the middle
of the width, as PredNet did. Of Caltech every third frame counts (30 a second), from the third one on.
Windows do not overlap, and are counted backwards from a clip's end. PredNet's drive for validation is
used for it where it is there, otherwise the last drives are; the drives that PredNet tested on are left
out of training, as in its files. The published code validates on the test set.

References:
    W. Lotter et al., ICLR 2017; PredNet, process_kitti.py. OpenSTL, openstl/datasets/
    dataloader_kitticaltech.py: its Caltech frames are in the order blue, green, red, and resized by
    scikit-image, which also averages.
"""

from collections.abc import Sequence
from pathlib import Path

import xarray as xr

from pipelines.clips import AS_PUBLISHED, WHOLE, Clip, ClipConfig
from pipelines.series import names
from pipelines.video.driving import Drive, find_drives
from pipelines.video.lazy import series_of_takes
from pipelines.video.options import OF_FILMS, Part, check_options, colour_of, stride_of
from pipelines.video.reel import Take
from pipelines.video.resizing import FrameRule

__all__ = ["open_kitticaltech"]

_SIZE = (128, 160)
_EVERY = 3
"""Of Caltech's frames, to come to KITTI's ten a second."""
_VALIDATED = "2011_09_26_drive_0005"
_LEFT_OUT = ("2011_09_26_drive_0104", "2011_09_26_drive_0079", "2011_09_26_drive_0070")
"""Drives by which PredNet validated and tested."""
_VALIDATED_ONE_IN = 10
"""Of so many drives, one is kept for validation where PredNet's is not there."""
_FIRST_TESTED = 6
"""Set of Caltech; those before are its training part, which no one uses here."""


def open_kitticaltech(
    path: str | Path,
    *,
    variables: Sequence[str] | None = None,
    clips: ClipConfig = AS_PUBLISHED,
) -> xr.DataArray:
    """The lazy series (time, channel, y, x) of KITTI's drives and Caltech's clips, 128×160 in colour.

    Args:
        path: the folder of both, or of one.
        variables: red, green, blue or some of them; with clips.colour = "grey" "luminance".
        clips: `size`, `colour`, `every` (of Caltech's frames) and `stride` count.

    Raises:
        ValueError: neither is there, a file cannot be read, or something is wanted that they lack.
    """
    path = Path(path)
    check_options("kitticaltech", clips, known=OF_FILMS)
    rule = FrameRule(
        clips.size or _SIZE,
        colour_of(clips, variables, default="rgb"),
        resize="averaged",
        fit="crop",
    )
    drives, notes = find_drives(path)
    every = clips.every or _EVERY
    parts = _parts(drives)
    takes: list[Take] = []
    for drive, part in zip(drives, parts, strict=True):
        if part is not None:
            takes += _takes(drive, part, clips, every=every if part == "test" else 1)
    if not takes:
        raise ValueError(
            f"{path} holds no drive that is used: {names(drive.name for drive in drives)}. Left out are "
            "sets 0 to 5 of Caltech and the drives on which PredNet tested; add others."
        )
    return series_of_takes(
        takes,
        rule,
        dataset="kitticaltech",
        source=str(path),
        told={"every": every},
        notes=[*_notes(path, drives, parts, rule), *notes],
        variables=variables,
    )


def _parts(drives: Sequence[Drive]) -> list[Part | None]:
    """The part of each drive, None where it is left out.

    KITTI's last drives are kept for validation where none is given for it.
    """
    parts: list[Part | None] = []
    for drive in drives:
        if drive.caltech_set is not None:
            parts.append("test" if drive.caltech_set >= _FIRST_TESTED else None)
        elif drive.given is None and any(name in drive.name for name in _LEFT_OUT):
            parts.append(None)
        else:
            parts.append("validation" if _VALIDATED in drive.name else drive.given or "train")
    trained = [number for number, part in enumerate(parts) if part == "train"]
    if "validation" not in parts and len(trained) > 1:
        for number in trained[-max(len(trained) // _VALIDATED_ONE_IN, 1) :]:
            parts[number] = "validation"
    return parts


def _takes(
    drive: Drive,
    part: Part,
    clips: ClipConfig,
    *,
    every: int,
) -> list[Take]:
    takes = []
    for number, run in enumerate(drive.runs):
        # Pictures that are numbered in steps were thinned before: they are taken as they are.
        places = run[every - 1 :: every] if drive.step == 1 else run
        if len(places):
            name = drive.name if len(drive.runs) == 1 else f"{drive.name}, run {number + 1}"
            stride = stride_of(clips, part, published=-WHOLE)
            takes.append(Take(Clip(name, len(places), part, stride), drive.file, places))
    return takes


def _notes(
    path: Path, drives: Sequence[Drive], parts: Sequence[Part | None], rule: FrameRule
) -> list[str]:
    by_part: dict[Part | None, list[Drive]] = {"train": [], "validation": [], "test": [], None: []}
    for drive, part in zip(drives, parts, strict=True):
        by_part[part].append(drive)
    notes = [
        f"drives of KITTI to train on: {len(by_part['train'])}, for validation: "
        f"{names((drive.name for drive in by_part['validation']), most=4) or 'none'}, clips of Caltech "
        f"to test on: {len(by_part['test'])}"
    ]
    if not by_part["test"]:
        notes.append(f"no clip to test on: Caltech's set06 to set10 belong in {path}")
    if not by_part["train"]:
        notes.append(f"no drive to train on: KITTI's drives, or X_train.hkl, belong in {path}")
    if by_part[None]:
        left = names((drive.name for drive in by_part[None]), most=4)
        notes.append(f"left out, as published: {left}")
    grey = sum(drive.file.look.is_grey for drive in drives)
    if grey and rule.colour == "rgb":
        notes.append(f"clips in grey, which become three equal channels: {grey}")
    thinned = sorted({drive.step for drive in by_part["test"] if drive.step != 1})
    if thinned:
        notes.append(
            f"clips of Caltech whose pictures are numbered in steps of {names(thinned)} are taken as "
            "they are; the protocol has steps of 3"
        )
    return notes
