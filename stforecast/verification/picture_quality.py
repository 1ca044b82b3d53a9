"""Picture quality: SSIM, PSNR and LPIPS of whole frames, as papers on video publish them.

Each is a number of one frame, not a sum over its cells; frames are averaged. Values are scaled to [0, 1]
by the range of grey levels, and forecasts clipped to it, as pictures are shown.

B: init_time, L: lead_time, C: channel, Y: row, X: column.
"""

import os
from pathlib import Path

import numpy as np
from jaxtyping import Float

__all__ = [
    "MOST_DECIBELS",
    "WEIGHTS_FILE",
    "gaussian_ssim",
    "psnr_of_frames",
    "uniform_ssim",
    "weights_file",
]

Frames = Float[np.ndarray, "B L C Y X"]
Numbers = Float[np.ndarray, "B L C"]

MOST_DECIBELS = 100.0
"""PSNR of a frame without any error, whose PSNR would be infinite and the mean of all with it."""

WEIGHTS_FILE = "alexnet-owt-7be5be79.pth"
"""Weights that LPIPS needs, as torchvision publishes them."""

_GAUSSIAN_WINDOW = 11
_DEVIATION = 1.5
"""Of the Gaussian windows, in pixels."""
_UNIFORM_WINDOW = 7
_K1, _K2 = 0.01, 0.03


def gaussian_ssim(forecast: Frames, truth: Frames) -> Numbers:
    """Structural similarity of each frame of values in [0, 1], for a data range of 1.

    Windows are Gaussian, 11 × 11 with a deviation of 1.5 pixels.

    Raises:
        ValueError: a frame is smaller than a window.

    References:
        Wang et al. 2004, doi:10.1109/TIP.2003.819861; as torchmetrics computes it, which convolves with
        the whole window at once and takes some hundred times the memory of the frames.
    """
    from scipy.ndimage import correlate1d  # here: scores of weather do without it

    _check_size(truth, _GAUSSIAN_WINDOW)
    edge = _GAUSSIAN_WINDOW // 2
    weights = np.exp(-0.5 * (np.arange(-edge, edge + 1) / _DEVIATION) ** 2)
    weights /= weights.sum()

    def mean(values: np.ndarray) -> np.ndarray:
        along = correlate1d(values, weights, axis=-1, mode="mirror")
        return correlate1d(along, weights, axis=-2, mode="mirror")

    mean_forecast, mean_truth = mean(forecast), mean(truth)
    variances = np.maximum(mean(forecast * forecast) - mean_forecast**2, 0.0)
    variances += np.maximum(mean(truth * truth) - mean_truth**2, 0.0)
    covariance = mean(forecast * truth) - mean_forecast * mean_truth
    similar = (2 * mean_forecast * mean_truth + _K1**2) * (2 * covariance + _K2**2)
    similar /= (mean_forecast**2 + mean_truth**2 + _K1**2) * (variances + _K2**2)
    # As published: windows that reach over the edge, where the picture is mirrored, do not count.
    return similar[..., edge:-edge, edge:-edge].mean(axis=(-2, -1))


def uniform_ssim(forecast: Frames, truth: Frames, *, data_range: float) -> Numbers:
    """Structural similarity of each frame with uniform windows of 7 × 7, as scikit-image computes it.

    Args:
        data_range: what the values' range is taken for. OpenSTL's tables were made with 2, which
            scikit-image before 0.20 took for every array of floats: it flatters values in [0, 1].

    Raises:
        ValueError: a frame is smaller than a window.

    References:
        skimage.metrics.structural_similarity with its defaults; openstl/core/metrics.py.
    """
    from scipy.ndimage import uniform_filter

    _check_size(truth, _UNIFORM_WINDOW)
    window = (1, 1, 1, _UNIFORM_WINDOW, _UNIFORM_WINDOW)
    n_cells = _UNIFORM_WINDOW**2

    def mean(values: np.ndarray) -> np.ndarray:
        return uniform_filter(values, size=window)  # pyright: ignore[reportArgumentType]

    mean_forecast, mean_truth = mean(forecast), mean(truth)
    # Sample variances: divided by one less than the cells of a window.
    unbiased = n_cells / (n_cells - 1)
    variance_forecast = unbiased * (mean(forecast * forecast) - mean_forecast**2)
    variance_truth = unbiased * (mean(truth * truth) - mean_truth**2)
    covariance = unbiased * (mean(forecast * truth) - mean_forecast * mean_truth)
    c1, c2 = (_K1 * data_range) ** 2, (_K2 * data_range) ** 2
    similar = (2 * mean_forecast * mean_truth + c1) * (2 * covariance + c2)
    similar /= (mean_forecast**2 + mean_truth**2 + c1) * (variance_forecast + variance_truth + c2)
    edge = _UNIFORM_WINDOW // 2
    return similar[..., edge:-edge, edge:-edge].mean(axis=(-2, -1))


def psnr_of_frames(forecast: Frames, truth: Frames, *, most: float = np.inf) -> Numbers:
    """Peak signal-to-noise ratio of each frame of values in [0, 1], in dB.

    Over all channels of a frame together; each channel gets the number of its frame.

    Args:
        most: what a frame without error counts as.
    """
    error = np.mean(np.square(forecast - truth), axis=(2, 3, 4))
    with np.errstate(divide="ignore"):
        decibels = np.minimum(-10 * np.log10(error), most)
    return np.repeat(decibels[:, :, None], truth.shape[2], axis=2)


def weights_file() -> Path | None:
    """The weights that LPIPS needs, if they lie in the folder that `STFORECAST_WEIGHTS` names."""
    folder = os.environ.get("STFORECAST_WEIGHTS")
    file = Path(folder or "") / WEIGHTS_FILE
    return file if folder and file.is_file() else None


def _check_size(frames: np.ndarray, window: int) -> None:
    if min(frames.shape[-2:]) < window:
        raise ValueError(
            f"SSIM looks at windows of {window}×{window} pixels, but the frames are "
            f"{frames.shape[-2]}×{frames.shape[-1]}; make them larger (clips.size)."
        )
