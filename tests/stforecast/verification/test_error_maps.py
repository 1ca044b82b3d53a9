"""Errors of each cell on the map."""

import numpy as np
import pytest
import xarray as xr

from pipelines.places import Place
from stforecast.verification.error_maps import lay_out_errors

PLACE = Place(name="own", extent=(40.0, 41.0, -74.0, -73.0), transposed=True, note="roughly")


def test_maps_are_turned_and_the_rest_stays():
    errors = xr.Dataset(
        {
            "count": (("channel", "y", "x"), np.arange(6).reshape(1, 2, 3)),
            "bias": (("forecaster", "channel", "y", "x"), np.arange(6.0).reshape(1, 1, 2, 3)),
            "row_weight": ("y", np.ones(2)),
            "correlation": (("forecaster", "channel"), [[0.5]]),
        },
        attrs={"dialect": "traffic"},
    )
    placed = lay_out_errors(errors, PLACE)
    assert placed["count"].shape == (1, 3, 2)
    np.testing.assert_array_equal(placed["bias"][0, 0], np.arange(6.0).reshape(2, 3).T)
    assert placed["row_weight"].shape == (3,)
    assert placed["correlation"].item() == 0.5
    assert placed.attrs == {"dialect": "traffic", "place": "own", "place_note": "roughly"}
    assert placed.sizes == {"channel": 1, "forecaster": 1, "y": 3, "x": 2}


def test_errors_without_maps_stay_as_they_are():
    errors = xr.Dataset({"correlation": ("channel", [0.5])})
    xr.testing.assert_identical(lay_out_errors(errors, PLACE), errors)


def test_a_grid_with_a_geography_of_its_own_is_refused():
    errors = xr.Dataset(
        {"count": (("y", "x"), np.ones((2, 2))), "row_weight": ("y", np.ones(2))},
        coords={"latitude": ("y", [1.0, 0.0])},
    )
    with pytest.raises(ValueError, match="leave place out"):
        lay_out_errors(errors, PLACE)
