"""Heads of files: what an experiment, a forecaster or a forecast says of itself, without its values."""

import json
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr
from xarray.conventions import decode_cf_variable

__all__ = [
    "ForecastHead",
    "Stamp",
    "read_forecast_head",
    "read_header",
    "read_table",
    "stamp_of",
]

_LENGTH_BYTES = 8
_MOST_HEADER_BYTES = 100 * 2**20
"""Of the safetensors format."""
_KEPT = 512
_NEEDED = {
    "experiment",
    "channels",
    "normaliser",
    "time_step",
    "shape",
    "grid",
    "inputs",
    "empty_cells",
}
"""What `load_forecaster` asks of a header."""

Stamp = tuple[tuple[str, int, int], ...]
"""Name, size in bytes and time of change in nanoseconds of some files: equal as long as they are."""


def stamp_of(*paths: Path) -> Stamp:
    """The stamp of those of some files that are there; a folder counts as what it names itself."""
    found = []
    for path in paths:
        try:
            facts = path.stat()
        except OSError:
            continue
        found.append((str(path), facts.st_size, facts.st_mtime_ns))
    return tuple(found)


def read_table(file: Path) -> dict[str, Any]:
    """What a TOML file holds.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{file} cannot be read ({error}).") from error


def read_header(file: Path) -> dict[str, Any]:
    """What a `forecaster.safetensors` knows of itself; neither the weights nor torch are loaded.

    Raises:
        ValueError: it is no forecaster of ours, or it is cut short.
    """
    stamp = stamp_of(file)
    if not stamp:
        raise ValueError(f"There is no {file}.")
    return _read_header(file, stamp[0][1:])


@lru_cache(maxsize=_KEPT)
def _read_header(file: Path, stamp: tuple[int, int]) -> dict[str, Any]:
    size = stamp[0]
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
            if not 0 < length <= min(size - _LENGTH_BYTES, _MOST_HEADER_BYTES):
                raise ValueError("it begins with no header")
            tree = json.loads(stream.read(length))
        metadata = tree.pop("__metadata__", {})
        ends = [entry["data_offsets"][1] for entry in tree.values()]
        if _LENGTH_BYTES + length + max(ends, default=0) != size:
            raise ValueError("it is cut short")
        if "stforecast" not in metadata:
            raise ValueError("it does not say what it is for")
        header = json.loads(metadata["stforecast"])
        missing = sorted(_NEEDED - header.keys())
        if missing:
            raise ValueError(f"another version wrote it, without {', '.join(missing)}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{file} is no whole forecaster ({error}).") from error
    return header


@dataclass(frozen=True)
class ForecastHead:
    """What a forecast file says of itself."""

    init_time: np.datetime64
    dataset: str
    """Empty where the file does not tell."""


def read_forecast_head(file: Path) -> ForecastHead | None:
    """Of which init_time and dataset a NetCDF file in the cf layout is; None of another file.

    Raises:
        ValueError: it is no whole NetCDF 4 file.
    """
    try:
        # h5py brings a library of its own: netCDF4's may be at work in another thread.
        with h5py.File(file, "r") as opened:
            if not {"forecast_reference_time", "time"} <= set(opened):
                return None
            stored: Any = opened["forecast_reference_time"]
            attrs = {name: _text(stored.attrs[name]) for name in ("units", "calendar")}
            variable = xr.Variable((), stored[()], attrs)
            dataset = _text(opened.attrs.get("dataset", ""))
    except KeyError:
        return None
    except OSError as error:
        raise ValueError(f"{file} is no whole NetCDF file ({error}).") from error
    return ForecastHead(_decoded(variable, file), dataset)


def _decoded(variable: xr.Variable, file: Path) -> np.datetime64:
    try:
        times: Any = decode_cf_variable("forecast_reference_time", variable).values
        return times.astype("datetime64[ns]")[()]
    except (ValueError, OverflowError, TypeError) as error:
        raise ValueError(f"{file} has an init_time that is no time ({error}).") from error


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
