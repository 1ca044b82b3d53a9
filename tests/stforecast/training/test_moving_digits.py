"""A whole run on windows that are made on the fly: it learns, resumes exactly, and is scored."""

import struct

import numpy as np
import pandas as pd
import pytest

import pipelines.video.moving_mnist as moving_mnist
from stforecast.evaluation import evaluate_run
from stforecast.experiment import load_experiment
from stforecast.forecaster import load_forecaster
from stforecast.run import open_run
from stforecast.source import experiment_series
from stforecast.training import train

TINY = {
    "dataset": "mmnist",
    "history": 3,
    "horizon": 3,
    "normalisation": "minmax01",
    "clips": {"size": (16, 16), "frames": 6, "sequences": 4},
    "network": {
        "name": "simvp",
        "spatial_width": 4,
        "translator_width": 8,
        "translator_layers": 2,
        "drop_path": 0.1,
    },
    "training": {"epochs": 2, "batch_size": 8, "learning_rate": 5e-3, "windows_per_epoch": 24},
}


@pytest.fixture(autouse=True)
def _fewer(monkeypatch):
    monkeypatch.setattr(moving_mnist, "_TRAINING_SEQUENCES", 20)


@pytest.fixture
def digits(tmp_path):
    """Discs of six by six pixels, in the only idx file of a folder."""
    y, x = np.mgrid[:6, :6] - 2.5
    discs = 255 * (np.hypot(y, x) < 1 + np.arange(40)[:, None, None] / 20)
    folder = tmp_path / "digits"
    folder.mkdir()
    head = struct.pack(">BBBB3I", 0, 0, 8, 3, 40, 6, 6)
    (folder / "t10k-images-idx3-ubyte").write_bytes(head + discs.astype("uint8").tobytes())
    return folder


def tiny(digits, *settings):
    return load_experiment(base={**TINY, "data": str(digits)}, settings=settings)


def losses(run):
    return pd.read_csv(run.history_file)[["epoch", "step", "train_loss", "validation_loss"]]


def test_a_run_learns_from_fresh_windows_and_is_scored(digits, tmp_path):
    experiment = tiny(digits, "training.epochs=6", "network.drop_path=0")
    run = train(experiment, experiment_series(experiment, digits), tmp_path / "run", device="cpu")
    table = losses(run)
    assert table["validation_loss"].iloc[-1] < 0.8 * table["validation_loss"].iloc[0]
    assert table["step"].tolist() == [3, 6, 9, 12, 15, 18]
    scores = evaluate_run(run, device="cpu")
    assert {"simvp", "persistence"} <= set(scores["forecaster"].values.tolist())
    assert scores.sizes["lead_time"] == 3
    facts = load_forecaster(run.folder).facts
    assert facts["windows"]["test"] == 4


def test_every_epoch_is_trained_on_other_windows(digits, tmp_path, monkeypatch):
    made = watch(monkeypatch)
    experiment = tiny(digits)
    train(experiment, experiment_series(experiment, digits), tmp_path / "run", device="cpu")
    assert made == list(range(48))


def watch(monkeypatch, *, fails_at=None):
    """Note the numbers of the windows that are made; break off before one of them."""
    make, numbers = moving_mnist.make_moving_frames, []

    def make_noted(series, *, length, seed):
        rule = make(series, length=length, seed=seed)

        def make_frames(number):
            if number == fails_at:
                raise RuntimeError("the power is gone")
            numbers.append(number)
            return rule(number)

        return make_frames

    monkeypatch.setattr(moving_mnist, "make_moving_frames", make_noted)
    return numbers


def test_a_broken_training_resumes_to_the_weights_of_an_unbroken_one(digits, tmp_path, monkeypatch):
    experiment = tiny(digits, "training.epochs=3")
    series = experiment_series(experiment, digits)
    unbroken = train(experiment, series, tmp_path / "unbroken", device="cpu")
    with monkeypatch.context() as patch:
        watch(patch, fails_at=40)  # inside the second epoch
        with pytest.raises(RuntimeError, match="the power is gone"):
            train(experiment, series, tmp_path / "broken", device="cpu")
    broken = open_run(tmp_path / "broken")
    assert len(losses(broken)) == 1
    made = watch(monkeypatch)
    resumed = train(broken.experiment(), series, broken.folder, resume=True, device="cpu")
    assert made == list(range(24, 72))
    assert losses(resumed).equals(losses(unbroken))
    assert resumed.forecaster_file.read_bytes() == unbroken.forecaster_file.read_bytes()


def test_windows_follow_from_the_seed_whatever_the_batch(digits, tmp_path, monkeypatch):
    experiment = tiny(digits)
    series = experiment_series(experiment, digits)
    frames = {}
    make = moving_mnist.make_moving_frames

    def make_kept(series, *, length, seed):
        rule = make(series, length=length, seed=seed)
        return lambda number: frames.setdefault((seed, key, number), rule(number))

    monkeypatch.setattr(moving_mnist, "make_moving_frames", make_kept)
    for key, settings in (("a", ()), ("b", ("training.batch_size=4",)), ("c", ("seed=1",))):
        train(tiny(digits, "training.epochs=1", *settings), series, tmp_path / key, device="cpu")
    for number in range(24):
        np.testing.assert_array_equal(frames[0, "a", number], frames[0, "b", number])
    assert any((frames[0, "a", n] != frames[1, "c", n]).any() for n in range(24))
