"""A synthetic sample of KITTI and Caltech Pedestrian: drawn scenes that pass by, in their own layouts.

OUT/kitti/city/2011_09_26/2011_09_26_drive_0001_sync/image_03/data/0000000000.png …
OUT/caltech/set06/V000.seq …
"""

from collections.abc import Callable
from pathlib import Path

from pipelines.atomic import atomic_path
from pipelines.video.pictures import write_picture
from pipelines.video.scenes import Scene, draw_scene
from pipelines.video.seq import write_seq

__all__ = ["write_kitticaltech_sample"]

_DRIVES = (1, 2, 5, 9)
"""Of 2011-09-26; PredNet validated on 5."""
_KITTI = Scene((94, 311), 33, things=3, pan=3.0, speed=3.0)
"""A quarter of the size of KITTI's frames; three windows."""
_CLIPS = ("set06/V000", "set07/V000")
_CALTECH = Scene((240, 320), 99, things=3, pan=1.0, speed=1.5)
"""Half the size of Caltech's frames; three windows of every third frame."""


def write_kitticaltech_sample(
    out: str | Path, *, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> list[Path]:
    """Write 4 short drives and 2 clips to test on, and give the files; equal seeds give equal clips.

    Args:
        progress: called with the clips written and the clips in all.
    """
    out = Path(out)
    files: list[Path] = []
    total = len(_DRIVES) + len(_CLIPS)
    for done, drive in enumerate(_DRIVES):
        name = f"2011_09_26_drive_{drive:04d}_sync"
        folder = out / "kitti" / "city" / "2011_09_26" / name / "image_03" / "data"
        with atomic_path(folder) as temporary:
            temporary.mkdir()
            for number, frame in enumerate(draw_scene(_KITTI, (seed, drive))):
                write_picture(temporary / f"{number:010d}.png", frame)
        files += sorted(folder.iterdir())
        if progress is not None:
            progress(done + 1, total)
    for done, clip in enumerate(_CLIPS, start=len(_DRIVES)):
        files.append(out / "caltech" / f"{clip}.seq")
        with atomic_path(files[-1]) as temporary:
            write_seq(temporary, draw_scene(_CALTECH, (seed, 100 + done)))
        if progress is not None:
            progress(done + 1, total)
    return files
