"""Normalisation: per channel, with statistics of the training split alone.

C: channel, Y: row, X: column.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from pipelines.moments import Moments, moments_of_planes
from pipelines.series import channels_of
from pipelines.store import blocks_of, stored_moments

__all__ = ["METHODS", "Normaliser", "fit_normaliser"]

Method = Literal["zscore", "minmax01", "minmax11"]
METHODS: tuple[Method, ...] = ("zscore", "minmax01", "minmax11")


@dataclass(frozen=True)
class Normaliser:
    """normalised = (physical − offset) / scale, one offset and scale a channel."""

    offset: tuple[float, ...]
    """In the channel's units."""
    scale: tuple[float, ...]
    """In the channel's units, above 0."""
    method: Method = "zscore"
    """Where offset and scale come from."""
    mean: tuple[float, ...] = ()
    """What a missing value of a history counts as, in the channel's units: the training mean, or the
    offset unless given."""

    def __post_init__(self) -> None:
        if not self.mean:
            object.__setattr__(self, "mean", self.offset)
        if len(self.offset) != len(self.scale):
            raise ValueError(
                f"A normaliser needs as many offsets ({len(self.offset)}) as scales "
                f"({len(self.scale)})."
            )
        if not all(np.isfinite(value) and value > 0 for value in self.scale):
            raise ValueError(f"Every scale must be finite and above 0, but they are {self.scale}.")

    def normalise(self, frames: Float[Tensor, "*B C Y X"]) -> Float[Tensor, "*B C Y X"]:
        """Frames without unit, of physical ones."""
        offset, scale, _ = self._columns(frames)
        return (frames - offset) / scale

    def normalise_history(self, frames: Float[Tensor, "*B C Y X"]) -> Float[Tensor, "*B C Y X"]:
        """As `normalise`, with the mean where a value is missing: networks take no NaN."""
        offset, scale, mean = self._columns(frames)
        return (torch.where(torch.isnan(frames), mean, frames) - offset) / scale

    def denormalise(self, frames: Float[Tensor, "*B C Y X"]) -> Float[Tensor, "*B C Y X"]:
        """Frames in physical units, of normalised ones."""
        offset, scale, _ = self._columns(frames)
        return frames * scale + offset

    def _columns(self, frames: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        shape = (-1, 1, 1)
        return tuple(
            torch.tensor(values, dtype=frames.dtype, device=frames.device).view(shape)
            for values in (self.offset, self.scale, self.mean)
        )  # pyright: ignore[reportReturnType]


def fit_normaliser(
    series: xr.DataArray,
    *,
    method: Method = "zscore",
    progress: Callable[[int, int], None] | None = None,
) -> Normaliser:
    """The normaliser of a training series, NaN left out.

    A store knows the moments of its frames; other series are read once, block by block.

    Args:
        series: the training split alone.
        method: "zscore" (mean 0, standard deviation 1), "minmax01" (range 0 to 1) or "minmax11"
            (range −1 to 1); the range is that of what can be, where a channel has both bounds.

    Raises:
        ValueError: a channel is constant or holds no finite value.
    """
    moments = _moments_of(series, progress)
    for index, name in enumerate(series["channel"].values):
        if moments.count[index] == 0:
            raise ValueError(
                f"Channel {name}: no finite value among the training frames; "
                "leave it out of `variables`, or train on times that have some."
            )
        if not moments.maximum[index] > moments.minimum[index]:
            raise ValueError(
                f"Channel {name}: every training value is {moments.minimum[index]:g}; a constant "
                "channel cannot be normalised. Leave it out of `variables`."
            )
    if method == "zscore":
        offset, scale = moments.mean, moments.std
    else:
        low, high = _range_of(series, moments)
        middle = (low + high) / 2
        offset, scale = (low, high - low) if method == "minmax01" else (middle, (high - low) / 2)
    return Normaliser(
        tuple(map(float, offset)),
        tuple(map(float, scale)),
        method,
        tuple(map(float, moments.mean)),
    )


def _range_of(series: xr.DataArray, moments: Moments) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest value of each channel: those that can be, where both are known.

    A grey level is one of 0 to 255, whatever levels the training frames happen to hold.
    """
    bounds = np.array([[one.valid_min, one.valid_max] for one in channels_of(series)]).T
    known = np.isfinite(bounds).all(axis=0)
    seen = np.array([moments.minimum, moments.maximum])
    low, high = np.where(known, bounds, seen)
    return low, high


def _moments_of(series: xr.DataArray, progress: Callable[[int, int], None] | None) -> Moments:
    """The moments of each channel."""
    planes = stored_moments(series)
    if planes is not None:
        return planes.over(0)
    parts = []
    for start, stop in blocks_of(series):
        parts.append(moments_of_planes(series[start:stop].values).table())
        if progress is not None:
            progress(stop, series.sizes["time"])
    return Moments.from_table(np.concatenate(parts)).over(0)
