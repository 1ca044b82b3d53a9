import math

import pytest
import torch

from models.translators.tau import TemporalGate, difference_divergence


@pytest.mark.parametrize(
    ("channels", "squeezed"), [(16, 4), (64, 16), (128, 16), (256, 16), (640, 16)]
)
def test_the_channels_are_squeezed_to_about_16(channels, squeezed):
    assert TemporalGate(channels, circular=False).squeeze.out_features == squeezed


def test_the_input_is_weighed_by_channel_and_neighbourhood():
    gate = TemporalGate(4, circular=False)
    with torch.no_grad():
        gate.expand.weight.zero_()
        gate.mix.weight.zero_()
        gate.mix.bias.fill_(3.0)
    latent = torch.randn(1, 4, 5, 5)
    # sigmoid(0) × 3 × input
    torch.testing.assert_close(gate(latent), 1.5 * latent)


def test_equal_changes_do_not_diverge():
    forecast = torch.randn(2, 3, 1, 4, 4)
    assert difference_divergence(forecast, forecast + 5) == pytest.approx(0, abs=1e-5)


def test_the_divergence_of_two_cells_in_closed_form():
    forecast = torch.zeros(1, 2, 1, 1, 2)
    forecast[0, 1, 0, 0, 0] = 0.1 * math.log(3)  # softmax(change / 0.1) = 3/4, 1/4
    target = torch.zeros(1, 2, 1, 1, 2)  # 1/2, 1/2
    expected = (0.75 * math.log(1.5) + 0.25 * math.log(0.5)) / 2
    assert difference_divergence(forecast, target) == pytest.approx(expected, rel=1e-5)


def test_cells_with_unknown_changes_are_left_out():
    forecast = torch.randn(1, 3, 1, 2, 4)
    target = torch.randn(1, 3, 1, 2, 4)
    target[0, 1, 0, 1] = torch.nan  # both changes of the second row are unknown
    with_gap = difference_divergence(forecast, target)
    first_row = difference_divergence(forecast[..., :1, :], target[..., :1, :])
    # the same sum over the cells, averaged over twice as many
    torch.testing.assert_close(with_gap, first_row / 2)


def test_a_target_without_any_known_change_does_not_diverge():
    forecast = torch.randn(1, 3, 1, 2, 4, requires_grad=True)
    divergence = difference_divergence(forecast, torch.full((1, 3, 1, 2, 4), torch.nan))
    assert divergence == 0
    divergence.backward()
    assert forecast.grad.isfinite().all()


def test_a_single_step_has_no_changes():
    frames = torch.randn(2, 1, 1, 4, 4)
    assert difference_divergence(frames, frames + 1) == 0
