"""Dialects: the rules by which a benchmark computes its scores. Every number carries its dialect.

One forecast has an ACC of 0.77 in one dialect and of 0.95 in another; scores of different dialects
must never stand in one table. Each dialect belongs to datasets: nobody computes an ACC of taxis.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from pipelines import PIPELINES
from stforecast.verification.metrics import (
    ACC_PER_FORECAST,
    ACC_POOLED,
    BIAS,
    LPIPS,
    MAE,
    MAE_ACTIVE,
    MAPE,
    MSE,
    PSNR,
    PSNR_OPENSTL,
    RMSE,
    RMSE_ACTIVE,
    SCALED_MAE,
    SCALED_MEAN_MSE,
    SCALED_MSE,
    SSIM,
    SSIM_OPENSTL,
    Metric,
)
from stforecast.verification.weights import WEIGHTS

__all__ = ["DIALECTS", "Dialect", "dialect_for", "dialect_of"]


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
    threshold: float | None = None
    """Least truth of a cell that counts in metrics of active cells; None: it has no such metric."""
    by_period: bool = False
    """Whether rush hours, weekdays and weekends are also scored on their own."""
    scaled: bool = False
    """Whether errors are divided by a range of values and summed over the cells and channels."""
    value_range: tuple[float, float] | None = None
    """Least and greatest value that errors are scaled by, where `scaled`: those of the training data, or
    what a grey level can be."""
    clips_forecasts: bool = True
    """Whether a forecast is first brought into the range of what can be; if not, errors are of what the
    network put out."""

    @property
    def span(self) -> float | None:
        """Greatest less least value."""
        return None if self.value_range is None else self.value_range[1] - self.value_range[0]

    def __post_init__(self) -> None:
        if self.weights not in WEIGHTS:
            raise ValueError(f"weights {self.weights!r} are unknown; known: {', '.join(WEIGHTS)}.")
        wanting = [name for name, metric in self.metrics.items() if metric.needs_climatology]
        if wanting and self.anomalies == "none":
            raise ValueError(
                f"Dialect {self.name!r}: {', '.join(wanting)} compares anomalies, but anomalies is "
                "'none'; say 'day of year' or 'test truth'."
            )


_WEATHER = (
    Dialect(
        name="wb2",
        explanation="WeatherBench 2: cell areas; ACC uncentred, per forecast, then averaged",
        source="Rasp et al. 2024, doi:10.1029/2023MS004019; weatherbench2/metrics.py",
        weights="cell_area",
        metrics={"rmse": RMSE, "mse": MSE, "mae": MAE, "bias": BIAS, "acc": ACC_PER_FORECAST},
        shown=("rmse", "acc"),
        anomalies="day of year",
        headline="per lead time",
    ),
    Dialect(
        name="wb1",
        explanation="WeatherBench 1: cos latitude; ACC centred, pooled, about the test truth's mean",
        source="Rasp et al. 2020, doi:10.1029/2020MS002203; WeatherBench src/score.py",
        weights="cosine",
        metrics={"rmse": RMSE, "mae": MAE, "acc": ACC_POOLED},
        shown=("rmse", "mae", "acc"),
        anomalies="test truth",
        headline="per lead time",
    ),
    Dialect(
        name="openstl",
        explanation="OpenSTL weather: every cell counts the same, all lead times in one number",
        source="Tan et al. 2023, arXiv:2306.11249; openstl/core/metrics.py",
        weights="uniform",
        metrics={"mse": MSE, "mae": MAE, "rmse": RMSE},
        shown=("mse", "mae", "rmse"),
        anomalies="none",
        headline="pooled",
    ),
)

_TRAFFIC = (
    Dialect(
        name="traffic",
        explanation="traffic: vehicles per time step, every cell the same; MAPE on active cells",
        source="Zhang et al. 2017, arXiv:1610.00081 (RMSE); Yao et al. 2018, arXiv:1802.08714 (MAPE)",
        weights="uniform",
        metrics={
            "rmse": RMSE,
            "mae": MAE,
            "bias": BIAS,
            "mape": MAPE,
            "rmse_active": RMSE_ACTIVE,
            "mae_active": MAE_ACTIVE,
        },
        shown=("rmse", "mae", "mape"),
        anomalies="none",
        headline="per lead time",
        threshold=10.0,  # vehicles per time step, as Yao et al. 2018 filter their test samples
        by_period=True,
    ),
    Dialect(
        name="openstl",
        explanation="OpenSTL traffic: errors of values in [0, 1], summed over cells and channels",
        source="Tan et al. 2023, arXiv:2306.11249; openstl/core/metrics.py",
        weights="uniform",
        metrics={"mse": SCALED_MSE, "mae": SCALED_MAE, "rmse": RMSE},
        shown=("mse", "mae", "rmse"),
        anomalies="none",
        headline="pooled",
        scaled=True,
    ),
)

_GREY_LEVELS = (0.0, 255.0)

_VIDEO = (
    Dialect(
        name="video",
        explanation="video: MSE and MAE of values in [0, 1] summed over a frame; SSIM with data range 1",
        source="Srivastava et al. 2015, arXiv:1502.04681 (sums); Wang et al. 2004 (SSIM)",
        weights="uniform",
        metrics={
            "mse": SCALED_MSE,
            "mae": SCALED_MAE,
            "mse_mean": SCALED_MEAN_MSE,
            "ssim": SSIM,
            "psnr": PSNR,
            "lpips": LPIPS,
        },
        shown=("mse", "mae", "ssim", "psnr", "lpips"),
        anomalies="none",
        headline="per lead time",
        scaled=True,
        value_range=_GREY_LEVELS,
    ),
    Dialect(
        name="openstl",
        explanation="OpenSTL video: errors before clipping, summed over a frame; SSIM with data range 2",
        source="Tan et al. 2023, arXiv:2306.11249; openstl/core/metrics.py",
        weights="uniform",
        metrics={
            "mse": SCALED_MSE,
            "mae": SCALED_MAE,
            "ssim": SSIM_OPENSTL,
            "psnr": PSNR_OPENSTL,
            "lpips": LPIPS,
        },
        shown=("mse", "mae", "ssim", "psnr", "lpips"),
        anomalies="none",
        headline="pooled",
        scaled=True,
        value_range=_GREY_LEVELS,
        clips_forecasts=False,
    ),
)

DIALECTS: dict[str, tuple[Dialect, ...]] = {
    "weatherbench": _WEATHER,
    "taxibj": _TRAFFIC,
    **{name: _VIDEO for name, pipeline in PIPELINES.items() if pipeline.is_video},
}
"""The dialects of each dataset, its own default first."""


def dialect_for(
    dataset: str,
    name: str | None = None,
    *,
    threshold: float | None = None,
    value_range: tuple[float, float] | None = None,
) -> Dialect:
    """The dialect of a name for a dataset.

    Args:
        dataset: one that is not in `DIALECTS` has those of the weather.
        name: the dataset's default unless given.
        threshold: another one than the dialect's own, in vehicles.
        value_range: least and greatest value of the training data, for a scaled dialect.

    Raises:
        ValueError: no dialect of the dataset has the name, or it does not go with the options.
    """
    known = DIALECTS.get(dataset, _WEATHER)
    found = known[0] if name is None else next((one for one in known if one.name == name), None)
    if found is None:
        raise ValueError(
            f"dialect {name!r} is unknown; known: {', '.join(one.name for one in known)}."
        )
    if threshold is not None:
        if found.threshold is None:
            raise ValueError(
                f"threshold = {threshold:g} is for metrics of active cells, but dialect "
                f"{found.name!r} has none; leave it out."
            )
        if not (threshold > 0 and np.isfinite(threshold)):
            raise ValueError(
                f"threshold must be above 0, but it is {threshold:g}: relative errors divide by the "
                "truth. Name the least count that matters, such as 10."
            )
        found = replace(found, threshold=float(threshold))
    if value_range is not None:
        if not found.scaled:
            raise ValueError(
                f"value_range = {value_range} is for scaled errors, but dialect {found.name!r} has "
                "none; leave it out."
            )
        if not value_range[0] < value_range[1]:
            raise ValueError(
                f"value_range = {value_range} must be the least and the greatest value of the "
                "training data, in this order."
            )
        found = replace(found, value_range=(float(value_range[0]), float(value_range[1])))
    return found


def dialect_of(attrs: Mapping[str, Any]) -> Dialect:
    """The dialect that scores or score sums carry in their attributes.

    Raises:
        ValueError: they carry none that is known.
    """
    return dialect_for(str(attrs.get("dataset", "")), str(attrs.get("dialect")))
