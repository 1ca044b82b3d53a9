import pytest
import torch

from stforecast.training.loss import SquaredError


def frames_of(*values):
    return torch.tensor(values).view(1, 1, 1, -1, 1)


def test_the_loss_is_the_mean_of_squares():
    # errors 1, 2, 3: (1 + 4 + 9) / 3
    loss = SquaredError()(frames_of(1.0, 2.0, 3.0), frames_of(0.0, 0.0, 0.0))
    assert loss.item() == pytest.approx(14 / 3)


def test_a_missing_target_costs_nothing_and_gives_no_gradient():
    forecast = frames_of(1.0, 2.0, 3.0).requires_grad_()
    loss = SquaredError()(forecast, frames_of(0.0, float("nan"), 0.0))
    loss.backward()
    assert loss.item() == pytest.approx(10 / 2)
    assert forecast.grad.flatten().tolist() == [1.0, 0.0, 3.0]


def test_all_missing_is_zero_not_nan():
    assert SquaredError()(frames_of(1.0), frames_of(float("nan"))).item() == 0.0


def test_rows_count_by_their_weight_also_under_a_mask():
    error = SquaredError(torch.tensor([0.5, 1.0, 1.5]))
    truth = frames_of(0.0, 0.0, float("nan"))
    # (0.5·1 + 1·4) / (0.5 + 1)
    assert error(frames_of(1.0, 2.0, 9.0), truth).item() == pytest.approx(4.5 / 1.5)


def test_sums_add_up_over_batches():
    error = SquaredError()
    first, second = (
        (frames_of(1.0, 2.0), frames_of(0.0, float("nan"))),
        (
            frames_of(3.0, 4.0),
            frames_of(0.0, 0.0),
        ),
    )
    totals = [error.sums(*batch) for batch in (first, second)]
    assert sum(total for total, _ in totals).item() == 1 + 9 + 16
    assert sum(count for _, count in totals).item() == 3
