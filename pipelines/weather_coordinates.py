"""Latitude, longitude, level and time found in a dataset, under whatever names files give them."""

import cf_xarray  # noqa: F401  (brings the accessor `cf`)
import numpy as np
import xarray as xr

from pipelines.grid import Placement, place_grid
from pipelines.series import names

__all__ = ["NoTimeError", "find_grid", "find_levels", "find_time"]

_NAMES = {
    "latitude": ("latitude", "lat", "nav_lat", "lats", "ylat", "xlat"),
    "longitude": ("longitude", "lon", "nav_lon", "long", "lons", "xlon", "xlong"),
}
_LEVEL_NAMES = (
    *("level", "pressure_level", "plev", "isobaricinhpa", "isobaricinpa", "lev", "levels"),
    *("pressure", "level_hpa", "air_pressure"),
)
_ROTATED = ("grid_latitude", "grid_longitude")
_GRIB_GRIDS = {
    "reduced_gg": "a reduced Gaussian one (its rows have fewer cells towards the poles)",
    "reduced_ll": "a reduced one (its rows have fewer cells towards the poles)",
    "sh": "none: these are coefficients of spherical harmonics",
    "rotated_ll": "rotated (its pole is moved)",
    "rotated_gg": "rotated (its pole is moved) and Gaussian",
    "healpix": "HEALPix, whose cells lie in no columns",
    "unstructured_grid": "unstructured, a list of cells",
    "lambert": "projected (Lambert)",
    "polar_stereographic": "projected (polar stereographic)",
}
_PROJECTED = ("projection_x_coordinate", "projection_y_coordinate")
_LEAD_NAMES = ("prediction_timedelta", "lead_time", "step", "forecast_period", "leadtime")


class NoTimeError(ValueError):
    """A dataset has no time axis."""


def find_time(dataset: xr.Dataset) -> str:
    """The name of the coordinate that says when each frame is valid; it lies along one dimension.

    Raises:
        NoTimeError: there is no such coordinate.
        ValueError: the frames have lead times, or the times are those at which forecasts start.
    """
    candidates = [
        str(name)
        for name, variable in dataset.variables.items()
        if variable.ndim == 1
        and (str(name).casefold() in ("time", "valid_time") or _is_time(variable))
        and "bnds" not in str(name)
    ]
    for lead in _LEAD_NAMES:
        if dataset.sizes.get(lead, 1) > 1:
            raise ValueError(
                f"dimension {lead!r} holds {dataset.sizes[lead]} lead times: these are forecasts, "
                "not a series; select one lead time, and let time be the valid time."
            )
    # Where both stand along one dimension, `time` is the start of a forecast.
    for name in ("valid_time", "time"):
        for candidate in candidates:
            if candidate.casefold() == name:
                _check_valid(dataset, candidate)
                return candidate
    if not candidates:
        raise NoTimeError(
            "there is no time axis (time or valid_time); its dimensions are "
            f"{names(f'{name} ({size})' for name, size in dataset.sizes.items())}."
        )
    return candidates[0]


def _check_valid(dataset: xr.Dataset, time: str) -> None:
    """Refuse times at which forecasts of one lead time start."""
    attrs = dataset[time].attrs
    # CF's `time` is the valid time, whatever lead stands beside it; cfgrib gives that name to both.
    start = "initial" in str(attrs.get("long_name", "")).casefold()
    if time.casefold() == "valid_time" or (attrs.get("standard_name") == "time" and not start):
        return
    for lead in _LEAD_NAMES:
        if lead not in dataset.variables or not np.any(dataset[lead].values):
            continue
        value = (
            f"{np.ravel(dataset[lead].values)[0]} {dataset[lead].attrs.get('units', '')}".rstrip()
        )
        raise ValueError(
            f"{time} is when forecasts start: they are valid at {lead} = {value} later. Let time be "
            "the valid time; `stforecast check PATH --fix OUT` does so."
        )


def _is_time(variable: xr.Variable) -> bool:
    since = " since " in str(variable.attrs.get("units", ""))
    return since or np.issubdtype(variable.dtype, np.datetime64)


