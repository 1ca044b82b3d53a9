import numpy as np
import xarray as xr

from pipelines.checking.blocks import blocks_of, stored_chunks


def array(shape, **encoding):
    result = xr.DataArray(np.broadcast_to(np.float32(0), shape), dims=("t", "y", "x"))
    result.encoding = encoding
    return result


def covered(blocks, shape):
    counts = np.zeros(shape[:2], dtype=int)
    for frames, rows in blocks:
        counts[frames, rows] += 1
    return (counts == 1).all()


def test_blocks_cover_everything_once_and_cut_no_chunk(monkeypatch):
    monkeypatch.setattr("pipelines.checking.blocks._BLOCK_BYTES", 4 * 100 * 8)
    whole = array((50, 10, 10), preferred_chunks={"t": 3, "y": 10, "x": 10})
    blocks = list(blocks_of(whole))
    assert covered(blocks, whole.shape)
    assert {frames.stop - frames.start for frames, _ in blocks} == {6, 2}


def test_chunks_long_in_time_are_taken_in_bands_of_rows(monkeypatch):
    monkeypatch.setattr("pipelines.checking.blocks._BLOCK_BYTES", 4 * 100 * 8)
    long = array((50, 10, 10), preferred_chunks={"t": 50, "y": 1, "x": 10})
    blocks = list(blocks_of(long))
    assert covered(blocks, long.shape)
    assert {rows.stop - rows.start for _, rows in blocks} == {1}
    assert all(frames == slice(0, 50) for frames, _ in blocks)


def test_one_chunk_of_everything_is_read_in_several_blocks(monkeypatch):
    monkeypatch.setattr("pipelines.checking.blocks._BLOCK_BYTES", 4 * 100)
    single = array((50, 10, 10), preferred_chunks={"t": 50, "y": 10, "x": 10})
    blocks = list(blocks_of(single))
    assert covered(blocks, single.shape)
    assert len(blocks) == 7  # of 8 × 4 × 100 bytes


def test_shards_are_what_is_stored_together():
    sharded = array((50, 10, 10), preferred_chunks={"t": 1, "y": 10, "x": 10}, shards=(20, 10, 10))
    assert list(stored_chunks(sharded)) == [20, 10, 10]
    assert list(stored_chunks(array((50, 10, 10)))) == [1, 10, 10]
