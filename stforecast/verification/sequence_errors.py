"""Errors of whole sequences: which forecasts are the best, the middling and the worst."""

from typing import NamedTuple

import numpy as np

from stforecast.verification.accumulate import Batch

__all__ = ["Example", "SequenceErrors"]


class Example(NamedTuple):
    """A forecast that was chosen by its error."""

    rank: str
    """"best", "median" or "worst"."""
    init_time: np.datetime64
    mse: float
    """Mean squared error of the forecast's values that have a truth, in units²."""


class SequenceErrors:
    """Collects the error of each forecast of one forecaster, while `evaluate` goes over all of them."""

    def __init__(self, forecaster: str, *, time_step: np.timedelta64) -> None:
        """Take the forecaster's name in the scores, and the time step of its lead times."""
        self._forecaster = forecaster
        self._time_step = time_step
        self._init_times: list[np.ndarray] = []
        self._errors: list[np.ndarray] = []

    def add(self, batch: Batch) -> None:
        """Count in a batch; `evaluate` calls it as its `observe`."""
        error = batch.forecasts[self._forecaster] - batch.truth
        squares = np.square(np.where(batch.valid, error, 0.0), dtype="float64")
        within = (1, 2, 3, 4)
        counts = batch.valid.sum(axis=within)
        with np.errstate(divide="ignore", invalid="ignore"):
            self._errors.append(squares.sum(axis=within) / counts)
        self._init_times.append(batch.valid_times[:, 0] - self._time_step)

    def examples(self) -> tuple[Example, ...]:
        """The best, the median and the worst forecast; of fewer than three, each once.

        Forecasts without a truth, and those that are no numbers, are left out.
        """
        if not self._errors:
            return ()
        errors, times = np.concatenate(self._errors), np.concatenate(self._init_times)
        known = np.flatnonzero(np.isfinite(errors))
        order = known[np.argsort(errors[known], kind="stable")]
        if len(order) == 0:
            return ()
        places = {"best": 0, "worst": len(order) - 1, "median": (len(order) - 1) // 2}
        chosen: dict[int, str] = {}
        for rank, place in places.items():
            chosen.setdefault(int(order[place]), rank)
        return tuple(
            Example(rank, times[index], float(errors[index])) for index, rank in chosen.items()
        )
