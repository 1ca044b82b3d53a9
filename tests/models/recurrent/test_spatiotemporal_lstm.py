"""The spatiotemporal LSTM in closed form, at one cell, one channel and kernel 1."""

from math import tanh

import pytest
import torch

from models.recurrent.spatiotemporal_lstm import SpatiotemporalLSTMCell


def sigmoid(value):
    return (1 + tanh(value / 2)) / 2


def one(value):
    return torch.full((1, 1, 1, 1), float(value))


def put(module, *values):
    """The weights of the module's one convolution, an output channel each."""
    weights = next(module.parameters())
    with torch.no_grad():
        weights.copy_(torch.tensor(values, dtype=torch.float32).reshape(weights.shape))


def test_both_memories_gain_by_their_own_gates_and_the_output_sees_both():
    cell = SpatiotemporalLSTMCell(1, 1, kernel=1, norm_size=None)
    put(cell.of_frame, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
    put(cell.of_hidden, 0.11, 0.12, 0.13, 0.14)
    put(cell.of_spatial, 0.21, 0.22, 0.23)
    put(cell.of_memories, 0.31, 0.32)
    put(cell.merge, 0.41, 0.42)
    x, h, c, m = 1.0, 2.0, -1.5, 0.5
    step = cell(one(x), one(h), one(c), one(m))

    gain_c = sigmoid(0.1 * x + 0.11 * h) * tanh(0.3 * x + 0.13 * h)
    gain_m = sigmoid(0.4 * x + 0.21 * m) * tanh(0.6 * x + 0.23 * m)
    new_c = sigmoid(0.2 * x + 0.12 * h + 1) * c + gain_c  # the 1 is the forget bias
    new_m = sigmoid(0.5 * x + 0.22 * m + 1) * m + gain_m
    leave = sigmoid(0.7 * x + 0.14 * h + 0.31 * new_c + 0.32 * new_m)
    expected = [leave * tanh(0.41 * new_c + 0.42 * new_m), new_c, new_m, gain_c, gain_m]
    assert [value.item() for value in step] == pytest.approx(expected, rel=1e-5)


def test_a_layer_norm_stands_behind_every_convolution_of_a_gate():
    cell = SpatiotemporalLSTMCell(3, 2, kernel=3, norm_size=(4, 5))
    sizes = {name: tuple(values.shape) for name, values in cell.named_parameters()}
    assert sizes["of_frame.1.weight"] == (14, 4, 5)
    assert sizes["of_hidden.1.weight"] == (8, 4, 5)
    assert sizes["of_spatial.1.weight"] == (6, 4, 5)
    assert sizes["of_memories.1.weight"] == (2, 4, 5)
    assert not [name for name in sizes if name.endswith("0.bias")]
