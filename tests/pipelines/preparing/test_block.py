import numpy as np
import pytest

from pipelines.preparing import block
from pipelines.preparing.block import cut, tiles_of


def test_a_stored_chunk_is_never_cut():
    assert list(cut(np.array([0, 0, 1, 1, 2, 2]), 4)) == [(0, 4), (4, 6)]
    assert list(cut(np.array([0, 0, 1, 1, 2, 2]), 3)) == [(0, 2), (2, 4), (4, 6)]
    assert list(cut(np.array([0, 0, 0, 7]), 2)) == [(0, 3), (3, 4)]
    assert list(cut(np.array([5]), 1)) == [(0, 1)]
    assert list(cut(np.array([], dtype=int), 3)) == []


@pytest.mark.parametrize("limit", [1, 50, 200, 10_000])
@pytest.mark.parametrize("chunks", [(1, 1), (3, 4), (7, 12), (9, 20)])
def test_tiles_cover_the_field_once_in_whole_chunks(chunks, limit, monkeypatch):
    monkeypatch.setattr(block, "LIMIT", limit)
    covered = np.zeros((9, 20), dtype=int)
    chunk_values = chunks[0] * chunks[1] * 2
    for top, bottom, left, right in tiles_of((9, 20), chunks, depth=2):
        covered[top:bottom, left:right] += 1
        assert top % chunks[0] == left % chunks[1] == 0
        assert 2 * (bottom - top) * (right - left) <= max(limit, chunk_values)
    assert (covered == 1).all()


def test_a_field_that_fits_is_one_tile():
    assert tiles_of((9, 20), (3, 4), depth=2) == [(0, 9, 0, 20)]
