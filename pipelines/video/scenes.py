"""Drawn scenes for the samples: blurred blobs as a background, and things that move before it.

Y: row, X: column.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

__all__ = ["Scene", "draw_scene"]


@dataclass(frozen=True)
class Scene:
    """What is drawn."""

    size: tuple[int, int]
    """Rows and columns."""
    n_frames: int
    things: int = 2
    """Ellipses that move on straight lines, and turn back at the edges."""
    pan: float = 0.0
    """Columns by which the background moves to the left in each frame."""
    speed: float = 2.0
    """Pixels a frame, of things, at most."""


def draw_scene(scene: Scene, seed: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Frames uint8 (y, x, 3), the same for the same seed."""
    generator = np.random.default_rng(seed)
    rows, columns = scene.size
    wide = columns + int(np.ceil(abs(scene.pan) * scene.n_frames)) + 1
    noise = gaussian_filter(generator.normal(size=(rows, wide)), min(rows, columns) / 16)
    tint = generator.uniform(0.8, 1.2, 3)
    background = ((110 + 40 * noise / np.abs(noise).max())[:, :, None] * tint).astype("float32")
    place = generator.uniform(0.2, 0.8, (scene.things, 2)) * (rows, columns)
    velocity = generator.uniform(0.4, 1.0, (scene.things, 2)) * scene.speed
    velocity *= generator.choice([-1, 1], (scene.things, 2))
    radius = generator.uniform(0.06, 0.14, (scene.things, 2)) * min(rows, columns)
    colour = generator.uniform(0, 255, (scene.things, 3)).astype("float32")
    for number in range(scene.n_frames):
        first = int(abs(scene.pan) * number)
        frame = background[:, first : first + columns].copy()
        for thing in range(scene.things):
            low = np.maximum(place[thing] - 1.2 * radius[thing] - 1, 0).astype(int)
            high = np.maximum(place[thing] + 1.2 * radius[thing] + 2, 0).astype(int)
            part = frame[low[0] : high[0], low[1] : high[1]]
            y, x = (np.arange(low[axis], low[axis] + part.shape[axis]) for axis in (0, 1))
            away = np.hypot(
                ((y - place[thing, 0]) / radius[thing, 0])[:, None],
                (x - place[thing, 1]) / radius[thing, 1],
            )
            # An edge a pixel wide: hard edges flicker when they are compressed.
            cover = np.clip((1.1 - away) * radius[thing].min(), 0, 1)[:, :, None]
            part += (cover * (colour[thing] - part)).astype("float32")
        yield np.clip(frame + 0.5, 0, 255).astype("uint8")
        outside = (place + velocity < 0) | (place + velocity > (rows, columns))
        velocity[outside] *= -1
        place += velocity
