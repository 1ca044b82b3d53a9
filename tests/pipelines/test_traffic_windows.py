import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.traffic_windows import chain_windows


def windows_of(frames, length):
    return np.lib.stride_tricks.sliding_window_view(np.array(frames, dtype="uint64"), length)


def rebuilt(digests):
    chain = chain_windows(digests)
    return digests[chain.windows, chain.positions].tolist(), chain


def test_neighbours_that_overlap_by_all_but_one_frame_are_one_run():
    frames, chain = rebuilt(windows_of(range(10), 4))
    assert frames == list(range(10))
    assert chain.n_runs == 1
    assert not chain.is_reversed


def test_neighbours_that_do_not_are_two():
    digests = np.concatenate([windows_of(range(6), 4), windows_of(range(100, 105), 4)])
    frames, chain = rebuilt(digests)
    assert frames == [*range(6), *range(100, 105)]
    assert chain.runs.tolist() == [0] * 6 + [1] * 5
    # Windows two steps apart overlap, but not by all but one frame.
    assert chain_windows(windows_of(range(10), 4)[::2]).n_runs == 4


def test_windows_that_run_backwards_are_turned_round():
    digests = np.concatenate([windows_of(range(6), 4), windows_of(range(100, 105), 4)])[:, ::-1]
    frames, chain = rebuilt(digests)
    assert frames == [*range(6), *range(100, 105)]
    assert chain.n_runs == 2
    assert chain.is_reversed


def test_a_single_window_is_a_run():
    frames, chain = rebuilt(windows_of(range(4), 4))
    assert frames == [0, 1, 2, 3]
    assert chain.n_runs == 1


@given(runs=st.lists(st.integers(3, 9), min_size=1, max_size=6), backwards=st.booleans())
def test_each_frame_comes_back_once_in_its_run(runs, backwards):
    digests = np.concatenate(
        [windows_of(range(100 * n, 100 * n + size), 3) for n, size in enumerate(runs)]
    )
    frames, chain = rebuilt(digests[:, ::-1] if backwards else digests)
    expected = [100 * n + step for n, size in enumerate(runs) for step in range(size)]
    if not backwards or any(size > 3 for size in runs):  # else nothing tells the direction
        assert frames == expected
    assert np.bincount(chain.runs).tolist() == runs
