"""One raw dataset as it should be: lazy, so that it is written block by block."""

import numpy as np
import xarray as xr

from pipelines.checking.blocks import blocks_of, stored_chunks
from pipelines.checking.check import Examined
from pipelines.checking.quantities import Quantity
from pipelines.checking.sentinels import mask_sentinels
from pipelines.grid import Placement
from pipelines.series import LATITUDE, LONGITUDE
from pipelines.weather_fields import as_slice

__all__ = ["mended_dataset"]

_KEPT_ENCODING = ("dtype", "_FillValue", "scale_factor", "add_offset")
_LEADS = ("prediction_timedelta", "lead_time", "step", "forecast_period", "leadtime")


def mended_dataset(each: Examined, frames: np.ndarray) -> xr.Dataset:
    """The dataset of a file with the chosen frames, in canonical order and units.

    Args:
        frames: those to keep, in order of time.
    """
    labelled = each.labelled
    time = labelled.time_dim
    chosen: dict[str, slice | np.ndarray] = {time: as_slice(frames)}
    if each.axes is not None:
        y, x, placement = each.axes
        chosen |= {y: as_slice(placement.rows), x: as_slice(placement.columns)}
    bounds = [
        name
        for name, variable in labelled.dataset.variables.items()
        if {"bnds", "nv", "bounds"} & set(map(str, variable.dims))
    ]
    dataset = labelled.dataset.drop_vars(bounds).isel(chosen)
    zarr = each.path.is_dir()
    for name, variable in dataset.variables.items():
        variable.attrs = {key: value for key, value in variable.attrs.items() if key != "bounds"}
        kept = {key: variable.encoding[key] for key in _KEPT_ENCODING if key in variable.encoding}
        dataset[name].encoding = kept
    for quantity in each.quantities:
        dataset[quantity.name] = _mended(quantity, chosen, zarr=zarr)
    dataset = _with_times(dataset, each, labelled.times[frames])
    if each.axes is not None:
        dataset = _with_grid(dataset, *each.axes)
    dataset.attrs = dict(labelled.dataset.attrs)
    dataset.encoding = {}
    return dataset


def _with_times(dataset: xr.Dataset, each: Examined, times: np.ndarray) -> xr.Dataset:
    name, dim = each.labelled.time_name, each.labelled.time_dim
    old = each.labelled.dataset[name].attrs
    attrs = {key: value for key, value in old.items() if key == "long_name"}
    is_start = "initial" in str(old.get("long_name", "")).casefold()
    if is_start or old.get("standard_name") == "forecast_reference_time":
        attrs = {}
    # Lead times are part of the valid time now.
    dataset = dataset.drop_vars([lead for lead in _LEADS if lead in dataset.variables])
    dataset = dataset.assign_coords({name: (dim, times, attrs | {"standard_name": "time"})})
    dataset[name].encoding = {"units": "seconds since 1970-01-01", "dtype": "int64"}
    return dataset


def _with_grid(dataset: xr.Dataset, y: str, x: str, placement: Placement) -> xr.Dataset:
    for dim, values, standard in (
        (y, placement.grid.latitude, LATITUDE),
        (x, placement.grid.longitude, LONGITUDE),
    ):
        names = [
            str(name)
            for name, variable in dataset.variables.items()
            if variable.dims == (dim,) and standard["units"] in _words(str(name), variable)
        ]
        name = names[0] if names else dim
        dataset = dataset.assign_coords({name: (dim, values, dict(standard))})
        dataset[name].encoding = {}
    return dataset


def _words(name: str, variable: xr.Variable) -> tuple[str, ...]:
    """The standard units of a coordinate, by its attributes or else its name."""
    units = str(variable.attrs.get("units", "")).casefold()
    standard = str(variable.attrs.get("standard_name", "")) or name.casefold()
    found = [units] if units.startswith("degrees_") else []
    found += ["degrees_north"] * standard.startswith(("lat", "nav_lat", "ylat", "xlat"))
    found += ["degrees_east"] * (standard.startswith(("lon", "nav_lon")) or standard == "xlong")
    return tuple(found)


def _mended(
    quantity: Quantity, chosen: dict[str, slice | np.ndarray], *, zarr: bool
) -> xr.DataArray:
    """The variable in the units of the table, with NaN for everything that is no value."""
    raw = quantity.array
    frames, rows = next(blocks_of(raw))
    array = raw.isel({dim: at for dim, at in chosen.items() if dim in raw.dims})
    n_frames = frames.stop - frames.start
    array = array.chunk(
        dict.fromkeys(array.dims, -1)
        | {array.dims[0]: n_frames, array.dims[-2]: rows.stop - rows.start}
    )
    stored = np.dtype(raw.encoding.get("dtype", raw.dtype))
    dtype = np.dtype("float64" if stored in (np.float64, np.int32, np.int64) else "float32")
    data = array.data.map_blocks(_clean, quantity=_Rules(quantity), dtype=dtype)
    attrs = {key: value for key, value in raw.attrs.items() if key != "GRIB_units"}
    if quantity.variable is not None and quantity.conversion is not None:
        attrs["units"] = quantity.variable.units
        if quantity.variable.standard_name:
            attrs["standard_name"] = quantity.variable.standard_name
        attrs.setdefault("long_name", quantity.variable.long_name)
    result = xr.DataArray(data, dims=array.dims, attrs=attrs)
    result.encoding = {"dtype": str(dtype), "_FillValue": np.array(np.nan, dtype)[()]}
    if zarr:
        result.encoding["chunks"] = tuple(sizes[0] for sizes in data.chunks)
    else:
        sizes = [min(own, size) for own, size in zip(stored_chunks(raw), array.shape, strict=True)]
        result.encoding |= {"chunksizes": tuple(sizes), "zlib": True, "complevel": 1}
    return result


class _Rules:
    """What the values of a variable are held against."""

    def __init__(self, quantity: Quantity) -> None:
        self.low, self.high = quantity.low[:, None, None], quantity.high[:, None, None]
        self.conversion = quantity.conversion
        self.several = len(quantity.levels) > 1


def _clean(block: np.ndarray, *, quantity: _Rules) -> np.ndarray:
    values = np.where(np.isinf(block), np.nan, block)
    conversion = quantity.conversion
    if conversion is None:
        return values
    low = (quantity.low - conversion.offset) / conversion.factor
    high = (quantity.high - conversion.offset) / conversion.factor
    values = conversion.apply(mask_sentinels(values, low, high)[0])
    # With several levels these lie along the second axis, and nothing stands between.
    return np.where((values < quantity.low) | (values > quantity.high), np.nan, values)
