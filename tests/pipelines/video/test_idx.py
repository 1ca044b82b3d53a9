"""Idx files as they are published, and the many ways in which they arrive broken."""

import gzip
import struct

import numpy as np
import pytest

from pipelines.video.idx import IdxFiles, find_idx_files, read_idx_images

IMAGES = np.arange(3 * 4 * 5, dtype="uint8").reshape(3, 4, 5)


def idx(images=IMAGES, *, kind=8, dimensions=3):
    return struct.pack(">BBBB3I", 0, 0, kind, dimensions, *images.shape) + images.tobytes()


def zipped(body):
    """The same bytes at any time of day: parallel workers must name their tests alike."""
    return gzip.compress(body, mtime=0)


@pytest.mark.parametrize("pack", [bytes, zipped])
def test_images_are_read_packed_or_not_whatever_the_name(tmp_path, pack):
    file = tmp_path / "anything"
    file.write_bytes(pack(idx()))
    np.testing.assert_array_equal(read_idx_images(file), IMAGES)


@pytest.mark.parametrize(
    ("body", "match"),
    [
        (b"", "is no idx file: it begins with nothing and not with 00 00 08 03"),
        (b"PK\3\4", "is no idx file: it begins with 50 4b 03 04"),
        (b"<!DOCTYPE html><html>404</html>", "is a web page and no idx file; fetch it again"),
        (zipped(b"<html>busy</html>"), "is a web page"),
        (struct.pack(">BBBBI", 0, 0, 8, 1, 2) + b"ab", "holds labels .one dimension.; the images"),
        (idx(kind=0x0D), "holds values of type 0x0d in 3 dimensions; images are unsigned bytes"),
        (idx(dimensions=2), "of type 0x08 in 2 dimensions"),
        (idx()[:-1], r"is not whole: its head tells of images \(3, 4, 5\), but 59 bytes follow"),
        (idx() + b"more", "but 64 bytes follow"),
        (idx()[:10], "is not whole: its head tells of images"),
        (idx(IMAGES[:0]), r"holds no image: \(0, 4, 5\)"),
        (zipped(idx())[:-12], "is cut short or damaged: gzip says"),
        (zipped(idx())[:20] + b"x" * 30, "is cut short or damaged: gzip says"),
    ],
)
def test_what_is_no_whole_file_of_images_is_refused(tmp_path, body, match):
    file = tmp_path / "train-images-idx3-ubyte.gz"
    file.write_bytes(body)
    with pytest.raises(ValueError, match=match):
        read_idx_images(file)


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(idx())


@pytest.mark.parametrize(
    ("names", "train", "test"),
    [
        (["train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"], 0, 1),
        (["train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"], 0, None),
        (["t10k-images-idx3-ubyte.gz"], 0, None),
        (["MNIST/raw/train-images-idx3-ubyte", "MNIST/raw/t10k-images-idx3-ubyte"], 0, 1),
        (["emnist-letters-train-images-idx3-ubyte", "emnist-letters-test-images-idx3-ubyte"], 0, 1),
        (["train-images.idx3-ubyte", ".train-images-idx3-ubyte.gz.partial"], 0, None),
        (["letters-idx3-ubyte", "train-labels-idx1-ubyte"], 0, None),
    ],
)
def test_files_are_known_by_their_names(tmp_path, names, train, test):
    touch(tmp_path, *names)
    wanted = IdxFiles(tmp_path / names[train], None if test is None else tmp_path / names[test])
    assert find_idx_files(tmp_path) == wanted


def test_a_single_file_is_taken_whatever_lies_beside_it(tmp_path):
    touch(tmp_path, "train-images-idx3-ubyte", "t10k-images-idx3-ubyte")
    file = tmp_path / "t10k-images-idx3-ubyte"
    assert find_idx_files(file) == IdxFiles(file)


@pytest.mark.parametrize(
    ("names", "match"),
    [
        ([], "has no images in idx files, such as train-images-idx3-ubyte.gz. Fetch them with"),
        (["train-labels-idx1-ubyte.gz"], "ubyte.gz: labels alone do not do. Fetch them"),
        (
            ["a-train-idx3-ubyte", "b-train-idx3-ubyte"],
            "several idx files of one kind: a-train-idx3-ubyte, b-train-idx3-ubyte",
        ),
        (["t10k-images-idx3-ubyte", "qmnist-test-idx3-ubyte"], "several idx files of one kind"),
    ],
)
def test_a_folder_that_is_not_plain_is_refused(tmp_path, names, match):
    touch(tmp_path, *names)
    with pytest.raises(ValueError, match=match):
        find_idx_files(tmp_path)
