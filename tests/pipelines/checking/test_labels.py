import numpy as np
import pytest
import xarray as xr

from pipelines.checking.labels import label

HOUR = np.timedelta64(1, "h")


@pytest.mark.parametrize(
    ("step", "later"),
    [
        (xr.DataArray(np.timedelta64(3, "h")), 3),
        (xr.DataArray(1.0, attrs={"units": "days"}), 24),
        (xr.DataArray(90, attrs={"units": "minutes"}), 1.5),
        (xr.DataArray(0.0), 0),
        (xr.DataArray(np.nan), 0),
    ],
)
def test_a_lead_time_is_added_in_whatever_units_it_has(make, step, later):
    data = make().assign_coords(step=step)
    labelled, findings = label(data, "a.nc")
    apart = labelled.times - data["time"].values
    assert (apart == np.timedelta64(round(later * 60), "m")).all()
    assert bool(findings) == bool(later)


def test_valid_times_beside_starts_are_taken(make):
    data = make()
    valid = data["time"].values + 6 * HOUR
    data = data.assign_coords(valid_time=("time", valid), step=6.0)
    labelled, findings = label(data, "a.nc")
    assert (labelled.time_name, findings) == ("valid_time", [])
    np.testing.assert_array_equal(labelled.times, valid)


def test_a_span_that_is_no_date_cuts_nothing(make):
    data = make().assign_attrs(valid_time_start="soon", valid_time_stop="2015-01-02")
    labelled, _ = label(data, "a.nc")
    assert len(labelled.times) == 8


def test_time_under_another_name_is_found_by_its_units(make):
    hours = ("time", 1_000_000 + 6.0 * np.arange(12), {"units": "hours since 1900-01-01"})
    data = make().drop_vars("time").assign_coords(when=hours)
    labelled, _ = label(data, "a.nc")
    assert labelled.time_name == "when"


def test_data_without_any_time_have_no_labels(make):
    labelled, [told] = label(make().isel(time=0, drop=True), "a.nc")
    assert labelled is None
    assert told.code == "no-time"
