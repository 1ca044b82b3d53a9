from dataclasses import fields

import pytest
import torch

from models import NETWORKS, Network, build_network

SHAPE = {
    "history": 2,
    "horizon": 3,
    "channels_in": 2,
    "channels_out": 2,
    "height": 8,
    "width": 8,
}
SMALL = {"spatial_width": 4, "translator_width": 8, "translator_layers": 2}


def test_a_network_is_built_by_name_with_its_options():
    network = build_network("simvp", SMALL, **SHAPE)
    assert isinstance(network, Network)
    assert isinstance(network, torch.nn.Module)
    assert network(torch.zeros(1, 2, 2, 8, 8)).shape == (1, 3, 2, 8, 8)


def test_an_unknown_network_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"network 'simvq' is unknown; known: .*simvp"):
        build_network("simvq", {}, **SHAPE)


def test_an_unknown_option_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"'simvp' has no option hid_S; its options: translator, "):
        build_network("simvp", {"hid_S": 4}, **SHAPE)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("circular_longitude", "no", "circular_longitude must be true or false, but it is 'no'"),
        ("translator", 1, "translator must be a text, but it is 1"),
        ("spatial_width", 4.5, "spatial_width must be a whole number, but it is 4.5"),
        ("drop_path", "a tenth", "drop_path must be a number, but it is 'a tenth'"),
    ],
)
def test_an_option_of_another_kind_is_refused(option, value, message):
    with pytest.raises(ValueError, match=message):
        build_network("simvp", {option: value}, **SHAPE)


def test_a_whole_number_may_stand_for_a_number():
    assert build_network("simvp", {**SMALL, "drop_path": 0}, **SHAPE).config.drop_path == 0


@pytest.mark.parametrize("name", SHAPE)
@pytest.mark.parametrize("value", [0, -1, True])
def test_every_size_is_a_whole_number_of_at_least_1(name, value):
    with pytest.raises(ValueError, match=f"{name} must be a whole number of at least 1, but it is"):
        build_network("simvp", SMALL, **{**SHAPE, name: value})


@pytest.mark.parametrize("name", NETWORKS)
def test_every_option_of_every_network_has_a_default(name):
    config = NETWORKS[name].config()
    assert {field.name for field in fields(config)} == set(vars(config))
