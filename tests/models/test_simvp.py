import math

import pytest
import torch

from models import NetworkShape
from models.counting import count_parameters
from models.simvp import SimVP, SimVPConfig
from models.translators import TRANSLATORS

ALL_TRANSLATORS = pytest.mark.parametrize("translator", TRANSLATORS)
ROUND_THE_GLOBE = [name for name in TRANSLATORS if name != "mlpmixer"]
WITHOUT_WINDOWS = [name for name in ROUND_THE_GLOBE if name != "swin"]


def make(
    *,
    history=3,
    horizon=3,
    channels_in=2,
    channels_out=2,
    height=8,
    width=12,
    seed=0,
    **options,
):
    torch.manual_seed(seed)
    config = SimVPConfig(
        **{"spatial_width": 8, "translator_width": 16, "translator_layers": 3, **options}
    )
    shape = NetworkShape(
        history=history,
        horizon=horizon,
        channels_in=channels_in,
        channels_out=channels_out,
        height=height,
        width=width,
    )
    return SimVP(config, shape)


def masked_error(forecast, target):
    known = ~target.isnan()
    return (forecast - target.nan_to_num()).square()[known].mean()


def forecast_of(network, history):
    with torch.no_grad():
        return network.eval()(history)


@ALL_TRANSLATORS
@pytest.mark.parametrize("beyond_history", ["rollout", "projection"])
@pytest.mark.parametrize("horizon", [1, 3, 5, 7])
def test_any_horizon_comes_out(translator, beyond_history, horizon):
    network = make(translator=translator, beyond_history=beyond_history, horizon=horizon)
    assert network(torch.randn(2, 3, 2, 8, 12)).shape == (2, horizon, 2, 8, 12)


@pytest.mark.parametrize("beyond_history", ["rollout", "projection"])
@pytest.mark.parametrize("horizon", [1, 3])
def test_channels_out_may_differ_from_channels_in(beyond_history, horizon):
    network = make(beyond_history=beyond_history, horizon=horizon, channels_out=5)
    assert network(torch.randn(1, 3, 2, 8, 12)).shape == (1, horizon, 5, 8, 12)


def test_a_projection_reaches_beyond_the_history_with_other_channels_out():
    network = make(beyond_history="projection", horizon=7, channels_out=1)
    assert network(torch.randn(1, 3, 2, 8, 12)).shape == (1, 7, 1, 8, 12)


def test_a_rollout_with_other_channels_out_is_refused():
    message = (
        r"horizon of 4 from a history of 3 feeds forecasts back, but the network takes 2 "
        r"channels and puts out 5; set beyond_history = 'projection'"
    )
    with pytest.raises(ValueError, match=message):
        make(horizon=4, channels_out=5)


def test_a_longer_horizon_is_the_networks_own_forecast_fed_back_and_cut():
    one_pass, rollout = make(horizon=3), make(horizon=8)
    rollout.load_state_dict(one_pass.state_dict())
    blocks = [torch.randn(2, 3, 2, 8, 12)]
    for _ in range(3):
        blocks.append(forecast_of(one_pass, blocks[-1]))
    expected = torch.cat(blocks[1:], dim=1)[:, :8]
    torch.testing.assert_close(forecast_of(rollout, blocks[0]), expected)


def test_a_shorter_horizon_is_the_beginning_of_the_whole_one():
    whole, beginning = make(horizon=3), make(horizon=2)
    beginning.load_state_dict(whole.state_dict())
    history = torch.randn(2, 3, 2, 8, 12)
    torch.testing.assert_close(forecast_of(beginning, history), forecast_of(whole, history)[:, :2])


def test_gradients_go_through_the_blocks_of_a_rollout():
    history = torch.randn(1, 3, 2, 8, 12)
    network = make(horizon=6).eval()
    network(history)[:, 3:].sum().backward()
    assert network.encoder.blocks[0].convolution.conv.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("horizon", [2, 5])
def test_a_projection_starts_with_the_skip_of_the_same_step_then_the_last(horizon):
    network = make(beyond_history="projection", horizon=horizon)
    skip = torch.randn(1, 3, 8, 4, 4)
    expected = skip[:, [min(step, 2) for step in range(horizon)]]
    torch.testing.assert_close(network._mix_skip(skip), expected)


