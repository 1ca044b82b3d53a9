"""Fields that do not change, found beside the weather: height of the ground, and where land is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.grid import Grid, difference_of
from pipelines.readings import Reading, decide_units
from pipelines.units import STANDARD_GRAVITY
from pipelines.weather_coordinates import find_grid, find_levels

__all__ = ["STATIC", "StaticField", "find_static", "static_fields"]

_HIGHEST_LOW = 4700 * STANDARD_GRAVITY
"""m2 s-2: a region's lowest ground lies below, and 500 hPa above."""


@dataclass(frozen=True)
class StaticField:
    """A quantity (y, x) that does not change, as a coordinate of the series."""

    name: str
    long_name: str
    standard_name: str
    units: str
    """Of the coordinate."""
    readings: tuple[Reading, ...]
    """Units that files may hold, with their ranges."""
    conventions: dict[str, str]
    """Names in files, and the units that such a file means where it says nothing."""
    factor: float = 1.0
    """From the first reading to `units`."""


STATIC = {
    field.name: field
    for field in (
        StaticField(
            name="orography",
            long_name="Height of the ground",
            standard_name="surface_altitude",
            units="m",
            readings=(Reading("m2 s-2", -6000, 90_000), Reading("m", -600, 9200)),
            conventions={
                "orography": "m",
                "orog": "m",
                "surface_altitude": "m",
                "geopotential_at_surface": "m2 s-2",
                "surface_geopotential": "m2 s-2",
                "z": "m2 s-2",
            },
            factor=1 / STANDARD_GRAVITY,
        ),
        StaticField(
            name="land_sea_mask",
            long_name="Share of land",
            standard_name="land_area_fraction",
            units="1",
            readings=(Reading("1", -1e-3, 1.01), Reading("%", -0.1, 101, least_max=1.5)),
            conventions={
                "land_sea_mask": "1",
                "lsm": "1",
                "land_area_fraction": "1",
                "land_binary_mask": "1",
                "sftlf": "%",
            },
        ),
    )
}
"""Coordinate of the series to what it is."""


def find_static(dataset: xr.Dataset) -> dict[str, str]:
    """The static fields that a file holds: coordinate of the series to the file's own name.

    Geopotential called `z` counts where it has no level.
    """
    found: dict[str, str] = {}
    for name, variable in dataset.variables.items():
        if variable.ndim < 2 or not np.issubdtype(variable.dtype, np.number):
            continue
        attrs = variable.attrs
        spoken = {
            str(word).casefold()
            for word in (name, attrs.get("GRIB_shortName"), attrs.get("standard_name"))
        }
        for field in STATIC.values():
            if not spoken & set(field.conventions):
                continue
            if "z" in spoken and _has_level(dataset, str(name)):
                continue
            found.setdefault(field.name, str(name))
    return found


def static_fields(
    opened: Sequence[tuple[Path, xr.Dataset, str]], grid: Grid
) -> tuple[dict[str, xr.DataArray], list[str]]:
    """The static fields (y, x) on a grid, float32, and notes on those that cannot be taken.

    Args:
        opened: path, contents and time dimension (empty: none) of each file. The first that holds a
            field on the grid gives it; of several frames the first is taken.
    """
    taken: dict[str, xr.DataArray] = {}
    refused: dict[str, str] = {}
    for path, dataset, time_dim in opened:
        for kind, name in find_static(dataset).items():
            if kind in taken:
                continue
            try:
                values = _read(path, dataset, name, STATIC[kind], time_dim, grid)
            except ValueError as error:
                refused.setdefault(kind, f"{kind} is left out: {error}")
                continue
            if values is not None:
                taken[kind] = values
    return taken, [note for kind, note in refused.items() if kind not in taken]


def _read(
    path: Path, dataset: xr.Dataset, name: str, field: StaticField, time_dim: str, grid: Grid
) -> xr.DataArray | None:
    """The field on the grid; None where it is no field of the ground after all."""
    y_dim, x_dim, placement = find_grid(dataset)
    array = dataset[name]
    if not {y_dim, x_dim} <= set(array.dims):
        return None
    if any(size > 1 for dim, size in array.sizes.items() if dim not in (y_dim, x_dim, time_dim)):
        return None
    if difference := difference_of(placement.grid, grid):
        raise ValueError(f"{path} ({name}) has it on another grid: {difference}")
    first = array.isel({dim: 0 for dim in array.dims if dim not in (y_dim, x_dim)})
    values = first.transpose(y_dim, x_dim).values.astype("float64")
    values = values[placement.rows][:, placement.columns]
    conversion = decide_units(
        values,
        array.attrs.get("units", array.attrs.get("GRIB_units")),
        name=f"{path}: {name}",
        readings=field.readings,
        convention=field.conventions.get(name.casefold(), ""),
    )
    values = conversion.apply(values)
    if name.casefold() == "z" and np.nanmin(values) > _HIGHEST_LOW:
        return None  # the geopotential of a pressure level that the file does not name
    attrs = {
        "units": field.units,
        "long_name": field.long_name,
        "standard_name": field.standard_name,
    }
    converted = (values * field.factor).astype("float32")
    if field.name == "land_sea_mask":
        converted = np.clip(converted, 0, 1)
    return xr.DataArray(converted, dims=("y", "x"), attrs=attrs)


def _has_level(dataset: xr.Dataset, name: str) -> bool:
    try:
        return bool(len(find_levels(dataset, dataset[name])[1]))
    except ValueError:  # levels of another kind
        return True
