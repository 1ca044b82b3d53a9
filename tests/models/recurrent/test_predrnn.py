"""PredRNN, PredRNN++ and PredRNNv2: what holds for all three, and what sets PredRNNv2 apart."""

import math

import pytest
import torch

from models import build_network
from models.counting import count_macs, count_parameters
from models.openstl import config_from_openstl, rename_openstl_keys
from models.recurrent.predrnn import PredRNNConfig, PredRNNv2Config, decoupling
from models.recurrent.predrnnpp import PredRNNppConfig

ALL = ("predrnn", "predrnnpp", "predrnnv2")
CONFIGS = {"predrnn": PredRNNConfig, "predrnnpp": PredRNNppConfig, "predrnnv2": PredRNNv2Config}
SMALL = {"width": 4, "layers": 2, "kernel": 3, "patch": 2}


def make(name, *, history=3, horizon=3, channels_in=2, channels_out=2, size=(8, 8), **options):
    torch.manual_seed(0)
    return build_network(
        name,
        {**SMALL, **options},
        history=history,
        horizon=horizon,
        channels_in=channels_in,
        channels_out=channels_out,
        height=size[0],
        width=size[1],
    )


def masked_error(forecast, target):
    known = ~target.isnan()
    return (forecast - target.nan_to_num()).square()[known].mean()


def forecast_of(network, history):
    with torch.no_grad():
        return network.eval()(history)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize(
    ("horizon", "channels_out", "size"), [(1, 2, (8, 8)), (5, 1, (13, 10)), (2, 3, (1, 3))]
)
def test_any_horizon_channels_and_grid_come_out(name, layer_norm, horizon, channels_out, size):
    network = make(
        name,
        horizon=horizon,
        channels_in=3,
        channels_out=channels_out,
        size=size,
        layer_norm=layer_norm,
    )
    assert network(torch.randn(2, 3, 3, *size)).shape == (2, horizon, channels_out, *size)


@pytest.mark.parametrize("name", ALL)
def test_a_longer_horizon_begins_with_the_shorter_one(name):
    long, short = make(name, horizon=6), make(name, horizon=2)
    short.load_state_dict(long.state_dict())
    history = torch.randn(2, 3, 2, 8, 8)
    torch.testing.assert_close(forecast_of(short, history), forecast_of(long, history)[:, :2])


@pytest.mark.parametrize("name", ALL)
def test_the_forecast_of_a_window_depends_on_no_other_window(name):
    network = make(name)
    history = torch.randn(3, 3, 2, 8, 8)
    together = forecast_of(network, history)
    torch.testing.assert_close(forecast_of(network, history[1:2]), together[1:2])
    assert torch.equal(forecast_of(network, history), together)  # nor on one of a call before


@pytest.mark.parametrize("name", ALL)
def test_the_first_step_reaches_the_forecast_through_the_memories(name):
    network = make(name)
    history = torch.randn(1, 3, 2, 8, 8)
    other = torch.cat([torch.randn(1, 1, 2, 8, 8), history[:, 1:]], dim=1)
    assert not torch.allclose(forecast_of(network, other), forecast_of(network, history))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("layer_norm", [False, True])
def test_every_parameter_gets_a_gradient(name, layer_norm):
    network = make(name, layer_norm=layer_norm, layers=3)
    history, target = torch.randn(2, 3, 2, 8, 8), torch.randn(2, 3, 2, 8, 8)
    network.training_loss(history, target, error=masked_error, progress=0.2).backward()
    unused = [
        key
        for key, values in network.named_parameters()
        if values.grad is None or not values.grad.any()
    ]
    assert not unused


@pytest.mark.parametrize("name", ALL)
def test_missing_targets_are_left_out_of_the_training_loss(name):
    network = make(name)
    history, target = torch.randn(2, 3, 2, 8, 8), torch.randn(2, 3, 2, 8, 8)
    target[0, 1, 0, :4] = torch.nan
    target[1] = torch.nan
    loss = network.training_loss(history, target, error=masked_error, progress=0.0)
    loss.backward()
    assert loss.isfinite()
    assert all(values.grad.isfinite().all() for values in network.parameters())


@pytest.mark.parametrize("name", ALL)
def test_frames_without_any_contrast_do_no_harm(name):
    # Nothing enters the memories: the likeness of what they gain is that of two zeros.
    network = make(name)
    blank = torch.zeros(1, 3, 2, 8, 8)
    loss = network.training_loss(blank, blank, error=masked_error, progress=1.0)
    loss.backward()
    assert loss.item() == 0
    assert all(values.grad.isfinite().all() for values in network.parameters())


