"""Bins of values and of errors."""

import numpy as np
import pytest

from pipelines.normalise import Normaliser
from pipelines.series import Channel
from stforecast.verification.error_bins import counts_in, error_edges, numbers_in, value_edges

T2M = Channel("t2m", "t2m", units="K", valid_min=0.0)
RAIN = Channel("tp", "tp", units="m", valid_min=0.0)
COVER = Channel("tcc", "tcc", units="1", valid_min=0.0, valid_max=1.0)
INFLOW = Channel("inflow", "inflow", units="1", valid_min=0.0)


@pytest.mark.parametrize(
    ("channel", "normaliser", "ends"),
    [
        (T2M, Normaliser((280.0,), (10.0,)), (230, 330)),  # 280 ± 5 · 10
        (RAIN, Normaliser((2.0,), (1.0,)), (0, 10)),  # 0 is nearer: 2 + 8 · 1
        (COVER, Normaliser((0.5,), (0.4,)), (0, 1)),  # no cover beyond 1
        (T2M, Normaliser((250.0,), (50.0,), "minmax01"), (250, 300)),
        (T2M, Normaliser((270.0,), (40.0,), "minmax11"), (230, 310)),
    ],
)
def test_values_are_counted_between_what_training_leads_one_to_expect(channel, normaliser, ends):
    edges = value_edges(normaliser, [channel])[0]
    assert (edges[0], edges[-1]) == pytest.approx(ends)
    np.testing.assert_allclose(np.diff(edges), (ends[1] - ends[0]) / 100)


def test_bins_of_errors_are_narrow_about_0_and_lie_about_it():
    edges = error_edges(Normaliser((280.0,), (10.0,)), [T2M])[0]
    np.testing.assert_allclose(edges, -edges[::-1], atol=1e-12)
    assert edges[-1] == pytest.approx(100)  # as far as two values can be apart
    widths = np.diff(edges)
    assert widths.argmin() == len(widths) // 2
    assert widths.min() < 0.05
    assert (np.diff(widths[len(widths) // 2 :]) > 0).all()


@pytest.mark.parametrize(("scale", "width"), [(10.0, 1), (200.0, 3)])
def test_errors_of_counts_have_a_whole_number_in_the_middle_of_each_bin(scale, width):
    edges = error_edges(Normaliser((20.0,), (scale,)), [INFLOW])[0]
    np.testing.assert_array_equal(np.diff(edges), width)
    middles = (edges[:-1] + edges[1:]) / 2
    assert 0 in middles
    np.testing.assert_array_equal(middles % width, 0)


VALUES = np.array([-9.0, 0.0, 1.0, 1.9, 2.0, 3.0, np.inf, -np.inf])


def test_the_outer_bins_hold_what_lies_beyond():
    edges = np.array([0.0, 1.0, 2.0, 3.0])
    assert numbers_in(VALUES, edges).tolist() == [0, 0, 1, 1, 2, 2, 2, 0]
    assert counts_in(VALUES, edges).tolist() == [3, 2, 3]


def test_bins_that_are_not_even_are_counted():
    # Below 1: −9, 0, −inf; from 1 to 1.95: 1, 1.9; beyond: 2, 3, inf.
    assert counts_in(VALUES, np.array([0.0, 1.0, 1.95, 9.0])).tolist() == [3, 2, 3]
    assert counts_in(VALUES[:0], np.array([0.0, 1.0, 2.0])).tolist() == [0, 0]
