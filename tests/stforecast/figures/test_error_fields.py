"""Fields of errors and their scales."""

import numpy as np
import pytest

from stforecast.figures.error_fields import error_field_scale


def test_a_few_cells_far_off_are_left_beyond_the_scale():
    field = np.ones((40, 50))
    field[0, 0] = 500
    scale = error_field_scale(field, metric="rmse", units="K", bands=True)
    assert (scale.low, scale.beyond) == (0, "max")
    assert 1 <= scale.high < 2
    field[1, 1] = -500
    assert error_field_scale(field, metric="bias", units="K", bands=True).beyond == "both"


def test_a_skill_ends_at_1_however_bad_it_is():
    scale = error_field_scale(np.linspace(-9, 0.9, 100), metric="skill", units="", bands=False)
    assert (scale.low, scale.high, scale.beyond, scale.bands) == (-1, 1, "min", ())


@pytest.mark.parametrize("field", [np.zeros((2, 2)), np.full((2, 2), np.nan)])
@pytest.mark.parametrize("metric", ["rmse", "bias", "skill"])
def test_a_field_without_errors_or_values_has_a_scale(field, metric):
    scale = error_field_scale(field, metric=metric, units="K", bands=True)
    assert scale.low < scale.high
    assert scale.beyond == "neither"


def test_bands_end_at_round_numbers_and_leave_a_white_one_about_0():
    scale = error_field_scale(np.linspace(-3, 3, 99), metric="bias", units="K", bands=True)
    assert 0 not in scale.bands
    np.testing.assert_allclose(scale.bands, -np.array(scale.bands[::-1]))
