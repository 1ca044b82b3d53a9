import pytest
import torch

from models.recurrent.phycell import PhyCell


def with_filters(kernel, filters):
    cell = PhyCell(2, kernel=kernel)
    with torch.no_grad():
        cell.derivatives.weight.copy_(filters[:, None].expand(-1, 2, -1, -1))
    return cell


def derivative_filters():
    """3×3 filters whose moments are those of one derivative each, in the order of the loss."""
    # Of 1, d and d² / 2 at d = −1, 0, 1, each row has one kind of moment that is 1, the others 0.
    row = torch.tensor([[0.0, 1.0, 0.0], [-0.5, 0.0, 0.5], [1.0, -2.0, 1.0]])
    return torch.einsum("ip,jq->ijpq", row, row).flatten(0, 1)


def test_finite_differences_have_no_moment_loss():
    assert with_filters(3, derivative_filters()).moment_loss().item() == pytest.approx(0, abs=1e-12)


def test_a_filter_in_the_wrong_place_costs_its_moments():
    filters = derivative_filters()
    filters[0], filters[1] = filters[1].clone(), filters[0].clone()
    # Of 9 filters × 9 moments, two filters differ in two moments by 1: 4 / 81, for each of 2 channels.
    assert with_filters(3, filters).moment_loss().item() == pytest.approx(2 * 4 / 81)


def test_a_filter_of_ones_has_the_sums_of_powers_as_moments():
    # Σ 1 = 3, Σ d = 0, Σ d² / 2 = 1: moments (3, 0, 1) × (3, 0, 1) for each of 9 filters; the sum of
    # squares is 10² = 100. Less 1 at the moment wanted: (m − 1)² − m² = 1 − 2 m, and Σ m = 4² = 16.
    loss = with_filters(3, torch.ones(9, 3, 3)).moment_loss().item()
    assert loss == pytest.approx(2 * (9 * 100 + 9 - 2 * 16) / 81)


def test_a_gain_of_one_takes_over_what_is_seen_and_a_gain_of_zero_what_is_predicted():
    cell = PhyCell(2, kernel=3)
    seen, hidden = torch.randn(2, 1, 2, 5, 6)
    predicted = hidden + cell.combine(cell.norm(cell.derivatives(hidden)))
    with torch.no_grad():
        cell.gain.weight.zero_()
        cell.gain.bias.fill_(100.0)
    torch.testing.assert_close(cell(seen, hidden), seen)
    with torch.no_grad():
        cell.gain.bias.fill_(-100.0)
    torch.testing.assert_close(cell(seen, hidden), predicted)


def test_the_moments_weights_are_no_part_of_a_checkpoint():
    assert "moments_of" not in PhyCell(2, kernel=3).state_dict()
