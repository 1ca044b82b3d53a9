import pytest
import torch

from models.drop_path import DropPath


def test_a_branch_is_dropped_for_whole_windows_at_the_rate_and_keeps_its_mean():
    torch.manual_seed(0)
    branch = torch.ones(20_000, 2, 3)
    dropped = DropPath(0.3)(branch)
    of_windows = dropped.flatten(1)
    assert torch.equal(of_windows.amin(1), of_windows.amax(1))
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.7])
    # standard error of a share of 0.3 among 20 000: 0.0032
    assert (of_windows[:, 0] == 0).float().mean() == pytest.approx(0.3, abs=0.013)
    assert dropped.mean() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("rate", "training"), [(0.5, False), (0.0, True)])
def test_nothing_is_dropped_outside_training_or_at_rate_0(rate, training):
    branch = torch.randn(4, 3)
    assert DropPath(rate).train(training)(branch) is branch


def test_the_rate_is_shown():
    assert str(DropPath(0.125)) == "DropPath(rate=0.125)"
