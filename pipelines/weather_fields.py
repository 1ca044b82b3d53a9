"""Fields: the known variables of each opened file, with their levels and their place in the grid."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from pipelines.grid import Placement
from pipelines.variables import VARIABLES, Variable, match_variable, parse_channel
from pipelines.weather_coordinates import find_grid, find_levels
from pipelines.weather_files import Source

__all__ = ["Field", "fields_of"]

_SAMPLED_ROWS = 64
"""Rows of a frame that units are told by, at most."""


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
        """Indices of the file's frames in order of time."""
        return np.argsort(self.source.times, kind="stable")

    @cached_property
    def times(self) -> np.ndarray:
        """The times in order."""
        return self.source.times[self.order]

    def sample(self, frames: int) -> dict[float, np.ndarray]:
        """Values of a few frames and rows spread over the file, by level (NaN: without levels)."""
        chosen = np.unique(np.linspace(0, len(self.times) - 1, frames).astype(int))
        every = -(-self.array.sizes[self.y_dim] // _SAMPLED_ROWS)
        rows = self.array.isel({self.y_dim: slice(None, None, every)})
        cut = [rows.isel({self.source.time_dim: int(index)}).values for index in chosen]
        if self.level_dim is None:
            return {(self.levels or (np.nan,))[0]: np.stack(cut)}
        dims = [dim for dim in rows.dims if dim != self.source.time_dim]
        by_level = np.moveaxis(np.stack(cut), 1 + dims.index(self.level_dim), 0)
        return dict(zip(self.levels, by_level, strict=True))

    def way_out(self, units: str) -> str:
        """How the units attribute is set in the file."""
        path = str(self.source.path)
        if self.source.is_zarr:
            line = (
                f"import zarr; zarr.open_group({path!r})[{self.name!r}].attrs['units'] = {units!r}; "
                f"zarr.consolidate_metadata({path!r})"
            )
        else:
            line = (
                f"import netCDF4; file = netCDF4.Dataset({path!r}, 'a'); "
                f"file[{self.name!r}].units = {units!r}; file.close()"
            )
        return f'set the units attribute: python -c "{line}"'


def fields_of(source: Source) -> tuple[list[Field], list[str]]:
    """The known variables of a file, and the names of those that are not known.

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
                unknown.append(str(name))
            else:
                known.append(field)
    except ValueError as error:
        raise ValueError(f"{source.path}: {error}") from error
    return known, unknown


def _field_of(source: Source, name: str, array: xr.DataArray) -> Field | None:
    if array.ndim < 3 or not np.issubdtype(array.dtype, np.number):
        return None
    match = _identify(source, name, array)
    if match is None:
        return None
    variable, level_dim, levels = match
    y_dim, x_dim, placement = find_grid(source.dataset)
    usual = {source.time_dim, y_dim, x_dim, level_dim}
    if not {y_dim, x_dim} <= set(array.dims):
        return None
    for dim, size in array.sizes.items():
        if dim not in usual and size > 1:
            raise ValueError(_extra_dimension(name, str(dim), size))
    return Field(source, name, variable, level_dim, levels, y_dim, x_dim, placement)


def _extra_dimension(name: str, dim: str, size: int) -> str:
    if dim == "expver":
        return (
            f"{name} has {size} values of 'expver': final ERA5 (1) and preliminary ERA5T (5) are "
            "mixed, each missing where the other is; merge them, for example with "
            "data.sel(expver=1).combine_first(data.sel(expver=5))."
        )
    return f"{name} has a dimension {dim!r} of {size}, which a frame has no place for; select one."


def _identify(
    source: Source, name: str, array: xr.DataArray
) -> tuple[Variable, str | None, tuple[float, ...]] | None:
    """The variable that a file's array is, with its level dimension and its levels (hPa)."""
    variable, level = _named(name)
    for key in ("GRIB_shortName", "GRIB_cfVarName", "standard_name"):
        if variable is None:
            variable = match_variable(str(array.attrs.get(key, "")))
    if variable is not None and not variable.has_level:
        return variable, None, ()
    if variable is not None and level is not None:
        return variable, None, (level,)
    level_dim, levels = find_levels(source.dataset, array)
    if variable is None:
        variable = _by_standard_name(array, has_level=bool(len(levels)))
    if variable is None or not variable.has_level:
        return None if variable is None else (variable, None, ())
    if not len(levels):
        # WeatherBench 1 keeps extracted levels in folders such as geopotential_500.
        of_folder, level = _named(source.path.parent.name)
        if of_folder is not variable or level is None:
            return None
        levels = np.array([level])
    return variable, level_dim, tuple(map(float, levels))


def _named(name: str) -> tuple[Variable | None, float | None]:
    try:
        return parse_channel(name)
    except ValueError:
        return None, None


def _by_standard_name(array: xr.DataArray, *, has_level: bool) -> Variable | None:
    standard_name = array.attrs.get("standard_name", "")
    heights = [
        float(coordinate.values)
        for name, coordinate in array.coords.items()
        if coordinate.ndim == 0 and "height" in str(name).casefold()
    ]
    for variable in VARIABLES.values():
        if standard_name and variable.standard_name == standard_name:
            at_height = variable.height_m is None or variable.height_m in heights
            if variable.has_level == has_level and at_height:
                return variable
    return None
