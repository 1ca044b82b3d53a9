"""Downloads: the series of a cell as CSV, a field as NetCDF, and names that say what is in a file."""

import re
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from pipelines.series import make_series
from stforecast.forecast import make_forecast
from stforecast.layouts import to_cf
from stforecast.layouts.labels import init_stamp
from stforecast.viewing.shown import Shown

__all__ = ["field_netcdf", "file_name", "series_csv"]

_DIGITS = 6
"""Significant ones of a value in a table: single precision has no more."""


def file_name(
    name: str, shown: Shown, ending: str, *, number: int | None = None, place: str = ""
) -> str:
    """A file's name that says what is in it: "uk_t2m_20180101T06_lead024h.nc".

    Args:
        name: of the entry.
        ending: such as ".nc".
        number: of the lead time, where the file is about one.
        place: where the file is about a cell.
    """
    fields = shown.fields
    parts = [name.strip("/"), fields.channel.name, init_stamp(fields.init_times[0])]
    if number is not None:
        minutes = int(fields.lead_times[number] / np.timedelta64(1, "m"))
        hours, rest = divmod(minutes, 60)
        parts.append(f"lead{hours:03d}h" + (f"{rest:02d}min" if rest else ""))
    if place:
        parts.append(place.replace("°", "").partition(" (")[0])
    plain = (re.sub(r"[^A-Za-z0-9.+-]+", "-", part).strip("-.") for part in parts)
    return "_".join(plain) + ending


def series_csv(table: pd.DataFrame, shown: Shown, *, place: str = "") -> bytes:
    """The series of a cell as CSV, UTF-8, with what it is about in columns of its own.

    Args:
        table: as `point_table` gives it.
        place: as `place_text` gives it.
    """
    fields = shown.fields
    made = table.copy()
    made["valid_time"] = np.datetime_as_string(table["valid_time"].to_numpy(), unit="s")
    values = [name for name in made.columns if name not in ("valid_time", "lead_hours")]
    for name in values:
        made[name] = [f"{value:.{_DIGITS}g}" if np.isfinite(value) else "" for value in made[name]]
    facts = {
        "init_time": np.datetime_as_string(fields.init_times[0], unit="s"),
        "channel": fields.channel.name,
        "units": fields.units,
        "forecaster": fields.attrs.get("forecaster", ""),
        "place": place,
    }
    for position, (name, value) in enumerate(facts.items()):
        made.insert(position, name, value)
    return made.to_csv(index=False, lineterminator="\n").encode()


def field_netcdf(shown: Shown, number: int) -> bytes:
    """The forecast at one lead time as a NetCDF file after CF-1.8, in the channel's own units."""
    fields = shown.fields
    one = _to_forecast(shown)
    # Of all lead times first: what a value is summed over follows from their distance.
    dataset = to_cf(one).isel(time=[number])
    encoding = {
        fields.channel.name: {"zlib": True, "complevel": 1, "_FillValue": np.float32("nan")}
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "field.nc"
        dataset.to_netcdf(file, engine="netcdf4", format="NETCDF4", encoding=encoding)
        return file.read_bytes()


def _to_forecast(shown: Shown) -> xr.DataArray:
    """The forecast (init_time, lead_time, channel, y, x) that is shown, in the channel's units."""
    fields, grid = shown.fields, shown.grid
    degrees = {name: grid[name].values for name in ("latitude", "longitude") if name in grid.coords}
    like = make_series(
        np.empty((0, 1, *grid.shape), dtype="float32"),
        times=np.empty(0, dtype="datetime64[ns]"),
        channels=[fields.channel],
        attrs=fields.attrs,
        **degrees,
    )
    numbers = {name: grid[name] for name in ("row", "column") if name in grid.coords}
    made = make_forecast(
        fields.forecast[None, :, None] / np.float32(fields.factor),
        init_times=fields.init_times[:1],
        time_step=fields.lead_times[0],
        like=like.assign_coords(numbers),
        forecaster=fields.attrs.get("forecaster", "unknown"),
    )
    made = made.assign_coords(lead_time=fields.lead_times)
    made = made.assign_coords(valid_time=made["init_time"] + made["lead_time"])
    return made.assign_attrs(fields.attrs)
