import json
import math
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from models import NetworkShape, build_network
from models.counting import count_macs, count_parameters
from models.crevnet.network import CrevNet, CrevNetConfig
from models.openstl import config_from_openstl, rename_openstl_keys

SHARED = Path(os.environ.get("STFORECAST_SHARED", Path(__file__).parents[4] / "shared"))
VECTORS = SHARED / "parity" / "crevnet.safetensors"

TINY = {"fine_blocks": 1, "middle_blocks": 1, "coarse_blocks": 1, "layers": 2}


def make(
    *, history=4, horizon=3, channels_in=2, channels_out=1, height=8, width=16, seed=0, **options
):
    torch.manual_seed(seed)
    shape = NetworkShape(
        history=history,
        horizon=horizon,
        channels_in=channels_in,
        channels_out=channels_out,
        height=height,
        width=width,
    )
    return CrevNet(CrevNetConfig(**{**TINY, **options}), shape)


def masked_error(forecast, target):
    known = ~target.isnan()
    return (forecast - target.nan_to_num()).square()[known].mean()


def forecast_of(network, history):
    with torch.no_grad():
        return network.eval()(history)


@pytest.mark.skipif(not VECTORS.is_file(), reason=f"no parity vector {VECTORS}")
def test_the_parts_agree_with_the_reference_code():
    config = json.loads((VECTORS.parent / "index.json").read_text(encoding="utf-8"))["crevnet"][
        "config"
    ]
    fine, middle, coarse = config["blocks"]
    vectors = load_file(VECTORS)
    network = make(
        history=3,
        horizon=2,
        channels_in=1,
        height=64,
        width=64,
        fine_blocks=fine,
        middle_blocks=middle,
        coarse_blocks=coarse,
        layers=config["rnn_layers"],
    ).eval()
    weights = {
        key.removeprefix("param/"): value
        for key, value in vectors.items()
        if key.startswith("param/")
    }
    network.load_state_dict(rename_openstl_keys("CrevNet", weights))
    computed = {}
    with torch.no_grad():
        left, right = network.autoencoder(vectors["x"])
        computed["h_a"], computed["h_b"] = left, right
        state = network.predictor.begin(left)
        for name in ("y_step1", "y_step2"):
            left, right, state = network.predictor(left, right, state)
            computed[name] = network.autoencoder.decode(left, right)
        forecast = network(vectors["x"].transpose(1, 2))
    for name, values in computed.items():
        assert (values - vectors[name]).abs().max() <= 1e-4 * vectors[name].std(), name
    # In its loop, each forecast frame is the last of a clip.
    last = torch.stack([vectors["y_step1"][:, :, -1], vectors["y_step2"][:, :, -1]], dim=1)
    assert (forecast - last).abs().max() <= 1e-4 * last.std()


def test_a_configuration_of_the_reference_code_is_read():
    read = config_from_openstl("CrevNet", {"in_shape": [4, 1, 8, 8], "predictor_rnn_layers": 2})
    assert (read.name, read.options) == ("crevnet", {"layers": 2, "last_clip_only": True})
    assert read.build()(torch.zeros(1, 4, 1, 8, 8)).shape == (1, 4, 1, 8, 8)


@pytest.mark.parametrize("channels_out", [1, 2])
@pytest.mark.parametrize(("history", "horizon", "clip"), [(3, 1, 3), (3, 4, 3), (5, 2, 2)])
def test_any_history_horizon_and_channels_come_out(history, horizon, clip, channels_out):
    network = make(history=history, horizon=horizon, clip=clip, channels_out=channels_out)
    frames = torch.randn(2, history, 2, 8, 16)
    assert network(frames).shape == (2, horizon, channels_out, 8, 16)


def test_a_horizon_is_the_beginning_of_a_longer_one():
    history = torch.randn(2, 4, 2, 8, 16)
    torch.testing.assert_close(
        forecast_of(make(horizon=2), history), forecast_of(make(horizon=5), history)[:, :2]
    )


def test_the_forecast_starts_from_the_whole_history_unless_the_last_clip_is_asked_for():
    history, earlier = torch.randn(2, 5, 2, 8, 16), torch.randn(2, 2, 2, 8, 16)
    other = torch.cat([earlier, history[:, 2:]], dim=1)
    whole = make(history=5)
    assert not torch.allclose(forecast_of(whole, history), forecast_of(whole, other))
    last = make(history=5, last_clip_only=True)
    assert torch.equal(forecast_of(last, history), forecast_of(last, other))
    expected = forecast_of(make(history=3), history[:, 2:])
    torch.testing.assert_close(forecast_of(last, history), expected)


