"""A synthetic sample of clips of one's own: films and a folder of pictures.

OUT/clip_01.mp4 … clip_10.mp4       64×96, 25 frames a second
OUT/clip_11/000000.png …            the same as pictures
"""

from collections.abc import Callable
from pathlib import Path

from pipelines.atomic import atomic_path
from pipelines.video.decoding import write_movie
from pipelines.video.pictures import write_picture
from pipelines.video.scenes import Scene, draw_scene

__all__ = ["write_video_sample"]

_FILMS = 10
_SCENE = Scene((64, 96), 60, things=3, pan=0.5, speed=2.0)


def write_video_sample(
    out: str | Path, *, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> list[Path]:
    """Write 10 short films and a folder of pictures, and give the files; equal seeds, equal clips.

    Args:
        progress: called with the clips written and the clips in all.
    """
    out = Path(out)
    files: list[Path] = []
    for number in range(1, _FILMS + 1):
        files.append(out / f"clip_{number:02d}.mp4")
        with atomic_path(files[-1]) as temporary:
            write_movie(temporary, draw_scene(_SCENE, (seed, number)))
        if progress is not None:
            progress(number, _FILMS + 1)
    folder = out / f"clip_{_FILMS + 1:02d}"
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        for number, frame in enumerate(draw_scene(_SCENE, (seed, _FILMS + 1))):
            write_picture(temporary / f"{number:06d}.png", frame)
    if progress is not None:
        progress(_FILMS + 1, _FILMS + 1)
    return [*files, *sorted(folder.iterdir())]
