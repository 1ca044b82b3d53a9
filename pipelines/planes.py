"""Planes: what extra inputs that vary in space are made of, on the device that needs them.

An array of such inputs for each window would be as large as the data; these make them from a few
numbers a frame (`pipelines.inputs`) and from what never changes.

B: batch, T: history step, C: channel, K: number of a frame, P: plane that never changes, Y: row,
X: column.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool, Float
from torch import Tensor

from pipelines.grid import Grid
from pipelines.solar import radiation
from pipelines.store import blocks_of

__all__ = ["Planes", "empty_cells", "grid_angles", "standardised"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Planes:
    """Makes the planes of extra inputs beside the channels of frames."""

    fixed: Float[Tensor, "P Y X"] | None = None
    """The same at all times, such as the orography."""
    rows: Float[Tensor, "2 Y 1"] | None = None
    """Sine and cosine of the latitude."""
    columns: Float[Tensor, "2 1 X"] | None = None
    """Sine and cosine of the longitude."""
    n_points: int = 0
    """Moments in a time step at which the sun is looked at; 0 without solar radiation."""
    present: bool = False
    """Whether a plane a channel says where the frames hold a value."""

    def to(self, device: str | torch.device) -> "Planes":
        """The same on another device."""
        parts = (self.fixed, self.rows, self.columns)
        fixed, rows, columns = (None if part is None else part.to(device) for part in parts)
        return replace(self, fixed=fixed, rows=rows, columns=columns)

    def beside(
        self, frames: Float[Tensor, "B T C Y X"], numbers: Float[Tensor, "B T K"], present: Tensor
    ) -> list[Tensor]:
        """Planes (B, T, any, Y, X) that go behind the channels: numbers, fixed ones, the sun, presence.

        Args:
            frames: what they go with.
            numbers: of each frame; the last 3 for each of `n_points` are those of the sun.
            present: which values of the frames are there, (B, T, C, Y, X).
        """
        steps, cells = frames.shape[:2], frames.shape[-2:]
        n_spread = numbers.shape[-1] - 3 * self.n_points
        made = []
        if n_spread:
            spread = numbers[..., :n_spread, None, None]
            made.append(spread.expand(*steps, n_spread, *cells))
        if self.fixed is not None:
            made.append(self.fixed.expand(*steps, *self.fixed.shape))
        if self.n_points:
            assert self.rows is not None and self.columns is not None  # noqa: PT018
            sun = numbers[..., n_spread:].unflatten(-1, (self.n_points, 3))
            made.append(radiation(sun, self.rows, self.columns)[:, :, None])
        if self.present:
            made.append(present.to(frames.dtype))
        return made


def grid_angles(grid: Grid) -> tuple[Float[np.ndarray, "2 Y 1"], Float[np.ndarray, "2 1 X"]]:
    """Sine and cosine of the latitude of each row, and of the longitude of each column."""
    rows, columns = np.radians(grid.latitude), np.radians(grid.longitude)
    return (
        np.stack([np.sin(rows), np.cos(rows)]).astype("float32")[:, :, None],
        np.stack([np.sin(columns), np.cos(columns)]).astype("float32")[:, None, :],
    )


def standardised(values: Float[np.ndarray, "Y X"]) -> Float[np.ndarray, "Y X"]:
    """A field with mean 0 and standard deviation 1 over its cells; 0 where it is unknown or even.

    Raises:
        ValueError: not one value is known.
    """
    wide = values.astype("float64")
    if np.isnan(wide).all():
        raise ValueError("not one cell holds a value")
    scaled = (wide - np.nanmean(wide)) / (np.nanstd(wide) or 1.0)
    return np.nan_to_num(scaled).astype("float32")


def empty_cells(series: xr.DataArray) -> Bool[np.ndarray, "C Y X"]:
    """The cells of each channel that never hold a finite value, such as the sea in data over land.

    Frames are read until every cell has held one: of data without such cells, a first block at most.
    """
    empty = np.ones(series.shape[1:], dtype=bool)
    for start, stop in blocks_of(series):
        empty &= ~np.isfinite(series[start:stop].values).any(axis=0)
        if not empty.any():
            break
    return empty
