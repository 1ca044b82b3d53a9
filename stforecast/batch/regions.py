"""Regions: the cells of a box of degrees."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

__all__ = ["cells_of_box"]


def cells_of_box(array: xr.DataArray, box: Sequence[float], *, name: str) -> dict[str, np.ndarray]:
    """Rows (y) and columns (x) of the cells whose centres lie in a box, its edges among them.

    Args:
        array: with `latitude` (y) and `longitude` (x), in any range of degrees.
        box: west, south, east and north in degrees; east may be above 180 or 360.
        name: for messages.

    Raises:
        ValueError: the grid has no geography, or no cell lies in the box.
    """
    if "latitude" not in array.coords or "longitude" not in array.coords:
        raise ValueError(
            f"region {name} is a box of degrees, but the grid has no latitude and longitude; leave it "
            "out, or tell the run where the grid lies (place)."
        )
    west, south, east, north = box
    latitude, longitude = array["latitude"].values, array["longitude"].values
    rows = np.flatnonzero((latitude >= south) & (latitude <= north))
    columns = np.flatnonzero((longitude - west) % 360 <= east - west)
    if len(rows) == 0 or len(columns) == 0:
        raise ValueError(
            f"region {name} = {list(box)} holds no cell of the grid; its latitudes are "
            f"{latitude.min():g} to {latitude.max():g}, its longitudes {longitude.min():g} to "
            f"{longitude.max():g}. Give west, south, east and north."
        )
    return {"y": rows, "x": columns}