def test_the_training_loss_is_the_error_of_the_frames_of_all_clips_but_the_first():
    network = make(history=3, horizon=1).eval()
    history, target = torch.randn(2, 3, 2, 8, 16), torch.randn(2, 1, 1, 8, 16)
    loss = network.training_loss(history, target, error=masked_error, progress=1.0)
    left, right = network.autoencoder(history.transpose(1, 2))
    left, right, _ = network.predictor(left, right, network.predictor.begin(left))
    clip = network.autoencoder.decode(left, right).transpose(1, 2)[:, :, :1]
    truth = torch.cat([history[:, 1:, :1], target], dim=1)
    torch.testing.assert_close(loss, (clip - truth).square().mean())


def test_the_training_loss_may_be_that_of_the_forecast():
    network = make(loss_frames="forecast", sampling="none").eval()
    history, target = torch.randn(2, 4, 2, 8, 16), torch.randn(2, 3, 1, 8, 16)
    loss = network.training_loss(history, target, error=masked_error, progress=0.0)
    torch.testing.assert_close(loss, (network(history) - target).square().mean())


def test_the_truth_is_fed_at_first_where_it_is_known():
    network = make(loss_frames="forecast", horizon=2).eval()
    history, target = torch.randn(2, 4, 2, 8, 16), torch.randn(2, 2, 1, 8, 16)
    own = network(history)
    target[:, 0, :, :, :3] = torch.nan
    loss = network.training_loss(history, target, error=masked_error, progress=0.0)
    clip = torch.where(target[:, 0].isnan(), own[:, 0], target[:, 0])
    frames = torch.cat([history, torch.cat([clip, history[:, -1, 1:]], dim=1)[:, None]], dim=1)
    fed = torch.stack([own[:, 0], make(history=5, horizon=1).eval()(frames)[:, 0]], dim=1)
    torch.testing.assert_close(loss, masked_error(fed, target), rtol=1e-4, atol=1e-5)


def test_every_parameter_gets_a_gradient():
    network = make()
    history, target = torch.randn(2, 4, 2, 8, 16), torch.randn(2, 3, 1, 8, 16)
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
    history = torch.randn(3, 4, 2, 8, 16)
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
    network = make(history=3, horizon=3, channels_in=1, height=8, width=8)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for step in range(30):
        loss = network.training_loss(
            windows[:, :3], windows[:, 3:], error=masked_error, progress=step / 30
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 10
    forecast = forecast_of(network, windows[:, :3])
    assert (forecast - windows[:, 3:]).square().mean() < 0.05  # always the mean: 0.5


def test_size_and_cost_are_the_published_ones():
    with torch.device("meta"):
        network = build_network(
            "crevnet",
            {},
            history=3,
            horizon=1,
            channels_in=1,
            channels_out=1,
            height=64,
            width=64,
        )
    assert round(count_parameters(network) / 1e6, 3) == 4.997
    # 20 frames make 18 clips, and 17 of them follow another. Published are 270.68 G, of a batch of 16;
    # normalisations are counted there.
    macs_of_step = count_macs(network, history=3, channels=1, height=64, width=64)
    assert 17 * macs_of_step == pytest.approx(270.68e9 / 16, rel=0.006)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"height": 13}, "multiples of 8, but height is 13; crop, pad or regrid the frames"),
        ({"width": 10}, "multiples of 8, but width is 10; crop, pad or regrid the frames"),
        ({"history": 2}, "history is 2; lengthen the history, or set clip to at most 2"),
        ({"channels_out": 3}, "it takes 2 channels and puts out 3; put out at most as many"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        make(**shape)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fine_blocks": 0}, "fine_blocks must be a whole number of at least 1, but it is 0"),
        ({"middle_blocks": 0}, "middle_blocks must be a whole number of at least 1"),
        ({"coarse_blocks": 0}, "coarse_blocks must be a whole number of at least 1"),
        ({"layers": 0}, "layers must be a whole number of at least 1"),
        ({"clip": 0}, "clip must be a whole number of at least 1"),
        ({"sampling": "often"}, "sampling 'often' is unknown; known: scheduled, reverse, none"),
        ({"sampling_until": 1.5}, "sampling_until is a fraction of the training"),
        ({"loss_frames": "none"}, "loss_frames 'none' is unknown; known: all, forecast"),
    ],
)
def test_an_option_out_of_its_range_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        CrevNetConfig(**options)
