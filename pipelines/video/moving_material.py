"""Which images the parts of Moving MNIST draw from, so that none sees those of another."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from pipelines.video.idx import IdxFiles, read_idx_images

__all__ = ["Material", "digest_of", "share_out"]

_LEAST_IMAGES = 10


@dataclass(frozen=True, eq=False)
class Material:
    """Which images each part draws from."""

    file: Path
    """Of those for training, which are the first in it."""
    train: UInt8[np.ndarray, "N h w"]
    validation: UInt8[np.ndarray, "M h w"]
    test: UInt8[np.ndarray, "K h w"] | None
    """None where the test set is given."""
    note: str
    """How they are shared out."""


def share_out(files: IdxFiles, *, has_test: bool) -> Material:
    """The images of each part: training and validation draw from different ones, and so does test.

    Validation has the last tenth of the file for training. Where that is the only file, test has its
    last fifth, and validation the tenth before.

    Args:
        has_test: whether a test set is given, so that no images are needed for it.

    Raises:
        ValueError: a file is no idx file of images, or holds too few, or of another size.
    """
    images = read_idx_images(files.train)
    n_images, name = len(images), files.train.name
    if n_images < _LEAST_IMAGES:
        raise ValueError(
            f"{files.train} holds {n_images} images, but {_LEAST_IMAGES} or more are needed to share "
            "out between training, validation and test; name a larger file."
        )
    if files.test is None and not has_test:
        first, second = n_images * 7 // 10, n_images * 8 // 10
        note = (
            f"{name} is the only file of images: training draws from its first {first}, validation "
            f"from the next {second - first}, test from the last {n_images - second}"
        )
        return Material(
            files.train, images[:first], images[first:second], images[second:], note=note
        )
    edge = n_images * 9 // 10
    note = (
        f"training draws from the first {edge} of {n_images} images in {name} (published: from all), "
        "validation from the others"
    )
    if files.test is None and "train" not in name:
        note += (
            "; the published test set may show the same images, as the file for training is not there: "
            "scores do not compare with published ones"
        )
    test = None if has_test or files.test is None else read_idx_images(files.test)
    if test is not None and test.shape[1:] != images.shape[1:]:
        raise ValueError(
            f"{files.test} has images of {test.shape[1]}x{test.shape[2]}, but {files.train} of "
            f"{images.shape[1]}x{images.shape[2]}; give two files of one dataset."
        )
    return Material(files.train, images[:edge], images[edge:], test, note=note)


def digest_of(images: UInt8[np.ndarray, "N h w"]) -> str:
    """A hash that tells these images from others."""
    return hashlib.blake2b(np.ascontiguousarray(images).data, digest_size=12).hexdigest()
