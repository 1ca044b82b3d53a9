import numpy as np
import pytest
import torch

from pipelines.windows import FreshWindows, WindowDataset, WindowSpec
from stforecast.training.batches import make_loader, step_seed


def loader_of(n_windows, *, batch_size=4, seed=0, rank=0, n_processes=1):
    frames = np.arange(n_windows + 1, dtype="float32").reshape(-1, 1, 1, 1)
    dataset = WindowDataset(frames, np.arange(n_windows), WindowSpec(1, 1))
    return make_loader(
        dataset,
        batch_size=batch_size,
        seed=seed,
        rank=rank,
        n_processes=n_processes,
        pin_memory=False,
    )


def indices_of(loader):
    return [history.flatten().tolist() for history, _, _ in loader]


def test_an_epoch_visits_every_window_once_in_whole_batches():
    batches = indices_of(loader_of(12))
    assert [len(batch) for batch in batches] == [4, 4, 4]
    assert sorted(sum(batches, [])) == list(range(12))


def test_training_leaves_out_the_last_smaller_batch():
    assert [len(batch) for batch in indices_of(loader_of(14))] == [4, 4, 4]


def test_fewer_windows_than_a_batch_are_one_batch():
    assert sorted(indices_of(loader_of(3))[0]) == [0, 1, 2]


def test_the_order_depends_on_seed_and_epoch_alone():
    loader = loader_of(40)
    first = indices_of(loader)
    assert indices_of(loader) == first
    loader.batch_sampler.sampler.set_epoch(1)
    second = indices_of(loader)
    assert second != first
    fresh = loader_of(40)
    fresh.batch_sampler.sampler.set_epoch(1)
    assert indices_of(fresh) == second
    assert indices_of(loader_of(40, seed=1)) != first


def test_without_a_seed_every_window_comes_in_order_of_time():
    assert indices_of(loader_of(6, seed=None)) == [[0, 1, 2, 3], [4, 5]]


@pytest.mark.parametrize("n_processes", [2, 4])
def test_processes_share_the_batches_of_one(n_processes):
    alone = indices_of(loader_of(12))
    shares = [
        indices_of(loader_of(12, rank=rank, n_processes=n_processes)) for rank in range(n_processes)
    ]
    for number, batch in enumerate(alone):
        assert sorted(sum((share[number] for share in shares), [])) == sorted(batch)


def test_a_short_share_is_filled_with_windows_of_nan():
    shares = [loader_of(5, seed=None, rank=rank, n_processes=2) for rank in range(2)]
    last = [list(share)[-1][0].flatten() for share in shares]
    assert last[0].tolist() == [4.0]
    assert torch.isnan(last[1]).all()


def test_a_batch_that_cannot_be_shared_evenly_is_refused():
    with pytest.raises(ValueError, match=r"batch_size \(4\) .* multiple of 3"):
        loader_of(12, n_processes=3)


def test_step_seeds_differ_and_repeat():
    places = [(e, b, r) for e in range(3) for b in range(3) for r in range(2)]
    seeds = [step_seed(7, epoch=e, batch=b, rank=r) for e, b, r in places]
    assert len(set(seeds)) == len(seeds)
    assert step_seed(7, epoch=2, batch=1, rank=0) == step_seed(7, epoch=2, batch=1, rank=0)


def test_each_epoch_of_fresh_windows_has_numbers_of_its_own_that_processes_share():
    windows = FreshWindows(
        lambda number: np.full((2, 1, 1, 1), number, dtype="float32"), WindowSpec(1, 1), n_windows=8
    )

    def numbers(*, epoch, rank=0, n_processes=1):
        loader = make_loader(
            windows,
            batch_size=4,
            seed=0,
            rank=rank,
            n_processes=n_processes,
            pin_memory=False,
        )
        loader.batch_sampler.sampler.set_epoch(epoch)
        return indices_of(loader)

    assert sum(numbers(epoch=0), []) == list(range(8))
    assert sum(numbers(epoch=2), []) == list(range(16, 24))
    shares = [numbers(epoch=2, rank=rank, n_processes=2) for rank in (0, 1)]
    assert [sorted(a + b) for a, b in zip(*shares, strict=True)] == numbers(epoch=2)
