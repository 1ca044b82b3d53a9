"""Moving digits: the rule by which the sequences of Moving MNIST are made.

Srivastava, Mansimov and Salakhutdinov 2015 (arXiv 1502.04681), as OpenSTL makes them
(openstl/datasets/dataloader_moving_mnist.py: get_random_trajectory, generate_moving_mnist).

N: image to draw from, D: digit in a frame, S: sequence, T: frame, Y: row, X: column; h, w: rows and
columns of a digit.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy.lib.stride_tricks import sliding_window_view

__all__ = ["MovingDigits", "draw", "paths", "top_left_corners"]

_STEP = 0.1
"""What a digit moves from frame to frame, as a fraction of the way that it has."""


@dataclass(frozen=True, eq=False)
class MovingDigits:
    """Sequences of moving digits, each made from its number: the same wherever it is made."""

    images: UInt8[np.ndarray, "N h w"]
    """What is drawn from, each with the same chance."""
    n_digits: int
    """In a frame; one image may be there twice."""
    size: tuple[int, int]
    """Rows and columns of a frame."""
    length: int
    """Frames of a sequence."""
    stream: tuple[int, ...]
    """With the number of a sequence, all that its random numbers follow from."""

    def __post_init__(self) -> None:
        least = self.images.shape[1:]
        if self.size[0] < least[0] or self.size[1] < least[1]:
            raise ValueError(
                f"clips.size = {self.size[0]}x{self.size[1]} has no room for digits of "
                f"{least[0]}x{least[1]}; choose a larger one."
            )

    def sequences(self, numbers: range) -> UInt8[np.ndarray, "S T 1 Y X"]:
        """The frames of several sequences."""
        return np.stack([self(number) for number in numbers])

    def __call__(self, number: int) -> UInt8[np.ndarray, "T 1 Y X"]:
        """The frames of a sequence, grey levels 0 to 255."""
        generator = np.random.Generator(np.random.PCG64([*self.stream, number]))
        draws = generator.random((self.n_digits, 3))
        chosen = self.images[generator.integers(len(self.images), size=self.n_digits)]
        room = (self.size[0] - chosen.shape[1], self.size[1] - chosen.shape[2])
        places = paths(draws[:, :2], draws[:, 2] * 2 * np.pi, length=self.length)
        return draw(chosen, top_left_corners(places, room), size=self.size)[:, None]


def paths(
    starts: Float[np.ndarray, "D 2"], angles: Float[np.ndarray, "D"], *, length: int
) -> Float[np.ndarray, "D T 2"]:
    """Where digits are in each frame, x and y from 0 to 1; the first frame is one step after the start.

    Whoever comes to a wall or beyond stands at it in that frame, and goes the other way from the next.

    Args:
        starts: x and y from 0 to 1.
        angles: direction in radians, from x towards y.
    """
    places = [
        _path(x, y, angle, length)
        for (x, y), angle in zip(starts.tolist(), angles.tolist(), strict=True)
    ]
    return np.array(places, dtype="float64").reshape(len(starts), length, 2)


def _path(x: float, y: float, angle: float, length: int) -> list[tuple[float, float]]:
    # Plain numbers: arrays of two would take ten times as long.
    step_x, step_y = math.cos(angle), math.sin(angle)
    places = []
    for _ in range(length):
        x, step_x = _bounce(x + step_x * _STEP, step_x)
        y, step_y = _bounce(y + step_y * _STEP, step_y)
        places.append((x, y))
    return places


def _bounce(place: float, step: float) -> tuple[float, float]:
    if place <= 0:
        return 0.0, -step
    if place >= 1:
        return 1.0, -step
    return place, step


def top_left_corners(
    places: Float[np.ndarray, "D T 2"], room: tuple[int, int]
) -> Int[np.ndarray, "D T 2"]:
    """Row and column of each digit's first pixel: whole pixels, cut off and not rounded.

    Args:
        places: x and y from 0 to 1.
        room: rows and columns that a digit can move by.
    """
    return (places[..., ::-1] * room).astype("int64")


def draw(
    images: UInt8[np.ndarray, "D h w"],
    corners: Int[np.ndarray, "D T 2"],
    *,
    size: tuple[int, int],
) -> UInt8[np.ndarray, "T Y X"]:
    """Frames with digits on black; where they overlap, the brighter one is seen."""
    frames = np.zeros((corners.shape[1], *size), dtype="uint8")
    each = np.arange(len(frames))
    patches = sliding_window_view(frames, images.shape[1:], axis=(1, 2), writeable=True)
    for image, track in zip(images, corners, strict=True):
        covered = (each, track[:, 0], track[:, 1])
        patches[covered] = np.maximum(patches[covered], image)
    return frames
