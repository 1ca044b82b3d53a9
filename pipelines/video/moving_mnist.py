"""Moving MNIST and Moving Fashion-MNIST: sequences made of the images in idx files.

FOLDER/train-images-idx3-ubyte.gz    images for training and validation
FOLDER/t10k-images-idx3-ubyte.gz     images for a test set that is made, where none is given
FOLDER/mnist_test_seq.npy            the published test set; fmnist_test_seq.npy of Fashion-MNIST

Training makes its windows on the fly (`make_moving_frames`), without end. The series holds what is
fixed: validation, test, and a few training sequences for statistics and shapes.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.clips import AS_PUBLISHED, GREY, WHOLE, Clip, ClipConfig, clip_series
from pipelines.video.idx import find_idx_files, read_idx_images
from pipelines.video.moving_digits import MovingDigits
from pipelines.video.moving_material import Material, digest_of, share_out
from pipelines.video.moving_parts import Part, lazy_parts
from pipelines.video.moving_test_set import PublishedSet, find_test_set, open_test_set
from pipelines.video.options import check_options, stride_of

__all__ = ["SYNTHETIC_MARK", "make_moving_frames", "open_mfmnist", "open_mmnist"]

SYNTHETIC_MARK = "SYNTHETIC.txt"
"""Lies beside idx files whose images are made up."""

_TEST_FILES = {"mmnist": "mnist_test_seq.npy", "mfmnist": "fmnist_test_seq.npy"}
"""Published test sets by dataset."""
_OPTIONS = ("size", "digits", "frames", "sequences", "stride")
_SIZE = (64, 64)
_N_DIGITS = 2
_N_FRAMES = 20
"""Of the published sequences: rows and columns, digits, frames."""
_SEQUENCES = 1000
"""Made for validation, and for a test where none is published."""
_TRAINING_SEQUENCES = 200
"""In the series: enough for statistics, since digits are alike."""
_WINDOWS, _TRAINING, _VALIDATION, _TEST = range(1, 5)
"""First number of the streams of random numbers, so that no two parts draw the same."""


def open_mmnist(
    path: str | Path,
    *,
    variables: Sequence[str] | None = None,
    clips: ClipConfig = AS_PUBLISHED,
) -> xr.DataArray:
    """The lazy series (time, channel, y, x) of Moving MNIST: two digits of 28×28 in 64×64, 20 frames.

    Args:
        path: a folder of idx files, with `mnist_test_seq.npy` or without; or one idx file.
        variables: "luminance", the only one.
        clips: `size`, `digits`, `frames`, `sequences` and `stride` count; the published test set is
            taken if size, digits and frames are the published ones.

    Raises:
        ValueError: a file cannot be read, or something is wanted that moving digits do not have.
    """
    return _open("mmnist", Path(path), variables, clips)


def open_mfmnist(
    path: str | Path,
    *,
    variables: Sequence[str] | None = None,
    clips: ClipConfig = AS_PUBLISHED,
) -> xr.DataArray:
    """As `open_mmnist`, of Fashion-MNIST; its published test set is `fmnist_test_seq.npy`."""
    return _open("mfmnist", Path(path), variables, clips)


def make_moving_frames(
    series: xr.DataArray, *, length: int, seed: int
) -> Callable[[int], np.ndarray]:
    """Makes the frames uint8 (length, 1, y, x) of training windows from their numbers.

    Args:
        series: of `open_mmnist` or `open_mfmnist`, or a store of it.

    Raises:
        ValueError: the images that it was made of are not there any more, or are others.
    """
    told = json.loads(series.attrs["clips"])
    file = Path(series.attrs["images_file"])
    if not file.is_file():
        raise ValueError(
            f"training makes its windows of the images in {file}, which is not there any more; put "
            "it back, or name the folder of the idx files with --data."
        )
    images = read_idx_images(file)[: told["images"]]
    if digest_of(images) != told["digest"]:
        raise ValueError(
            f"{file} holds other images than those that the series was made of; put the old file "
            "back, or name the folder of the idx files with --data."
        )
    height, width = told["size"]
    return MovingDigits(
        images, told["digits"], size=(height, width), length=length, stream=(_WINDOWS, seed)
    )


def _open(
    dataset: str, path: Path, variables: Sequence[str] | None, clips: ClipConfig
) -> xr.DataArray:
    check_options(dataset, clips, known=_OPTIONS)
    known = [channel.name for channel in GREY]
    if variables is not None and list(variables) != known:
        raise ValueError(
            f"variables = {list(variables)}: moving digits have {known[0]} alone; leave it out."
        )
    found = find_test_set(path, _TEST_FILES[dataset])
    size, n_digits = clips.size or _SIZE, clips.digits or _N_DIGITS
    n_frames = clips.frames or _N_FRAMES
    as_published = (size, n_digits, n_frames) == (_SIZE, _N_DIGITS, _N_FRAMES)
    published = open_test_set(found) if found is not None and as_published else None
    files = find_idx_files(path)
    material = share_out(files, has_test=published is not None)
    rule = MovingDigits(material.train, n_digits, size=size, length=n_frames, stream=(_TRAINING,))
    n_sequences = clips.sequences or _SEQUENCES
    stride = stride_of(clips, "test", published=WHOLE)
    parts = [
        Part("train", _TRAINING_SEQUENCES, rule.sequences, stride=1),
        Part(
            "validation",
            n_sequences,
            replace(rule, images=material.validation, stream=(_VALIDATION,)).sequences,
            stride=stride,
        ),
        _test_part(published, material, rule, n_sequences, stride=stride),
    ]
    told = {
        "size": size,
        "digits": n_digits,
        "frames": n_frames,
        "sequences": n_sequences,
        "images": len(material.train),
        "digest": digest_of(material.train),
        "test": "made" if published is None else "published",
    }
    notes = _notes(material, published, clips)
    if found is not None and not as_published:
        notes.append(f"{found.name} is left aside: it has 2 digits in 64x64 and 20 frames")
    notes.append(material.note)
    return clip_series(
        lazy_parts(
            parts, shape=(n_frames, size[0], size[1]), key=(told, _key(material, published))
        ),
        [
            Clip(f"{part.name} {number}", n_frames, part.name, part.stride)
            for part in parts
            for number in range(part.n_sequences)
        ],
        channels=GREY,
        attrs={
            "dataset": dataset,
            "source": str(path),
            "synthetic": "true" if (files.train.parent / SYNTHETIC_MARK).is_file() else "false",
            "clips": json.dumps(told),
            "images_file": str(material.file.resolve()),
            "note": "; ".join(notes),
        },
    )


def _test_part(
    published: PublishedSet | None,
    material: Material,
    rule: MovingDigits,
    n_sequences: int,
    *,
    stride: int,
) -> Part:
    if published is not None:
        return Part("test", published.n_sequences, published.sequences, stride=stride)
    assert material.test is not None
    made = replace(rule, images=material.test, stream=(_TEST,))
    return Part("test", n_sequences, made.sequences, stride=stride)


def _notes(material: Material, published: PublishedSet | None, clips: ClipConfig) -> list[str]:
    made = clips.sequences or _SEQUENCES
    notes = [
        "training windows are made on the fly, no two alike; the "
        f"{_TRAINING_SEQUENCES} training sequences here are for statistics and shapes"
    ]
    if published is None:
        notes.append(f"made test set: not the published one, but {made} sequences by its rule")
        return notes
    notes.append(f"published test set: {published.n_sequences} sequences of {published.file.name}")
    if published.file.name.startswith("fmnist"):
        # OpenSTL, tools/prepare_data: its generator is built with is_train=True.
        notes.append("it was made of the images for training, which makes its scores flattering")
    return notes


def _key(material: Material, published: PublishedSet | None) -> object:
    """What tells these frames from others that were made alike."""
    if published is None:
        facts = None if material.test is None else digest_of(material.test)
    else:
        facts = (str(published.file.resolve()), published.file.stat().st_mtime_ns)
    return digest_of(material.validation), facts
