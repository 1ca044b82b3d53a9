import numpy as np
import pytest
import xarray as xr

from stforecast.verification.weights import (
    cell_area_weights,
    cosine_weights,
    row_weights,
    uniform_weights,
)

GLOBAL_32 = 87.1875 - 5.625 * np.arange(32)


def test_two_hemispheres_weigh_the_same():
    # Bounds -90, 0, 90: sin differences 1 and 1.
    np.testing.assert_allclose(cell_area_weights(np.array([45.0, -45.0])), [1, 1], rtol=1e-15)


def test_three_rows_with_poles_follow_the_sine_of_their_bounds():
    # Bounds -90, -45, 45, 90: sin differences 1 - √½, 2 √½, 1 - √½; their mean is 2/3.
    half = np.sqrt(0.5)
    expected = np.array([1 - half, 2 * half, 1 - half]) * 3 / 2
    np.testing.assert_allclose(cell_area_weights(np.array([90.0, 0.0, -90.0])), expected)


def test_rows_of_a_regional_grid_end_half_a_step_beyond_their_centres():
    # Bounds 30, 40, 50, 60.
    edges = np.sin(np.deg2rad([30, 40, 50, 60]))
    expected = np.diff(edges) / np.diff(edges).mean()
    np.testing.assert_allclose(cell_area_weights(np.array([35.0, 45.0, 55.0])), expected)


def test_a_regional_grid_with_one_pole_reaches_to_that_pole_only():
    # Bounds 65, 75, 85, 90.
    edges = np.sin(np.deg2rad([65, 75, 85, 90]))
    expected = np.diff(edges) / np.diff(edges).mean()
    np.testing.assert_allclose(cell_area_weights(np.array([70.0, 80.0, 90.0])), expected)


def test_a_grid_that_lacks_its_last_polar_row_does_not_reach_to_that_pole():
    # 90 … -80 every 10 degrees: the southern bound is -85, not -90.
    latitude = 90.0 - 10 * np.arange(18)
    edges = np.sin(np.deg2rad(np.concatenate([[90], 85.0 - 10 * np.arange(18)])))
    expected = -np.diff(edges) / -np.diff(edges).mean()
    np.testing.assert_allclose(cell_area_weights(latitude), expected)


def test_a_gaussian_grid_reaches_to_both_poles():
    latitude = np.rad2deg(np.arcsin(np.polynomial.legendre.leggauss(32)[0]))
    middles = np.sin(np.deg2rad((latitude[1:] + latitude[:-1]) / 2))
    areas = np.diff(np.concatenate([[-1], middles, [1]]))
    np.testing.assert_allclose(cell_area_weights(latitude), areas / areas.mean(), rtol=1e-12)


def test_cell_area_and_cosine_agree_on_a_global_grid_without_poles():
    np.testing.assert_allclose(cell_area_weights(GLOBAL_32), cosine_weights(GLOBAL_32), rtol=1e-12)


@pytest.mark.parametrize("rule", [cell_area_weights, cosine_weights, uniform_weights])
@pytest.mark.parametrize("latitude", [GLOBAL_32, np.array([70.0, 60, 55, 40]), np.array([10.0])])
def test_weights_have_mean_one_in_either_order_of_latitude(rule, latitude):
    weights = rule(latitude)
    assert weights.mean() == pytest.approx(1, rel=1e-14)
    np.testing.assert_allclose(rule(latitude[::-1]), weights[::-1], rtol=1e-14)


def test_a_row_at_a_pole_weighs_nothing_by_its_cosine_but_something_by_its_area():
    latitude = 90.0 - 1.5 * np.arange(121)
    assert cosine_weights(latitude)[0] == pytest.approx(0, abs=1e-15)
    assert cell_area_weights(latitude)[0] == pytest.approx(0.0052, abs=5e-5)


def test_a_grid_without_geography_has_uniform_weights():
    array = xr.DataArray(np.zeros((3, 2)), dims=("y", "x"))
    np.testing.assert_array_equal(row_weights(array, rule="cell_area"), [1, 1, 1])


@pytest.mark.parametrize("rule", [cell_area_weights, cosine_weights])
def test_impossible_latitudes_are_refused(rule):
    with pytest.raises(ValueError, match="must strictly rise or fall"):
        rule(np.array([10.0, 20.0, 15.0]))
    with pytest.raises(ValueError, match=r"within -90…90 degrees, but one is 95\.0"):
        rule(np.array([95.0, 90.0]))
