"""A synthetic sample of Human3.6M: drawn things as pictures in one folder, with lists of windows.

OUT/images/S1_Walking.54138969_000001.jpg …   128×128, 50 a second
OUT/train.txt, test.txt                       windows that share frames, as those of the published lists
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipelines.atomic import atomic_path
from pipelines.video.human_lists import EVERY, WINDOW_FRAMES
from pipelines.video.pictures import write_picture
from pipelines.video.scenes import Scene, draw_scene

__all__ = ["write_human_sample"]

_SUBJECTS = (1, 5, 8, 9, 11)
_WINDOWS = 3
"""Of a clip; 25 frames from one to the next, as in the published lists."""
_APART = 25
_N_FRAMES = 1 + _APART * (_WINDOWS - 1) + EVERY * (WINDOW_FRAMES - 1)
_SCENE = Scene((128, 128), _N_FRAMES, things=3, speed=0.5)


def write_human_sample(
    out: str | Path, *, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> list[Path]:
    """Write a short clip of 5 subjects, and give the files; equal seeds give equal clips.

    Args:
        progress: called with the clips written and the clips in all.
    """
    out = Path(out)
    generator = np.random.default_rng([seed, 0])
    lists: dict[str, list[str]] = {"train.txt": [], "test.txt": []}
    with atomic_path(out / "images") as folder:
        folder.mkdir()
        for done, subject in enumerate(_SUBJECTS):
            clip = f"S{subject}_Walking.54138969_"
            for number, frame in enumerate(draw_scene(_SCENE, (seed, subject)), start=1):
                write_picture(folder / f"{clip}{number:06d}.jpg", frame)
            # Subject 8 is all for training, so that some of it can be kept for validation.
            tested = -1 if subject == 8 else int(generator.integers(_WINDOWS))
            for window in range(_WINDOWS):
                first = 1 + _APART * window
                name = "test.txt" if window == tested else "train.txt"
                lists[name].append(f"images/{clip},{first},{first + 70}")
            if progress is not None:
                progress(done + 1, len(_SUBJECTS))
    for name, lines in lists.items():
        with atomic_path(out / name) as temporary:
            temporary.write_text("\n".join(lines) + "\n")
    return [*sorted((out / "images").iterdir()), *(out / name for name in lists)]
