"""Metrics: functions of summed statistics. Mean first, root last.

A mean of roots would change with the way the init times are cut into batches; sums do not.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

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
    power: Literal[0, 1, 2]
    """Of the channel's units in the score's: 0 a pure number, 2 a square."""
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

    def units(self, units: str) -> str:
        """Units of the score for a channel's units, as CF writes them."""
        return ("1", units, squared_units(units))[self.power]


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
    return _mse(sums) ** 0.5


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
    norm = (forecast_variance * truth_variance).clip(min=0) ** 0.5
    return _ratio(covariance, norm)


RMSE = Metric(("squared_error", "weight"), _rmse, 1, "lower")
MSE = Metric(("squared_error", "weight"), _mse, 2, "lower")
MAE = Metric(("absolute_error", "weight"), _mae, 1, "lower")
BIAS = Metric(("error", "weight"), _bias, 1, "nearer zero")
"""Forecast minus truth."""
ACC_PER_FORECAST = Metric(
    ("correlation", "is_correlated"), _acc_per_forecast, 0, "higher", needs_climatology=True
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
    0,
    "higher",
    needs_climatology=True,
)
"""Centred anomaly correlation over the cells of all forecasts at once."""
