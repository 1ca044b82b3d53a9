import numpy as np
import pytest

from pipelines.presence import values_present
from pipelines.store import open_store, write_store


@pytest.fixture
def holey(waves):
    """Frame 3 is missing, channel 1 of frame 5 is infinite, and frame 7 has one value in a corner."""
    series = waves[:10].copy()
    series[3], series[5, 1], series[7, 0] = np.nan, np.inf, np.nan
    series[7, 0, -1, -1] = 280
    return series


EXPECTED = np.ones((10, 2), dtype=bool)
EXPECTED[3], EXPECTED[5, 1] = False, False


def test_planes_without_a_single_value_are_found(holey):
    np.testing.assert_array_equal(values_present(holey), EXPECTED)
    np.testing.assert_array_equal(values_present(holey.chunk(time=3)), EXPECTED)
    fine = holey.isel(y=np.repeat(np.arange(8), 5))  # not all rows are looked at first
    np.testing.assert_array_equal(values_present(fine), EXPECTED)


def test_a_store_knows_them_without_reading(holey, tmp_path):
    write_store(holey, tmp_path / "store")
    series = open_store(tmp_path / "store")
    np.testing.assert_array_equal(values_present(series), EXPECTED)
    np.testing.assert_array_equal(values_present(series[2:9:2, 1:]), EXPECTED[2:9:2, 1:])
