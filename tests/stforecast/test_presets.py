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


def test_a_preset_is_found_by_name_in_its_dataset_alone():
    assert base_experiment("weatherbench", preset="weatherbench-mv-gsta")["history"] == 4
    with pytest.raises(ValueError, match="preset 'taxibj-gsta' is none of weatherbench's; known"):
        base_experiment("weatherbench", preset="taxibj-gsta")


def test_every_default_preset_exists():
    assert set(DEFAULT_PRESETS.values()) <= set(PRESETS)
