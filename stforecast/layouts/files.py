"""Forecast files: which layout a path has, writing piece by piece, reading back."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from stforecast.layouts.cf_files import read_file, write_files
from stforecast.layouts.tidy import ENDINGS as TABLES
from stforecast.layouts.tidy import write_table
from stforecast.layouts.wb2 import LAYOUT
from stforecast.layouts.wb2_store import read_store, write_store

__all__ = [
    "LAYOUTS",
    "Layout",
    "layout_of",
    "read_forecast",
    "write_forecast",
    "write_forecasts",
]

_PIECE_BYTES = 256 * 2**20
"""How much of a lazy forecast is in memory at once."""


@dataclass(frozen=True)
class Layout:
    """A way to write forecasts."""

    name: str
    """As in `--layout NAME`."""
    endings: tuple[str, ...]
    """Of a path in this layout."""
    explanation: str
    """One line: what it is for."""
    write: Callable[[Iterator[xr.DataArray], Path], list[Path]]
    """Writes forecasts of ever later init times; gives what was written."""


LAYOUTS: dict[str, Layout] = {
    "cf": Layout("cf", (".nc",), "NetCDF after CF-1.8, a file for each init_time", write_files),
    "wb2": Layout("wb2", (".zarr",), "Zarr as WeatherBench 2 scores it", write_store),
    "tidy": Layout("tidy", TABLES, "a table, a row for each lead time and cell", write_table),
}


def layout_of(path: Path, *, layout: str | None = None) -> str:
    """The layout of an output: the named one, or by the ending of its path.

    Raises:
        ValueError: the layout is unknown, or the path does not end as its layout does.
    """
    if layout is not None and layout not in LAYOUTS:
        raise ValueError(f"layout {layout!r} is unknown; known: {', '.join(LAYOUTS)}.")
    wanted = LAYOUTS.values() if layout is None else [LAYOUTS[layout]]
    for candidate in wanted:
        if path.suffix.lower() in candidate.endings:
            return candidate.name
    endings = [f"{' or '.join(candidate.endings)} ({candidate.name})" for candidate in wanted]
    raise ValueError(f"The output {path} must end in {', '.join(endings)}.")


def write_forecast(
    forecast: xr.DataArray, path: str | Path, *, layout: str | None = None
) -> list[Path]:
    """Write a forecast to FILE.nc (cf), FILE.zarr (wb2), FILE.csv or FILE.parquet (tidy).

    In cf several init times make several files: `forecast_20180101T06.nc` and so on for `forecast.nc`.

    Returns:
        What was written.

    Raises:
        ValueError: the path's ending does not fit the layout, or the forecast does not.
    """
    return write_forecasts([forecast], path, layout=layout)


def write_forecasts(
    forecasts: Iterable[xr.DataArray], path: str | Path, *, layout: str | None = None
) -> list[Path]:
    """Write forecasts of ever later init times, as they come, without holding all of them.

    Args:
        forecasts: with the same channels, grid and lead times; each of any number of init times.
        path: FILE.nc (cf), FILE.zarr (wb2), FILE.csv or FILE.parquet (tidy). An existing one is
            replaced.
        layout: by the path's ending unless given.

    Returns:
        What was written: one store or table, or a file for each init_time.

    Raises:
        ValueError: there is no forecast, they do not fit together, or they do not fit the layout.
    """
    path = Path(path)
    chosen = LAYOUTS[layout_of(path, layout=layout)]
    _check_replaceable(path)
    pieces = _fitting(_pieces(forecasts))
    first = next(pieces, None)
    if first is None:
        raise ValueError(f"There is no forecast to write to {path}.")
    return chosen.write(_prepend(first, pieces), path)


def _check_replaceable(path: Path) -> None:
    """A folder is replaced only if it is a forecast that we wrote."""
    if not path.is_dir():
        return
    attributes = path / ".zattrs"
    known = json.loads(attributes.read_text()) if attributes.is_file() else {}
    if known.get("layout") != LAYOUT:
        raise ValueError(
            f"{path} is a folder that is no forecast of stforecast's, and is not replaced; name "
            "another output, or remove it."
        )


def _pieces(forecasts: Iterable[xr.DataArray]) -> Iterator[xr.DataArray]:
    """Forecasts of so few init times that a lazy one fits into memory."""
    for forecast in forecasts:
        count = forecast.sizes["init_time"]
        step = max(1, _PIECE_BYTES * count // max(forecast.nbytes, 1))
        for start in range(0, count, step):
            yield forecast.isel(init_time=slice(start, start + step))


def _fitting(forecasts: Iterator[xr.DataArray]) -> Iterator[xr.DataArray]:
    """The forecasts, as long as each goes on where the one before ended."""
    first, last = None, None
    for forecast in forecasts:
        times = forecast["init_time"].values
        if last is not None:
            times = np.append(last, times)
        if not (np.diff(times) > np.timedelta64(0)).all():
            raise ValueError(
                "Forecasts are written in order of init_time, each once, but "
                f"{times[1:][np.diff(times) <= np.timedelta64(0)][0]} comes again or too late."
            )
        first, last = forecast if first is None else first, times[-1:]
        for name in ("lead_time", "channel"):
            if not np.array_equal(first[name].values, forecast[name].values):
                raise ValueError(
                    f"Forecasts in one file need the same {name}, but the one from {times[-1]} has "
                    f"another than the one from {first['init_time'].values[0]}."
                )
        yield forecast


def _prepend(first: xr.DataArray, rest: Iterator[xr.DataArray]) -> Iterator[xr.DataArray]:
    yield first
    yield from rest


def read_forecast(path: str | Path | Sequence[str | Path]) -> xr.DataArray:
    """The forecast in a file of the cf or the wb2 layout, (init_time, lead_time, channel, y, x).

    Args:
        path: FILE.zarr, read lazily; FILE.nc, read into memory; or several FILE.nc, of one init_time
            each, in any order.

    Raises:
        ValueError: there is no such file, it is a table, cut short or no forecast of ours.
    """
    if isinstance(path, str | Path):
        return _read_one(Path(path))
    forecasts = sorted((_read_one(Path(one)) for one in path), key=_first_init_time)
    if not forecasts:
        raise ValueError("There is no forecast to read: the list of files is empty.")
    if len(forecasts) == 1:
        return forecasts[0]
    return xr.concat(forecasts, "init_time", join="exact", combine_attrs="override")


def _first_init_time(forecast: xr.DataArray) -> np.datetime64:
    return forecast["init_time"].values[0]


def _read_one(path: Path) -> xr.DataArray:
    if path.is_dir():
        return read_store(path)
    if path.suffix.lower() in TABLES and path.is_file():
        raise ValueError(
            f"{path} is a table; read it with pandas.read_{path.suffix.lower()[1:]}, and write .nc or "
            ".zarr for forecasts to be read back."
        )
    if path.is_file():
        return read_file(path)
    raise ValueError(f"There is no forecast file {path}.")
