"""Clips of one's own: any folder of films, .seq files and folders of numbered pictures.

FOLDER/train/…, validation/… (or val/…), test/…   the parts, where there are folders so named
FOLDER/clip_01.mp4, clip_02/000001.png, …         otherwise 80, 10 and 10 % of the clips, by name

No clip is in two parts, but for a folder with one or two: of one, the first 70 % of its frames are for
training, the next 10 % for validation, the last 20 % for the test. It stays one clip on the clock, so
that an experiment may name another split of it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.clips import AS_PUBLISHED, PARTS, Clip, ClipConfig
from pipelines.video.containers import Footage, find_footage, runs_of
from pipelines.video.lazy import series_of_takes
from pipelines.video.options import OF_FILMS, Part, check_options, colour_of, stride_of
from pipelines.video.reel import Take
from pipelines.video.resizing import FrameRule

__all__ = ["open_video"]

_FOLDERS: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
_HELD_ONE_IN = 10
"""Of so many clips, one is for validation and one for the test."""
_ONE_CLIP = (0.7, 0.1)
_ONE_TO_TRAIN = (0.875, 0.125)
"""Shares of a clip's frames for training and validation: where it is the only one, and where there are
clips for the test, but no others. What remains is for the test."""


def open_video(
    path: str | Path,
    *,
    variables: Sequence[str] | None = None,
    clips: ClipConfig = AS_PUBLISHED,
) -> xr.DataArray:
    """The lazy series (time, channel, y, x) of the clips in a folder.

    Args:
        path: a folder of clips, or one clip.
        variables: "luminance", or red, green, blue or some of them.
        clips: `size` and `colour` (those of the first frame unless given), `every` and `stride` count.

    Raises:
        ValueError: no clip is there, one cannot be read, or the first frames differ in size and no
            size is given.
    """
    path = Path(path)
    check_options("video", clips, known=OF_FILMS)
    found = find_footage(path)
    first = found[0].file.look
    rule = FrameRule(
        clips.size or first.shape,
        colour_of(clips, variables, default="grey" if first.is_grey else "rgb"),
        fit="same" if clips.size is None else "stretch",
    )
    if clips.size is None:
        _check_sizes(found)
    every = clips.every or 1
    parts, shares, split = _parts(path, found)
    takes = [
        take
        for footage, part in zip(found, parts, strict=True)
        for take in _takes(footage, part, clips)
    ]
    series = series_of_takes(
        takes,
        rule,
        dataset="video",
        source=str(path),
        told={"every": every},
        notes=[split, *_notes(path, found, takes, parts, rule)],
        variables=variables,
    )
    return series if shares is None else _share_frames(series, shares, clips)


def _check_sizes(found: Sequence[Footage]) -> None:
    """Raise ValueError if the first frames of the clips differ in size."""
    rows, columns = found[0].file.look.shape
    for footage in found:
        if footage.file.look.shape != (rows, columns):
            other = footage.file.look.shape
            raise ValueError(
                f"{found[0].file.label(0)} has {rows}x{columns} pixels, but {footage.file.label(0)} has "
                f"{other[0]}x{other[1]}: name one size for all, such as --set "
                f"clips.size={rows}x{columns}."
            )


def _parts(
    path: Path, found: Sequence[Footage]
) -> tuple[list[Part], tuple[float, float] | None, str]:
    """The part of each clip; shares of the frames for training and validation, if one has both."""
    folders: list[Part | None] = [
        _FOLDERS.get(footage.name.lower().partition("/")[0]) for footage in found
    ]
    if any(folders):
        parts: list[Part] = [part for part in folders if part is not None]
        if len(parts) < len(found):
            outside = found[folders.index(None)].name
            raise ValueError(
                f"{path} has folders for the parts, but {outside} lies in none of them: move it into "
                "one of train, validation and test, or take those folders away."
            )
        if "validation" in parts or "train" not in parts:
            return parts, None, "parts by folder"
        trained = [number for number, part in enumerate(parts) if part == "train"]
        if len(trained) == 1:
            return parts, _ONE_TO_TRAIN, "parts by folder; validation on the clip's last frames"
        for number in trained[-max(len(trained) // _HELD_ONE_IN, 1) :]:
            parts[number] = "validation"
        return parts, None, "parts by folder; validation on the last clips for training"
    if len(found) == 1:
        told = (
            "one clip: first 70 % of its frames to train on, 10 % for validation, last 20 % to test"
        )
        return ["train"], _ONE_CLIP, told
    if len(found) == 2:
        told = "two clips: the end of the first for validation, the second to test on"
        return ["train", "test"], _ONE_TO_TRAIN, told
    held = max(round(len(found) / _HELD_ONE_IN), 1)
    n_trained = len(found) - 2 * held
    told = f"parts by the names of the clips: {n_trained} to train on, then {held}, then {held}"
    counts = dict(zip(PARTS, (n_trained, held, held), strict=True))
    return [_FOLDERS[part] for part, n in counts.items() for _ in range(n)], None, told


def _takes(footage: Footage, part: Part, clips: ClipConfig) -> list[Take]:
    """The runs of a clip: where a number is missing, one ends."""
    takes = []
    runs = runs_of(footage)
    for run in runs:
        places = run[:: clips.every or 1]
        first, last = footage.numbers[[run[0], run[-1]]]
        name = footage.name if len(runs) == 1 else f"{footage.name}, frames {first} to {last}"
        stride = stride_of(clips, part, published=1)
        takes.append(Take(Clip(name, len(places), part, stride), footage.file, places))
    return takes


def _share_frames(
    series: xr.DataArray, shares: tuple[float, float], clips: ClipConfig
) -> xr.DataArray:
    """The series with the last of the frames for training given to validation, and to the test."""
    parts, strides = series["part"].values.copy(), series["window_stride"].values.copy()
    edges = np.rint(np.cumsum(shares) * np.count_nonzero(parts == 0)).astype(int)
    own = np.flatnonzero(parts == 0)
    for number, frames in enumerate((own[edges[0] : edges[1]], own[edges[1] :]), start=1):
        parts[frames] = number
        strides[frames] = stride_of(clips, _FOLDERS[PARTS[number]], published=1)
    return series.assign_coords(part=("time", parts), window_stride=("time", strides))


def _notes(
    path: Path,
    found: Sequence[Footage],
    takes: Sequence[Take],
    parts: Sequence[Part],
    rule: FrameRule,
) -> list[str]:
    notes = []
    gaps = len(takes) - len(found)
    if gaps:
        notes.append(f"gaps in the numbers of pictures, which windows do not cross: {gaps}")
    grey = sum(footage.file.look.is_grey for footage in found)
    if rule.colour == "rgb" and grey:
        notes.append(f"clips in grey, which become three equal channels: {grey}")
    if rule.colour == "grey" and grey < len(found):
        notes.append(f"clips in colour, which become grey: {len(found) - grey}")
    if len(found) > 1 and "test" not in parts:
        notes.append(f"no clip to test on: some belong in {path / 'test'}")
    if "train" not in parts:
        notes.append(f"no clip to train on: some belong in {path / 'train'}")
    return notes
