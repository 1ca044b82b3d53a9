"""Copying weather data: field by field, in whole stored chunks, so that each byte is read once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from pipelines.preparing.array_file import ArrayFile
from pipelines.preparing.block import LIMIT, Block, Tile, cut, tiles_of
from pipelines.preparing.regridded import regridded_labels
from pipelines.regrid import Regridding
from pipelines.weather_fields import Field, as_slice
from pipelines.weather_opening import OpenedWeather
from pipelines.weatherbench import lazy_series

__all__ = ["WeatherCopying"]


@dataclass(frozen=True, eq=False)
class _Share:
    """What one field gives to the series."""

    field: Field
    frames: np.ndarray
    """Of the file, in its order."""
    rows: np.ndarray
    """The time of the series that each of `frames` is."""
    channels: np.ndarray
    """Of the series, in the order of the file's levels."""
    levels: tuple[float, ...]
    """hPa, of `channels`; empty where the variable has none."""
    stored_levels: np.ndarray
    """In which stored chunk the level of each of `channels` lies."""

    @property
    def stored_frames(self) -> np.ndarray:
        """In which stored chunk each of `frames` lies."""
        return self.frames // self.field.stored_chunks["time"]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the file."""
        sizes = self.field.array.sizes
        return sizes[self.field.y_dim], sizes[self.field.x_dim]

    def places(self, tile: Tile) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of the grid for each row and column of a tile; −1 for a repeated column."""
        placement, places = self.field.placement, []
        for indices, size in zip((placement.rows, placement.columns), self.shape, strict=True):
            inverse = np.full(size, -1)
            inverse[indices] = np.arange(len(indices))
            places.append(inverse)
        return places[0][tile[0] : tile[1]], places[1][tile[2] : tile[3]]

    def tiles(self) -> list[Tile]:
        """Tiles of the field in which a stored chunk of frames and levels fits."""
        chunks = self.field.stored_chunks
        _, frames = np.unique(self.stored_frames, return_counts=True)
        _, levels = np.unique(self.stored_levels, return_counts=True)
        depth = int(frames.max(initial=1) * levels.max(initial=1))
        return tiles_of(self.shape, (chunks["y"], chunks["x"]), depth=depth)


@dataclass(frozen=True, eq=False)
class WeatherCopying:
    """Copies opened weather data, onto another grid on the way where one is wanted."""

    opened: OpenedWeather
    regridding: Regridding | None = None

    @cached_property
    def series(self) -> xr.DataArray:
        """The series that the frames will be."""
        series = lazy_series(self.opened)
        return series if self.regridding is None else regridded_labels(series, self.regridding)

    @cached_property
    def blocks(self) -> Sequence[Block]:
        """Whole stored chunks of frames and levels, in tiles where a field of them is too large."""
        return [block for number in range(len(self._shares)) for block in self._blocks_of(number)]

    def copy(self, block: Block, frames: ArrayFile) -> None:
        """Read a block and write it to its places.

        Raises:
            ValueError: the file cannot be read there.
        """
        share = self._shares[block.field]
        chosen = slice(*block.frames)
        times = share.rows[chosen]
        channels = share.channels[slice(*block.channels)]
        convert = self.opened.conversions[share.field].apply
        if self.regridding is None:
            tile = block.tile or (0, share.shape[0], 0, share.shape[1])
            rows, columns = share.places(tile)
            by_row = np.argsort(rows)
            by_column = np.argsort(columns)[(columns < 0).sum() :]
            where = (channels, rows[by_row], columns[by_column])
            values = _read(share, block, tile)[:, :, as_slice(by_row)][..., as_slice(by_column)]
            for piece in _pieces(values):  # a whole block as float64 would take much memory
                frames.write(convert(values[piece]), times[piece], *where)
            return
        sums, areas = self.regridding.blank(len(times), len(channels))
        for tile in share.tiles():
            rows, columns = share.places(tile)
            values = _read(share, block, tile)[..., columns >= 0]
            for piece in _pieces(values):
                self.regridding.add(
                    sums[piece], areas[piece], values[piece], rows, columns[columns >= 0]
                )
        frames.write(convert(self.regridding.finish(sums, areas)), times, channels)

    def fill(self, frames: ArrayFile) -> None:
        """Write NaN where a channel has no frame."""
        plane = np.full((1, 1, *frames.shape[2:]), np.nan, dtype="float32")
        for channel, part in enumerate(self.opened.parts):
            for row in np.flatnonzero(~np.isin(self.opened.times, part.times)):
                frames.write(plane, np.array([row]), np.array([channel]))

    @cached_property
    def _shares(self) -> list[_Share]:
        parts = self.opened.parts
        fields = dict.fromkeys(field for part in parts for field in part.fields)
        return [self._share_of(field) for field in fields]

    def _share_of(self, field: Field) -> _Share:
        parts, times = self.opened.parts, self.opened.times
        channels = np.array([n for n, part in enumerate(parts) if field in part.fields])
        rows = np.flatnonzero(np.isin(times, field.times))
        frames = field.order[np.searchsorted(field.times, times[rows])]
        order = np.argsort(frames, kind="stable")
        levels: tuple[float, ...] = ()
        places = np.zeros(1, dtype=int)
        if field.level_dim is not None:
            places = np.array([field.levels.index(parts[n].level or 0) for n in channels])
            channels, places = channels[np.argsort(places)], np.sort(places)
            levels = tuple(field.levels[place] for place in places)
        stored = places // field.stored_chunks["level"]
        return _Share(field, frames[order], rows[order], channels, levels, stored)

    def _blocks_of(self, number: int) -> list[Block]:
        share = self._shares[number]
        tiles = share.tiles()
        n_cells = share.shape[0] * share.shape[1]
        if self.regridding is not None:  # sums and areas are kept in float64
            n_cells = max(n_cells, 4 * int(np.prod(self.regridding.target.shape)))
        if len(tiles) > 1 and self.regridding is None:
            n_cells = max((t[1] - t[0]) * (t[3] - t[2]) for t in tiles)
        _, counts = np.unique(share.stored_frames, return_counts=True)
        at_once = int(counts.max(initial=1))
        blocks = []
        for channels in cut(share.stored_levels, max(LIMIT // (at_once * n_cells), 1)):
            depth = (channels[1] - channels[0]) * n_cells
            for frames in cut(share.stored_frames, max(LIMIT // depth, 1)):
                whole: list[Tile] = [(0, share.shape[0], 0, share.shape[1])]
                for tile in tiles if self.regridding is None else whole:
                    cells = (tile[1] - tile[0]) * (tile[3] - tile[2])
                    size = 4 * cells * (frames[1] - frames[0]) * (channels[1] - channels[0])
                    blocks.append(Block(size, frames, number, channels, tile))
        return blocks


def _pieces(values: np.ndarray) -> list[slice]:
    """Frames in pieces of some megabytes."""
    most = max(LIMIT // 8 // max(values[:1].size, 1), 1)
    return [slice(start, start + most) for start in range(0, len(values), most)]


def _read(share: _Share, block: Block, tile: Tile) -> np.ndarray:
    """Values (time, level, y, x) of a tile, in the order and the units of the file."""
    field, frames = share.field, share.frames[slice(*block.frames)]
    levels = share.levels[slice(*block.channels)] if share.levels else ()
    rows, columns = slice(tile[0], tile[1]), slice(tile[2], tile[3])
    return field.read(frames, levels, rows=rows, columns=columns)
