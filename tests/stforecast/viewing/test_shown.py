"""Fields of a forecast that is looked at."""

import numpy as np
import pytest
import xarray as xr

from pipelines.series import Channel
from stforecast.figures.fields import Fields
from stforecast.viewing.shown import VIEWS, Shown, find_wind


def make_shown(truth=2.0, climatology=0.5):
    """A forecast of 1 at two lead times on 2×3 cells."""
    ones = np.ones((2, 2, 3), dtype="float32")
    fields = Fields(
        forecast=ones,
        truth=None if truth is None else truth * ones,
        init_times=np.full(2, np.datetime64("2015-01-01", "ns")),
        lead_times=np.arange(1, 3) * np.timedelta64(6, "h").astype("timedelta64[ns]"),
        channel=Channel("t2m", "t2m", units="K"),
        factor=1.0,
        units="K",
        are_cells=False,
        attrs={},
    )
    usual = None if climatology is None else climatology * ones
    return Shown(
        fields=fields,
        grid=xr.DataArray(np.full((2, 3), np.nan), dims=("y", "x")),
        climatology=usual,
        baselines={} if usual is None else {"climatology": usual},
    )


def test_each_field_is_what_its_name_says():
    shown = make_shown()
    # Forecast 1, truth 2, usual 0.5.
    values = {what: float(shown.field(what, 1)[0, 0]) for what in VIEWS}
    assert values == {
        "forecast": 1,
        "truth": 2,
        "error": -1,
        "anomaly": 0.5,
        "truth anomaly": 1.5,
    }


def test_without_truth_or_climatology_there_are_no_such_fields():
    bare = make_shown(truth=None, climatology=None)
    assert [what for what in VIEWS if bare.field(what, 0) is not None] == ["forecast"]
    assert make_shown(truth=None).field("truth anomaly", 0) is None


def test_bytes_are_those_of_the_arrays_each_once():
    # Forecast, truth and the climatology, which is a baseline too: 3 × 2 × 2 × 3 values of 4 bytes.
    assert make_shown().nbytes == 3 * 12 * 4


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        (Channel("t500", "t", 500.0), ("u500", "v500")),
        (Channel("t850", "t", 850.0), None),
        (Channel("t2m", "t2m"), ("u10", "v10")),
    ],
)
def test_the_wind_is_that_of_the_channels_level(channel, expected):
    known = [Channel(f"{name}500", name, 500.0) for name in "uv"]
    known += [Channel("u850", "u", 850.0), Channel("u10", "u10"), Channel("v10", "v10")]
    assert find_wind(known, channel) == expected
