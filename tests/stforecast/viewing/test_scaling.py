"""Scales of what is shown: the same at every step, and shared where two are compared."""

import numpy as np
import pytest
import xarray as xr

from pipelines.series import Channel
from stforecast.figures.fields import Fields
from stforecast.viewing.scaling import scale_of
from stforecast.viewing.shown import Shown

HOUR = np.timedelta64(1, "h")


def make_shown(*, truth=True, climatology=True):
    """Forecasts of 280 to 282 K, truth a kelvin warmer, what is usual 5 kelvin colder."""
    forecast = np.linspace(280, 282, 24).reshape(2, 3, 4)
    fields = Fields(
        forecast=forecast,
        truth=forecast + 1 if truth else None,
        init_times=np.full(2, np.datetime64("2015-01-01", "ns")),
        lead_times=np.array([6, 12]) * HOUR.astype("timedelta64[ns]"),
        channel=Channel("t2m", "t2m", None, "K", "air_temperature", "2 metre temperature"),
        factor=1.0,
        units="K",
        are_cells=False,
        attrs={},
    )
    usual = forecast - 5 if climatology else None
    return Shown(fields, xr.DataArray(np.zeros((3, 4)), dims=("y", "x")), climatology=usual)


def test_forecast_and_truth_share_a_scale_that_spans_both():
    shown = make_shown()
    scale = scale_of(shown, "forecast")
    assert scale_of(shown, "truth") == scale
    assert scale.low <= 280
    assert scale.high >= 283


def test_errors_and_anomalies_are_symmetric_and_anomalies_share_theirs():
    shown = make_shown()
    error, anomaly = scale_of(shown, "error"), scale_of(shown, "anomaly")
    assert error.low == -error.high
    assert anomaly.low == -anomaly.high
    assert anomaly.high >= 6  # the truth's: 1 K of error and 5 K from what is usual
    assert scale_of(shown, "truth anomaly") == anomaly
    assert error.colours != anomaly.colours


@pytest.mark.parametrize("what", ["error", "truth anomaly"])
def test_what_is_not_there_has_no_scale(what):
    with pytest.raises(ValueError, match=f"no '{what}': there is no truth or climatology"):
        scale_of(make_shown(truth=False, climatology=False), what)
