"""Which variable an array of a file is, and on which levels."""

from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.variables import VARIABLES, Variable, match_variable, parse_channel
from pipelines.weather_coordinates import find_levels

__all__ = ["recognise", "why_unknown"]


def recognise(
    path: Path, dataset: xr.Dataset, name: str
) -> tuple[Variable, str | None, tuple[float, ...]] | None:
    """The variable that an array is, with its level dimension and its levels (hPa).

    None where nobody knows it, or a variable with levels does not say at which it is.

    Args:
        path: of the file; its folder may tell the level.
        name: of the array.
    """
    array = dataset[name]
    variable, level = _named(name)
    for key in ("GRIB_shortName", "GRIB_cfVarName", "standard_name"):
        if variable is None:
            variable = match_variable(str(array.attrs.get(key, "")))
    if variable is not None and not variable.has_level:
        return variable, None, ()
    if variable is not None and level is not None:
        return variable, None, (level,)
    level_dim, levels = find_levels(dataset, array)
    if variable is None:
        variable = _by_standard_name(array, has_level=bool(len(levels)))
    if variable is None or not variable.has_level:
        return None if variable is None else (variable, None, ())
    if not len(levels):
        # WeatherBench 1 keeps extracted levels in folders such as geopotential_500.
        of_folder, level = _named(path.parent.name)
        if of_folder is not variable or level is None:
            return None
        levels = np.array([level])
    return variable, level_dim, tuple(map(float, levels))


def why_unknown(name: str, array: xr.DataArray) -> str:
    """The name of an array that cannot be taken, with the reason where its variable is known."""
    variable, _ = _named(name)
    if variable is None:
        return name
    if variable.has_level and array.ndim > 2:
        return f"{name} (whose level is not told)"
    return f"{name} (which has no rows and columns)"


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
