import math

import pytest
import torch

from models import NetworkShape, build_network
from models.counting import count_macs, count_parameters
from models.openstl import config_from_openstl
from models.recurrent.phydnet import PhyDNet, PhyDNetConfig


def make(
    *, history=3, horizon=4, channels_in=3, channels_out=2, height=8, width=12, seed=0, **options
):
    torch.manual_seed(seed)
    tiny = {"residual_width": 8, "residual_layers": 2, "physics_kernel": 3, **options}
    shape = NetworkShape(
        history=history,
        horizon=horizon,
        channels_in=channels_in,
        channels_out=channels_out,
        height=height,
        width=width,
    )
    return PhyDNet(PhyDNetConfig(**{"width": 32, **tiny}), shape)


def masked_error(forecast, target):
    known = ~target.isnan()
    return (forecast - target.nan_to_num()).square()[known].mean()


def forecast_of(network, history):
    with torch.no_grad():
        return network.eval()(history)


@pytest.mark.parametrize("patch", [2, 4])
@pytest.mark.parametrize(("history", "horizon"), [(1, 1), (1, 3), (4, 2)])
def test_any_history_horizon_and_odd_size_come_out(patch, history, horizon):
    network = make(history=history, horizon=horizon, patch=patch, height=13, width=10)
    assert network(torch.randn(2, history, 3, 13, 10)).shape == (2, horizon, 2, 13, 10)


def test_the_output_is_linear_unless_a_sigmoid_is_asked_for():
    history = 5 * torch.randn(2, 3, 3, 8, 12)
    linear, bounded = make(), make(sigmoid_output=True)
    torch.nn.init.constant_(linear.step.decoder[2].bias, -2.0)
    assert forecast_of(linear, history).min() < 0
    forecast = forecast_of(bounded, history)
    assert 0 <= forecast.min() <= forecast.max() <= 1


def test_a_horizon_is_the_beginning_of_a_longer_one():
    shorter, longer = make(horizon=2), make(horizon=5)
    history = torch.randn(2, 3, 3, 8, 12)
    torch.testing.assert_close(forecast_of(shorter, history), forecast_of(longer, history)[:, :2])


def test_extra_inputs_of_the_last_frame_seen_go_on():
    # With as many extra frames as the history has, a further frame is seen as the network makes it.
    network = make(history=2, horizon=2)
    history = torch.randn(2, 2, 3, 8, 12)
    first, second = forecast_of(network, history).unbind(dim=1)
    longer = torch.cat([history, torch.cat([first, history[:, -1, 2:]], dim=1)[:, None]], dim=1)
    torch.testing.assert_close(forecast_of(network, longer)[:, 0], second)


@pytest.mark.parametrize("loss_frames", ["all", "forecast"])
def test_the_training_loss_is_the_error_of_own_forecasts_and_the_moments(loss_frames):
    network = make(history=2, horizon=3, loss_frames=loss_frames, moment_weight=0.5)
    history, target = torch.randn(2, 2, 3, 8, 12), torch.randn(2, 3, 2, 8, 12)
    loss = network.training_loss(history, target, error=masked_error, progress=1.0)
    forecast, n_frames = network(history), 3
    if loss_frames == "all":
        forecast = torch.cat([make(history=1, horizon=1)(history[:, :1]), forecast], dim=1)
        target, n_frames = torch.cat([history[:, 1:, :2], target], dim=1), 4
    moments = network.step.physics.moment_loss()
    expected = (forecast - target).square().mean() + 0.5 * moments / n_frames
    torch.testing.assert_close(loss, expected)


def test_whole_horizons_are_fed_from_the_truth_at_first():
    network = make(history=2, horizon=3, loss_frames="forecast", moment_weight=0)
    history, target = torch.randn(2, 2, 3, 8, 12), torch.randn(2, 3, 2, 8, 12)
    target[1, 0, 0, :3] = torch.nan  # unknown: there the own forecast is seen
    loss = network.training_loss(history, target, error=masked_error, progress=0.0)

    frames, forecasts = history, []
    for lead in range(3):
        forecasts.append(make(history=2 + lead, horizon=1)(frames)[:, 0])
        seen = torch.where(target[:, lead].isnan(), forecasts[-1], target[:, lead])
        frames = torch.cat([frames, torch.cat([seen, history[:, -1, 2:]], dim=1)[:, None]], dim=1)
    torch.testing.assert_close(loss, masked_error(torch.stack(forecasts, dim=1), target))


