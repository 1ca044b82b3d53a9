import numpy as np
import pytest
import torch
from torch import nn

from pipelines.grid import Grid
from pipelines.planes import Planes, grid_angles
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


def test_fixed_planes_and_presence_stand_behind_the_numbers():
    history = torch.zeros(1, 2, 1, 1, 3)
    planes = Planes(fixed=torch.full((1, 1, 3), 7.0), present=True)
    known = torch.tensor([True, False]).view(1, 2, 1, 1, 1).expand(1, 2, 1, 1, 3)
    joined = join_inputs(history, torch.ones(1, 2, 1), planes=planes, present=known)
    assert joined[0, :, :, 0, 2].tolist() == [[0, 1, 7, 1], [0, 1, 7, 0]]
    everything = join_inputs(history, torch.ones(1, 2, 1), planes=planes)
    assert everything[0, :, 3, 0, 2].tolist() == [1, 1]


def test_the_sun_of_a_later_time_goes_with_what_is_fed_back():
    rows, columns = map(torch.from_numpy, grid_angles(Grid(np.array([90.0]), np.array([0.0]))))
    planes = Planes(rows=rows, columns=columns, n_points=1)
    # Over the pole the first number is the radiation; below the horizon there is none.
    numbers = torch.zeros(1, 4, 3)
    numbers[0, :, 0] = torch.tensor([-5.0, 10, -100, 1000])
    blocks = list(
        rollout(SumOfLast(), history_of(0.0, 5.0), steps=3, inputs=numbers, planes=planes)
    )
    # 5 + 10, + 0, + 1000
    assert torch.cat(blocks, dim=1).flatten().tolist() == [15, 15, 1015]


class Presence(nn.Module):
    """Forecasts the sum of what is said to be present."""

    def forward(self, history):
        return history[:, :, 1:2].sum(dim=1, keepdim=True)


def test_what_is_fed_back_is_present_but_for_cells_that_never_are():
    history = torch.zeros(1, 2, 1, 1, 2)
    present = torch.tensor([[False, False], [True, False]]).view(1, 2, 1, 1, 2)
    told = {"steps": 3, "inputs": torch.zeros(1, 5, 0), "planes": Planes(present=True)}
    blocks = list(rollout(Presence(), history, present=present, **told))
    assert torch.cat(blocks, dim=1)[0, :, 0, 0].tolist() == [[1, 0], [2, 1], [2, 2]]
    sea = torch.tensor([[[False, True]]])
    blocks = list(rollout(Presence(), history, present=present, empty=sea, **told))
    assert torch.cat(blocks, dim=1)[0, :, 0, 0].tolist() == [[1, 0], [2, 0], [2, 0]]
