"""The recurrent networks that are bound to a grid: what holds for MIM, MAU and E3D-LSTM alike."""

import math

import pytest
import torch

from models import build_network
from models.counting import count_macs, count_parameters
from models.recurrent.e3dlstm import E3DLSTMConfig
from models.recurrent.grid import check_grid
from models.recurrent.mau import MAUConfig
from models.recurrent.mim import MIMConfig

ALL = pytest.mark.parametrize("name", ["mim", "mau", "e3dlstm"])
CONFIGS = {"mim": MIMConfig, "mau": MAUConfig, "e3dlstm": E3DLSTMConfig}
SMALL = {
    "mim": {"width": 4, "layers": 3, "kernel": 3, "patch": 2},
    "mau": {"width": 4, "layers": 2, "kernel": 3, "patch": 1, "shrink": 4, "attended": 2},
    "e3dlstm": {"width": 4, "layers": 2, "kernel": 3, "patch": 2},
}
SWITCHED_ON = {
    "mim": {"layer_norm": True},
    "mau": {"residual": True, "recall": True},
    "e3dlstm": {"layer_norm": True, "pad_window": True},
}


def make(name, *, history=3, horizon=3, channels_in=2, channels_out=2, size=(8, 8), **options):
    torch.manual_seed(0)
    return build_network(
        name,
        {**SMALL[name], **options},
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


@ALL
@pytest.mark.parametrize("switched_on", [False, True])
@pytest.mark.parametrize(
    ("horizon", "channels_out", "size"), [(1, 2, (8, 8)), (5, 1, (13, 10)), (2, 3, (1, 3))]
)
def test_any_horizon_channels_and_grid_come_out(name, switched_on, horizon, channels_out, size):
    network = make(
        name,
        horizon=horizon,
        channels_in=3,
        channels_out=channels_out,
        size=size,
        **SWITCHED_ON[name] if switched_on else {},
    )
    assert network(torch.randn(2, 3, 3, *size)).shape == (2, horizon, channels_out, *size)


@ALL
def test_frames_of_another_grid_are_refused(name):
    message = r"a weight for each of (4 × 4|8 × 8) patches .* but a frame has (6|12) × (4|8); build"
    with pytest.raises(ValueError, match=message):
        make(name)(torch.randn(1, 3, 2, 12, 8))


def test_a_frame_of_the_same_grid_passes_and_a_turned_one_does_not():
    check_grid(torch.zeros(1, 1, 2, 3), rows=2, columns=3)
    with pytest.raises(ValueError, match=r"each of 3 × 2 patches .* a frame has 2 × 3"):
        check_grid(torch.zeros(1, 1, 2, 3), rows=3, columns=2)


@ALL
def test_a_longer_horizon_begins_with_the_shorter_one(name):
    long, short = make(name, horizon=6), make(name, horizon=2)
    short.load_state_dict(long.state_dict())
    history = torch.randn(2, 3, 2, 8, 8)
    torch.testing.assert_close(forecast_of(short, history), forecast_of(long, history)[:, :2])


@ALL
def test_the_forecast_of_a_window_depends_on_no_other_window(name):
    network = make(name)
    history = torch.randn(3, 3, 2, 8, 8)
    together = forecast_of(network, history)
    torch.testing.assert_close(forecast_of(network, history[1:2]), together[1:2])
    assert torch.equal(forecast_of(network, history), together)  # nor on one of a call before


@ALL
def test_the_first_step_reaches_the_forecast_through_the_memories(name):
    network = make(name)
    history = torch.randn(1, 3, 2, 8, 8)
    other = torch.cat([torch.randn(1, 1, 2, 8, 8), history[:, 1:]], dim=1)
    assert not torch.allclose(forecast_of(network, other), forecast_of(network, history))


@ALL
@pytest.mark.parametrize("switched_on", [False, True])
def test_every_parameter_gets_a_gradient(name, switched_on):
    network = make(name, **SWITCHED_ON[name] if switched_on else {})
    history, target = torch.randn(2, 3, 2, 8, 8), torch.randn(2, 3, 2, 8, 8)
    network.training_loss(history, target, error=masked_error, progress=0.2).backward()
    unused = [
        key
        for key, values in network.named_parameters()
        if values.grad is None or not values.grad.any()
    ]
    assert not unused


@ALL
def test_missing_targets_are_left_out_of_the_training_loss(name):
    network = make(name)
    history, target = torch.randn(2, 3, 2, 8, 8), torch.randn(2, 3, 2, 8, 8)
    target[0, 1, 0, :4] = torch.nan
    target[1] = torch.nan
    loss = network.training_loss(history, target, error=masked_error, progress=0.0)
    loss.backward()
    assert loss.isfinite()
    assert all(values.grad.isfinite().all() for values in network.parameters())


@ALL
def test_bfloat16_is_no_obstacle(name):
    network = make(name, **SWITCHED_ON[name])
    history, target = torch.randn(2, 3, 2, 8, 8), torch.randn(2, 3, 2, 8, 8)
    with torch.autocast("cpu", torch.bfloat16):
        loss = network.training_loss(history, target, error=masked_error, progress=0.5)
    loss.backward()
    assert loss.isfinite()


@ALL
def test_four_windows_of_a_travelling_wave_are_overfitted(name):
    network = make(name, channels_in=1, channels_out=1, width=8)
    steps, columns, starts = torch.arange(6), torch.arange(8), torch.arange(4)
    phase = columns - steps[:, None] - 2 * starts[:, None, None]
    waves = torch.sin(2 * math.pi * phase / 8)[:, :, None, None].expand(-1, -1, 1, 8, -1)
    history, target = waves[:, :3], waves[:, 3:]
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for step in range(60):
        optimiser.zero_grad()
        progress = step / 60
        loss = network.training_loss(history, target, error=masked_error, progress=progress)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 10
    persistence = masked_error(history[:, -1:].expand_as(target), target)
    assert masked_error(forecast_of(network, history), target) < persistence / 10


# Moving MNIST, 10 → 10 frames of 64 × 64, one channel. Less what the reference code holds and
# never uses: MIM 98,304 (three 1 × 1 convolutions of MIM-N), MAU 8,259 (`merge`, `conv_last_sr`).
# The published multiply-adds count normalisations and peepholes, ours do not.
@pytest.mark.parametrize(
    ("name", "parameters", "published", "macs", "within"),
    [
        ("mim", 38_043_648 - 98_304, 38.04e6 - 98_304, 179.18e9, 0.015),
        ("mau", 4_483_588 - 8_259, 4.48e6 - 8_259, 17.79e9, 0.006),
        ("e3dlstm", 51_347_456, 51.35e6, 298.87e9, 0.006),
    ],
)
def test_parameters_and_multiply_adds_are_the_published_ones(
    name, parameters, published, macs, within
):
    with torch.device("meta"):
        network = build_network(
            name,
            {},
            history=10,
            horizon=10,
            channels_in=1,
            channels_out=1,
            height=64,
            width=64,
        )
    assert count_parameters(network) == parameters
    assert abs(parameters - published) < 0.005e6
    ours = count_macs(network, history=10, channels=1, height=64, width=64)
    assert abs(ours / macs - 1) < within


@ALL
@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("width", 0, r"width must be a whole number of at least 1, but it is 0"),
        ("layers", 0, r"layers must be a whole number of at least [12], but it is 0"),
        ("kernel", 0, r"kernel must be a whole number of at least 1, but it is 0"),
        ("kernel", 4, r"kernel must be odd, but it is 4"),
        ("patch", 0, r"patch must be a whole number of at least 1, but it is 0"),
        ("sampling", "maybe", r"sampling 'maybe' is unknown; known: scheduled, reverse, none"),
        ("sampling_until", 0, r"sampling_until is a fraction .* but it is 0"),
        ("loss_frames", "some", r"loss_frames 'some' is unknown; known: all, forecast"),
    ],
)
def test_an_option_out_of_its_range_is_refused(name, option, value, message):
    with pytest.raises(ValueError, match=message):
        CONFIGS[name](**{option: value})
