"""Forecast files: what they hold, and some of their channels, without the others' values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.series import Channel, channels_of, names
from stforecast.batch.publish import is_url
from stforecast.layouts import read_forecast
from stforecast.layouts.cf import from_cf
from stforecast.viewing.beside import grid_of
from stforecast.viewing.headers import read_forecast_head

__all__ = ["Kind", "init_times_in", "is_remote", "look_into", "read_channels"]

_TRIED = 3
"""Newest forecasts that are opened until one can be read."""
_GRID = ("latitude", "longitude", "y", "x")


def read_channels(file: Path, channels: Sequence[str]) -> xr.DataArray:
    """The forecast (init_time, lead_time, channel, y, x) of some channels of a cf file, in memory.

    Raises:
        ValueError: the file is damaged, no forecast, or lacks a channel.
    """
    try:
        with xr.open_dataset(file, engine="netcdf4", decode_timedelta=False) as opened:
            missing = [name for name in channels if name not in opened]
            if missing:
                raise ValueError(f"it has no {names(missing)}")
            return from_cf(opened[list(channels)].load())
    except (OSError, RuntimeError, ValueError) as error:
        raise ValueError(f"{file} cannot be shown: {error}.") from error


def _read_labels(file: Path) -> tuple[xr.DataArray, xr.DataArray]:
    """All channels and lead times of one cell, and the whole grid of one channel; without values.

    Raises:
        ValueError: the file is damaged or no forecast.
    """
    try:
        with xr.open_dataset(file, engine="netcdf4", decode_timedelta=False) as opened:
            first = [name for name, array in opened.data_vars.items() if array.ndim == 3][:1]
            cell = {dim: slice(0, 1) for dim in _GRID if dim in opened.dims}
            labels = from_cf(_without_values(opened.isel(cell)))
            plane = from_cf(_without_values(opened[first].isel(time=slice(0, 1))))
            return labels.load(), plane.load()
    except (OSError, RuntimeError, ValueError) as error:
        raise ValueError(f"{file} cannot be shown: {error}.") from error


def _without_values(dataset: xr.Dataset) -> xr.Dataset:
    """The same labels with zeros: no value is read."""
    return dataset.assign(
        {
            name: array.copy(data=np.zeros(array.shape, dtype="float32"))
            for name, array in dataset.data_vars.items()
            if array.ndim == 3
        }
    )


@dataclass(frozen=True, eq=False)
class Kind:
    """What the forecasts of an entry have in common."""

    channels: tuple[Channel, ...]
    lead_times: np.ndarray
    grid: xr.DataArray
    """(y, x), with the attributes of the forecasts."""


def look_into(
    places: Mapping[np.datetime64, Sequence[str]],
) -> tuple[Kind | None, tuple[str, ...]]:
    """What the newest forecast on this machine that can be read holds, and what others lack."""
    problems: list[str] = []
    for init_time in sorted(places, reverse=True)[:_TRIED]:
        for place in places[init_time]:
            path = Path(place.removeprefix("file://"))
            if not path.exists():
                continue
            try:
                if path.is_dir():
                    labels = plane = read_forecast(path)
                else:
                    labels, plane = _read_labels(path)
            except ValueError as error:
                problems.append(f"Left out: {error}")
                continue
            kind = Kind(channels_of(labels), labels["lead_time"].values, grid_of(plane))
            return kind, tuple(problems)
    return None, tuple(problems)


def init_times_in(file: Path) -> Sequence[np.datetime64]:
    """The init times of a forecast file or store; none of another one.

    Raises:
        ValueError: it is damaged.
    """
    if file.is_dir():
        is_forecast = (file / "prediction_timedelta").is_dir()
        return list(read_forecast(file)["init_time"].values) if is_forecast else []
    head = read_forecast_head(file)
    return [] if head is None else [head.init_time]


def is_remote(output: str) -> bool:
    """Whether an output lies in an object store or on a server."""
    return is_url(output) and not output.startswith("file://")
