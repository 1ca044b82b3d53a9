"""Batches of windows: the same ones for a seed, however many processes share them."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import DataLoader, Sampler

from pipelines.windows import FreshWindows, WindowDataset

__all__ = ["make_loader", "step_seed"]


class EpochOrder(Sampler[int]):
    """The windows in an order that depends on seed and epoch alone."""

    def __init__(self, n_windows: int, *, seed: int | None, fresh: bool = False) -> None:
        """Take a seed to shuffle; without one the order is that of time.

        Fresh windows are made by their numbers, and each epoch has numbers of its own.
        """
        self._n_windows = n_windows
        self._seed = seed
        self._fresh = fresh
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch; the trainer calls it, on resuming too."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        if self._fresh:
            first = self._epoch * self._n_windows
            return iter(range(first, first + self._n_windows))
        if self._seed is None:
            return iter(range(self._n_windows))
        generator = np.random.default_rng([self._seed, self._epoch])
        return iter(generator.permutation(self._n_windows).tolist())

    def __len__(self) -> int:
        return self._n_windows


class SharedBatches(Sampler[list[int]]):
    """Global batches, of which each process takes its share.

    Training leaves out the last, smaller batch of an epoch (its windows change with the order);
    otherwise short shares are filled with −1, the window of NaN.
    """

    def __init__(
        self, sampler: EpochOrder, *, batch_size: int, whole_only: bool, rank: int, n_processes: int
    ) -> None:
        self.sampler = sampler  # Lightning looks for it here, to set the epoch
        self._batch_size = batch_size
        self._whole_only = whole_only and len(sampler) >= batch_size
        self._rank = rank
        self._n_processes = n_processes

    def __iter__(self) -> Iterator[list[int]]:
        order = list(self.sampler)
        for number in range(len(self)):
            batch = order[number * self._batch_size : (number + 1) * self._batch_size]
            batch += [-1] * (-len(batch) % self._n_processes)
            yield batch[self._rank :: self._n_processes]

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self._batch_size)
        return whole if self._whole_only or rest == 0 else whole + 1


def make_loader(
    dataset: WindowDataset | FreshWindows,
    *,
    batch_size: int,
    seed: int | None,
    rank: int,
    n_processes: int,
    pin_memory: bool,
) -> DataLoader:
    """Batches of windows in physical units; shuffled, whole ones when a seed is given.

    Raises:
        ValueError: the batch cannot be shared out evenly.
    """
    if batch_size % n_processes:
        raise ValueError(
            f"training.batch_size ({batch_size}) counts the windows of all {n_processes} processes "
            f"together and must be a multiple of {n_processes}."
        )
    fresh = isinstance(dataset, FreshWindows)
    order = EpochOrder(len(dataset), seed=seed, fresh=fresh)
    batches = SharedBatches(
        order,
        batch_size=batch_size,
        whole_only=seed is not None,
        rank=rank,
        n_processes=n_processes,
    )
    # The dataset reads a whole batch at once from a memory map: worker processes only slow it down.
    return DataLoader(
        dataset, batch_sampler=batches, collate_fn=_unchanged, num_workers=0, pin_memory=pin_memory
    )


def _unchanged(batch: object) -> object:
    return batch


def step_seed(seed: int, *, epoch: int, batch: int, rank: int) -> int:
    """The seed of one training step: a resumed training draws the numbers an unbroken one would."""
    return int(np.random.SeedSequence([seed, epoch, batch, rank]).generate_state(1)[0])
