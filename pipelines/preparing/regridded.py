"""Labels of a series on another grid, and the grid that is wanted."""

from typing import Any

import numpy as np
import xarray as xr

from pipelines.grid import Grid, same_grid
from pipelines.regrid import Regridding, conservative, parse_grid
from pipelines.series import LATITUDE, LONGITUDE

__all__ = ["find_regridding", "regridded_labels"]


def find_regridding(series: xr.DataArray, wanted: str | Grid | None) -> Regridding | None:
    """How frames of a series come onto the grid wanted; None if they lie on it.

    Raises:
        ValueError: the series has no latitude and longitude, or does not cover the grid.
    """
    if wanted is None:
        return None
    if "latitude" not in series.coords:
        raise ValueError(
            f"grid {wanted}: the data have no latitude and longitude, so their cells have no area; "
            "leave grid out."
        )
    source = Grid(series["latitude"].values, series["longitude"].values)
    target = parse_grid(wanted, source) if isinstance(wanted, str) else wanted
    return None if same_grid(source, target) else conservative(source, target)


def regridded_labels(series: xr.DataArray, regridding: Regridding) -> xr.DataArray:
    """A lazy series of NaN with the labels of a series as it is on the target grid.

    Fields that do not change, such as the orography, are area means.
    """
    source, target = regridding.source, regridding.target
    coordinates = {
        str(name): coordinate
        for name, coordinate in series.coords.items()
        if not {"y", "x"} & set(coordinate.dims)
    }
    static: dict[str, Any] = {
        str(name): (
            ("y", "x"),
            regridding.apply(series[name].values).astype("float32"),
            series[name].attrs,
        )
        for name in series.coords
        if series[name].dims == ("y", "x")
    }
    notes = [
        series.attrs.get("note", ""),
        f"area means on {target}, of {source.shape[0]}×{source.shape[1]} cells",
    ]
    shape = (*series.shape[:2], *target.shape)
    frames = np.broadcast_to(np.float32(np.nan), shape)  # one value in memory
    result = xr.DataArray(frames, dims=series.dims, coords=coordinates, name=series.name)
    result = result.assign_coords(
        latitude=("y", target.latitude, LATITUDE),
        longitude=("x", target.longitude, LONGITUDE),
    ).assign_coords(static)
    return result.assign_attrs(series.attrs | {"note": "; ".join(filter(None, notes))})
