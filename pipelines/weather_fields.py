"""Fields: the known variables of each opened file, with their levels and their place in the grid.

All values of channels are read by `Field.read`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from pipelines.grid import Placement
from pipelines.series import names
from pipelines.variables import Variable
from pipelines.weather_coordinates import find_grid
from pipelines.weather_files import Source
from pipelines.weather_variables import recognise, why_unknown

__all__ = ["Field", "as_slice", "fields_of"]

_SAMPLED_ROWS = 64
"""Rows of a frame that units are told by, at most."""

_VERSION = "expver"
_FINAL, _PRELIMINARY = 1, 5
"""Of ERA5, and of ERA5T, which comes within days and is replaced after two or three months."""


@dataclass(frozen=True, eq=False)
class Field:
    """One known variable of one file."""

    source: Source
    name: str
    """What the file calls it."""
    variable: Variable
    level_dim: str | None
    """Dimension of the levels; None where there is one level or none."""
    levels: tuple[float, ...]
    """hPa, as they stand in the file; empty where the variable has none."""
    y_dim: str
    x_dim: str
    placement: Placement
    versions: tuple[int, int] | None = None
    """Where final and preliminary ERA5 stand along the dimension `expver`; None without it."""

    @property
    def array(self) -> xr.DataArray:
        """The values, lazy, in the order and the units of the file."""
        return self.source.dataset[self.name]

    @property
    def declared_units(self) -> str | None:
        """What the file says about its units."""
        attrs = self.array.attrs
        units = attrs.get("units", attrs.get("GRIB_units"))
        return None if units is None else str(units)

    @property
    def convention(self) -> str:
        """Units of WeatherBench 2, which declares none; empty if the name is not one of its own."""
        if self.name != self.variable.wb2_name:
            return ""
        return self.variable.wb2_units or self.variable.units

    @cached_property
    def order(self) -> np.ndarray:
        """Which of the file's frames each of `times` is."""
        return self.source.frames[np.argsort(self.source.times, kind="stable")]

    @cached_property
    def times(self) -> np.ndarray:
        """The times in order."""
        return np.sort(self.source.times)

    @property
    def stored_chunks(self) -> dict[str, int]:
        """Frames, levels, rows and columns that are stored, and so unpacked, together.

        The keys are time, level, y and x. Of what is stored in one piece each frame can be read.
        """
        chunks = self.array.encoding.get("preferred_chunks") or {}
        dims = {"y": self.y_dim, "x": self.x_dim}
        stored = {key: chunks.get(dim, self.array.sizes[dim]) for key, dim in dims.items()}
        level = 1 if self.level_dim is None else chunks.get(self.level_dim, 1)
        return {"time": chunks.get(self.source.time_dim, 1), "level": level, **stored}

    def read(
        self,
        frames: slice | np.ndarray,
        levels: Sequence[float] = (),
        *,
        rows: slice = slice(None),
        columns: slice = slice(None),
    ) -> np.ndarray:
        """Values (time, level, y, x) in the order and the units of the file, float32 at least.

        Infinite values are missing ones: no network and no score bears them.

        Args:
            frames: of the file, as `order` names them.
            levels: hPa, of `self.levels`, in the wanted order; of no account where there is one
                level or none.
            rows, columns: of the file, as `placement` names them.

        Raises:
            ValueError: the bytes are damaged; path, variable and time are named.
        """
        chosen: dict[str, slice | np.ndarray | int] = {
            self.source.time_dim: frames if isinstance(frames, slice) else as_slice(frames),
            self.y_dim: rows,
            self.x_dim: columns,
        }
        dims = [self.source.time_dim, self.y_dim, self.x_dim]
        if self.level_dim is not None:
            chosen[self.level_dim] = as_slice(
                np.array([self.levels.index(level) for level in levels])
            )
            dims.insert(1, self.level_dim)
        variable = self.array.variable
        chosen |= {str(dim): 0 for dim in variable.dims if dim not in dims}
        if self.versions is None:
            return self._cut(chosen, dims)
        final, preliminary = (
            self._cut(chosen | {_VERSION: place}, dims) for place in self.versions
        )
        return np.where(np.isnan(final), preliminary, final)

    def _cut(
        self, chosen: Mapping[str, slice | np.ndarray | int], dims: Sequence[str]
    ) -> np.ndarray:
        try:
            values = self.array.variable.isel(chosen).transpose(*dims).values
        except MemoryError:
            raise
        except Exception as error:  # damaged bytes make any library fail in any way
            raise ValueError(self._damaged(chosen[self.source.time_dim], error)) from error
        # Half precision is for storing alone: sums and conversions in it lose digits.
        values = values.astype(np.result_type(values.dtype, "float32"), copy=False)
        infinite = np.isinf(values)
        if infinite.any():
            values = np.where(infinite, np.float32(np.nan), values)
        return values if self.level_dim is not None else values[:, None]

    def _damaged(self, frames: slice | np.ndarray | int, error: Exception) -> str:
        raw = np.full(self.array.sizes[self.source.time_dim], np.datetime64("NaT", "ns"))
        raw[self.source.frames] = self.source.times
        own = raw[frames]
        first, last = np.datetime_as_string([np.nanmin(own), np.nanmax(own)], unit="m")
        between = f"at {first}" if first == last else f"between {first} and {last}"
        return (
            f"{self.source.path}: {self.name} cannot be read {between}: what is stored is damaged "
            f"({error}). Fetch or copy it again; `stforecast check` lists all that is damaged."
        )

    def preliminary(self, times: np.ndarray) -> int:
        """How many of `times` have values that are not final: those of ERA5T, `expver` 5."""
        dataset = self.source.dataset
        if _VERSION not in dataset.variables or dataset[_VERSION].dims != (self.source.time_dim,):
            return 0
        numbers = np.array([_version(value) for value in dataset[_VERSION].values])
        own = self.source.frames[np.isin(self.source.times, times)]
        return int((numbers[own] == _PRELIMINARY).sum())

    def sample(self, frames: int) -> dict[float, np.ndarray]:
        """Values of a few frames and rows spread over the file, by level (NaN: without levels)."""
        chosen = np.unique(np.linspace(0, len(self.times) - 1, frames).astype(int))
        every = slice(None, None, -(-self.array.sizes[self.y_dim] // _SAMPLED_ROWS))
        # Frame by frame: files read a few that lie far apart as everything in between.
        cut = [
            self.read(self.order[index : index + 1], self.levels, rows=every) for index in chosen
        ]
        by_level = np.moveaxis(np.concatenate(cut), 1, 0)
        return dict(zip(self.levels or (np.nan,), by_level, strict=True))

    def way_out(self, units: str) -> str:
        """How the units attribute is set in the file."""
        path = str(self.source.path)
        if self.source.is_zarr:
            line = (
                f"import zarr; zarr.open_group({path!r})[{self.name!r}].attrs['units'] = {units!r}; "
                f"zarr.consolidate_metadata({path!r})"
            )
        elif self.source.kind == "grib":
            return f"write it as NetCDF with the units attribute {units!r}"
        else:
            line = (
                f"import netCDF4; file = netCDF4.Dataset({path!r}, 'a'); "
                f"file[{self.name!r}].units = {units!r}; file.close()"
            )
        return f'set the units attribute: python -c "{line}"'


def as_slice(indices: np.ndarray) -> slice | np.ndarray:
    """The same selection as a slice, where it is one: files read slices much faster."""
    steps = np.unique(np.diff(indices))
    if len(indices) == 1:
        return slice(int(indices[0]), int(indices[0]) + 1)
    if len(steps) != 1 or steps[0] == 0:
        return indices
    step = int(steps[0])
    stop = int(indices[-1]) + (1 if step > 0 else -1)
    return slice(int(indices[0]), stop if stop >= 0 else None, step)


def fields_of(source: Source) -> tuple[list[Field], list[str]]:
    """The known variables of a file, and the names of those that cannot be taken.

    Raises:
        ValueError: a known variable lies on no usable grid, or has levels or dimensions that
            cannot be read; path and name are given.
    """
    known, unknown = [], []
    try:
        for name, array in source.dataset.data_vars.items():
            if source.time_dim not in array.dims:
                continue
            field = _field_of(source, str(name), array)
            if field is None:
                unknown.append(why_unknown(str(name), array))
            else:
                known.append(field)
    except ValueError as error:
        raise ValueError(f"{source.path}: {error}") from error
    return known, unknown


def _field_of(source: Source, name: str, array: xr.DataArray) -> Field | None:
    if array.ndim < 2 or not np.issubdtype(array.dtype, np.number):
        return None
    match = recognise(source.path, source.dataset, name)
    if match is None or (array.ndim < 3 and source.kind != "grib"):
        return None
    variable, level_dim, levels = match
    y_dim, x_dim, placement = find_grid(source.dataset)
    usual = {source.time_dim, y_dim, x_dim, level_dim}
    if not {y_dim, x_dim} <= set(array.dims):
        return None
    versions = None
    for dim, size in array.sizes.items():
        if dim not in usual and size > 1:
            if dim != _VERSION:
                raise ValueError(
                    f"{name} has a dimension {str(dim)!r} of {size}, which a frame has no place for; "
                    "select one."
                )
            versions = _places_of_versions(name, source.dataset)
    return Field(source, name, variable, level_dim, levels, y_dim, x_dim, placement, versions)


def _places_of_versions(name: str, dataset: xr.Dataset) -> tuple[int, int]:
    values = dataset[_VERSION].values.tolist() if _VERSION in dataset.variables else []
    numbers = [_version(value) for value in values]
    if sorted(numbers) != [_FINAL, _PRELIMINARY]:
        raise ValueError(
            f"{name} has a dimension 'expver' with the values {names(values) or 'unknown'}; expected "
            "1 for final ERA5 and 5 for preliminary ERA5T. Select one."
        )
    return numbers.index(_FINAL), numbers.index(_PRELIMINARY)


def _version(value: object) -> int:
    text = value.decode() if isinstance(value, bytes) else str(value)
    return int(float(text)) if text.replace(".", "", 1).isdigit() else 0
