"""Moving MNIST as a series: which images each part shows, what is told, what is refused."""

import json
import struct

import numpy as np
import pytest

import pipelines.video.moving_mnist as moving_mnist
import pipelines.video.moving_parts as moving_parts
import pipelines.video.moving_test_set as moving_test_set
from pipelines.clips import WHOLE, ClipConfig
from pipelines.split import SplitConfig, resolve_split
from pipelines.store import fingerprint_of, open_store, write_store
from pipelines.video.moving_mnist import make_moving_frames, open_mfmnist, open_mmnist
from pipelines.windows import WindowSpec, window_starts

FEW = ClipConfig(sequences=3)


@pytest.fixture(autouse=True)
def _fewer(monkeypatch):
    monkeypatch.setattr(moving_mnist, "_TRAINING_SEQUENCES", 40)


def write_images(file, *, first, count, side=28):
    """Images each of which is one grey level, so that a frame tells which images it shows."""
    levels = np.arange(first, first + count, dtype="uint8")
    images = np.repeat(levels, side * side).reshape(count, side, side)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(struct.pack(">BBBB3I", 0, 0, 8, 3, *images.shape) + images.tobytes())
    return file


@pytest.fixture
def both(tmp_path):
    """60 images for training, grey 1 to 60; 20 for test, grey 101 to 120."""
    write_images(tmp_path / "data" / "train-images-idx3-ubyte", first=1, count=60)
    write_images(tmp_path / "data" / "t10k-images-idx3-ubyte", first=101, count=20)
    return tmp_path / "data"


@pytest.fixture
def single(tmp_path):
    """100 images, grey 1 to 100, in the only file."""
    return write_images(tmp_path / "data" / "t10k-images-idx3-ubyte", first=1, count=100)


@pytest.fixture
def publish(monkeypatch):
    """Lays a test set of five sequences, grey 9, beside idx files, and calls that the published."""

    def write(folder, name="mnist_test_seq.npy", dtype="uint8"):
        monkeypatch.setattr(moving_test_set, "_SHAPE", (20, 5, 64, 64))
        np.save(folder / name, np.full((20, 5, 64, 64), 9, dtype))

    return write


def greys(series, part):
    found = np.unique(series.values[series["part"].values == part])
    return set(found.tolist()) - {0}


def test_a_series_holds_training_validation_and_test(both):
    series = open_mmnist(both, clips=FEW)
    assert series.dtype == np.uint8
    assert series.shape == ((40 + 3 + 3) * 20, 1, 64, 64)
    assert np.bincount(series["part"].values).tolist() == [40 * 20, 3 * 20, 3 * 20]
    assert series["channel"].values.tolist() == ["luminance"]
    names = series.attrs["clip_names"].split("\n")
    assert (names[0], names[40], names[-1]) == ("train 0", "validation 0", "test 2")
    assert np.unique(series["window_stride"].values).tolist() == [1, WHOLE]
    assert (series.attrs["dataset"], series.attrs["synthetic"]) == ("mmnist", "false")


def test_no_part_shows_an_image_of_another(both):
    series = open_mmnist(both, clips=ClipConfig(sequences=20))
    # A tenth of 60 images for training is for validation.
    assert greys(series, 0) <= set(range(1, 55))
    assert greys(series, 1) == set(range(55, 61))
    assert greys(series, 2) <= set(range(101, 121))
    fresh = make_moving_frames(series, length=20, seed=0)
    shown = set(np.unique([fresh(number) for number in range(100)]).tolist()) - {0}
    assert shown <= set(range(1, 55))
    assert min(len(shown), len(greys(series, 0))) > 30
    note = series.attrs["note"]
    assert "first 54 of 60 images in train-images-idx3-ubyte (published: from all)" in note
    assert "made test set: not the published one, but 20 sequences by its rule" in note
    assert "the 40 training sequences here are for statistics and shapes" in note


def test_a_single_file_is_shared_out(single):
    series = open_mmnist(single.parent, clips=ClipConfig(sequences=20))
    assert greys(series, 0) <= set(range(1, 71))
    assert greys(series, 1) <= set(range(71, 81))
    assert greys(series, 2) <= set(range(81, 101))
    assert "is the only file of images: training draws from its first 70" in series.attrs["note"]
    assert series.equals(open_mmnist(single, clips=ClipConfig(sequences=20)))


def test_the_published_test_set_is_taken_whole(both, publish):
    publish(both)
    series = open_mmnist(both, clips=FEW)
    assert (series["part"].values == 2).sum() == 5 * 20
    assert greys(series, 2) == {9}
    assert "published test set: 5 sequences of mnist_test_seq.npy" in series.attrs["note"]
    assert json.loads(series.attrs["clips"])["test"] == "published"
    assert "made test set" not in series.attrs["note"]


def test_the_published_test_set_of_clothes_has_a_name_of_its_own(both, publish):
    publish(both, "fmnist_test_seq.npy", "float32")
    assert "made test set" in open_mmnist(both, clips=FEW).attrs["note"]
    series = open_mfmnist(both, clips=FEW)
    assert greys(series, 2) == {9}
    assert "it was made of the images for training" in series.attrs["note"]
    assert series.attrs["dataset"] == "mfmnist"


