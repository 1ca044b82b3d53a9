"""What sets MAU apart; `test_grid.py` has what it shares with others."""

import pytest
import torch

from models import NetworkShape
from models.openstl import config_from_openstl
from models.recurrent.mau import MAUConfig, MAUCore, MotionAwareUnit


def make_core(*, size=(8, 8), **options):
    torch.manual_seed(0)
    shape = NetworkShape(
        history=3, horizon=2, channels_in=1, channels_out=1, height=size[0], width=size[1]
    )
    return MAUCore(MAUConfig(**{"width": 4, "layers": 2, "kernel": 3, **options}), shape)


@pytest.mark.parametrize(("shrink", "n_halvings"), [(1, 0), (2, 1), (8, 3)])
@pytest.mark.parametrize("recall", [False, True])
def test_the_grid_is_shrunk_and_comes_back(shrink, n_halvings, recall):
    core = make_core(shrink=shrink, recall=recall)
    frame = torch.randn(2, 1, 8, 8)
    made, state, penalty = core(frame, core.begin(frame))
    assert made.shape == (2, 1, 8, 8)
    assert len(core.halvings) == len(core.doublings) == n_halvings
    assert state[0][0].shape == (2, 5, 4, 8 // shrink, 8 // shrink)
    assert penalty == 0


def test_a_unit_attends_to_the_motion_whose_appearance_is_like_the_query():
    unit = MotionAwareUnit(2, kernel=3, size=(3, 3), residual=False)
    appearance, motions = torch.randn(1, 2, 3, 3), torch.randn(1, 3, 2, 3, 3)
    query = unit.query(appearance).detach()
    appearances = torch.stack([-query, 1000 * query, -query], dim=1)
    others = motions.clone()
    others[:, 0] = 7.0  # what is not attended to may be anything
    with torch.no_grad():
        before, after = (unit(appearance, past, appearances) for past in (motions, others))
        torch.testing.assert_close(before, after)
        others[:, 1] = 7.0
        assert not torch.allclose(before[0], unit(appearance, others, appearances)[0])


def test_as_many_frames_are_kept_as_are_attended_to_newest_last():
    core = make_core(attended=3)
    frames = torch.randn(4, 1, 1, 8, 8)
    state = core.begin(frames[0])
    for frame in frames:
        before, (_, state, _) = state, core(frame, state)
    for past, later in zip(before, state, strict=True):
        for kept_before, kept in zip(past, later, strict=True):
            assert kept.shape[1] == 3
            assert torch.equal(kept[:, :-1], kept_before[:, 1:])
            assert not torch.equal(kept[:, -1], kept[:, -2])


def test_a_residual_unit_adds_what_came_in():
    plain = MotionAwareUnit(2, kernel=3, size=(3, 3), residual=False)
    residual = MotionAwareUnit(2, kernel=3, size=(3, 3), residual=True)
    residual.load_state_dict(plain.state_dict())
    appearance, motions, appearances = (
        torch.randn(1, 2, 3, 3),
        torch.randn(1, 3, 2, 3, 3),
        torch.randn(1, 3, 2, 3, 3),
    )
    motion, made = plain(appearance, motions, appearances)
    residual_motion, residual_made = residual(appearance, motions, appearances)
    torch.testing.assert_close(residual_motion, motion)
    torch.testing.assert_close(residual_made, made + appearance)


def test_a_configuration_of_openstl_has_its_defaults():
    read = config_from_openstl("MAU", {"in_shape": [10, 1, 64, 64]})
    defaults = MAUConfig()
    assert "layer_norm" not in read.options
    assert all(getattr(defaults, option) == value for option, value in read.options.items())


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("shrink", 0, r"shrink must be a whole number of at least 1, but it is 0"),
        ("shrink", 6, r"shrink must be a power of 2, but it is 6"),
        ("attended", 0, r"attended must be a whole number of at least 1, but it is 0"),
    ],
)
def test_an_option_out_of_its_range_is_refused(option, value, message):
    with pytest.raises(ValueError, match=message):
        MAUConfig(**{option: value})
