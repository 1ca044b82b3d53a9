"""What sets E3D-LSTM apart; `test_grid.py` has what it shares with others."""

from itertools import pairwise

import pytest
import torch

from models import NetworkShape
from models.openstl import config_from_openstl, rename_openstl_keys
from models.recurrent.e3dlstm import E3DLSTMConfig, E3DLSTMCore, WindowConv, mean_absolute, recall

SHAPE = NetworkShape(history=3, horizon=2, channels_in=1, channels_out=1, height=6, width=6)


def masked_error(forecast, target):
    known = ~target.isnan()
    return (forecast - target.nan_to_num()).square()[known].mean()


def test_the_absolute_error_leaves_out_what_is_missing():
    forecast = torch.tensor([1.0, 2.0, 4.0, 8.0])
    truth = torch.tensor([2.0, torch.nan, 1.0, 8.0])
    # |1 − 2|, |4 − 1| and 0 of three values
    absolute = mean_absolute(forecast, truth, error=masked_error)
    torch.testing.assert_close(absolute, torch.tensor(4 / 3))


def test_the_absolute_error_weighs_cells_as_the_error_does():
    weights = torch.tensor([0.5, 1.5])

    def weighted_error(forecast, target):
        return (weights * (forecast - target).square()).mean()

    # (0.5 · 2 + 1.5 · 4) / 2
    forecast, truth = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 4.0])
    absolute = mean_absolute(forecast, truth, error=weighted_error)
    torch.testing.assert_close(absolute, torch.tensor(3.5))


def test_the_absolute_error_has_the_slope_of_a_sign_and_none_at_0():
    forecast = torch.tensor([3.0, -2.0, 0.0], requires_grad=True)
    mean_absolute(forecast, torch.zeros(3), error=masked_error).backward()
    torch.testing.assert_close(forecast.grad, torch.tensor([1 / 3, -1 / 3, 0.0]))


def test_recall_brings_back_the_memory_that_the_query_matches():
    past = torch.randn(1, 5, 3)
    query = torch.zeros(1, 3, 2, 2, 2)
    query[0, :, 1, 0, 1] = 1000 * past[0, 3]
    past[0, [0, 1, 2, 4]] *= 0.1
    found = recall(query, past)
    torch.testing.assert_close(found[0, :, 1, 0, 1], past[0, 3])
    torch.testing.assert_close(found[0, :, 0, 0, 0], past[0].mean(dim=0))  # no match: all alike


def test_recall_asks_for_each_cell_by_itself():
    past, query = torch.randn(2, 7, 3), torch.randn(2, 3, 2, 4, 5)
    turned = recall(query.roll((1, 2), dims=(3, 4)), past)
    torch.testing.assert_close(turned, recall(query, past).roll((1, 2), dims=(3, 4)))
    by_hand = torch.einsum("w,mw->m", query[1, :, 1, 2, 3], past[1]).softmax(0) @ past[1]
    torch.testing.assert_close(recall(query, past)[1, :, 1, 2, 3], by_hand)


def test_all_memories_are_recalled_and_both_are_updated():
    torch.manual_seed(0)
    core = E3DLSTMCore(E3DLSTMConfig(width=4, layers=2, kernel=3, patch=2), SHAPE)
    frames = torch.randn(3, 2, 4, 3, 3)
    states = [core.begin(frames[0])]
    for frame in frames:
        states.append(core(frame, states[-1])[1])
    cells = 2 * 3 * 3
    assert [state.layers[1].past.shape[1] for state in states] == [0, cells, 2 * cells, 3 * cells]
    for before, after in pairwise(states):
        assert not torch.equal(after.spatial, before.spatial)
        assert not torch.equal(after.layers[0].cell, before.layers[0].cell)


@pytest.mark.parametrize("pad_window", [False, True])
def test_the_window_keeps_its_steps(pad_window):
    conv = WindowConv(1, 1, kernel=1, pad_window=pad_window, norm_size=None)
    conv.conv.weight.data[0, 0, :, 0, 0] = torch.tensor([10.0, 1.0])
    made = conv(torch.tensor([2.0, 3.0]).reshape(1, 1, 2, 1, 1))
    # 10 · 2 + 3, and then the same again, or 10 · 3 + 0
    assert made.flatten().tolist() == [23, 30 if pad_window else 23]


@pytest.mark.parametrize("layer_norm", [False, True])
def test_the_weights_of_openstl_have_their_places(layer_norm):
    config = {"in_shape": [4, 2, 16, 16], "patch_size": 2, "num_hidden": [8, 8]}
    weights = {"conv_last.weight": (8, 8, 2, 1, 1)}
    for layer in range(2):
        weights |= {
            f"cell_list.{layer}._norm_c_t.weight": (8, 2, 8, 8),
            f"cell_list.{layer}._norm_c_t.bias": (8, 2, 8, 8),
            f"cell_list.{layer}.conv_last.conv3d.weight": (8, 16, 1, 1, 1),
        }
        for name, width in [("x", 56), ("h", 32), ("gm", 32), ("new_cell", 8), ("new_gm", 8)]:
            key = f"cell_list.{layer}.conv_{name}"
            weights[f"{key}.0.conv3d.weight"] = (width, 8, 2, 5, 5)
            if layer_norm:
                weights[f"{key}.1.weight"] = weights[f"{key}.1.bias"] = (width, 2, 8, 8)
    network = config_from_openstl("E3DLSTM", {**config, "layer_norm": layer_norm}).build()
    renamed = rename_openstl_keys(
        "E3DLSTM", {key: torch.zeros(shape) for key, shape in weights.items()}
    )
    network.load_state_dict(renamed)
    assert not any(values.any() for values in network.parameters())
