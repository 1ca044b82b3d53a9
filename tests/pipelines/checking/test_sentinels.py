import numpy as np
import pytest

from pipelines.checking.sentinels import mask_sentinels

ANY = np.array([np.inf])
KELVIN = np.array([170.0]), np.array([345.0])


def test_good_values_stay_as_they_are():
    values = np.linspace(250, 300, 20)
    masked, counts = mask_sentinels(values, *KELVIN)
    assert masked is values
    assert counts == {}


def test_several_sentinels_are_masked_and_counted():
    values = np.array([280, -9999, 9.96921e36, -9999, 281], dtype="float32")
    masked, counts = mask_sentinels(values, *KELVIN)
    np.testing.assert_array_equal(masked, np.array([280, np.nan, np.nan, np.nan, 281], "float32"))
    assert counts == {-9999.0: 2, 9.969209968386869e36: 1}


def test_a_number_that_occurs_in_nature_is_none():
    values = np.array([99_999.0, 101_325])
    assert mask_sentinels(values, np.array([85_000.0]), np.array([110_000.0]))[1] == {}


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1.0, 2, -9999, -9999], True),
        ([1.0, 2, -9999], False),  # once: it may be a value
        ([-9999.0, -9999], False),  # nothing to hold it against
        ([-9999.0, -9999, 9000, -8000], False),  # among others of its size
        ([1.0, 1e20], True),
    ],
)
def test_of_what_has_no_range_a_sentinel_is_beyond_all_measure_or_apart(values, found):
    assert bool(mask_sentinels(np.array(values), -ANY, ANY)[1]) == found


def test_nothing_but_missing_values_holds_no_sentinel():
    assert mask_sentinels(np.full(3, np.nan), *KELVIN)[1] == {}
    assert mask_sentinels(np.empty(0), *KELVIN)[1] == {}
