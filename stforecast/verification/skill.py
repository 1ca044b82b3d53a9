"""Skill: scores relative to a baseline, always with the baseline's name."""

import numpy as np
import xarray as xr

from stforecast.verification.dialects import dialect_of

__all__ = [
    "beats",
    "beats_until",
    "headline_metric",
    "scores_of_metric",
    "select_forecaster",
    "skill",
]

_ERRORS = ("rmse", "mse", "mae")
"""Metrics that a headline may be about, the preferred one first."""


def headline_metric(scores: xr.Dataset) -> str:
    """The error that a headline is about: RMSE where the scores have it; "" where they have none."""
    known = [str(name) for name in scores["metric"].values]
    return next((name for name in _ERRORS if name in known), "")


def skill(
    scores: xr.Dataset, *, baseline: str = "persistence", metric: str | None = None
) -> xr.DataArray:
    """1 - score / score of the baseline (forecaster, channel, lead_time): 1 perfect, 0 no better.

    NaN where the baseline has no error at all.

    Args:
        scores: as `evaluate` gives them.
        baseline: one of their forecasters.
        metric: an error, the lower the better; `headline_metric` unless given.

    Raises:
        ValueError: the scores lack the baseline or the metric, or the metric is no plain error.
    """
    metric = headline_metric(scores) if metric is None else metric
    if _better(scores, metric) != "lower":
        raise ValueError(
            f"skill needs a metric that is 0 when perfect and lower when better, not {metric!r}; "
            "take rmse, mse or mae."
        )
    score = scores_of_metric(scores, metric)
    reference = select_forecaster(score, baseline)
    result = (1 - score / reference.where(reference > 0)).rename("skill")
    return result.assign_attrs(baseline=baseline, metric=metric, units="1")


def beats(
    scores: xr.Dataset, *, forecaster: str, baseline: str = "persistence", metric: str | None = None
) -> xr.DataArray:
    """Whether the forecaster's score is strictly better than the baseline's (channel, lead_time).

    Args:
        metric: `headline_metric` unless given.
    """
    metric = headline_metric(scores) if metric is None else metric
    score = scores_of_metric(scores, metric)
    ours, theirs = (select_forecaster(score, name) for name in (forecaster, baseline))
    better = _better(scores, metric)
    if better == "higher":
        return ours > theirs
    if better == "nearer zero":
        return abs(ours) < abs(theirs)
    return ours < theirs


def beats_until(
    scores: xr.Dataset, *, forecaster: str, baseline: str = "persistence", metric: str | None = None
) -> xr.DataArray:
    """Longest lead time (channel) up to which the forecaster is better at every lead time.

    0 where it is not better at the first. A score that is NaN beats nothing.

    Args:
        metric: `headline_metric` unless given.

    Raises:
        ValueError: the scores lack the forecaster, the baseline or the metric.
    """
    metric = headline_metric(scores) if metric is None else metric
    won = beats(scores, forecaster=forecaster, baseline=baseline, metric=metric)
    n_won = won.transpose("channel", "lead_time").cumprod("lead_time").sum("lead_time").values
    lead_times = np.concatenate([[np.timedelta64(0, "ns")], scores["lead_time"].values])
    return xr.DataArray(
        lead_times[n_won],
        dims="channel",
        coords={"channel": scores["channel"].values},
        name="beats_until",
        attrs={"forecaster": forecaster, "baseline": baseline, "metric": metric},
    )


def scores_of_metric(scores: xr.Dataset, metric: str) -> xr.DataArray:
    """Scores of one metric (forecaster, channel, lead_time).

    Raises:
        ValueError: the scores lack it.
    """
    known = scores["metric"].values.tolist()
    if metric not in known:
        raise ValueError(f"The scores have no metric {metric!r}; they have {', '.join(known)}.")
    return scores["score"].sel(metric=metric, drop=True)


def select_forecaster(score: xr.DataArray, name: str) -> xr.DataArray:
    """Scores of one forecaster.

    Raises:
        ValueError: the scores lack it.
    """
    known = score["forecaster"].values.tolist()
    if name not in known:
        raise ValueError(f"The scores have no forecaster {name!r}; they have {', '.join(known)}.")
    return score.sel(forecaster=name, drop=True)


def _better(scores: xr.Dataset, metric: str) -> str:
    metrics = dialect_of(scores.attrs).metrics
    if metric not in metrics:
        raise ValueError(f"The dialect has no metric {metric!r}; it has {', '.join(metrics)}.")
    return metrics[metric].better
