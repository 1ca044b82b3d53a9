"""Dialects: the rules by which a benchmark computes its scores. Every number carries its dialect.

One forecast has an ACC of 0.77 in one dialect and of 0.95 in another; scores of different dialects
must never stand in one table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from stforecast.verification.metrics import (
    ACC_PER_FORECAST,
    ACC_POOLED,
    BIAS,
    MAE,
    MSE,
    RMSE,
    Metric,
)
from stforecast.verification.weights import WEIGHTS

__all__ = ["DIALECTS", "Dialect", "find_dialect"]


@dataclass(frozen=True)
class Dialect:
    """How one benchmark computes its scores."""

    name: str
    """As in `--dialect NAME`."""
    explanation: str
    """One line: what is special."""
    source: str
    """Where the rules are written down."""
    weights: str
    """Weights of the cells, a name of `WEIGHTS`."""
    metrics: Mapping[str, Metric]
    """Metrics by the name that tables show."""
    shown: tuple[str, ...]
    """Metrics that tables show; the others stand in the files."""
    anomalies: Literal["none", "day of year", "test truth"]
    """What ACC compares with: a climatology of the training years, or the mean of the test truth."""
    headline: Literal["per lead time", "pooled"]
    """What the benchmark publishes: a score for each lead time, or one over all of them."""

    def __post_init__(self) -> None:
        if self.weights not in WEIGHTS:
            raise ValueError(f"weights {self.weights!r} are unknown; known: {', '.join(WEIGHTS)}.")
        wanting = [name for name, metric in self.metrics.items() if metric.needs_climatology]
        if wanting and self.anomalies == "none":
            raise ValueError(
                f"Dialect {self.name!r}: {', '.join(wanting)} compares anomalies, but anomalies is "
                "'none'; say 'day of year' or 'test truth'."
            )


DIALECTS: dict[str, Dialect] = {
    "wb2": Dialect(
        name="wb2",
        explanation="WeatherBench 2: cell areas; ACC uncentred, per forecast, then averaged",
        source="Rasp et al. 2024, doi:10.1029/2023MS004019; weatherbench2/metrics.py",
        weights="cell_area",
        metrics={"rmse": RMSE, "mse": MSE, "mae": MAE, "bias": BIAS, "acc": ACC_PER_FORECAST},
        shown=("rmse", "acc"),
        anomalies="day of year",
        headline="per lead time",
    ),
    "wb1": Dialect(
        name="wb1",
        explanation="WeatherBench 1: cos latitude; ACC centred, pooled, about the test truth's mean",
        source="Rasp et al. 2020, doi:10.1029/2020MS002203; WeatherBench src/score.py",
        weights="cosine",
        metrics={"rmse": RMSE, "mae": MAE, "acc": ACC_POOLED},
        shown=("rmse", "mae", "acc"),
        anomalies="test truth",
        headline="per lead time",
    ),
    "openstl": Dialect(
        name="openstl",
        explanation="OpenSTL weather: every cell counts the same, all lead times in one number",
        source="Tan et al. 2023, arXiv:2306.11249; openstl/core/metrics.py",
        weights="uniform",
        metrics={"mse": MSE, "mae": MAE, "rmse": RMSE},
        shown=("mse", "mae", "rmse"),
        anomalies="none",
        headline="pooled",
    ),
}


def find_dialect(name: str) -> Dialect:
    """The dialect of a name.

    Raises:
        ValueError: none has it; the known ones are listed.
    """
    if name not in DIALECTS:
        raise ValueError(f"dialect {name!r} is unknown; known: {', '.join(DIALECTS)}.")
    return DIALECTS[name]
