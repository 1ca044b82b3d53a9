import pytest
import torch
from torch import nn

from stforecast.rollout import join_inputs, rollout


class AddOne(nn.Module):
    """Forecasts `horizon` frames, each the last one plus its lead."""

    def __init__(self, horizon):
        super().__init__()
        self.horizon = horizon

    def forward(self, history):
        lead = torch.arange(1.0, self.horizon + 1).view(1, -1, 1, 1, 1)
        return history[:, -1:] + lead


def history_of(*values):
    return torch.tensor(values).view(1, -1, 1, 1, 1)


@pytest.mark.parametrize("horizon", [1, 2, 3, 5])
@pytest.mark.parametrize("steps", [1, 4, 7])
def test_any_number_of_steps_comes_out_whatever_the_horizon(horizon, steps):
    blocks = list(rollout(AddOne(horizon), history_of(8.0, 9.0, 10.0), steps=steps))
    assert torch.cat(blocks, dim=1).flatten().tolist() == [11.0 + i for i in range(steps)]


def test_the_history_is_not_changed():
    history = history_of(1.0, 2.0)
    list(rollout(AddOne(2), history, steps=5))
    assert history.flatten().tolist() == [1.0, 2.0]


def test_blocks_come_one_at_a_time():
    blocks = rollout(AddOne(2), history_of(1.0), steps=10**9)
    assert next(blocks).flatten().tolist() == [2.0, 3.0]


class TwoChannels(nn.Module):
    def forward(self, history):
        return history.expand(-1, -1, 2, -1, -1)


def test_other_channels_out_than_in_cannot_be_fed_back():
    blocks = rollout(TwoChannels(), history_of(1.0), steps=3)
    next(blocks)
    with pytest.raises(ValueError, match="takes 1 channels and puts out 2"):
        next(blocks)


class SumOfLast(nn.Module):
    """Forecasts the last frame plus its extra input, one step."""

    def forward(self, history):
        return history[:, -1:].sum(dim=2, keepdim=True)


def test_inputs_become_planes_behind_the_channels():
    history = torch.zeros(2, 3, 1, 4, 5)
    joined = join_inputs(history, torch.arange(12.0).view(2, 3, 2))
    assert joined.shape == (2, 3, 3, 4, 5)
    assert joined[1, 2, :, 3, 4].tolist() == [0, 10, 11]
    assert join_inputs(history, torch.zeros(2, 3, 0)) is history


def test_inputs_of_later_times_go_with_what_is_fed_back():
    # Inputs 1, 10 go with the history; 100, 1000 with the first two forecasts.
    inputs = torch.tensor([1.0, 10, 100, 1000]).view(1, 4, 1)
    blocks = list(rollout(SumOfLast(), history_of(0.0, 5.0), steps=3, inputs=inputs))
    # 5 + 10, + 100, + 1000
    assert torch.cat(blocks, dim=1).flatten().tolist() == [15, 115, 1115]


def test_impossible_values_are_clipped_before_they_are_fed_back():
    blocks = rollout(AddOne(1), history_of(0.0), steps=3, clip=lambda frames: frames.clamp(max=0.5))
    assert torch.cat(list(blocks), dim=1).flatten().tolist() == [0.5, 0.5, 0.5]
