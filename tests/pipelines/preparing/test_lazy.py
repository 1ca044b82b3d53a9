import numpy as np
import pytest

from pipelines.preparing.lazy import SeriesCopying
from pipelines.preparing.prepare import prepare
from pipelines.preparing.regridded import find_regridding
from pipelines.store import fingerprint_of


@pytest.mark.parametrize("chunk", [None, 7, 64])
def test_any_series_becomes_a_store(chunk, waves, tmp_path):
    series = waves if chunk is None else waves.chunk(time=chunk)
    (tmp_path / "raw").touch()
    prepared = prepare(lambda: series, tmp_path / "store", source=tmp_path / "raw", request={})
    assert prepared.identical(waves)
    assert fingerprint_of(prepared) == fingerprint_of(waves)


def test_a_series_comes_onto_another_grid(waves, tmp_path):
    (tmp_path / "raw").touch()
    prepared = prepare(
        lambda: waves.chunk(time=30),
        tmp_path / "store",
        source=tmp_path / "raw",
        request={},
        grid="45",
    )
    assert prepared.shape == (200, 2, 4, 8)
    regridding = find_regridding(waves, "45")
    assert regridding is not None
    assert np.array_equal(prepared, regridding.apply(waves.values).astype("float32"))
    assert "area means on 4×8 cells" in prepared.attrs["note"]


def test_blocks_lie_along_the_chunks(waves):
    copying = SeriesCopying(waves.chunk(time=64))
    assert [block.frames for block in copying.blocks] == [(0, 200)]
    assert copying.series is copying.source
