import pytest

from models.presets import PRESETS
from stforecast.experiment import load_experiment
from stforecast.networks import network_of
from stforecast.presets import DEFAULT_PRESETS, base_experiment


@pytest.mark.parametrize("translator", ["gsta", "incepu", "tau"])
def test_a_translator_brings_its_own_published_hyper_parameters(translator):
    base = base_experiment("weatherbench", network={"translator": translator})
    own = PRESETS[f"weatherbench-t2m-{translator}"]
    assert base["training"]["learning_rate"] == own.learning_rate
    experiment = load_experiment(base=base, settings=[f"network.translator={translator}"])
    network_of(experiment, n_channels=1, shape=(32, 64))


@pytest.mark.parametrize("network", ["convlstm", "predrnn", "mau", "phydnet"])
def test_a_network_brings_its_own_published_hyper_parameters(network):
    base = base_experiment("weatherbench", network={"name": network})
    own = next(p for p in PRESETS.values() if p.network == network and "-t2m-" in p.name)
    assert base["training"]["learning_rate"] == own.learning_rate
    experiment = load_experiment(base=base, settings=[f"network.name={network}"])
    network_of(experiment, n_channels=1, shape=(32, 64))


def test_a_network_without_a_preset_gets_its_defaults():
    base = base_experiment("weatherbench", network={"name": "crevnet"})
    assert base["network"] == {"name": "crevnet"}
    assert base["history"] == 12


def test_a_preset_is_found_by_name_in_its_dataset_alone():
    assert base_experiment("weatherbench", preset="weatherbench-mv-gsta")["history"] == 4
    with pytest.raises(ValueError, match="preset 'taxibj-gsta' is none of weatherbench's; known"):
        base_experiment("weatherbench", preset="taxibj-gsta")


@pytest.mark.parametrize("dataset", ["mmnist", "mfmnist", "kth", "kitticaltech", "human", "video"])
def test_video_has_a_small_preset_of_the_default_ones_window(dataset):
    small, whole = base_experiment(dataset, preset="small"), base_experiment(dataset)
    assert (small["history"], small["horizon"]) == (whole["history"], whole["horizon"])
    assert small["network"]["spatial_width"] < whole["network"]["spatial_width"]
    experiment = load_experiment(base=small)
    network_of(experiment, n_channels=1, shape=(32, 32))


def test_a_small_training_on_moving_digits_has_32000_windows():
    training = load_experiment(base=base_experiment("mmnist", preset="small")).training
    assert training.epochs * training.windows_per_epoch == 32_000
    assert base_experiment("mmnist")["training"]["windows_per_epoch"] == 10_000


def test_a_dataset_without_a_small_preset_names_those_that_it_has():
    with pytest.raises(ValueError, match="preset 'small' is none of taxibj's; known: taxibj-gsta"):
        base_experiment("taxibj", preset="small")


def test_every_default_preset_exists():
    assert set(DEFAULT_PRESETS.values()) <= set(PRESETS)


@pytest.mark.parametrize("translator", ["convmixer", "vit"])
def test_a_translator_without_a_preset_drops_no_path(translator):
    network = {"translator": translator}
    base = base_experiment("taxibj", network=network)
    assert base["network"]["drop_path"] == 0
    experiment = load_experiment(base={**base, "network": {**base["network"], **network}})
    network_of(experiment, n_channels=2, shape=(32, 32))
