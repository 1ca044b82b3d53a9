"""What sets MIM apart; `test_grid.py` has what it shares with others."""

import pytest
import torch

from models import NetworkShape
from models.recurrent.mim import MIMConfig, MIMCore, PeepholeLSTMCell

SHAPE = NetworkShape(history=3, horizon=2, channels_in=1, channels_out=1, height=6, width=6)


def make_core():
    torch.manual_seed(0)
    return MIMCore(MIMConfig(width=4, layers=3, kernel=3, patch=2), SHAPE)


def steps_of(core, frames):
    states = [core.begin(frames[0])]
    for frame in frames:
        states.append(core(frame, states[-1])[1])
    return states[1:]


def test_a_gate_sees_each_cell_of_the_memory_through_its_own_weight():
    # Without convolutions: enter = forget = σ(p·m), with the forget gate's 1 besides, candidate 0.
    cell = PeepholeLSTMCell(1, kernel=1, size=(1, 2), norm_size=None)
    for values in cell.parameters():
        torch.nn.init.zeros_(values)
    cell.of_memory.data[1] = torch.tensor([[0.0, 2.0]])
    cell.of_new_memory.data[0] = torch.tensor([[0.0, -1.0]])
    memory = torch.tensor([[[[3.0, 3.0]]]])
    hidden, after = cell(None, torch.zeros(1, 1, 1, 2), memory)
    kept = torch.tensor([1.0, 1.0 + 2 * 3]).sigmoid() * 3
    torch.testing.assert_close(after[0, 0, 0], kept)
    torch.testing.assert_close(
        hidden[0, 0, 0], (torch.tensor([0.0, -1.0]) * kept).sigmoid() * kept.tanh()
    )


def test_what_changes_is_seen_from_the_second_frame_on():
    core = make_core()
    first, second = steps_of(core, torch.randn(2, 2, 4, 3, 3))
    assert all(not layer.difference.any() and not layer.changing.any() for layer in first.above)
    assert all(layer.difference.any() and layer.changing.any() for layer in second.above)


def test_frames_that_leave_the_lowest_layer_as_it_is_are_no_change():
    core = make_core()
    for values in core.cells[0].parameters():
        torch.nn.init.zeros_(values)
    *_, last = steps_of(core, torch.randn(3, 2, 4, 3, 3))
    assert not any(layer.difference.any() for layer in last.above)


def test_gradients_go_through_all_that_mim_s_remembers():
    core = make_core()
    frames = torch.randn(3, 1, 4, 3, 3)
    states = [core.begin(frames[0])]
    staying = torch.zeros(1, 4, 3, 3, requires_grad=True)
    states[0].above[0] = states[0].above[0]._replace(staying=staying)
    for frame in frames:
        states.append(core(frame, states[-1])[1])
    states[-1].above[0].staying.sum().backward()
    assert staying.grad.any()


def test_one_layer_is_not_a_mim():
    with pytest.raises(
        ValueError, match=r"layers must be a whole number of at least 2, but it is 1"
    ):
        MIMConfig(layers=1)