@pytest.mark.parametrize(
    "changed",
    [{"size": (96, 96)}, {"digits": 3}, {"frames": 30}],
    ids=lambda changed: next(iter(changed)),
)
def test_other_sequences_than_published_get_a_made_test_set(both, publish, changed):
    publish(both)
    series = open_mmnist(both, clips=ClipConfig(sequences=3, **changed))
    assert greys(series, 2) <= set(range(101, 121))
    note = series.attrs["note"]
    assert "made test set: not the published one" in note
    assert "mnist_test_seq.npy is left aside: it has 2 digits in 64x64 and 20 frames" in note
    length = changed.get("frames", 20)
    assert series.shape == (46 * length, 1, *changed.get("size", (64, 64)))
    window = make_moving_frames(series, length=7, seed=0)(0)
    assert window.shape == (7, 1, *changed.get("size", (64, 64)))


def test_test_images_for_training_and_a_published_test_set_do_not_compare(single, publish):
    publish(single.parent)
    note = open_mmnist(single.parent, clips=FEW).attrs["note"]
    assert "the published test set may show the same images" in note


def test_windows_of_validation_and_test_are_whole_sequences(both):
    series = open_mmnist(both, clips=FEW)
    times, spec, step = series["time"].values, WindowSpec(10, 10), np.timedelta64(60 * 10**9, "ns")
    split = resolve_split(
        times, SplitConfig(), window_steps=20, time_step=step, parts=series["part"].values
    )
    stride = series["window_stride"].values
    starts = window_starts(times, spec, time_step=step, within=split["test"], stride=stride)
    assert starts.tolist() == [43 * 20, 44 * 20, 45 * 20]
    every = open_mmnist(both, clips=ClipConfig(sequences=3, stride=4))["window_stride"].values
    assert np.unique(every).tolist() == [1, 4]


def test_a_series_is_the_same_read_whole_or_by_frames_and_after_a_store(
    both, tmp_path, monkeypatch
):
    monkeypatch.setattr(moving_parts, "_CHUNK_BYTES", 30 * 20 * 64 * 64)
    series = open_mmnist(both, clips=FEW)
    assert series.chunks[0] == (600, 200, 60, 60)
    whole = series.values
    rows = [0, 19, 20, 577, 810, 919]
    np.testing.assert_array_equal(series[rows].values, whole[rows])
    np.testing.assert_array_equal(series[855].values, whole[855])
    np.testing.assert_array_equal(series[30:35, :, 10:20, 7].values, whole[30:35, :, 10:20, 7])
    assert series[5:5].values.shape == (0, 1, 64, 64)
    write_store(series, tmp_path / "store")
    stored = open_store(tmp_path / "store")
    np.testing.assert_array_equal(stored.values, whole)
    fresh, again = (make_moving_frames(one, length=20, seed=4) for one in (series, stored))
    np.testing.assert_array_equal(fresh(12), again(12))


def test_equal_files_give_equal_series_and_others_do_not(both):
    first = open_mmnist(both, clips=FEW)
    assert fingerprint_of(open_mmnist(both, clips=FEW)) == fingerprint_of(first)
    names = {first.data.name, open_mmnist(both, clips=ClipConfig(sequences=4)).data.name}
    write_images(both / "t10k-images-idx3-ubyte", first=121, count=20)
    other = open_mmnist(both, clips=FEW)
    assert len(names | {other.data.name}) == 3
    assert greys(other, 2) <= set(range(121, 141))
    assert fingerprint_of(other) != fingerprint_of(first)


def test_seed_and_number_choose_a_training_window(both):
    series = open_mmnist(both, clips=FEW)
    zero, one = (make_moving_frames(series, length=20, seed=seed) for seed in (0, 1))
    assert (zero(0) != one(0)).any()
    assert (zero(0) != zero(1)).any()
    # Nor does it show a sequence that stands in the series.
    sequences = series.values.reshape(-1, 20, 1, 64, 64)
    assert not any((zero(number) == sequence).all() for number in (0, 1) for sequence in sequences)


def test_images_that_are_gone_or_others_are_refused_for_training(both):
    series = open_mmnist(both, clips=FEW)
    file = both / "train-images-idx3-ubyte"
    write_images(file, first=2, count=60)
    with pytest.raises(ValueError, match="holds other images than those that the series was made"):
        make_moving_frames(series, length=20, seed=0)
    file.unlink()
    with pytest.raises(ValueError, match="train-images-idx3-ubyte, which is not there any more"):
        make_moving_frames(series, length=20, seed=0)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"variables": ["red"]}, r"variables = \['red'\]: moving digits have luminance alone"),
        ({"clips": ClipConfig(colour="rgb")}, "clips.colour = 'rgb' is nothing that mmnist knows"),
        ({"clips": ClipConfig(every=2)}, "clips.every = 2 is nothing that mmnist knows; it takes"),
        ({"clips": ClipConfig(split="clean")}, "clips.split = 'clean' is nothing"),
        ({"clips": ClipConfig(size=(20, 64))}, "clips.size = 20x64 has no room for digits"),
    ],
)
def test_what_moving_digits_have_not_is_refused(both, options, match):
    with pytest.raises(ValueError, match=match):
        open_mmnist(both, **options)


def test_what_they_have_may_be_named(both):
    assert open_mmnist(both, variables=["luminance"], clips=FEW).equals(
        open_mmnist(both, clips=FEW)
    )


def test_too_few_images_are_refused(tmp_path):
    write_images(tmp_path / "train-images-idx3-ubyte", first=1, count=9)
    with pytest.raises(ValueError, match="holds 9 images, but 10 or more are needed"):
        open_mmnist(tmp_path)


def test_images_of_two_sizes_are_refused(both):
    write_images(both / "t10k-images-idx3-ubyte", first=1, count=10, side=32)
    with pytest.raises(ValueError, match="has images of 32x32, but .* of 28x28; give two files"):
        open_mmnist(both)