def test_feeding_from_the_truth_ends_at_its_fraction_of_the_training():
    network = make(sampling_until=0.5)
    history, target = torch.randn(2, 3, 3, 8, 12), torch.randn(2, 4, 2, 8, 12)
    losses = {
        progress: network.training_loss(history, target, error=masked_error, progress=progress)
        for progress in (0.0, 0.5, 1.0)
    }
    assert losses[0.5] == losses[1.0]
    assert losses[0.0] != losses[1.0]


def test_every_parameter_gets_a_gradient():
    network = make()
    history, target = torch.randn(2, 3, 3, 8, 12), torch.randn(2, 4, 2, 8, 12)
    target[0, 1, 0, :4] = torch.nan
    network.training_loss(history, target, error=masked_error, progress=0.2).backward()
    unused = [
        name
        for name, values in network.named_parameters()
        if values.grad is None or not values.grad.isfinite().all() or not values.grad.any()
    ]
    assert not unused


def test_the_forecast_of_a_window_depends_on_neither_the_others_nor_an_earlier_call():
    network = make()
    history = torch.randn(3, 3, 3, 8, 12)
    forecast = forecast_of(network, history)
    torch.testing.assert_close(forecast_of(network, history[1:2]), forecast[1:2])
    assert torch.equal(forecast_of(network, history), forecast)


def test_a_small_network_learns_four_windows_by_heart():
    step, column = torch.arange(6.0)[:, None, None, None], torch.arange(8.0)
    windows = torch.stack(
        [
            torch.sin(2 * math.pi * (column - step - start) / 8).expand(6, 1, 8, 8)
            for start in (0.0, 1.5, 3.0, 5.0)
        ]
    )
    network = make(
        history=3,
        horizon=3,
        channels_in=1,
        channels_out=1,
        height=8,
        width=8,
        patch=2,
        moment_weight=0.1,
    )
    moments_at_first = network.step.physics.moment_loss().item()
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for step in range(50):
        loss = network.training_loss(
            windows[:, :3], windows[:, 3:], error=masked_error, progress=step / 50
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 10
    assert network.step.physics.moment_loss() < moments_at_first
    forecast = forecast_of(network, windows[:, :3])
    assert (forecast - windows[:, 3:]).square().mean() < 0.05  # always the mean: 0.5


def published(**options):
    with torch.device("meta"):
        return build_network(
            "phydnet",
            options,
            history=10,
            horizon=10,
            channels_in=1,
            channels_out=1,
            height=64,
            width=64,
        )


def test_size_and_cost_are_the_published_ones():
    network = published()
    assert round(count_parameters(network) / 1e6, 3) == 3.092
    macs = count_macs(network, history=10, channels=1, height=64, width=64)
    assert macs == pytest.approx(15.33e9, rel=0.006)  # normalisations are counted there


def test_finer_latent_cells_cost_four_times_as_much():
    coarse, fine = (
        count_macs(published(patch=patch), history=10, channels=1, height=64, width=64)
        for patch in (4, 2)
    )
    assert fine == pytest.approx(4 * coarse, rel=0.1)


def test_a_configuration_of_the_reference_code_is_read():
    read = config_from_openstl("PhyDNet", {"in_shape": [4, 1, 8, 8], "patch_size": 2})
    assert (read.name, read.options) == ("phydnet", {"patch": 2, "sigmoid_output": True})


def test_more_channels_out_than_in_are_refused():
    with pytest.raises(ValueError, match="it takes 2 channels and puts out 3; put out at most"):
        make(channels_in=2, channels_out=3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "width must be a whole number of at least 1, but it is 0"),
        ({"width": 48}, "width must be a multiple of 32, but it is 48"),
        ({"residual_width": 0}, "residual_width must be a whole number of at least 1"),
        ({"residual_layers": 0}, "residual_layers must be a whole number of at least 1"),
        ({"physics_kernel": 0}, "physics_kernel must be a whole number of at least 1"),
        ({"physics_kernel": 4}, "physics_kernel must be odd, but it is 4"),
        ({"patch": 3}, "patch must be an even number of at least 2, but it is 3"),
        ({"moment_weight": -1}, "moment_weight must be at least 0, but it is -1"),
        ({"sampling_until": 0}, "sampling_until is a fraction of the training"),
        ({"loss_frames": "none"}, "loss_frames 'none' is unknown; known: all, forecast"),
    ],
)
def test_an_option_out_of_its_range_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        PhyDNetConfig(**options)
