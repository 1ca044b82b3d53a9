"""The parts of PredRNN++ in closed form, at one cell, one channel and kernel 1."""

from math import tanh

import pytest
import torch

from models.recurrent.predrnnpp import CausalLSTMCell, GradientHighway, PredRNNppConfig


def sigmoid(value):
    return (1 + tanh(value / 2)) / 2


def one(value):
    return torch.full((1, 1, 1, 1), float(value))


def put(module, *values):
    """The weights of the module's one convolution, an output channel each."""
    weights = next(module.parameters())
    with torch.no_grad():
        weights.copy_(torch.tensor(values, dtype=torch.float32).reshape(weights.shape))


def test_a_causal_lstm_fills_its_memories_one_after_the_other():
    cell = CausalLSTMCell(1, 1, kernel=1, norm_size=None)
    put(cell.of_frame, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
    put(cell.of_hidden, 0.11, 0.12, 0.13, 0.14)
    put(cell.of_temporal, 0.21, 0.22, 0.23)
    put(cell.of_spatial, 0.31, 0.32, 0.33)
    put(cell.of_new_temporal, 0.41, 0.42, 0.43, 0.44)
    put(cell.of_new_spatial, 0.5)
    put(cell.merge, 0.6, 0.7)
    x, h, c, m = 1.0, 2.0, -1.5, 0.5
    hidden, temporal, spatial = cell(one(x), one(h), one(c), one(m))

    new_c = sigmoid(0.2 * x + 0.12 * h + 0.22 * c + 1) * c  # the 1 is the forget bias
    new_c += sigmoid(0.1 * x + 0.11 * h + 0.21 * c) * tanh(0.3 * x + 0.13 * h + 0.23 * c)
    new_m = sigmoid(0.5 * x + 0.43 * new_c + 0.32 * m + 1) * tanh(0.33 * m)
    new_m += sigmoid(0.4 * x + 0.41 * new_c + 0.31 * m) * tanh(0.6 * x + 0.42 * new_c)
    leave = tanh(0.7 * x + 0.14 * h + 0.44 * new_c + 0.5 * new_m)
    assert temporal.item() == pytest.approx(new_c, rel=1e-5)
    assert spatial.item() == pytest.approx(new_m, rel=1e-5)
    assert hidden.item() == pytest.approx(leave * tanh(0.6 * new_c + 0.7 * new_m), rel=1e-5)


def test_the_highway_lets_a_state_through_where_its_switch_is_off():
    highway = GradientHighway(1, kernel=1, norm_size=None)
    put(highway.of_hidden, 0.5, 2.0)
    put(highway.of_highway, 0.25, -1.0)
    candidate, switch = tanh(0.5 * 1 + 0.25 * 3), sigmoid(2.0 * 1 - 1.0 * 3)
    expected = switch * candidate + (1 - switch) * 3
    assert highway(one(1), one(3)).item() == pytest.approx(expected, rel=1e-6)
    put(highway.of_hidden, 0.5, -100.0)
    assert highway(one(1), one(3)).item() == 3


def test_the_highway_begins_with_small_weights():
    highway = GradientHighway(16, kernel=3, norm_size=None)
    assert all(values.abs().max() <= 1e-3 for values in highway.parameters())


def test_a_layer_norm_of_the_highway_keeps_its_scale():
    highway = GradientHighway(2, kernel=1, norm_size=(3, 4))
    assert highway.of_hidden[1].weight.shape == (4, 3, 4)
    assert highway.of_hidden[1].weight.eq(1).all()
    assert highway(torch.randn(1, 2, 3, 4), torch.zeros(1, 2, 3, 4)).shape == (1, 2, 3, 4)


def test_a_single_layer_has_no_place_for_the_highway():
    with pytest.raises(
        ValueError, match="layers must be a whole number of at least 2, but it is 1"
    ):
        PredRNNppConfig(layers=1)
