"""Test scores of a benchmark: means and deviations over seeds, and the baselines beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from stforecast.baselines.of_dataset import BASELINE_NAMES
from stforecast.evaluation import evaluate_run
from stforecast.figures.curves import METRICS
from stforecast.run import Run
from stforecast.verification.dialects import dialect_for, dialect_of
from stforecast.verification.score_units import score_units

__all__ = ["Score", "metric_name", "score_run", "summarise_seeds"]

_WANTED = ("rmse", "mae", "acc")
"""Metrics that a benchmark shows, as far as the dialect has them."""
_SHORT = ("acc", "ssim", "psnr", "lpips")
"""Those that a table's head knows by their letters."""


@dataclass(frozen=True)
class Score:
    """A score over all lead times, in the units that people read."""

    forecaster: str
    """Network or baseline."""
    kind: str
    """"network" or "baseline"."""
    channel: str
    """Of the forecasts."""
    metric: str
    """Such as "rmse"."""
    mean: float
    """Over the seeds."""
    deviation: float | None
    """Standard deviation of a sample (n − 1) over the seeds; None of a single one."""
    units: str
    """As CF writes them."""
    seeds: int
    """How many; 0 of a baseline, which has none."""


def score_run(run: Run, *, device: str) -> xr.Dataset:
    """Scores of a run on its test split in the dataset's first dialect; read where they are there."""
    rules = dialect_for(run.experiment().dataset)
    file = run.scores_file(dialect=rules.name, split="test")
    if file.is_file():
        scores = xr.load_dataset(file)
        if scores.attrs.get("threshold") == rules.threshold:
            return scores
    return evaluate_run(run, device=device)


def summarise_seeds(scores_of: Mapping[str, Sequence[xr.Dataset]]) -> tuple[Score, ...]:
    """One score for each forecaster, channel and metric: networks first, then the baselines.

    Baselines do not depend on the seed: they are those of the first run.

    Args:
        scores_of: scores of one run for each seed, by network; at least one of them all.
    """
    first = next(seeds[0] for seeds in scores_of.values() if seeds)
    baselines = [str(name) for name in first["forecaster"].values if name in BASELINE_NAMES]
    known = first["metric"].values
    # Where there is no RMSE, as of video, what the dialect itself shows.
    wanted = _WANTED if "rmse" in known else dialect_of(first.attrs).shown
    metrics = [name for name in wanted if name in known]
    return tuple(
        _summary(label, kind, str(channel), metric, seeds)
        for label, kind, seeds in (
            *((label, "network", seeds) for label, seeds in scores_of.items() if seeds),
            *((name, "baseline", [first]) for name in baselines),
        )
        for channel in first["channel"].values
        for metric in metrics
    )


def _summary(
    label: str, kind: str, channel: str, metric: str, seeds: Sequence[xr.Dataset]
) -> Score:
    factor, units = score_units(seeds[0], channel=channel, metric=metric)
    values = [
        factor * _pooled(scores, label if kind == "baseline" else None, channel, metric)
        for scores in seeds
    ]
    return Score(
        forecaster=label,
        kind=kind,
        channel=channel,
        metric=metric,
        mean=float(np.mean(values)),
        deviation=float(np.std(values, ddof=1)) if len(values) > 1 else None,
        units=units,
        seeds=0 if kind == "baseline" else len(values),
    )


def _pooled(scores: xr.Dataset, baseline: str | None, channel: str, metric: str) -> float:
    """Score over all lead times of a baseline, or of the network that is scored beside them."""
    name = baseline or next(
        str(name) for name in scores["forecaster"].values if name not in BASELINE_NAMES
    )
    return float(scores["pooled"].sel(forecaster=name, channel=channel, metric=metric))


def metric_name(metric: str) -> str:
    """The name of a metric in a table's head."""
    return metric.upper() if metric in _SHORT else METRICS[metric]
