import numpy as np
import pytest
import xarray as xr

from pipelines.store import write_store
from pipelines.store_backend import StoreBackend


def test_xarray_opens_a_store_and_reads_what_is_asked_for(waves, tmp_path):
    write_store(waves, tmp_path / "store")
    data = xr.open_dataset(tmp_path / "store", engine=StoreBackend)
    assert not data["series"].variable._in_memory
    assert data.attrs["dataset"] == "weatherbench"
    assert np.array_equal(data["series"].isel(time=3), waves[3])
    lazy = xr.open_dataset(tmp_path / "store", engine=StoreBackend, chunks={"time": 50})
    assert lazy["series"].chunks is not None
    assert lazy["series"].mean().compute() == pytest.approx(float(waves.mean()), rel=1e-5)


def test_variables_can_be_left_out(waves, tmp_path):
    write_store(waves, tmp_path / "store")
    for dropped in ("long_name", ["long_name", "absent"]):
        data = xr.open_dataset(tmp_path / "store", engine=StoreBackend, drop_variables=dropped)
        assert "long_name" not in data.variables


def test_stores_are_told_from_other_folders(waves, tmp_path):
    write_store(waves, tmp_path / "store")
    assert StoreBackend().guess_can_open(tmp_path / "store")
    assert StoreBackend().guess_can_open(str(tmp_path / "store"))
    assert not StoreBackend().guess_can_open(tmp_path)
    assert not StoreBackend().guess_can_open(b"")
    with pytest.raises(ValueError, match="is no analysis-ready store"):
        xr.open_dataset(tmp_path, engine=StoreBackend)
