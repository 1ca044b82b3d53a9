"""What of the errors fits into memory."""

import numpy as np
import pytest

from pipelines.normalise import Normaliser
from stforecast.verification.error_plan import make_error_details

STEP = np.timedelta64(6, "h")


@pytest.fixture
def series(series_of):
    return series_of(np.zeros((2, 2, 4, 5)))


def details_of(series, forecasters, *, n_leads, **options):
    return make_error_details(
        series,
        forecasters=forecasters,
        lead_times=np.arange(1, n_leads + 1) * STEP,
        weights=np.ones(4),
        normaliser=Normaliser((0.0, 0.0), (1.0, 1.0)),
        time_step=STEP,
        **options,
    )


def test_what_is_too_large_is_thinned_out_and_said(series):
    names = ("net", "persistence", "climatology")

    def thinned(most_bytes):
        return details_of(series, names, n_leads=8, most_bytes=most_bytes)

    whole = thinned(2**30)
    assert (whole.forecasters, whole.rows, whole.notes) == (names, tuple(range(8)), ())
    a_lead = sum(array.nbytes for array in details_of(series, names[:2], n_leads=1).sums.values())
    a_lead += 1000  # a few numbers of each lead time are taken for a few more
    fewer = thinned(8 * a_lead)
    assert fewer.forecasters == ("net", "persistence")
    assert fewer.notes == ("errors of climatology",)
    half = thinned(3 * a_lead)
    assert half.rows == (0, 4, 7)
    np.testing.assert_array_equal(half.lead_times, np.array([1, 5, 8]) * STEP)
    assert "all but 3 of 8 lead times" in half.notes
    assert sum(array.nbytes for array in half.sums.values()) <= 3 * a_lead
    none = thinned(1)
    assert (none.rows, "count" in none.sums) == ((7,), False)
    assert "maps" in none.notes
