"""Training as a whole: it learns, resumes exactly, and is the same in several processes."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from pipelines.store import write_store
from stforecast.baselines.climatology import load_climatology
from stforecast.errors import TrainingError
from stforecast.experiment import load_experiment
from stforecast.forecaster import load_forecaster
from stforecast.run import Run, open_run
from stforecast.training import train
from tests.conftest import make_waves

TINY = {
    "dataset": "weatherbench",
    "history": 4,
    "horizon": 4,
    "network": {
        "name": "simvp",
        "spatial_width": 8,
        "translator_width": 16,
        "translator_layers": 2,
        "drop_path": 0.1,
    },
    "training": {"epochs": 3, "batch_size": 8, "learning_rate": 5e-3},
}


def tiny(*settings):
    return load_experiment(base=TINY, settings=settings)


def losses(run):
    table = pd.read_csv(run.history_file)
    return table[["epoch", "step", "train_loss", "validation_loss", "learning_rate"]]


@pytest.fixture(scope="module")
def _finished(tmp_path_factory):
    """What `finished` is copied from: two epochs on the waves."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    return train(tiny("training.epochs=2"), make_waves(200), folder)


@pytest.fixture
def finished(_finished, tmp_path):
    """A run whose training has ended, to be looked at, gone on with or spoilt."""
    shutil.copytree(_finished.folder, tmp_path / "run")
    return Run(tmp_path / "run")


