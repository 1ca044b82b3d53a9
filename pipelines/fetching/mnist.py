"""MNIST, Fashion-MNIST and the fixed test set of Moving MNIST, from where they are published."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from pipelines.fetching.failure import Patience
from pipelines.fetching.published import PublishedFile, fetch_files

__all__ = ["fetch_fashion_mnist", "fetch_mnist"]

_MNIST = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/")
_FASHION = ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",)
_TEST_SET = ("http://www.cs.toronto.edu/~nitish/unsupervised_video/",)
_TRAIN, _T10K = "train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"

# Addresses and md5 as torchvision has them (torchvision/datasets/mnist.py and moving_mnist.py).
_FILES = {
    "mnist": (
        PublishedFile(_TRAIN, _MNIST, size=9_912_422, md5="f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        PublishedFile(_T10K, _MNIST, size=1_648_877, md5="9fb629c4189551a2d022fa330f9573f3"),
        # Last: whoever stops the fetch has the images already, and all but this works.
        PublishedFile(
            "mnist_test_seq.npy",
            _TEST_SET,
            size=819_200_080,
            md5="be083ec986bfe91a449d63653c411eb2",
        ),
    ),
    "fashion-mnist": (
        PublishedFile(_TRAIN, _FASHION, size=26_421_880, md5="8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        PublishedFile(_T10K, _FASHION, size=4_422_102, md5="bef4ecab320f06d8554ea6380940ec79"),
    ),
}
"""What each archive holds; of Fashion-MNIST no moving test set is published."""


def _fetch_archive(
    archive: str,
    out: Path,
    *,
    source: str | None = None,
    retries: int = 5,
    progress: Callable[[int, int], None] = lambda done, total: None,
    say: Callable[[str], None] = lambda text: None,
    patience: Patience | None = None,
) -> list[Path]:
    """Fetch the files of an archive to the folder `out`, and give them.

    Args:
        archive: a key of `_FILES`.
        out: a folder, new or of an earlier fetch, which goes on where it was.
        source: https:// or http:// address of a folder that has the files; that of their publishers
            unless given.
        retries: attempts after the first that bring nothing.
        progress: told the bytes done and in all.
        say: told what is about to be done.
        patience: instead of `retries`, with pauses too.

    Raises:
        ValueError: the folder holds other files of these names, or the disk has no room.
        FetchError: a file cannot be had, or is not the published one.
    """
    return fetch_files(
        out,
        _FILES[archive],
        source=source,
        patience=patience or Patience(retries=retries),
        progress=progress,
        say=say,
    )


fetch_mnist = partial(_fetch_archive, "mnist")
"""MNIST's images and Moving MNIST's test set."""
fetch_fashion_mnist = partial(_fetch_archive, "fashion-mnist")
"""Fashion-MNIST's images."""
