"""Weather beside flows: TaxiBJ's meteorology by the slot, or a table by the day.

A frame has what was known when it ended: the last record whose period was over.

N: frame, K: record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from jaxtyping import Float, Shaped

from pipelines.civil_time import DAY
from pipelines.series import names
from pipelines.traffic_dates import decode_dates, step_of_slots, times_of_slots
from pipelines.traffic_files import open_hdf5
from pipelines.traffic_tables import days_of, numbers_of

__all__ = ["WEATHER", "Records", "daily_weather", "read_meteorology"]

WEATHER: dict[str, dict[str, str]] = {
    "temperature": {"units": "degC", "long_name": "air temperature"},
    "wind_speed": {"long_name": "wind speed, in the units of the file"},
    "precipitation": {"units": "mm", "long_name": "precipitation of the day before"},
    "snowfall": {"units": "cm", "long_name": "snowfall of the day before"},
    "weather_type": {
        "long_name": "type of weather, 0 (sunny) to 16 (dusty), as TaxiBJ counts them"
    },
}
"""Coordinates along time that weather may give, and their attributes."""

_TYPES = 17
_COLDEST, _HOTTEST = -90.0, 60.0
"""°C. The records of the Earth are −89.2 and 56.7 (WMO); what lies beyond is no temperature."""
_LONGEST = np.timedelta64(3, "h")
"""How long the record of a slot stands for those that are missing after it."""
_MILLIMETRES_PER_INCH = 25.4
_CENTIMETRES_PER_INCH = 2.54


@dataclass(frozen=True, eq=False)
class Records:
    """Weather records in order of time."""

    known: Shaped[np.ndarray, "K"]
    """From when on each is known, civil time; strictly increasing."""
    holds: np.timedelta64
    """How long after that one still stands, if no other follows."""
    values: Mapping[str, Float[np.ndarray, "K"]]
    """Named as in `WEATHER`; NaN where unknown."""
    notes: tuple[str, ...] = ()

    def at(self, ends: Shaped[np.ndarray, "N"]) -> dict[str, Float[np.ndarray, "N"]]:
        """What was known at some times, float32; NaN where nothing was."""
        places = np.searchsorted(self.known, ends, side="right") - 1
        found = places >= 0
        found[found] = ends[found] - self.known[places[found]] <= self.holds
        return {
            name: np.where(found, values[places], np.nan).astype("float32")
            for name, values in self.values.items()
        }


def read_meteorology(path: Path, *, time_step: np.timedelta64) -> Records:
    """The records of a *Meteorology.h5 file: temperature (°C), wind speed, type of weather.

    Of two records of a slot the first counts.

    Args:
        time_step: of a slot, where the file's name does not say it.

    Raises:
        ValueError: it cannot be read, or is not what it should be.
    """
    with open_hdf5(path) as file:
        raw: dict[str, Any] = {}
        for name in ("date", "Temperature", "WindSpeed", "Weather"):
            if isinstance(found := file.get(name), h5py.Dataset):
                raw[name] = found[()]
        there = names(file)
    if "date" not in raw or len(raw) < 2:
        raise ValueError(
            f"{path} needs date and one of Temperature, WindSpeed, Weather, but has {there}; save "
            "it under these names, or take it out of the folder."
        )
    dates = raw.pop("date")
    name = f"{path}: date"
    days, slots = decode_dates(dates, name=name)
    step = step_of_slots(
        slots, dates=dates, n_days=1, name=name, stem=_with_step(path.stem, time_step)
    )
    values, notes = {}, []
    for key, column in raw.items():
        _check_column(path, key, column, len(dates))
        if key == "Weather":
            values["weather_type"] = _types(column)
            continue
        numbers = column.astype("float64")
        low, high = (_COLDEST, _HOTTEST) if key == "Temperature" else (0, np.inf)
        good = np.isfinite(numbers) & (numbers >= low) & (numbers <= high)
        if not good.all():
            notes.append(f"{path.name}: impossible {key}, taken as unknown: {(~good).sum()}")
        values[_NAMES[key]] = np.where(good, numbers, np.nan)
    known, first = np.unique(times_of_slots(days, slots, time_step=step) + step, return_index=True)
    return Records(
        known,
        _LONGEST,
        {key: column[first].astype("float64") for key, column in values.items()},
        tuple(notes),
    )


_NAMES = {"Temperature": "temperature", "WindSpeed": "wind_speed"}


def daily_weather(table: pd.DataFrame, *, path: Path, time_step: np.timedelta64) -> Records | None:
    """The records of a table by the day, each known on the day after; None where it has no weather.

    Args:
        table: texts, as `read_daily_table` gives it: degrees Fahrenheit and inches, T for a trace.
        path: of its file, for messages.
        time_step: of the frames: the last one of a day ends with it, but takes the day before.

    Raises:
        ValueError: a date or a number is none.
    """
    values: dict[str, Any] = {}
    fahrenheit = [numbers_of(table, name, path=path) for name in _temperatures(table)]
    if fahrenheit:
        values["temperature"] = (np.mean(fahrenheit, axis=0) - 32) / 1.8
    if "precipitation" in table:
        inches = numbers_of(table, "precipitation", path=path)
        values["precipitation"] = inches * _MILLIMETRES_PER_INCH
    if "snow fall" in table:
        values["snowfall"] = numbers_of(table, "snow fall", path=path) * _CENTIMETRES_PER_INCH
    if not values:
        return None
    days, first = np.unique(days_of(table, path=path), return_index=True)
    step = time_step.astype("timedelta64[ns]")
    return Records(
        days.astype("datetime64[ns]") + DAY + step,
        DAY - step,
        {name: column[first] for name, column in values.items()},
    )


def _temperatures(table: pd.DataFrame) -> list[str]:
    """Columns whose mean is the temperature of the day."""
    extremes = ["maximum temperature", "minimum temperature"]
    if "average temperature" in table:
        return ["average temperature"]
    return extremes if set(extremes) <= set(table.columns) else []


def _check_column(path: Path, key: str, column: np.ndarray, n_dates: int) -> None:
    wanted = (n_dates, _TYPES) if key == "Weather" else (n_dates,)
    if column.shape != wanted or column.dtype.kind not in "iufb":
        raise ValueError(
            f"{path}: {key} holds {column.dtype} of shape {column.shape}, but should be numbers of "
            f"shape {wanted}, one row a date; mend it, or take the file out of the folder."
        )


def _types(one_hot: np.ndarray) -> np.ndarray:
    """The code of each row; NaN where not exactly one is marked."""
    marked = one_hot > 0.5
    return np.where(marked.sum(axis=1) == 1, marked.argmax(axis=1), np.nan)


def _with_step(stem: str, time_step: np.timedelta64) -> str:
    """The name of a file that does not say its step, as if it said that of the flows."""
    if "_T" in stem:
        return stem
    return f"{stem}_T{int(time_step / np.timedelta64(1, 'm'))}"
