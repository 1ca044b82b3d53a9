"""KTH Action: six actions of 25 people, as .avi clips or as folders of frames.

FOLDER/walking/person01_walking_d1_uncomp.avi                  160×120, 25 frames a second
FOLDER/walking/person01_walking_d1_uncomp/image_0001.jpg …     some numbers are missing
FOLDER/00sequences.txt                                         which frames of the .avi show the action

By the protocol of prediction, people 1–16 are trained on and 17–25 tested on, in grey frames of 128×128.
Windows are counted backwards from the end of each run of frames: whole ones for boxing, handclapping,
handwaving and walking, every third frame for jogging and running. The published code validates on the
test set; here the last people of the training part are kept for it.

References:
    C. Schüldt et al., ICPR 2004 (data). R. Villegas et al., ICLR 2017. Y. Wang et al., ICLR 2019
    (E3D-LSTM, data_provider/kth_action.py). OpenSTL, openstl/datasets/dataloader_kth.py.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

from pipelines.clips import AS_PUBLISHED, WHOLE, Clip, ClipConfig
from pipelines.series import names
from pipelines.video.containers import Footage, find_footage, runs_of
from pipelines.video.lazy import series_of_takes
from pipelines.video.options import OF_FILMS, Part, check_options, colour_of, stride_of
from pipelines.video.reel import Take
from pipelines.video.resizing import FrameRule

__all__ = ["open_kth"]

_SIZE = (128, 128)
_STRIDES = {
    **dict.fromkeys(("boxing", "handclapping", "handwaving", "walking"), -WHOLE),
    **dict.fromkeys(("jogging", "running"), -3),
}
"""Of each action; counted from the end."""
_LAST_TRAINED = 16
_LAST_PERSON = 25
_VALIDATED_ONE_IN = 8
"""Of so many people for training, one is kept for validation."""
_NAME = re.compile(rf"person(\d\d)_({'|'.join(_STRIDES)})_(d\d)", re.IGNORECASE)


class _Scene(NamedTuple):
    footage: Footage
    name: str
    person: int
    action: str


def open_kth(
    path: str | Path,
    *,
    variables: Sequence[str] | None = None,
    clips: ClipConfig = AS_PUBLISHED,
) -> xr.DataArray:
    """The lazy series (time, channel, y, x) of KTH Action, grey and 128×128 unless `clips` says.

    Args:
        path: the folder of the actions, or of some clips; or one clip.
        variables: "luminance", if any; with clips.colour = "rgb" red, green, blue.
        clips: `size`, `colour`, `every` and `stride` count.

    Raises:
        ValueError: no clip is there, one cannot be read, or something is wanted that KTH does not have.
    """
    path = Path(path)
    check_options("kth", clips, known=OF_FILMS)
    rule = FrameRule(
        clips.size or _SIZE, colour_of(clips, variables, default="grey"), resize="bilinear"
    )
    found = find_footage(path)
    scenes = [scene for footage in found if (scene := _scene_of(footage))]
    if not scenes:
        raise ValueError(
            f"{path} holds {len(found)} clips, but none with a name such as person01_walking_d1; give "
            "them their names of KTH, or read clips of your own as `video`."
        )
    ranges, notes = _ranges(path, scenes)
    parts = _parts({scene.person for scene in scenes})
    takes = [
        take
        for scene in scenes
        for take in _takes(scene, parts[scene.person], clips, ranges.get(scene.name))
    ]
    if len(scenes) < len(found):
        notes.append(f"clips whose names are not KTH's, left out: {len(found) - len(scenes)}")
    return series_of_takes(
        takes,
        rule,
        dataset="kth",
        source=str(path),
        told={"every": clips.every or 1, "ranges": bool(ranges)},
        notes=[*_notes(path, parts, scenes), *notes],
        variables=variables,
    )


def _scene_of(footage: Footage) -> _Scene | None:
    found = _NAME.search(footage.name)
    if found is None:
        return None
    person, action = int(found.group(1)), found.group(2).lower()
    return _Scene(footage, found.group().lower(), person, action)


def _parts(people: set[int]) -> dict[int, Part]:
    """The part of each person: of those for training, the last ones are kept for validation."""
    trained = sorted(person for person in people if person <= _LAST_TRAINED)
    kept = max(len(trained) // _VALIDATED_ONE_IN, 1) if len(trained) > 1 else 0
    first_kept = len(trained) - kept
    parts: dict[int, Part] = dict.fromkeys(people, "test")
    for number, person in enumerate(trained):
        parts[person] = "train" if number < first_kept else "validation"
    return parts


def _takes(
    scene: _Scene,
    part: Part,
    clips: ClipConfig,
    ranges: list[tuple[int, int]] | None,
) -> list[Take]:
    """The runs of one clip: where a number is missing, or outside the given ranges, one ends."""
    runs = runs_of(scene.footage)
    if ranges is not None and not scene.footage.is_pictures:
        shown = np.zeros(len(scene.footage.numbers) + 1, dtype=bool)
        for first, last in ranges:
            shown[first - 1 : last] = True
        shown[-1] = False
        edges = np.flatnonzero(np.diff(shown, prepend=False)).reshape(-1, 2)
        runs = [np.arange(start, stop) for start, stop in edges]
    takes = []
    for run in runs:
        places = run[:: clips.every or 1]
        first, last = scene.footage.numbers[[run[0], run[-1]]]
        takes.append(
            Take(
                Clip(
                    scene.name if len(runs) == 1 else f"{scene.name}, frames {first} to {last}",
                    len(places),
                    part,
                    stride_of(clips, part, published=_STRIDES[scene.action]),
                ),
                scene.footage.file,
                places,
            )
        )
    return takes


def _ranges(
    path: Path, scenes: Sequence[_Scene]
) -> tuple[dict[str, list[tuple[int, int]]], list[str]]:
    """Which frames show the action, from 1, first and last of each range; and what to know of it."""
    if all(scene.footage.is_pictures for scene in scenes):
        return {}, []
    folder = path if path.is_dir() else path.parent
    file = next(
        (place / "00sequences.txt" for place in (folder, folder.parent) if _has_list(place)), None
    )
    if file is None:
        return {}, [
            "00sequences.txt is not there, so all frames of the clips are used, also those without "
            "the person, which the published frames leave out"
        ]
    ranges: dict[str, list[tuple[int, int]]] = {}
    for line in file.read_text(errors="replace").splitlines():
        if found := _NAME.search(line):
            pairs = re.findall(r"(\d+)\s*-\s*(\d+)", line[found.end() :])
            if pairs:
                ranges[found.group().lower()] = [(int(first), int(last)) for first, last in pairs]
    if not ranges:
        raise ValueError(
            f"{file} names no frames; its lines should read like `person01_boxing_d1 frames 1-95, "
            "96-185`. Get it again, or take it away: then all frames are used."
        )
    return ranges, ["frames by 00sequences.txt"]


def _has_list(folder: Path) -> bool:
    return (folder / "00sequences.txt").is_file()


def _notes(path: Path, parts: dict[int, Part], scenes: Sequence[_Scene]) -> list[str]:
    people = {
        part: sorted(person for person, own in parts.items() if own == part)
        for part in ("train", "validation", "test")
    }
    told = ", ".join(
        f"{part} on people {names(numbers, most=25)}" for part, numbers in people.items() if numbers
    )
    notes = [
        f"{len(scenes)} clips (KTH has 599), {told}; published scores train on 1 to {_LAST_TRAINED} "
        "and choose no epoch by people apart"
    ]
    if not people["test"]:
        notes.append(
            f"no clip to test on: those of people {_LAST_TRAINED + 1} to {_LAST_PERSON} belong in {path}"
        )
    if not people["validation"] and people["train"]:
        notes.append(
            f"no clip for validation: a second person of 1 to {_LAST_TRAINED} belongs in {path}"
        )
    return notes
