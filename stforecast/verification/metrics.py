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
    "LPIPS",
    "MAE",
    "MAE_ACTIVE",
    "MAPE",
    "MSE",
    "PSNR",
    "PSNR_OPENSTL",
    "RMSE",
    "RMSE_ACTIVE",
    "SCALED_MAE",
    "SCALED_MEAN_MSE",
    "SCALED_MSE",
    "SSIM",
    "SSIM_OPENSTL",
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
    pure_units: str = "1"
    """Units of a pure number: "1", "%" where the metric is in percent, "dB" of a ratio of powers."""
    needs_weights: bool = False
    """Whether it is computed only where the weights of a network are on disk (`lpips`)."""

    def __post_init__(self) -> None:
        for name in self.statistics:
            if name not in STATISTICS:
                raise ValueError(
                    f"statistic {name!r} is unknown; known: {', '.join(sorted(STATISTICS))}."
                )

    def units(self, units: str) -> str:
        """Units of the score for a channel's units, as CF writes them."""
        return (self.pure_units, units, squared_units(units))[self.power]


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


def _rmse_active(sums: xr.Dataset) -> xr.DataArray:
    return _ratio(sums["active_squared_error"], sums["active_weight"]) ** 0.5


def _mae_active(sums: xr.Dataset) -> xr.DataArray:
    return _ratio(sums["active_absolute_error"], sums["active_weight"])


def _mape(sums: xr.Dataset) -> xr.DataArray:
    return 100 * _ratio(sums["active_relative_error"], sums["active_weight"])


def _scaled_mse(sums: xr.Dataset) -> xr.DataArray:
    """Mean over the cells, times the cells of a frame: masked cells count like the others' mean."""
    return _ratio(sums["scaled_squared_error"], sums["weight"]) * sums["cells"]


def _scaled_mae(sums: xr.Dataset) -> xr.DataArray:
    return _ratio(sums["scaled_absolute_error"], sums["weight"]) * sums["cells"]


def _scaled_mean_mse(sums: xr.Dataset) -> xr.DataArray:
    return _ratio(sums["scaled_squared_error"], sums["weight"])


def _mean_of_frames(statistic: str) -> Callable[[xr.Dataset], xr.DataArray]:
    return lambda sums: _ratio(sums[statistic], sums["frame_count"])


def _picture_metric(
    statistic: str, better: Literal["lower", "higher"], *, units: str = "1", weights: bool = False
) -> Metric:
    """The mean over frames of a number that each whole frame has."""
    return Metric(
        (statistic, "frame_count"),
        _mean_of_frames(statistic),
        0,
        better,
        pure_units=units,
        needs_weights=weights,
    )


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
RMSE_ACTIVE = Metric(("active_squared_error", "active_weight"), _rmse_active, 1, "lower")
"""RMSE over the cells whose truth reaches the threshold."""
MAE_ACTIVE = Metric(("active_absolute_error", "active_weight"), _mae_active, 1, "lower")
"""MAE over the cells whose truth reaches the threshold."""
MAPE = Metric(("active_relative_error", "active_weight"), _mape, 0, "lower", pure_units="%")
"""Mean of |forecast - truth| / truth over the cells whose truth reaches the threshold, in percent."""
SCALED_MSE = Metric(("scaled_squared_error", "weight"), _scaled_mse, 0, "lower")
"""Squared error of values scaled to [0, 1], summed over a frame's cells, averaged over frames."""
SCALED_MAE = Metric(("scaled_absolute_error", "weight"), _scaled_mae, 0, "lower")
"""Absolute error of values scaled to [0, 1], summed over a frame's cells, averaged over frames."""
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

SCALED_MEAN_MSE = Metric(("scaled_squared_error", "weight"), _scaled_mean_mse, 0, "lower")
"""Squared error of values scaled to [0, 1], averaged over cells and frames."""
SSIM = _picture_metric("structural_similarity", "higher")
"""Structural similarity, Gaussian windows of 11 × 11, data range 1."""
SSIM_OPENSTL = _picture_metric("structural_similarity_openstl", "higher")
"""Structural similarity, uniform windows of 7 × 7, data range 2: flattered."""
PSNR = _picture_metric("signal_to_noise", "higher", units="dB")
"""Peak signal-to-noise ratio of each frame, then the mean; a frame without error counts 100 dB."""
PSNR_OPENSTL = _picture_metric("signal_to_noise_unbounded", "higher", units="dB")
"""Peak signal-to-noise ratio of each frame, then the mean; infinite once a frame has no error."""
LPIPS = _picture_metric("perceptual_distance", "lower", weights=True)
"""Learned perceptual distance (AlexNet), where its weights are on disk."""
