"""The tidy layout: a table with a row for each init_time, lead time and cell.

Columns `init_time`, `lead_minutes`, `valid_time`, `row` and `column` of the data's grid, `latitude` and
`longitude` of the cell's centre where the grid has a place, then one for each channel. Times are as
in the data: UTC, or local civil time.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr
from pyarrow import csv

from pipelines.atomic import atomic_path
from pipelines.series import channels_of, names
from stforecast.layouts.labels import cell_numbers, count_units, file_attributes

__all__ = ["ENDINGS", "to_tidy", "write_table"]

ENDINGS = (".csv", ".parquet")

_ROWS = 2**19
"""Rows in memory at once, unless one frame has more; also those of a row group of Parquet."""

_COUNT_DECIMALS = 3
"""Of a mean number of vehicles in CSV; what lies behind them is noise of single precision."""

_DEGREE_DECIMALS = 6
"""Of degrees in CSV: a tenth of a metre."""


def to_tidy(forecast: xr.DataArray) -> pd.DataFrame:
    """The forecast as a table, in the order of init_time, lead_time, y and x.

    Raises:
        ValueError: a time has seconds, or a channel is named like a column of the table.
    """
    init_times, lead_times = forecast["init_time"].values, forecast["lead_time"].values
    minute = np.timedelta64(1, "m")
    valid_times = init_times[:, None] + lead_times
    if (valid_times != valid_times.astype("datetime64[m]")).any():
        raise ValueError(
            "The tidy layout counts lead times in minutes, but these have seconds; write the cf "
            "layout."
        )
    stacked = forecast.transpose("init_time", "lead_time", "y", "x", "channel")
    columns = {
        "init_time": init_times.astype("datetime64[us]")[:, None, None, None],
        "lead_minutes": (lead_times // minute).astype("int32")[:, None, None],
        "valid_time": valid_times.astype("datetime64[us]")[:, :, None, None],
        **_cells(forecast),
    }
    channels = [str(name) for name in forecast["channel"].values]
    if not columns.keys().isdisjoint(channels):
        raise ValueError(
            f"Channel {names(name for name in channels if name in columns)} is named like a column of "
            "the tidy layout; write the cf layout."
        )
    columns |= {name: stacked.values[..., number] for number, name in enumerate(channels)}
    shape = stacked.shape[:-1]
    return pd.DataFrame(
        {name: np.broadcast_to(values, shape).ravel() for name, values in columns.items()}
    )


def _cells(forecast: xr.DataArray) -> dict[str, np.ndarray]:
    """Row, column and degrees of the cells, each to be spread over (y, x)."""
    # Of the data, as they were before a place turned them so that north is up.
    numbers = {
        "row": ("y", np.arange(forecast.sizes["y"])),
        "column": ("x", np.arange(forecast.sizes["x"])),
    } | cell_numbers(forecast, ("y", "x"))
    cells = {name: _along(dim, values.astype("int32")) for name, (dim, values) in numbers.items()}
    if "latitude" in forecast.coords:
        cells["latitude"] = _along("y", forecast["latitude"].values)
        cells["longitude"] = _along("x", forecast["longitude"].values)
    return cells


def _along(dim: str, values: np.ndarray) -> np.ndarray:
    return values[:, None] if dim == "y" else values


def write_table(forecasts: Iterator[xr.DataArray], path: Path) -> list[Path]:
    """Write forecasts of ever later init times to one CSV or Parquet file; what was written."""
    first = next(forecasts)
    pieces = _pieces(chain([first], forecasts))
    with atomic_path(path) as temporary:
        if path.suffix.lower() == ".csv":
            _write_csv(pieces, temporary, like=first)
        else:
            _write_parquet(pieces, temporary, like=first)
    return [path]


def _pieces(forecasts: Iterator[xr.DataArray]) -> Iterator[xr.DataArray]:
    """Forecasts of few enough rows: some init times, or some lead times of one."""
    for forecast in forecasts:
        cells = forecast.sizes["y"] * forecast.sizes["x"]
        n_leads = min(max(_ROWS // cells, 1), forecast.sizes["lead_time"])
        n_times = max(_ROWS // (cells * forecast.sizes["lead_time"]), 1)
        for time in range(0, forecast.sizes["init_time"], n_times):
            for lead in range(0, forecast.sizes["lead_time"], n_leads):
                yield forecast[time : time + n_times, lead : lead + n_leads]


def _write_csv(pieces: Iterator[xr.DataArray], path: Path, *, like: xr.DataArray) -> None:
    lead_times = like["lead_time"].values
    counts = [channel.name for channel in channels_of(like) if count_units(channel, lead_times)]
    # Others keep all digits of single precision: three decimals of a humidity are nothing.
    decimals: dict[Any, int] = dict.fromkeys(counts, _COUNT_DECIMALS)
    decimals |= dict.fromkeys(("latitude", "longitude"), _DEGREE_DECIMALS)
    bare = csv.WriteOptions(include_header=False, quoting_style="none")
    with path.open("wb") as stream:
        for number, piece in enumerate(pieces):
            table = to_tidy(piece).round(decimals)
            if number == 0:
                stream.write(f"{','.join(table.columns)}\n".encode())
            for name in ("init_time", "valid_time"):
                table[name] = _iso(table[name].to_numpy())
            # Seven times as fast as pandas.
            csv.write_csv(pa.Table.from_pandas(table, preserve_index=False), stream, bare)


def _iso(times: np.ndarray) -> pd.Categorical:
    """Times as ISO 8601 writes them, "2016-01-23T12:30:00"; each text is held once."""
    each, numbers = np.unique(times, return_inverse=True)
    return pd.Categorical.from_codes(numbers, np.datetime_as_string(each, unit="s"))


def _write_parquet(pieces: Iterator[xr.DataArray], path: Path, *, like: xr.DataArray) -> None:
    schema = _schema(like)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for piece in pieces:
            table = pa.Table.from_pandas(to_tidy(piece), schema=schema, preserve_index=False)
            writer.write_table(table, row_group_size=table.num_rows)


def _schema(like: xr.DataArray) -> Any:
    """Types of the columns, the channels' units, and what the file says of itself."""
    schema = pa.Schema.from_pandas(to_tidy(like[:1, :1, :, :1, :1]), preserve_index=False)
    for channel in channels_of(like):
        units = count_units(channel, like["lead_time"].values) or channel.units
        number = schema.get_field_index(channel.name)
        schema = schema.set(number, schema.field(number).with_metadata({"units": units}))
    return schema.with_metadata((schema.metadata or {}) | file_attributes(like))
