"""Copying any lazy series: along its own chunks."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import dask.config
import numpy as np
import xarray as xr

from pipelines.preparing.array_file import ArrayFile
from pipelines.preparing.block import Block
from pipelines.preparing.regridded import regridded_labels
from pipelines.regrid import Regridding
from pipelines.store import blocks_of

__all__ = ["SeriesCopying"]


@dataclass(frozen=True, eq=False)
class SeriesCopying:
    """Copies a series, onto another grid on the way where one is wanted."""

    source: xr.DataArray
    regridding: Regridding | None = None

    @cached_property
    def series(self) -> xr.DataArray:
        """The series that the frames will be."""
        if self.regridding is None:
            return self.source
        return regridded_labels(self.source, self.regridding)

    @cached_property
    def blocks(self) -> Sequence[Block]:
        """Ranges of times along the chunks of the series."""
        frame_bytes = 4 * int(np.prod(self.source.shape[1:]))
        return [
            Block((stop - start) * frame_bytes, (start, stop))
            for start, stop in blocks_of(self.source)
        ]

    def copy(self, block: Block, frames: ArrayFile) -> None:
        """Read a block and write it to its places."""
        # One thread a worker: more would hold more chunks in memory at once.
        with dask.config.set(scheduler="synchronous"):
            values = self.source[slice(*block.frames)].values
        if self.regridding is not None:
            values = self.regridding.apply(values)
        frames.write(values, np.arange(*block.frames))

    def fill(self, frames: ArrayFile) -> None:
        """Nothing: the blocks write every frame."""
