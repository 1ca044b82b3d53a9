import numpy as np
import pytest

from pipelines.grid import Grid
from pipelines.preparing.regridded import find_regridding, regridded_labels


def test_the_grid_of_the_data_needs_no_regridding(waves):
    assert find_regridding(waves, None) is None
    assert find_regridding(waves, "22.5") is None
    assert find_regridding(waves, Grid(waves["latitude"].values, waves["longitude"].values)) is None


def test_data_without_geography_have_no_area_means(waves):
    with pytest.raises(ValueError, match="grid 45: the data have no latitude and longitude"):
        find_regridding(waves.drop_vars(["latitude", "longitude"]), "45")


def test_labels_are_those_of_the_target_and_static_fields_area_means(waves):
    static = np.tile(np.arange(16, dtype="float32"), (8, 1))
    series = waves.assign_coords(orography=(("y", "x"), static, {"units": "m"})).assign_attrs(
        note="a"
    )
    regridding = find_regridding(series, "45")
    assert regridding is not None
    labels = regridded_labels(series, regridding)
    assert labels["latitude"].values.tolist() == [67.5, 22.5, -22.5, -67.5]
    assert labels["orography"].attrs == {"units": "m"}
    # Columns 1, 2 and 3 lie in the cell around 45°: half of 1, 2, half of 3.
    assert np.allclose(labels["orography"][:, 1], 2)
    assert labels.attrs["note"].startswith("a; area means on 4×8 cells")
    assert set(labels.coords) == set(series.coords)
