"""The series: what every pipeline yields, one labelled array of frames.

Dims `("time", "channel", "y", "x")`, float32, NaN where a value is missing; or uint8, of 8-bit pictures,
which miss nothing. Gaps in time are allowed: a missing frame is simply absent. What a channel is travels
with it, as coordinates along `channel`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import dask.array
import numpy as np
import xarray as xr

__all__ = [
    "LATITUDE",
    "LONGITUDE",
    "Channel",
    "channels_of",
    "make_series",
    "name_step",
    "names",
    "parse_step",
    "select_channels",
    "time_step_of",
]

DIMS = ("time", "channel", "y", "x")


@dataclass(frozen=True)
class Channel:
    """One plane of a frame, such as the temperature at 850 hPa."""

    name: str
    """Short name with the level, if it has one: "t2m", "z500"."""
    variable: str
    """Short name of the physical quantity: "t2m", "z"."""
    level: float | None = None
    """Pressure in hPa; None where the quantity has no level."""
    units: str = "1"
    """Units of the values, as CF writes them."""
    standard_name: str = ""
    """CF standard name; empty where CF has none."""
    long_name: str = ""
    """What a reader should see."""
    valid_min: float = -np.inf
    """Values below cannot exist; forecasts are clipped to it."""
    valid_max: float = np.inf
    """Values above cannot exist; forecasts are clipped to it."""

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("A channel needs a name, but it is empty.")
        if not self.valid_min < self.valid_max:
            raise ValueError(
                f"Channel {self.name!r}: valid_min ({self.valid_min}) must be below valid_max "
                f"({self.valid_max})."
            )


def make_series(
    frames: Any,
    *,
    times: np.ndarray,
    channels: Sequence[Channel],
    latitude: np.ndarray | None = None,
    longitude: np.ndarray | None = None,
    attrs: Mapping[str, str],
) -> xr.DataArray:
    """The labelled series of `frames` (time, channel, y, x), which may be lazy or memory-mapped.

    Args:
        frames: physical values in the channels' units.
        times: UTC (or local civil) times, strictly increasing.
        channels: one entry for each plane.
        latitude, longitude: degrees of the rows and the columns; None for a grid without geography.
        attrs: at least `dataset`; `source`, `synthetic` and `time_zone` where known.

    Raises:
        ValueError: the times are not strictly increasing, or a size does not fit.
    """
    times = np.asarray(times, dtype="datetime64[ns]")
    if len(times) > 1 and not (np.diff(times) > np.timedelta64(0)).all():
        raise ValueError("The times of a series must be strictly increasing.")
    if tuple(frames.shape[:2]) != (len(times), len(channels)):
        raise ValueError(
            f"Frames of shape {tuple(frames.shape)} do not fit {len(times)} times and "
            f"{len(channels)} channels."
        )
    coordinates: dict[str, Any] = {"time": times, **channel_coordinates(channels)}
    if latitude is not None and longitude is not None:
        coordinates["latitude"] = ("y", np.asarray(latitude, dtype="float64"), LATITUDE)
        coordinates["longitude"] = ("x", np.asarray(longitude, dtype="float64"), LONGITUDE)
    return xr.DataArray(frames, dims=DIMS, coords=coordinates, name="series", attrs=dict(attrs))


LATITUDE = {"units": "degrees_north", "standard_name": "latitude"}
LONGITUDE = {"units": "degrees_east", "standard_name": "longitude"}


def channel_coordinates(channels: Sequence[Channel]) -> dict[str, Any]:
    """The coordinates along `channel` that say what each plane is."""
    columns: dict[str, Any] = {"channel": [channel.name for channel in channels]}
    for field in fields(Channel)[1:]:
        values = [getattr(channel, field.name) for channel in channels]
        if field.name == "level":
            values = [np.nan if value is None else float(value) for value in values]
        columns[field.name] = ("channel", np.asarray(values))
    return columns


def channels_of(array: xr.DataArray) -> tuple[Channel, ...]:
    """The channels of a series or a forecast."""
    result = []
    for index, name in enumerate(array["channel"].values):
        values = {field.name: array[field.name].values[index] for field in fields(Channel)[1:]}
        level = float(values.pop("level"))
        limits = {key: float(values.pop(key)) for key in ("valid_min", "valid_max")}
        texts = {key: str(value) for key, value in values.items()}
        result.append(
            Channel(
                name=str(name),
                variable=texts["variable"],
                level=None if np.isnan(level) else level,
                units=texts["units"],
                standard_name=texts["standard_name"],
                long_name=texts["long_name"],
                valid_min=limits["valid_min"],
                valid_max=limits["valid_max"],
            )
        )
    return tuple(result)


def select_channels(series: xr.DataArray, wanted: Sequence[str]) -> xr.DataArray:
    """The series with the wanted channels, in that order; nothing is read."""
    known = list(series["channel"].values)
    rows = [known.index(name) for name in wanted]
    if rows == list(range(len(known))):
        return series
    if rows == list(range(rows[0], rows[0] + len(rows))):
        return series.isel(channel=slice(rows[0], rows[-1] + 1))  # a view
    if series.chunks is None:
        series = series.copy(data=_lazy(series))
    return series.isel(channel=rows)


def _lazy(series: xr.DataArray) -> dask.array.Array:
    """The frames of a memory map as dask chunks: choosing from the map itself would copy all of it."""
    frame_bytes = series.dtype.itemsize * int(np.prod(series.shape[1:]))
    frames = max(_CHUNK_BYTES // max(frame_bytes, 1), 1)
    chunks: Any = (frames, *series.shape[1:])
    # dask copies and hashes NumPy arrays that it is given; it leaves others alone.
    meta = np.empty((0,) * series.ndim, dtype=series.dtype)
    return dask.array.from_array(_Frames(series.data), chunks=chunks, name=False, meta=meta)


class _Frames:
    """An array that does not say it is one."""

    def __init__(self, frames: np.ndarray) -> None:
        self._frames = frames
        self.shape, self.dtype, self.ndim = frames.shape, frames.dtype, frames.ndim

    def __getitem__(self, index: tuple[slice, ...]) -> np.ndarray:
        return np.asarray(self._frames[index])


_CHUNK_BYTES = 32 * 2**20


def time_step_of(times: np.ndarray) -> np.timedelta64:
    """The commonest difference between neighbouring times.

    Raises:
        ValueError: there are fewer than two times.
    """
    if len(times) < 2:
        raise ValueError(
            f"A time step needs at least two times, but the series has {len(times)}; "
            "name the step with time_step, for example --set time_step=6h."
        )
    steps, counts = np.unique(np.diff(times.astype("datetime64[ns]")), return_counts=True)
    return np.timedelta64(steps[counts.argmax()], "ns")


_UNITS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}


def parse_step(text: str) -> np.timedelta64:
    """The time step that a text such as "6h", "30min" or "1d" names, in nanoseconds.

    Raises:
        ValueError: the text is not a positive whole number and one of d, h, min, s.
    """
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text[len(number) :]
    if unit not in _UNITS or not number.strip().isdigit() or int(number) == 0:
        raise ValueError(
            f"time step {text!r} is not a whole number and a unit; write it like 30min, 6h or 1d."
        )
    return np.timedelta64(int(number) * _UNITS[unit] * 10**9, "ns")


def name_step(step: np.timedelta64) -> str:
    """The shortest text that `parse_step` reads back: "6h" for 21 600 seconds."""
    seconds = int(step / np.timedelta64(1, "s"))
    return next(f"{seconds // size}{unit}" for unit, size in _UNITS.items() if seconds % size == 0)


def names(values: Iterable[object], *, most: int = 12) -> str:
    """A list for a message: "a, b, c" or "a, b, … (40 in all)"."""
    texts = [str(value) for value in values]
    if len(texts) <= most:
        return ", ".join(texts)
    return f"{', '.join(texts[:most])}, … ({len(texts)} in all)"
