"""Forecasts of video as strips and moving pictures: a run's best, median and worst, and any other."""

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

__all__ = ["draw_examples", "draw_video"]

_LEVELS = 255.0
_SECONDS = 0.25
"""That each frame of a moving picture stays."""


def draw_examples(
    folder: Path, forecaster: Forecaster, series: xr.DataArray, examples: Sequence[Example]
) -> list[Path]:
    """Write example_RANK.png, .gif and .mp4 of each example into a folder; what was written.

    Args:
        series: the forecaster's channels of video.
    """
    written, window = [], forecaster.experiment
    for example in examples:
        made = forecaster.forecast(series, init_times=[example.init_time], steps=window.horizon)
        what = f"{example.rank} of the test sequences"
        video = _video(series, made, history=window.history, what=what)
        written += _save(video, folder, f"example_{example.rank}")
    return written


def draw_video(
    folder: Path, series: xr.DataArray, forecast: xr.DataArray, *, history: int
) -> list[Path]:
    """Write forecast.png, .gif and .mp4 of the first init_time into a folder; what was written.

    Args:
        series: the forecaster's channels of video, with the history and what is known of the truth.
        forecast: (init_time, lead_time, channel, y, x).
        history: frames that it was made from.
    """
    ahead = forecast.sizes["lead_time"]
    what = f"forecast of {ahead} frame{'s' if ahead > 1 else ''}"
    return _save(_video(series, forecast, history=history, what=what), folder, "forecast")


def _save(video: VideoForecast, folder: Path, stem: str) -> list[Path]:
    strip = save_figure(plot_video_strip(video), folder / f"{stem}.png")
    moving = (
        save_animation(video_pictures(video), folder / f"{stem}.{kind}", seconds=_SECONDS)
        for kind in KINDS
    )
    return [strip, *moving]


def _video(
    series: xr.DataArray, forecast: xr.DataArray, *, history: int, what: str
) -> VideoForecast:
    """A forecast with its input and truth in grey levels; truth ends where its clip does."""
    made = _levels(forecast[0])
    at = int(np.searchsorted(series["time"].values, forecast["init_time"].values[0]))
    after = series["clip"].values[at + 1 : at + 1 + len(made)]
    truth = _levels(series[at + 1 : at + 1 + np.count_nonzero(after == series["clip"].values[at])])
    clip = str(series.attrs["clip_names"]).split("\n")[int(series["clip"].values[at])]
    synthetic = " (synthetic)" if series.attrs.get("synthetic") == "true" else ""
    told = [f"{series.attrs['dataset']}{synthetic}, {clip}"]
    if len(truth):
        errors = (made[: len(truth)] - truth) / _LEVELS
        mse = np.square(errors).sum(axis=(1, 2, 3)).mean()
        told.append(f"MSE {mse:.4g}, summed over a frame")
    return VideoForecast(
        history=_levels(series[at + 1 - history : at + 1]),
        truth=truth,
        forecast=made,
        title=f"{forecaster_style(forecast.attrs['forecaster']).label}: {what}",
        below="  ·  ".join([*told, "frames counted from the last input"]),
    )


def _levels(frames: xr.DataArray) -> np.ndarray:
    return np.asarray(frames.values, dtype="float32")
