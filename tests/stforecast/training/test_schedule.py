import pytest
import torch

from stforecast.experiment import TrainingConfig
from stforecast.training.schedule import make_schedule


def rates(steps, *, steps_an_epoch=10, **config):
    optimiser = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=config["learning_rate"])
    schedule, interval = make_schedule(
        optimiser, TrainingConfig(**config), steps_an_epoch=steps_an_epoch
    )
    found = []
    for _ in range(steps):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return found, interval


def test_cosine_goes_from_the_highest_to_nearly_nothing():
    found, interval = rates(51, schedule="cosine", learning_rate=5e-3, epochs=50)
    assert interval == "epoch"
    assert found[0] == pytest.approx(5e-3)
    # Half way: 1e-6 + (5e-3 − 1e-6) / 2
    assert found[25] == pytest.approx(1e-6 + 0.5 * (5e-3 - 1e-6))
    assert found[50] == pytest.approx(1e-6)


def test_warm_up_rises_by_equal_steps_from_1e_5():
    found, _ = rates(6, schedule="cosine", learning_rate=1e-3, epochs=50, warmup_epochs=5)
    assert found[:5] == pytest.approx([1e-5 + n * (1e-3 - 1e-5) / 5 for n in range(5)])
    assert found[5] < 1e-3  # the cosine counts the epochs from 0, as the reference does


def test_one_cycle_steps_by_batch_rises_and_ends_far_below():
    found, interval = rates(100, schedule="onecycle", learning_rate=1e-3, epochs=10)
    assert interval == "step"
    assert max(found) == pytest.approx(1e-3)
    assert 20 < found.index(max(found)) < 40  # three tenths of the way
    assert found[-1] == pytest.approx(1e-3 / 25 / 1e4, rel=1e-3)


def test_constant_stays():
    found, _ = rates(5, schedule="constant", learning_rate=1e-3, epochs=3)
    assert found == [1e-3] * 5
