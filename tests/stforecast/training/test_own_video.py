"""A whole run on a folder of numbered pictures: one clip, shared by its frames."""

import numpy as np
import pytest
from PIL import Image

from stforecast.evaluation import evaluate_run
from stforecast.experiment import load_experiment
from stforecast.forecaster import load_forecaster
from stforecast.source import experiment_series
from stforecast.training import train

TINY = {
    "dataset": "video",
    "history": 4,
    "horizon": 1,
    "normalisation": "minmax01",
    "network": {
        "name": "simvp",
        "spatial_width": 4,
        "translator_width": 8,
        "translator_layers": 2,
    },
    "training": {"epochs": 3, "batch_size": 8, "learning_rate": 5e-3},
}


@pytest.fixture
def drive(tmp_path):
    """A bright bar that moves by a pixel a frame over 51 pictures."""
    folder = tmp_path / "drive" / "image_02"
    folder.mkdir(parents=True)
    for number in range(51):
        frame = np.full((24, 40), 40, dtype="uint8")
        frame[:, (number + np.arange(6)) % 40] = 220
        Image.fromarray(frame).save(folder / f"{number:06d}.png")
    return folder.parent


def named(drive, *settings):
    return load_experiment(base={**TINY, "data": str(drive)}, settings=settings)


def test_a_folder_of_pictures_is_trained_on_and_scored(drive, tmp_path):
    experiment = named(drive, "clips.size=12x20")
    series = experiment_series(experiment, drive)
    assert series.shape == (51, 1, 12, 20)
    run = train(experiment, series, tmp_path / "run", device="cpu")
    facts = load_forecaster(run.folder).facts
    # 36, 5 and 10 frames, of which a window takes 5.
    assert facts["windows"] == {"train": 32, "validation": 1, "test": 6}
    scores = evaluate_run(run, device="cpu")
    assert scores["forecaster"].values.tolist()[0] == "simvp"


def test_the_first_forty_frames_can_be_named_for_training_and_the_last_eleven_for_the_test(
    drive, tmp_path
):
    shares = ("split.train=0.6", "split.validation=0.18", "split.test=0.22", "split.gap=0")
    experiment = named(drive, *shares, "training.epochs=1")
    series = experiment_series(experiment, drive)
    run = train(experiment, series, tmp_path / "run", device="cpu")
    told = load_forecaster(run.folder)
    assert told.experiment.split.test == "2000-01-01T00:40/2000-01-01T00:50"
    assert told.experiment.split.validation == "2000-01-01T00:31/2000-01-01T00:39"
    assert told.facts["windows"] == {"train": 27, "validation": 5, "test": 7}
