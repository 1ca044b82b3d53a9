"""Grids that are unusual or cannot be read, made on purpose, and found."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pipelines.checking import check, mend


def codes(report):
    return {each.code for each in report.findings}


def found(report, code):
    [each] = [each for each in report.findings if each.code == code]
    return each


def mended(raw: Path):
    """The mended copy of a folder, which holds nothing more that could be mended."""
    result = mend(raw, raw.parent / "mended")
    assert result.after.fixable == ()
    return result


def test_grids_in_another_order_are_turned(make, save):
    order = np.concatenate([np.arange(4, 8), np.arange(4)])
    data = make().isel(latitude=slice(None, None, -1), longitude=order)
    west = (data["longitude"].values + 180) % 360 - 180
    data = data.assign_coords(longitude=("longitude", west, {"units": "degrees_east"}))
    raw = save(data)
    report = check(raw)
    assert codes(report) == {"latitude-order", "longitude-range"}
    assert report.exit_code == 0
    mended(raw)
    copy = xr.load_dataset(raw.parent / "mended" / "a.nc")
    np.testing.assert_array_equal(copy["t2m"].values, make()["t2m"].values)
    np.testing.assert_array_equal(copy["longitude"], make()["longitude"])
    np.testing.assert_array_equal(copy["latitude"], make()["latitude"])


def test_a_jump_in_longitude_is_named(make, save):
    data = make()
    west = (data["longitude"].values + 180) % 360 - 180
    data = data.assign_coords(longitude=("longitude", west, {"units": "degrees_east"}))
    told = found(check(save(data)), "longitude-range")
    assert "with a jump at 135°" in told.message


def test_rows_in_no_order_and_columns_out_of_order_are_sorted(make, save):
    data = make().isel(latitude=[1, 0, 2, 3, 4, 5], longitude=[1, 0, *range(2, 8)])
    raw = save(data)
    report = check(raw)
    assert "rows are in no order" in found(report, "latitude-order").message
    assert "longitude" in found(report, "longitude-range").code
    mended(raw)
    copy = xr.load_dataset(raw.parent / "mended" / "a.nc")
    np.testing.assert_array_equal(copy["t2m"].values, make()["t2m"].values)


def test_a_repeated_column_is_dropped(make, save):
    data = make()
    last = data.isel(longitude=[0])
    last = last.assign_coords(longitude=("longitude", [360.0], {"units": "degrees_east"}))
    raw = save(xr.concat([data, last], "longitude"))
    assert codes(check(raw)) == {"repeated-column"}
    mended(raw)
    assert xr.load_dataset(raw.parent / "mended" / "a.nc").sizes["longitude"] == 8


@pytest.mark.parametrize(
    ("bend", "code"),
    [
        (lambda d: d.assign_coords(latitude=[80, 50, 10, -15, -45, -75]), "uneven-grid"),
        (lambda d: d.assign_coords(latitude=[74.0, 45.0, 15.2, -15.2, -45.0, -74.0]), "gaussian"),
        (lambda d: d.rename(latitude="rlat", longitude="rlon"), "rotated"),
        (lambda d: d.drop_vars("latitude"), "no-coordinates"),
        (
            lambda d: d.assign_coords(
                latitude=("latitude", np.linspace(-175, 175, 6), {"units": "degrees_north"}),
                longitude=("longitude", np.linspace(-70, 70, 8), {"units": "degrees_east"}),
            ),
            "swapped-axes",
        ),
    ],
)
def test_grids_that_cannot_be_read_are_named_and_the_values_still_looked_at(make, save, bend, code):
    data = bend(make())
    data["t2m"][2, 0, 0] = np.inf
    report = check(save(data))
    assert codes(report) == {code, "infinite"}
    assert report.variables["t2m"].missing_map.shape == (6, 8)


def test_files_on_other_grids_are_told(make, save):
    raw = save(make(), "a.nc")
    save(make(first="2015-01-04"), "b.nc")
    save(make(first="2015-01-07", longitude=np.arange(0.0, 360, 90)), "c.nc")
    told = found(check(raw), "grids-differ")
    assert told.examples == ("c.nc",)
