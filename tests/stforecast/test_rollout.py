import pytest
import torch
from torch import nn

from stforecast.rollout import rollout


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
