"""Examples of a video run: its best, median and worst test sequence, as strips and moving pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from stforecast.figures.animation import KINDS, save_animation
from stforecast.figures.palette import forecaster_style
from stforecast.figures.save import save_figure
from stforecast.figures.video_strip import VideoForecast, plot_video_strip, video_pictures
from stforecast.forecaster import Forecaster
from stforecast.verification.sequence_errors import Example

__all__ = ["draw_examples", "video_forecast"]

_LEVELS = 255.0
_SECONDS = 0.25
"""That each frame of a moving picture stays."""


def draw_examples(
    folder: Path, forecaster: Forecaster, series: xr.DataArray, examples: Sequence[Example]
) -> list[Path]:
    """Write example_RANK.png, .gif and .mp4 of each example into a folder; what was written."""
    written = []
    for example in examples:
        video = video_forecast(forecaster, series, example)
        stem = f"example_{example.rank}"
        written.append(save_figure(plot_video_strip(video), folder / f"{stem}.png"))
        for kind in KINDS:
            path = folder / f"{stem}.{kind}"
            written.append(save_animation(video_pictures(video), path, seconds=_SECONDS))
    return written


def video_forecast(forecaster: Forecaster, series: xr.DataArray, example: Example) -> VideoForecast:
    """The forecast of an example, with its input and truth in grey levels.

    Args:
        series: the forecaster's channels of video.
    """
    window = forecaster.experiment
    made = forecaster.forecast(series, init_times=[example.init_time], steps=window.horizon)
    at = int(np.searchsorted(series["time"].values, example.init_time))
    clip = str(series.attrs["clip_names"]).split("\n")[int(series["clip"].values[at])]
    synthetic = " (synthetic)" if series.attrs.get("synthetic") == "true" else ""
    cells = int(np.prod(series.shape[1:]))
    mse = example.mse / _LEVELS**2 * cells
    name = forecaster_style(forecaster.name).label
    return VideoForecast(
        history=_levels(series[at + 1 - window.history : at + 1]),
        truth=_levels(series[at + 1 : at + 1 + window.horizon]),
        forecast=_levels(made[0]),
        title=f"{name}: {example.rank} of the test sequences",
        below=f"{series.attrs['dataset']}{synthetic}, {clip}  ·  MSE {mse:.4g}, summed over a frame  ·  "
        "frames counted from the last input",
    )


def _levels(frames: xr.DataArray) -> np.ndarray:
    return np.asarray(frames.values, dtype="float32")