def find_grid(dataset: xr.Dataset) -> tuple[str, str, Placement]:
    """The dimensions of rows and columns, and where their cells go in the grid.

    Raises:
        ValueError: there is no evenly spaced latitude-longitude grid; the message says what there is.
    """
    standard = {str(v.attrs.get("standard_name", "")) for v in dataset.variables.values()}
    for variable in dataset.data_vars.values():
        kind = str(variable.attrs.get("GRIB_gridType", ""))
        if kind in _GRIB_GRIDS:
            raise ValueError(f"the grid is {_GRIB_GRIDS[kind]}{_REGRID}")
    if standard & set(_ROTATED) or {"rlat", "rlon"} & set(map(str, dataset.sizes)):
        raise ValueError(f"the grid is rotated (its pole is moved){_REGRID}")
    found = {kind: _find(dataset, kind) for kind in ("latitude", "longitude")}
    if standard & set(_PROJECTED) or any(variable.ndim == 2 for variable in found.values()):
        raise ValueError(
            "the grid is projected or curvilinear (each cell has a latitude and longitude of its "
            f"own){_REGRID}"
        )
    for kind, variable in found.items():
        if variable.ndim != 1:
            raise ValueError(f"{kind} has {variable.ndim} dimensions; a grid's has one.")
        if str(variable.attrs.get("units", "")).casefold() in ("radian", "radians", "rad"):
            raise ValueError(f"{kind} is in radians; convert it to degrees.")
    y, x = (str(variable.dims[0]) for variable in found.values())
    if y == x:
        raise ValueError(
            f"latitude and longitude both lie along {y!r}: these are single points{_REGRID}"
        )
    return y, x, place_grid(found["latitude"].values, found["longitude"].values)


_REGRID = (
    "; regrid the data to an even latitude-longitude grid, for example with "
    "`cdo remapbil,r64x32 IN OUT`."
)


def _find(dataset: xr.Dataset, kind: str) -> xr.DataArray:
    # Attributes say more than names: a coordinate named lat may be declared degrees_east.
    declared = [str(name) for name in dataset.cf.coordinates.get(kind, [])]
    taken = {str(name) for group in dataset.cf.coordinates.values() for name in group}
    named = [
        str(name)
        for name in dataset.variables
        if str(name).casefold() in _NAMES[kind] and str(name) not in taken
    ]
    for name in (*declared, *named):
        return dataset[name]
    raise ValueError(
        f"there is no {kind}; expected a coordinate named {' or '.join(_NAMES[kind][:2])}, or one "
        f"with the units degrees_{'north' if kind == 'latitude' else 'east'}. There are "
        f"{names(dataset.variables)}."
    )


def find_levels(dataset: xr.Dataset, variable: xr.DataArray) -> tuple[str | None, np.ndarray]:
    """The level dimension of a variable, None if it has one level only, and its levels in hPa.

    No levels at all give an empty array.

    Raises:
        ValueError: the levels are not of pressure.
    """
    for name in (*variable.dims, *variable.coords):
        if str(name).casefold() in _LEVEL_NAMES and name in dataset.variables:
            levels = dataset[name]
            dim = str(name) if name in variable.dims else None
            return dim, _in_hpa(str(name), np.atleast_1d(levels.values), levels.attrs)
    return None, np.empty(0)


def _in_hpa(name: str, values: np.ndarray, attrs: dict) -> np.ndarray:
    units = str(attrs.get("units", "")).strip().casefold()
    values = values.astype("float64")
    if units in ("pa", "pascal", "pascals") or (not units and values.max() > 2000):
        values = values / 100
    elif units not in ("", "hpa", "mb", "mbar", "millibar", "millibars", "hectopascals"):
        raise ValueError(
            f"{name} is in {attrs.get('units')!r}, not in hPa: only levels of pressure are read; "
            "interpolate the data to them."
        )
    numbered = len(values) > 3 and np.array_equal(np.sort(values), np.arange(1, len(values) + 1))
    model = "hybrid" in str(attrs.get("standard_name", "")) or (numbered and not units)
    if model or values.min() <= 0 or values.max() > 1100 or len(set(values)) < len(values):
        raise ValueError(
            f"{name} holds {names(f'{value:g}' for value in values)}: these are not levels of "
            "pressure in hPa, but perhaps numbers of model levels; interpolate the data."
        )
    return np.round(values, 6)