@pytest.mark.parametrize("name", ALL)
def test_four_windows_are_learned_by_heart(name):
    columns, steps = torch.arange(8.0), torch.arange(6.0)
    starts = torch.tensor([0.0, 1.0, 3.0, 6.0])
    phase = columns - steps[:, None] - starts[:, None, None]  # (window, step, column)
    windows = (2 * math.pi * phase / 8).sin()[:, :, None, None].expand(-1, -1, 1, 8, -1)
    network = make(name, channels_in=1, channels_out=1, width=8)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.02)
    losses = []
    for _ in range(60):
        loss = network.training_loss(
            windows[:, :3], windows[:, 3:], error=masked_error, progress=1.0
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 10


@pytest.mark.parametrize(
    ("name", "parameters", "giga_macs"),
    [
        ("predrnn", 23_838_720, 115.95),
        # Published with 38.584 M: 4 convolutions of 128·256·5·5 weights are never used.
        ("predrnnpp", 38_584_320 - 4 * 128 * 256 * 25, 171.74),
        ("predrnnv2", 23_855_104, 116.59),
    ],
)
def test_size_and_cost_are_the_published_ones(name, parameters, giga_macs):
    shape = {"channels_in": 1, "channels_out": 1, "height": 64, "width": 64}
    with torch.device("meta"):
        network = build_network(name, {}, history=10, horizon=10, **shape)
    assert count_parameters(network) == parameters
    macs = count_macs(network, history=10, channels=1, height=64, width=64)
    assert macs / 1e9 == pytest.approx(giga_macs, abs=0.005)


def test_decoupling_is_1_for_the_same_pattern_and_0_for_orthogonal_ones():
    pattern = torch.tensor([1.0, 2.0, 2.0, 0.0]).reshape(1, 1, 2, 2)
    across = torch.tensor([2.0, -1.0, 0.0, 5.0]).reshape(1, 1, 2, 2)  # 1·2 − 2·1 = 0
    assert decoupling(pattern, -7 * pattern).item() == pytest.approx(1)
    assert decoupling(pattern, across).item() == pytest.approx(0)
    # (1, 2, 2, 0) and (3, 0, 4, 0): cosine 11 / (3 · 5); the mean over two channels with 0 is half.
    both = torch.cat([pattern, pattern], dim=1)
    other = torch.cat([torch.tensor([3.0, 0.0, 4.0, 0.0]).reshape(1, 1, 2, 2), across], dim=1)
    assert decoupling(both, other).item() == pytest.approx(11 / 15 / 2)


def test_the_loss_of_predrnnv2_is_the_error_and_the_weighted_decoupling():
    plain, once, thrice = (make("predrnnv2", decouple=weight) for weight in (0, 0.1, 0.3))
    thrice.load_state_dict(once.state_dict())
    plain.load_state_dict(once.state_dict(), strict=False)  # it has no adapter
    history, target = torch.randn(2, 3, 2, 8, 8), torch.randn(2, 3, 2, 8, 8)
    losses = [
        network.training_loss(history, target, error=masked_error, progress=1.0)
        for network in (plain, once, thrice)
    ]
    assert 0 < losses[1] - losses[0] <= 0.1
    torch.testing.assert_close(losses[2] - losses[0], 3 * (losses[1] - losses[0]))
    assert torch.equal(forecast_of(plain, history), forecast_of(once, history))


def test_predrnnv2_is_predrnn_with_two_other_defaults():
    first, second = PredRNNConfig(), PredRNNv2Config()
    differing = {name for name in vars(first) if vars(first)[name] != vars(second)[name]}
    assert differing == {"decouple", "sampling"}
    assert PredRNNv2Config(decouple=0, sampling="scheduled").decouple == 0


@pytest.mark.parametrize("name", ALL)
def test_a_layer_norm_binds_the_network_to_its_grid(name):
    network = make(name, layer_norm=True)
    with pytest.raises(RuntimeError, match="normalized_shape"):
        network(torch.zeros(1, 3, 2, 12, 8))
    assert make(name)(torch.zeros(1, 3, 2, 8, 8)).shape[-2:] == (8, 8)


@pytest.mark.parametrize("method", ["PredRNN", "PredRNNpp", "PredRNNv2"])
def test_an_openstl_configuration_is_read_in_our_words(method):
    config = {
        "in_shape": [3, 1, 8, 8],
        "aft_seq_length": 2,
        "num_hidden": "4,4,4",
        "filter_size": 3,
        "patch_size": 2,
        "reverse_scheduled_sampling": int(method == "PredRNNv2"),
        "decouple_beta": 0.01,
    }
    read = config_from_openstl(method, config)
    expected = {"width": 4, "layers": 3, "kernel": 3, "patch": 2, "layer_norm": False}
    sampling = "scheduled"
    if method == "PredRNNv2":
        expected["decouple"] = 0.01
        sampling = "reverse"
    assert read.name == method.lower()
    assert read.options == {**expected, "sampling": sampling}
    assert read.build()(torch.zeros(1, 3, 1, 8, 8)).shape == (1, 2, 1, 8, 8)


def test_the_convolution_that_predrnnpp_never_uses_is_left_out():
    weights = {f"cell_list.0.{part}.0.weight": torch.zeros(1) for part in ("conv_o", "conv_om")}
    assert list(rename_openstl_keys("predrnnpp", weights)) == [
        "core.cells.0.of_new_spatial.0.weight"
    ]
    assert "core.cells.0.of_memories.0.weight" in rename_openstl_keys("predrnn", weights)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "width must be a whole number of at least 1, but it is 0"),
        ({"layers": 0}, "layers must be a whole number of at least"),
        ({"kernel": 0}, "kernel must be a whole number of at least 1, but it is 0"),
        ({"kernel": 4}, "kernel must be odd, but it is 4"),
        ({"patch": 0}, "patch must be a whole number of at least 1, but it is 0"),
        ({"sampling": "half"}, "sampling 'half' is unknown; known: scheduled, reverse, none"),
        ({"sampling_until": 0}, "sampling_until is a fraction of the training, above 0"),
        ({"loss_frames": "last"}, "loss_frames 'last' is unknown; known: all, forecast"),
    ],
)
def test_an_option_out_of_its_range_is_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        CONFIGS[name](**options)


@pytest.mark.parametrize("decouple", [-0.1, math.nan, math.inf])
def test_a_weight_of_the_decoupling_that_is_none_is_refused(decouple):
    with pytest.raises(ValueError, match=f"decouple must be 0 or above, but it is {decouple}"):
        PredRNNv2Config(decouple=decouple)
