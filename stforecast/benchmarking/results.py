"""What a benchmark found: scores, costs, and the conditions under which they came about."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from stforecast.benchmarking.measure import Cost
from stforecast.benchmarking.plan import Benchmark
from stforecast.benchmarking.scores import Score
from stforecast.benchmarking.trainings import Trainings

__all__ = ["Results"]


@dataclass(frozen=True, eq=False)
class Results:
    """What a benchmark found."""

    benchmark: Benchmark
    """What was compared."""
    trainings: Mapping[str, Trainings]
    """By network."""
    costs: Mapping[str, Cost]
    """By network; one that diverged has none."""
    scores: tuple[Score, ...]
    """As `summarise_seeds` gives them."""
    dialect: str
    """Of the scores."""
    split: str
    """That is scored."""
    facts: Mapping[str, str]
    """The conditions, in words."""
    notes: tuple[str, ...]
    """What a reader must know."""

    def to_frame(self) -> pd.DataFrame:
        """All numbers in rows: a row for each forecaster, channel and metric, its costs repeated.

        A network that diverged has one row without scores.
        """
        costs = {label: self._costs_of(label) for label in self.trainings}
        rows: list[dict[str, Any]] = [
            {**asdict(score), **costs.get(score.forecaster, {})} for score in self.scores
        ]
        scored = {score.forecaster for score in self.scores}
        for label in self.trainings:
            if label not in scored:
                rows.append({"forecaster": label, "kind": "network", "seeds": 0, **costs[label]})
        frame = pd.DataFrame(rows).convert_dtypes()  # whole numbers stay whole beside gaps
        return frame.assign(dialect=self.dialect, split=self.split)

    @property
    def device(self) -> str:
        """Where costs were measured, in words."""
        cost = next(iter(self.costs.values()))
        return f"{cost.device}, {cost.threads} thread{'s' if cost.threads > 1 else ''}"

    def _costs_of(self, label: str) -> dict[str, Any]:
        trained = self.trainings[label]
        cost = self.costs.get(label)
        done = [outcome for outcome in trained.outcomes if not outcome.diverged]
        return {
            "learning_rate": trained.learning_rate,
            "epochs": trained.outcomes[0].epochs,
            "diverged_seeds": len(trained.outcomes) - len(done),
            "training_seconds": mean_seconds(trained),
            "search_seconds": trained.search_seconds,
            **({} if cost is None else _in_columns(cost)),
        }


def mean_seconds(trained: Trainings) -> float:
    """Mean time of a training at the chosen rate, in seconds."""
    return float(np.mean([outcome.seconds for outcome in trained.outcomes]))


def _in_columns(cost: Cost) -> dict[str, Any]:
    units = {
        "latency": "latency_seconds",
        "throughput": "windows_per_second",
        "forecast_memory": "forecast_memory_bytes",
        "training_memory": "training_memory_bytes",
    }
    return {units.get(name, name): value for name, value in asdict(cost).items()}
