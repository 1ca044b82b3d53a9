"""Metrics: functions of summed statistics. Mean first, root last.

A mean of roots would change with the way the init times are cut into batches; sums do not.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from stforecast.verification.statistics import STATISTICS

__all__ = [
    "ACC_PER_FORECAST",
    "ACC_POOLED",
    "BIAS",
    "MAE",
    "MSE",
    "RMSE",
    "Metric",
    "squared_units",
]


@dataclass(frozen=True)
class Metric:
    """A score as a function of summed statistics."""

    statistics: tuple[str, ...]
    """Names of `STATISTICS` that it needs."""
    finalise: Callable[[xr.Dataset], xr.DataArray]
    """From the sums over whatever is to be averaged to the score; NaN where nothing was counted."""
    units: Callable[[str], str]
    """From the units of a channel to those of the score."""
    better: Literal["lower", "higher", "nearer zero"]
    """Which of two scores is better."""
    needs_climatology: bool = False
    """Whether it compares anomalies."""

    def __post_init__(self) -> None:
        for name in self.statistics:
            if name not in STATISTICS:
                raise ValueError(
                    f"statistic {name!r} is unknown; known: {', '.join(sorted(STATISTICS))}."
                )


def squared_units(units: str) -> str:
    """Units of a square, as CF writes them: "K" → "K2", "m2 s-2" → "m4 s-4", "1" → "1"."""
    parts = units.split()
    matches = [re.fullmatch(r"([A-Za-z_%]+)(-?\d+)?", part) for part in parts]
    if units == "1" or not parts:
        return units
    if not all(matches):
        return f"({units})2"
    return " ".join(f"{match[1]}{2 * int(match[2] or 1)}" for match in matches if match)


def _ratio(numerator: xr.DataArray, denominator: xr.DataArray) -> xr.DataArray:
    return numerator / denominator.where(denominator > 0)


def _mse(sums: xr.Dataset) -> xr.DataArray:
    return _ratio(sums["squared_error"], sums["weight"])


def _rmse(sums: xr.Dataset) -> xr.DataArray:
    return np.sqrt(_mse(sums))


def _mae(sums: xr.Dataset) -> xr.DataArray:
    return _ratio(sums["absolute_error"], sums["weight"])


def _bias(sums: xr.Dataset) -> xr.DataArray:
    return _ratio(sums["error"], sums["weight"])


def _acc_per_forecast(sums: xr.Dataset) -> xr.DataArray:
    return _ratio(sums["correlation"], sums["is_correlated"])


def _acc_pooled(sums: xr.Dataset) -> xr.DataArray:
    """Σ w f'a' / sqrt(Σ w f'² Σ w a'²), anomalies less their plain mean over cells and forecasts."""
    weight = sums["anomaly_weight"]
    forecast_mean = _ratio(sums["plain_forecast_anomaly_sum"], sums["anomaly_count"])
    truth_mean = _ratio(sums["plain_truth_anomaly_sum"], sums["anomaly_count"])
    forecast_sum, truth_sum = sums["forecast_anomaly_sum"], sums["truth_anomaly_sum"]
    # Σ w (f - m)(a - n) = Σ w f a - m Σ w a - n Σ w f + m n Σ w
    covariance = (
        sums["anomaly_product"]
        - forecast_mean * truth_sum
        - truth_mean * forecast_sum
        + forecast_mean * truth_mean * weight
    )
    forecast_variance = (
        sums["forecast_anomaly_square"]
        - 2 * forecast_mean * forecast_sum
        + forecast_mean**2 * weight
    )
    truth_variance = (
        sums["truth_anomaly_square"] - 2 * truth_mean * truth_sum + truth_mean**2 * weight
    )
    norm = np.sqrt((forecast_variance * truth_variance).clip(min=0))
    return _ratio(covariance, norm)


def _no_units(units: str) -> str:
    return "1"


def _same_units(units: str) -> str:
    return units


RMSE = Metric(("squared_error", "weight"), _rmse, _same_units, "lower")
MSE = Metric(("squared_error", "weight"), _mse, squared_units, "lower")
MAE = Metric(("absolute_error", "weight"), _mae, _same_units, "lower")
BIAS = Metric(("error", "weight"), _bias, _same_units, "nearer zero")
"""Forecast minus truth."""
ACC_PER_FORECAST = Metric(
    ("correlation", "is_correlated"), _acc_per_forecast, _no_units, "higher", needs_climatology=True
)
"""Uncentred anomaly correlation of each forecast, then the mean over forecasts."""
ACC_POOLED = Metric(
    (
        "anomaly_count",
        "anomaly_weight",
        "anomaly_product",
        "forecast_anomaly_square",
        "truth_anomaly_square",
        "forecast_anomaly_sum",
        "truth_anomaly_sum",
        "plain_forecast_anomaly_sum",
        "plain_truth_anomaly_sum",
    ),
    _acc_pooled,
    _no_units,
    "higher",
    needs_climatology=True,
)
"""Centred anomaly correlation over the cells of all forecasts at once."""
