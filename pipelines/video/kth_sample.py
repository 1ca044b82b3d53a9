"""A synthetic sample of KTH Action: films of drawn things, named and packed as KTH's clips.

OUT/walking/person01_walking_d1_uncomp.avi …   160×120 in 25 frames a second
OUT/00sequences.txt                            all frames of each
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipelines.atomic import atomic_path
from pipelines.video.decoding import write_movie
from pipelines.video.scenes import Scene, draw_scene

__all__ = ["write_kth_sample"]

_ACTIONS = {"boxing": 0.6, "handwaving": 1.0, "walking": 2.0, "running": 4.0}
"""And how fast things move, in pixels a frame."""
_PEOPLE = (1, 2, 3, 16, 17, 18)
_N_FRAMES = 60


def write_kth_sample(
    out: str | Path, *, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> list[Path]:
    """Write short clips of 4 actions by 6 people, and give the files; equal seeds give equal clips.

    Args:
        progress: called with the clips written and the clips in all.
    """
    out = Path(out)
    files, lines = [], []
    for action, (name, speed) in enumerate(_ACTIONS.items()):
        for person in _PEOPLE:
            scene = Scene((120, 160), _N_FRAMES, things=3, speed=speed)
            frames = draw_scene(scene, (seed, action, person))
            clip = f"person{person:02d}_{name}_d1"
            files.append(out / name / f"{clip}_uncomp.avi")
            with atomic_path(files[-1]) as temporary:
                write_movie(temporary, (_grey(frame) for frame in frames))
            lines.append(f"{clip}\t\tframes\t1-{_N_FRAMES // 2}, {_N_FRAMES // 2 + 1}-{_N_FRAMES}")
            if progress is not None:
                progress(len(files), len(_ACTIONS) * len(_PEOPLE))
    files.append(out / "00sequences.txt")
    with atomic_path(files[-1]) as temporary:
        temporary.write_text("\n".join(lines) + "\n")
    return files


def _grey(frame: np.ndarray) -> np.ndarray:
    """Three equal channels, as KTH's films have."""
    return np.repeat(frame[:, :, 1:2], 3, axis=2)
