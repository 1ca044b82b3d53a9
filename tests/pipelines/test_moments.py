import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.moments import Moments, moments_of_planes, pieces_of


def test_moments_are_those_of_the_textbook():
    # 1, 2, 3, 6: mean 3; deviations 4 + 1 + 0 + 9 = 14; variance 14 / 4 = 3.5
    found = Moments.of(np.array([1.0, 2, 3, 6]), 0)
    assert found.table().tolist() == [4, 3, 14, 1, 6]
    assert found.std == pytest.approx(np.sqrt(3.5))


def test_missing_and_infinite_values_are_left_out():
    found = Moments.of(np.array([np.nan, 1, np.inf, 3, -np.inf], dtype="float32"), 0)
    assert found.table().tolist() == [2, 2, 2, 1, 3]


def test_no_value_at_all_is_neutral():
    none = Moments.of(np.full((3, 4), np.nan), 1)
    assert none.count.tolist() == [0, 0, 0]
    assert np.isnan(none.std).all()
    one = Moments.of(np.array([[5.0, 7.0]] * 3), 1)
    assert np.array_equal(one.merge(none).table(), one.table())
    assert np.array_equal(none.merge(one).table(), one.table())
    assert np.array_equal(none.over(0).table(), none.table()[0])


def test_one_group_stays_for_each_place_on_the_other_axes():
    values = np.arange(24.0).reshape(2, 3, 4)
    found = Moments.of(values, (0, 2))
    assert found.mean.tolist() == [7.5, 11.5, 15.5]
    assert found.count.tolist() == [8, 8, 8]


def test_pressures_keep_their_digits_over_a_million_values_in_many_pieces():
    values = (101_325 + np.random.default_rng(0).normal(0, 0.5, (1000, 1000))).astype("float32")
    exact = values.astype("longdouble")
    found = Moments.of(values, 1).over(0)
    assert found.mean == pytest.approx(float(exact.mean()), rel=1e-15)
    assert found.std == pytest.approx(float(exact.std()), rel=1e-12)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6, width=32) | st.just(float("nan")), min_size=1, max_size=40),
    st.integers(0, 40),
)
def test_parts_add_up_to_the_whole_wherever_they_are_cut(numbers, place):
    values = np.array(numbers)
    whole = Moments.of(values, 0)
    parts = Moments.of(values[:place], 0).merge(Moments.of(values[place:], 0))
    assert parts.count == whole.count
    assert parts.mean == pytest.approx(whole.mean, rel=1e-12, abs=1e-9)
    assert parts.squares == pytest.approx(whole.squares, rel=1e-9, abs=1e-3)
    assert (parts.minimum, parts.maximum) == (whole.minimum, whole.maximum)


def test_a_table_is_read_back():
    moments = Moments.of(np.arange(12.0).reshape(3, 4), 1)
    assert np.array_equal(Moments.from_table(moments.table()).table(), moments.table())


def test_a_negative_variance_beyond_rounding_is_refused():
    rounding = Moments.from_table(np.array([[4, 1e5, -1e-3, 0, 1]]))
    assert rounding.std.tolist() == [0]
    with pytest.raises(ValueError, match="variance of -25 cannot be: the moments are damaged"):
        _ = Moments.from_table(np.array([[4, 1.0, -100, 0, 1]])).std


@pytest.mark.parametrize(
    "shape", [(7, 3, 8, 16), (5, 9, 512, 512), (2, 1, 2048, 1024), (0, 2, 4, 4)]
)
def test_pieces_hold_every_plane_once(shape):
    held = np.zeros(shape[:2], dtype=int)
    for piece in pieces_of(shape):
        held[piece] += 1
    assert (held == 1).all()


def test_planes_are_measured_one_by_one():
    frames = np.random.default_rng(0).normal(size=(5, 3, 4, 6)).astype("float32")
    found = moments_of_planes(frames)
    assert np.allclose(found.mean, frames.mean((2, 3)), rtol=1e-5)
    assert found.count.tolist() == [[24] * 3] * 5
