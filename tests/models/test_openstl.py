"""Agreement with the reference code, where its vectors are at hand."""

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from models.openstl import METHODS, config_from_openstl, rename_openstl_keys
from models.translators import TRANSLATORS

SHARED = Path(os.environ.get("STFORECAST_SHARED", Path(__file__).parents[3] / "shared"))
INDEX = SHARED / "parity" / "index.json"

TINY = {"in_shape": [2, 1, 8, 8], "hid_S": 4, "hid_T": 16, "N_S": 2, "N_T": 2}


def method_of(name):
    """The longest known method that begins the name of a vector, such as simvp of simvp_gsta."""
    return max((known for known in METHODS if name.startswith(known)), key=len, default=None)


def is_built(name, entry):
    if method_of(name) is None or not entry["forecast_parity"]:
        return False
    translator = entry["config"].get("model_type")
    return translator is None or translator.lower() in TRANSLATORS


ENTRIES = json.loads(INDEX.read_text(encoding="utf-8")) if INDEX.is_file() else {}


@pytest.mark.skipif(not ENTRIES, reason=f"no parity vectors in {INDEX.parent}")
@pytest.mark.parametrize("name", [name for name in ENTRIES if is_built(name, ENTRIES[name])])
def test_the_forecast_agrees_with_the_reference_code(name):
    entry = ENTRIES[name]
    vectors = load_file(INDEX.parent / f"{name}.safetensors")
    method = method_of(name)
    weights = {
        key.removeprefix("param/"): value
        for key, value in vectors.items()
        if key.startswith("param/")
    }
    network = config_from_openstl(method, entry["config"]).build()
    network.load_state_dict(rename_openstl_keys(method, weights))
    with torch.no_grad():
        forecast = network.eval()(vectors["x"])
    assert forecast.shape == vectors["y"].shape
    assert (forecast - vectors["y"]).abs().max() <= 1e-4 * vectors["y"].std()


@pytest.mark.parametrize("model_type", ["gSTA", "IncepU", "tau"])
def test_a_configuration_is_read_in_our_words(model_type):
    method = "TAU" if model_type == "tau" else "SimVP"
    read = config_from_openstl(method, {**TINY, "model_type": model_type, "drop_path": 0.1})
    assert (read.name, read.history, read.horizon) == ("simvp", 2, 2)
    assert (read.channels, read.height, read.width) == (1, 8, 8)
    assert read.options["translator"] == model_type.lower()
    assert read.options["spatial_width"] == 4
    assert read.options["translator_width"] == 16
    assert read.options.get("drop_path") == (None if model_type == "IncepU" else 0.1)
    assert read.build()(torch.zeros(1, 2, 1, 8, 8)).shape == (1, 2, 1, 8, 8)


def test_another_horizon_is_read():
    assert config_from_openstl("simvp", {**TINY, "aft_seq_length": 5}).horizon == 5


@pytest.mark.parametrize("prefix", ["", "model.", "module.", "model.module."])
def test_prefixes_of_training_wrappers_are_taken_off(prefix):
    value = torch.zeros(1)
    renamed = rename_openstl_keys("SimVP", {f"{prefix}dec.dec.0.conv.conv.0.weight": value})
    assert renamed == {"decoder.blocks.0.convolution.conv.weight": value}


def test_an_unknown_method_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"method 'PredNet' is unknown; known: simvp, tau"):
        config_from_openstl("PredNet", TINY)
    with pytest.raises(ValueError, match=r"method 'PredNet' is unknown; known: simvp, tau"):
        rename_openstl_keys("PredNet", {})


@pytest.mark.parametrize("in_shape", [[], [4, 2, 32]])
def test_a_configuration_without_its_shape_is_refused(in_shape):
    with pytest.raises(ValueError, match=r"needs in_shape = \[steps, channels, rows, columns\]"):
        config_from_openstl("simvp", {"in_shape": in_shape})