def test_a_training_learns_and_leaves_a_run(waves, tmp_path):
    run = train(tiny("training.epochs=6"), waves, tmp_path / "run")
    table = losses(run)
    assert table["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert table["validation_loss"].iloc[-1] < 0.1 * table["validation_loss"].iloc[0]
    assert table["learning_rate"].iloc[0] == 5e-3
    assert (run.training / "tensorboard").is_dir()
    forecaster = load_forecaster(run.folder)
    assert forecaster.facts["epoch"] == table["validation_loss"].idxmin() + 1
    # 200 frames: 140 | 20 | 40, of which the gap of 8 takes the ends of the first two.
    assert forecaster.facts["windows"] == {"train": 125, "validation": 5, "test": 33}
    assert forecaster.facts["synthetic"] == "true"


def test_the_experiment_of_a_run_makes_the_run_again(waves, finished, tmp_path):
    again = train(finished.experiment(), waves, tmp_path / "again")
    assert losses(again).equals(losses(finished))
    assert again.experiment() == finished.experiment()


def test_the_best_epoch_is_kept_not_the_last(waves, tmp_path):
    # A learning rate that blows up after the first epochs would be the last one's fault.
    run = train(
        tiny("training.learning_rate=0.3", "training.schedule=constant", "training.epochs=4"),
        waves,
        tmp_path / "run",
    )
    table = losses(run)
    assert load_forecaster(run.folder).facts["epoch"] == int(table["validation_loss"].idxmin()) + 1


def test_missing_values_train_too(waves, tmp_path):
    rng = np.random.default_rng(0)
    holes = waves.where(rng.random(waves.shape) > 0.2)
    run = train(tiny("training.area_weights=true"), holes, tmp_path / "run")
    assert np.isfinite(losses(run).to_numpy()).all()


def test_early_stopping_ends_a_training_that_gets_no_better(waves, tmp_path):
    run = train(
        tiny(
            "training.early_stopping=1",
            "training.epochs=50",
            "training.learning_rate=1e-12",
            "training.schedule=constant",
            "network.drop_path=0",
        ),
        np.round(waves) * 0 + waves.isel(time=0),
        tmp_path / "run",
    )
    assert len(losses(run)) < 50


def test_a_training_that_diverges_says_so(waves, tmp_path):
    with pytest.raises(TrainingError, match="never finite"):
        train(
            tiny("training.learning_rate=1e30", "training.schedule=constant"),
            waves,
            tmp_path / "run",
        )


def run_in_background(store: Path, folder: Path, *settings: str) -> subprocess.Popen:
    arguments = [argument for setting in settings for argument in ("--set", setting)]
    return subprocess.Popen(
        [sys.executable, "-m", "stforecast", "train", "weatherbench", "--data", str(store)]
        + ["--run", str(folder), "--device", "cpu", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


SETTINGS = (
    *(f"network.{key}={value}" for key, value in TINY["network"].items()),
    "history=4",
    "horizon=4",
    "training.batch_size=8",
    "training.epochs=8",
)


def test_a_killed_training_resumes_to_the_weights_of_an_unbroken_one(waves, tmp_path):
    write_store(waves, tmp_path / "store")
    process = run_in_background(tmp_path / "store", tmp_path / "killed", *SETTINGS)
    deadline = time.monotonic() + 120
    checkpoint = tmp_path / "killed" / "training" / "last.ckpt"
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.1)  # somewhere inside a later epoch
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    killed = open_run(tmp_path / "killed")
    assert 1 <= len(losses(killed)) < 8
    resumed = train(killed.experiment(), waves, killed.folder, resume=True, device="cpu")
    unbroken = train(killed.experiment(), waves, tmp_path / "unbroken", device="cpu")
    assert losses(resumed).equals(losses(unbroken))
    assert resumed.forecaster_file.read_bytes() == unbroken.forecaster_file.read_bytes()


def test_two_processes_train_as_one_does(waves, tmp_path):
    # Without drop path, which every process draws for its own share of a batch.
    inputs = 'inputs=["where", "when", "present"]'
    settings = ("network.drop_path=0", "training.epochs=2", inputs)
    holes = waves.where(np.random.default_rng(0).random(waves.shape) > 0.2)
    write_store(holes, tmp_path / "store")
    alone = train(tiny(*settings), holes, tmp_path / "alone", device="cpu")
    arguments = [
        argument
        for setting in (*SETTINGS, *settings, "training.learning_rate=5e-3")
        for argument in ("--set", setting)
    ]
    subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone"]
        + ["-m", "--", "stforecast", "train", "weatherbench", "--data", str(tmp_path / "store")]
        + ["--run", str(tmp_path / "both"), "--device", "cpu", *arguments],
        check=True,
        capture_output=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    both = open_run(tmp_path / "both")
    np.testing.assert_allclose(losses(both), losses(alone), rtol=2e-4)
    weights = load_forecaster(both.folder).network.state_dict()
    for name, value in load_forecaster(alone.folder).network.state_dict().items():
        torch.testing.assert_close(weights[name], value, rtol=1e-2, atol=1e-3)


def test_checkpointing_gradients_changes_nothing_but_the_memory(waves, tmp_path):
    plain = train(tiny("training.epochs=1"), waves, tmp_path / "plain", device="cpu")
    settings = ("training.epochs=1", "training.checkpoint_gradients=true")
    thrifty = train(tiny(*settings), waves, tmp_path / "thrifty", device="cpu")
    np.testing.assert_allclose(losses(thrifty), losses(plain), rtol=1e-4)
    weights = load_forecaster(thrifty.folder).network.state_dict()
    for name, value in load_forecaster(plain.folder).network.state_dict().items():
        torch.testing.assert_close(weights[name], value, rtol=1e-2, atol=1e-3)


def test_gradients_are_clipped_in_half_precision_too(waves, tmp_path):
    settings = ("training.epochs=1", "training.precision=bfloat16", "training.gradient_clip=1.0")
    run = train(tiny(*settings), waves, tmp_path / "run", device="cpu")
    assert np.isfinite(losses(run).to_numpy()).all()


def test_the_optimiser_in_one_pass_is_adam():
    def network_after(*, fused):
        torch.manual_seed(0)
        layer = torch.nn.Linear(5, 3)
        optimiser = torch.optim.Adam(layer.parameters(), lr=1e-2, weight_decay=0.1, fused=fused)
        for _ in range(20):
            optimiser.zero_grad()
            layer(torch.randn(4, 5)).square().sum().backward()
            optimiser.step()
        return layer.state_dict()

    torch.testing.assert_close(network_after(fused=True), network_after(fused=False))


def test_a_taken_folder_is_refused(waves, finished):
    with pytest.raises(ValueError, match="holds a run already; go on with it by --resume"):
        train(tiny("training.epochs=1"), waves, finished.folder)


def test_resuming_with_another_experiment_or_other_data_is_refused(waves, finished, tmp_path):
    with pytest.raises(ValueError, match="begun with another experiment"):
        train(tiny("training.epochs=3"), waves, finished.folder, resume=True)
    with pytest.raises(ValueError, match="begun on other data"):
        train(finished.experiment(), waves + 1, finished.folder, resume=True)
    with pytest.raises(ValueError, match="is no run: it does not exist"):
        train(tiny(), waves, tmp_path / "absent", resume=True)


def test_resuming_a_finished_training_changes_nothing(waves, tmp_path):
    run = train(tiny("training.epochs=2"), waves, tmp_path / "run")
    before = run.forecaster_file.read_bytes()
    train(run.experiment(), waves, run.folder, resume=True)
    assert run.forecaster_file.read_bytes() == before


def test_area_weights_need_latitudes(waves, tmp_path):
    bare = waves.drop_vars(["latitude", "longitude"])
    with pytest.raises(ValueError, match="area_weights needs latitudes"):
        train(tiny("training.area_weights=true"), bare, tmp_path / "run")


def test_a_training_that_stopped_early_stays_as_it_is_when_resumed(waves, tmp_path):
    settings = ("training.early_stopping=1", "training.learning_rate=0.3", "training.epochs=30")
    run = train(tiny(*settings, "training.schedule=constant"), waves, tmp_path / "run")
    before, table = run.forecaster_file.read_bytes(), losses(run)
    assert len(table) < 30
    train(run.experiment(), waves, run.folder, resume=True)
    assert run.forecaster_file.read_bytes() == before
    assert losses(run).equals(table)


def test_a_validation_without_a_value_is_not_a_perfect_one(waves, tmp_path):
    with pytest.raises(TrainingError, match="never finite"):
        train(tiny(), waves.where(waves["time"] < waves["time"][141]), tmp_path / "run")


def test_a_mistake_leaves_no_run_behind(waves, tmp_path):
    with pytest.raises(ValueError, match="translator 'foo' is unknown"):
        train(tiny("network.translator=foo"), waves, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_damaged_checkpoint_is_named(waves, finished):
    file = finished.checkpoint_file
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"last.ckpt is damaged"):
        train(finished.experiment(), waves, finished.folder, resume=True)


def test_columns_wrap_around_on_a_whole_globe_only(waves, tmp_path):
    settings = ("network.circular_longitude=true", "training.epochs=1")
    train(tiny(*settings), waves, tmp_path / "globe")
    with pytest.raises(ValueError, match="do not go around the globe"):
        train(tiny(*settings), waves[..., :12], tmp_path / "region")


def test_a_run_holds_the_climatology_of_its_training_split(finished):
    climatology = load_climatology(finished.climatology_file)
    first, last = load_forecaster(finished.folder).facts["split"]["train"].split("/")
    assert climatology.values.attrs["training_first"] == first
    assert climatology.values.attrs["training_last"] == last