@pytest.mark.parametrize(("height", "width"), [(7, 13), (1, 1), (9, 8), (8, 10)])
@pytest.mark.parametrize(
    ("translator", "circular"),
    [(name, False) for name in TRANSLATORS] + [(name, True) for name in ROUND_THE_GLOBE],
)
def test_any_grid_keeps_its_size(translator, height, width, circular):
    network = make(
        translator=translator,
        height=height,
        width=width,
        spatial_layers=4,
        circular_longitude=circular,
    )
    assert network(torch.randn(2, 3, 2, height, width)).shape == (2, 3, 2, height, width)


@pytest.mark.parametrize("translator", WITHOUT_WINDOWS)
@pytest.mark.parametrize("beyond_history", ["rollout", "projection"])
def test_on_the_globe_turned_input_gives_a_turned_forecast(translator, beyond_history):
    network = make(
        translator=translator,
        spatial_layers=4,
        horizon=4,
        width=24,
        beyond_history=beyond_history,
        circular_longitude=True,
        encoder_kernel=5,
    )
    history = torch.randn(1, 3, 2, 8, 24)
    turned = forecast_of(network, history.roll(4, dims=-1))
    torch.testing.assert_close(turned, forecast_of(network, history).roll(4, dims=-1))


def test_on_the_globe_windows_may_be_turned_by_whole_windows():
    # A window is 4×4 latent cells of 4×4 cells each.
    network = make(translator="swin", spatial_layers=4, width=48, circular_longitude=True)
    history = torch.randn(1, 3, 2, 8, 48)
    forecast = forecast_of(network, history)
    turned = forecast_of(network, history.roll(16, dims=-1))
    torch.testing.assert_close(turned, forecast.roll(16, dims=-1))
    by_less = forecast_of(network, history.roll(4, dims=-1))
    assert not torch.allclose(by_less, forecast.roll(4, dims=-1))


@pytest.mark.parametrize("translator", ROUND_THE_GLOBE)
def test_longitude_changes_neither_the_parameters_nor_their_names(translator):
    flat = make(translator=translator)
    globe = make(translator=translator, circular_longitude=True)
    assert list(flat.state_dict()) == list(globe.state_dict())
    assert count_parameters(flat) == count_parameters(globe)
    history = torch.randn(1, 3, 2, 8, 12)
    assert not torch.allclose(forecast_of(flat, history), forecast_of(globe, history))


@ALL_TRANSLATORS
@pytest.mark.parametrize("beyond_history", ["rollout", "projection"])
@pytest.mark.parametrize("horizon", [1, 3, 5])
def test_every_parameter_gets_a_gradient(translator, beyond_history, horizon):
    network = make(translator=translator, beyond_history=beyond_history, horizon=horizon)
    history, target = torch.randn(2, 3, 2, 8, 12), torch.randn(2, horizon, 2, 8, 12)
    network.training_loss(history, target, error=masked_error, progress=0.0).backward()
    unused = [name for name, values in network.named_parameters() if values.grad is None]
    assert not unused


@ALL_TRANSLATORS
def test_missing_targets_are_left_out_of_the_training_loss(translator):
    network = make(translator=translator)
    history, target = torch.randn(2, 3, 2, 8, 12), torch.randn(2, 3, 2, 8, 12)
    target[0, 1, 0, :4] = torch.nan
    target[1] = torch.nan
    loss = network.training_loss(history, target, error=masked_error, progress=0.5)
    assert loss.isfinite()
    loss.backward()
    assert all(values.grad.isfinite().all() for values in network.parameters())


def test_the_training_loss_is_the_error_of_the_forecast():
    network = make().eval()
    history, target = torch.randn(2, 3, 2, 8, 12), torch.randn(2, 3, 2, 8, 12)
    loss = network.training_loss(history, target, error=masked_error, progress=0.0)
    torch.testing.assert_close(loss, (network(history) - target).square().mean())


@ALL_TRANSLATORS
def test_a_forecast_does_not_change_from_call_to_call(translator):
    options = {} if translator in ("incepu", "convmixer") else {"drop_path": 0.5}
    network = make(translator=translator, **options)
    history = torch.randn(2, 3, 2, 8, 12)
    assert torch.equal(forecast_of(network, history), forecast_of(network, history))


@ALL_TRANSLATORS
def test_the_forecast_of_a_window_does_not_depend_on_the_others(translator):
    network = make(translator=translator)
    history = torch.randn(3, 3, 2, 8, 12)
    torch.testing.assert_close(
        forecast_of(network, history)[1:2], forecast_of(network, history[1:2])
    )


