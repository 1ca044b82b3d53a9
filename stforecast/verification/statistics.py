"""Statistics: sums over the cells of each forecast frame, from which every metric is computed.

A statistic is additive: sums over parts of the init times, or over lead times, add up to the sum over
the whole. So scores stream, and a mean is never taken before everything is counted.

Axes: B init_time, L lead_time, C channel, Y row, X column.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from stforecast.verification.picture_quality import (
    MOST_DECIBELS,
    gaussian_ssim,
    psnr_of_frames,
    uniform_ssim,
)

__all__ = ["STATISTICS", "Cells", "cells_of"]

CellValues = Float[np.ndarray, "B L C Y X"]
FrameSums = Float[np.ndarray, "B L C"]


@dataclass(frozen=True, eq=False)
class Cells:
    """Forecast and truth of a batch, cell by cell, float64; masked cells are 0 in all of them."""

    forecast: Float[np.ndarray, "B L C Y X"]
    truth: Float[np.ndarray, "B L C Y X"]
    valid: Bool[np.ndarray, "B L C Y X"]
    """Where forecast and truth count; False is masked."""
    weights: Float[np.ndarray, "Y"]
    """Of each row, mean 1."""
    climatology: Float[np.ndarray, "B L C Y X"] | None = None
    """At the valid time; NaN where there is none."""
    threshold: float | None = None
    """Least truth of a cell that is active, above 0; None where nothing asks for it."""
    span: float | None = None
    """Greatest less least value of the training data; None where nothing asks for it."""

    @cached_property
    def error(self) -> np.ndarray:
        """Forecast minus truth; 0 where masked."""
        return self.forecast - self.truth

    @cached_property
    def is_active(self) -> np.ndarray:
        """Where the cells count and the truth reaches the threshold."""
        assert self.threshold is not None, "active cells need a threshold"
        return self.valid & (self.truth >= self.threshold)

    @property
    def scale(self) -> float:
        """What an error of the whole span is divided by to be 1."""
        assert self.span is not None, "scaled errors need a span"
        return self.span

    @cached_property
    def pictures(self) -> tuple[np.ndarray, np.ndarray]:
        """Forecast and truth of grey levels from 0 on, in [0, 1]; forecasts are clipped to it."""
        return np.clip(self.forecast / self.scale, 0.0, 1.0), self.truth / self.scale

    def of_whole_frames(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers (init_time, lead_time, channel) of frames, 0 where a cell of the frame is masked."""
        return np.where(self.valid.all(axis=(-2, -1)), numbers, 0.0)

    @cached_property
    def has_anomaly(self) -> np.ndarray:
        """Where forecast, truth and climatology all count."""
        return self.valid & ~np.isnan(self._climatology)

    @cached_property
    def forecast_anomaly(self) -> np.ndarray:
        """Forecast minus climatology; 0 where masked."""
        return np.where(self.has_anomaly, self.forecast - self._climatology, 0.0)

    @cached_property
    def truth_anomaly(self) -> np.ndarray:
        """Truth minus climatology; 0 where masked."""
        return np.where(self.has_anomaly, self.truth - self._climatology, 0.0)

    @property
    def _climatology(self) -> np.ndarray:
        assert self.climatology is not None, "anomalies need a climatology"
        return self.climatology

    def weighted_product(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Weighted sum over the cells of a product, per init time, lead time and channel."""
        return np.einsum("blcyx,blcyx->blcy", first, second) @ self.weights

    def weighted_sum(self, values: np.ndarray) -> np.ndarray:
        """Weighted sum over the cells, per init time, lead time and channel."""
        return values.sum(axis=-1) @ self.weights


def cells_of(
    forecast: np.ndarray,
    truth: np.ndarray,
    *,
    valid: Bool[np.ndarray, "B L C Y X"],
    weights: Float[np.ndarray, "Y"],
    climatology: np.ndarray | None = None,
    threshold: float | None = None,
    span: float | None = None,
) -> Cells:
    """The cells of a batch, with what is masked set to 0."""
    # Sums of squares of pressures and geopotentials need float64: squares of 1e5 keep no digit else.
    forecast, truth = forecast.astype("float64"), truth.astype("float64")
    if not valid.all():
        forecast, truth = np.where(valid, forecast, 0.0), np.where(valid, truth, 0.0)
    return Cells(forecast, truth, valid, weights, climatology, threshold, span)


def weight(cells: Cells) -> FrameSums:
    """Weights of what is verified: the denominator of every plain mean."""
    return cells.weighted_sum(cells.valid)


def squared_error(cells: Cells) -> FrameSums:
    """Weighted sum of (forecast - truth)², in units²."""
    return cells.weighted_product(cells.error, cells.error)


def absolute_error(cells: Cells) -> FrameSums:
    """Weighted sum of |forecast - truth|."""
    return cells.weighted_sum(np.abs(cells.error))


def error(cells: Cells) -> FrameSums:
    """Weighted sum of forecast - truth."""
    return cells.weighted_sum(cells.error)


def active_weight(cells: Cells) -> FrameSums:
    """Weights of the active cells: the denominator of every mean over them."""
    return cells.weighted_sum(cells.is_active)


def active_squared_error(cells: Cells) -> FrameSums:
    """Weighted sum of (forecast - truth)² over the active cells, in units²."""
    return cells.weighted_sum(np.where(cells.is_active, cells.error**2, 0.0))


def active_absolute_error(cells: Cells) -> FrameSums:
    """Weighted sum of |forecast - truth| over the active cells."""
    return cells.weighted_sum(np.where(cells.is_active, np.abs(cells.error), 0.0))


def active_relative_error(cells: Cells) -> FrameSums:
    """Weighted sum of |forecast - truth| / truth over the active cells, a pure number."""
    error = np.abs(cells.error)
    relative = np.divide(error, cells.truth, out=np.zeros_like(error), where=cells.is_active)
    return cells.weighted_sum(relative)


def scaled_squared_error(cells: Cells) -> FrameSums:
    """Weighted sum of ((forecast - truth) / span)², a pure number."""
    return squared_error(cells) / cells.scale**2


def scaled_absolute_error(cells: Cells) -> FrameSums:
    """Weighted sum of |forecast - truth| / span, a pure number."""
    return absolute_error(cells) / cells.scale


def frame_count(cells: Cells) -> FrameSums:
    """1 for each frame without a masked cell: the denominator of every mean over frames."""
    return cells.valid.all(axis=(-2, -1)).astype("float64")


def structural_similarity(cells: Cells) -> FrameSums:
    """SSIM of each whole frame, with Gaussian windows."""
    return cells.of_whole_frames(gaussian_ssim(*cells.pictures))


def structural_similarity_openstl(cells: Cells) -> FrameSums:
    """SSIM of each whole frame as OpenSTL's tables have it: uniform windows, data range 2."""
    return cells.of_whole_frames(uniform_ssim(*cells.pictures, data_range=2.0))


def signal_to_noise(cells: Cells) -> FrameSums:
    """PSNR of each whole frame in dB, of one without error `MOST_DECIBELS`."""
    return cells.of_whole_frames(psnr_of_frames(*cells.pictures, most=MOST_DECIBELS))


def signal_to_noise_unbounded(cells: Cells) -> FrameSums:
    """PSNR of each whole frame in dB, infinite without error."""
    return cells.of_whole_frames(psnr_of_frames(*cells.pictures))


def perceptual_distance(cells: Cells) -> FrameSums:
    """LPIPS of each whole frame; each channel gets the number of its frame."""
    from stforecast.verification.lpips import lpips_of_frames

    return cells.of_whole_frames(lpips_of_frames(*cells.pictures))


def correlation(cells: Cells) -> FrameSums:
    """Uncentred anomaly correlation of each frame; 0 where it is undefined, see `is_correlated`."""
    covariance = anomaly_product(cells)
    norm = np.sqrt(forecast_anomaly_square(cells) * truth_anomaly_square(cells))
    return np.divide(covariance, norm, out=np.zeros_like(norm), where=norm > 0)


def is_correlated(cells: Cells) -> FrameSums:
    """1 where the anomaly correlation of a frame is defined, 0 where an anomaly is 0 all over."""
    return (forecast_anomaly_square(cells) * truth_anomaly_square(cells) > 0).astype("float64")


def anomaly_count(cells: Cells) -> FrameSums:
    """Number of cells with an anomaly."""
    return cells.has_anomaly.sum(axis=(-2, -1)).astype("float64")


def anomaly_weight(cells: Cells) -> FrameSums:
    """Weights of the cells with an anomaly."""
    return cells.weighted_sum(cells.has_anomaly)


def anomaly_product(cells: Cells) -> FrameSums:
    """Weighted sum of forecast anomaly times truth anomaly, in units²."""
    return cells.weighted_product(cells.forecast_anomaly, cells.truth_anomaly)


def forecast_anomaly_square(cells: Cells) -> FrameSums:
    """Weighted sum of the squared forecast anomaly, in units²."""
    return cells.weighted_product(cells.forecast_anomaly, cells.forecast_anomaly)


def truth_anomaly_square(cells: Cells) -> FrameSums:
    """Weighted sum of the squared truth anomaly, in units²."""
    return cells.weighted_product(cells.truth_anomaly, cells.truth_anomaly)


def forecast_anomaly_sum(cells: Cells) -> FrameSums:
    """Weighted sum of the forecast anomaly."""
    return cells.weighted_sum(cells.forecast_anomaly)


def truth_anomaly_sum(cells: Cells) -> FrameSums:
    """Weighted sum of the truth anomaly."""
    return cells.weighted_sum(cells.truth_anomaly)


def plain_forecast_anomaly_sum(cells: Cells) -> FrameSums:
    """Sum of the forecast anomaly without weights."""
    return cells.forecast_anomaly.sum(axis=(-2, -1))


def plain_truth_anomaly_sum(cells: Cells) -> FrameSums:
    """Sum of the truth anomaly without weights."""
    return cells.truth_anomaly.sum(axis=(-2, -1))


STATISTICS: dict[str, Callable[[Cells], np.ndarray]] = {
    statistic.__name__: statistic
    for statistic in (
        weight,
        squared_error,
        absolute_error,
        error,
        active_weight,
        active_squared_error,
        active_absolute_error,
        active_relative_error,
        scaled_squared_error,
        scaled_absolute_error,
        frame_count,
        structural_similarity,
        structural_similarity_openstl,
        signal_to_noise,
        signal_to_noise_unbounded,
        perceptual_distance,
        correlation,
        is_correlated,
        anomaly_count,
        anomaly_weight,
        anomaly_product,
        forecast_anomaly_square,
        truth_anomaly_square,
        forecast_anomaly_sum,
        truth_anomaly_sum,
        plain_forecast_anomaly_sum,
        plain_truth_anomaly_sum,
    )
}
