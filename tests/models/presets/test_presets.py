import pytest
import torch

from models import NETWORKS, build_network
from models.counting import count_macs, count_parameters
from models.presets import PRESETS

# Millions of parameters and thousands of millions of multiply-adds, to the digits of the tables.
PUBLISHED = {
    "mmnist-gsta": ("46.770", 16.526),
    "mmnist-incepu": ("57.946", 19.431),
    "mmnist-gsta-large": ("524.0", 152.15),
    "mmnist-tau": ("44.656", 15.95),
    "taxibj-gsta": ("9.961", 2.613),
    "taxibj-incepu": ("13.795", 3.614),
    "taxibj-tau": ("9.55", 2.49),
    "weatherbench-t2m-gsta": ("12.758", 7.006),
    "weatherbench-t2m-incepu": ("14.666", 8.027),
    "weatherbench-t2m-tau": ("12.22", 6.70),
    "weatherbench-uv10-gsta": ("12.76", 7.02),
    "weatherbench-t2m-1.40625-gsta": ("12.758", 112.09),
    "weatherbench-mv-gsta": ("9.964", 5.252),
    "kth-gsta": ("15.633", 76.785),
    "kth-incepu": ("12.2", 62.8),
    "kitticaltech-gsta": ("15.634", 96.24),
    "kitticaltech-incepu": ("8.602", 60.58),
    "human-gsta": ("11.327", 74.65),
    "human-incepu": ("41.156", 197.2),
}


def build_on_meta(preset, **options):
    """One pass from history to as many steps, as the tables count, without memory or time."""
    with torch.device("meta"):
        return build_network(
            preset.network,
            {**preset.options, **options},
            history=preset.history,
            horizon=preset.history,
            channels_in=preset.channels,
            channels_out=preset.channels,
            height=preset.height,
            width=preset.width,
        )


def macs_of(network, preset):
    return count_macs(
        network,
        history=preset.history,
        channels=preset.channels,
        height=preset.height,
        width=preset.width,
    )


def tolerance_of(preset):
    """The tables count 5 for each normalised value too, and IncepU normalises four times a block."""
    return 8e-3 if preset.options["translator"] == "incepu" else 6e-3


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_preset_states_the_published_size(name):
    millions, macs = PUBLISHED[name]
    digits = len(millions.partition(".")[2])
    assert f"{PRESETS[name].parameters / 1e6:.{digits}f}" == millions
    assert PRESETS[name].macs == pytest.approx(macs * 1e9)


@pytest.mark.parametrize(
    "name", [name for name, preset in PRESETS.items() if preset.parameters is not None]
)
def test_the_network_of_a_preset_has_the_published_size(name):
    preset = PRESETS[name]
    network = build_on_meta(preset)
    assert count_parameters(network) == preset.parameters
    assert macs_of(network, preset) == pytest.approx(preset.macs, rel=tolerance_of(preset))


@pytest.mark.parametrize(
    ("name", "options", "millions", "macs"),
    [
        ("weatherbench-mv-gsta", {"translator_width": 512}, 37.869, 19.516),
        ("human-gsta", {"translator_width": 512}, 39.43, 189.6),
        ("kth-incepu", {"translator_layers": 4}, 8.60, 48.3),
        ("kitticaltech-tau", {}, 14.96, 92.5),
        ("bair-gsta", {}, 11.07, 12.46),
    ],
)
def test_sizes_counted_on_the_reference_code_agree_where_none_is_published(
    name, options, millions, macs
):
    preset = PRESETS[name]
    network = build_on_meta(preset, **options)
    assert count_parameters(network) / 1e6 == pytest.approx(millions, abs=6e-3)
    assert macs_of(network, preset) / 1e9 == pytest.approx(macs, rel=9e-3)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_builds_with_its_own_horizon(name):
    preset = PRESETS[name]
    assert preset.name == name
    assert preset.network in NETWORKS
    assert name.startswith(preset.dataset.replace("_", "-"))
    with torch.device("meta"):
        network = build_network(
            preset.network,
            preset.options,
            history=preset.history,
            horizon=preset.horizon,
            channels_in=preset.channels,
            channels_out=preset.channels,
            height=preset.height,
            width=preset.width,
        )
    history = torch.empty(
        1, preset.history, preset.channels, preset.height, preset.width, device="meta"
    )
    assert network(history).shape[1] == preset.horizon
