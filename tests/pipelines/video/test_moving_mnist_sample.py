"""Samples: drawn images in MNIST's own files."""

import numpy as np
import pytest

import pipelines.video.moving_mnist_sample as moving_mnist_sample
from pipelines import find_pipeline
from pipelines.clips import ClipConfig
from pipelines.video.idx import read_idx_images


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    counts = {"train-images-idx3-ubyte.gz": 40, "t10k-images-idx3-ubyte.gz": 12}
    monkeypatch.setattr(moving_mnist_sample, "_COUNTS", counts)


@pytest.mark.parametrize("dataset", ["mmnist", "mfmnist"])
def test_a_sample_is_read_back_and_known_as_made_up(dataset, tmp_path):
    done = []
    files = find_pipeline(dataset).write_sample(
        tmp_path / "out", progress=lambda *told: done.append(told)
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        file.name for file in files
    )
    assert done == [(40, 52), (52, 52)]
    images = read_idx_images(files[0])
    assert images.shape == (40, 28, 28)
    # A digit is bright on black, and no two are the same.
    assert (images.max(axis=(1, 2)) > 60).all()
    assert (images[:, 0] == 0).mean() > 0.8
    assert len(np.unique(images.reshape(40, -1), axis=0)) == 40
    series = find_pipeline(dataset).open_series(tmp_path / "out", clips=ClipConfig(sequences=2))
    assert series.attrs["synthetic"] == "true"
    assert series.attrs["dataset"] == dataset


def test_equal_seeds_give_equal_files(tmp_path):
    write = find_pipeline("mmnist").write_sample
    first, again, other = (
        write(tmp_path / name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in again]
    assert first[0].read_bytes() != other[0].read_bytes()