def spread(shape):
    """Values without a generator: 0.5·sin(0.37·index²)."""
    index = torch.arange(math.prod(shape), dtype=torch.float64)
    return (0.5 * (0.37 * index.square()).sin()).reshape(shape).float()


# The frames (step, channel, row, column) of the numbers: (0 0 0 0), (1 1 7 5), (2 0 3 11), (3 1 4 6)
GOLDEN = {
    "gsta": [0.42440, -0.22583, 0.43829, 0.13448],
    "incepu": [0.40209, -0.11799, 0.47905, 0.08654],
    "tau": [0.44971, -0.22464, 0.42527, 0.10286],
    "vit": [0.35294, -0.06167, 0.35411, 0.01415],
    "swin": [0.35125, -0.06089, 0.34805, 0.01603],
    "uniformer": [0.29127, -0.10216, 0.29534, 0.14388],
    "mlpmixer": [0.36974, -0.03170, 0.35125, 0.01007],
    "convmixer": [0.47439, -0.05323, 0.27873, -0.01808],
    "poolformer": [0.26101, -0.24872, 0.42124, 0.11936],
    "convnext": [0.31067, -0.27041, 0.44249, 0.09556],
    "van": [0.45877, -0.22012, 0.45856, 0.11002],
    "hornet": [0.22528, -0.22214, 0.46998, 0.12326],
    "moganet": [0.36892, -0.22235, 0.30146, 0.01086],
}


@ALL_TRANSLATORS
def test_four_numbers_of_a_forecast_stay(translator):
    network = make(translator=translator, horizon=4)
    with torch.no_grad():
        for values in network.parameters():
            values.copy_(spread(values.shape))
    forecast = forecast_of(network, spread((1, 3, 2, 8, 12)))[0]
    numbers = forecast[[0, 1, 2, 3], [0, 1, 0, 1], [0, 7, 3, 4], [0, 5, 11, 6]]
    assert numbers.tolist() == pytest.approx(GOLDEN[translator], rel=1e-3)


@ALL_TRANSLATORS
def test_a_small_network_learns_four_windows_by_heart(translator):
    torch.manual_seed(0)
    row, column = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    start = torch.rand(4, 2) * 16
    step = torch.arange(8.0)
    windows = torch.stack(
        [
            torch.sin(2 * math.pi * (row - y - t) / 16) * torch.cos(2 * math.pi * (column - x) / 16)
            for y, x in start.tolist()
            for t in step.tolist()
        ]
    ).reshape(4, 8, 1, 16, 16)
    network = make(
        translator=translator,
        history=4,
        horizon=4,
        channels_in=1,
        channels_out=1,
        height=16,
        width=16,
        spatial_width=8,
    )
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for _ in range(60):
        loss = network.training_loss(
            windows[:, :4], windows[:, 4:], error=masked_error, progress=0.0
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"translator": "gst"}, r"translator 'gst' is unknown; known: gsta, incepu, tau"),
        ({"spatial_width": 3}, "spatial_width must be an even number of at least 2, but it is 3"),
        ({"translator_width": 1}, "translator_width must be a whole number of at least 2"),
        ({"spatial_layers": 3}, "spatial_layers must be an even number of at least 2"),
        ({"spatial_layers": 0}, "spatial_layers must be an even number of at least 2"),
        ({"translator_layers": 1}, "translator_layers must be a whole number of at least 2"),
        ({"encoder_kernel": 0}, "encoder_kernel must be a whole number of at least 1"),
        ({"encoder_kernel": 4}, "encoder_kernel must be odd, but it is 4"),
        ({"decoder_kernel": 2}, "decoder_kernel must be odd, but it is 2"),
        ({"drop_path": 1.0}, "drop_path must be at least 0 and below 1, but it is 1.0"),
        ({"drop_path": -0.1}, "drop_path must be at least 0 and below 1"),
        ({"translator": "incepu", "drop_path": 0.1}, "'incepu' has no drop path"),
        (
            {"translator": "convmixer", "drop_path": 0.1},
            "'convmixer' has no drop path.*set it to 0",
        ),
        (
            {"translator": "mlpmixer", "circular_longitude": True},
            "'mlpmixer' has weights for each cell of the grid, so its columns cannot go round",
        ),
        ({"mlp_ratio": 0.0}, "mlp_ratio must be above 0, but it is 0.0"),
        ({"beyond_history": "both"}, "beyond_history must be one of rollout, projection"),
    ],
)
def test_an_option_out_of_its_range_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SimVPConfig(**options)
