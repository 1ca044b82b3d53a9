"""Text beside flows: a list of holidays, and a table of weather and holidays by the day.

*Holiday.txt                one yyyymmdd a line
weather_and_holidays.csv    date (D-M-YYYY), average temperature (°F), precipitation and snow fall
                            (inches, T for a trace), holiday (1 or 0)
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.civil_time import YEARS

__all__ = ["days_of", "holidays_of", "numbers_of", "read_daily_table", "read_holidays"]

_UNKNOWN = ("", "M", "NA", "NaN", "nan")
_TRACE = "T"
"""Less than can be measured (0.005 inches of rain, 0.05 of snow); it counts 0, as in monthly sums."""


def read_holidays(path: Path) -> list[str]:
    """The ISO dates in a list of holidays.

    Raises:
        ValueError: a line is no date; its number, counted from 1, is named.
    """
    days = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not (text := line.strip()):
            continue
        day = pd.to_datetime(text, format="%Y%m%d", errors="coerce") if len(text) == 8 else pd.NaT
        if pd.isna(day):
            raise ValueError(f"{path}: line {number}, {text!r}, is no date; write yyyymmdd.")
        days.append(day.strftime("%Y-%m-%d"))
    return sorted(set(days))


def read_daily_table(path: Path) -> pd.DataFrame:
    """The table as texts, columns in lower case.

    Raises:
        ValueError: it is no table, or has no dates.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    except ValueError as error:  # pandas and the codec each have their own kinds of it
        raise ValueError(f"{path} cannot be read as a table ({error}); save it as CSV.") from error
    table.columns = [str(name).strip().lower() for name in table.columns]
    if "date" not in table:
        raise ValueError(
            f"{path} has no column date; it has {', '.join(table.columns)}. Name the one of the days "
            "so, and write them D-M-YYYY."
        )
    return table


def days_of(table: pd.DataFrame, *, path: Path) -> np.ndarray:
    """The day of each row, datetime64[D].

    Raises:
        ValueError: a row has no day.
    """
    days = pd.to_datetime(table["date"].str.strip(), format="%d-%m-%Y", errors="coerce")
    _refuse(table, "date", days.isna().to_numpy(), path, "is no date; write D-M-YYYY")
    outside = ~days.dt.year.between(*YEARS).to_numpy()
    _refuse(table, "date", outside, path, f"lies outside the years {YEARS[0]} to {YEARS[1]}")
    return days.to_numpy().astype("datetime64[D]")


def numbers_of(table: pd.DataFrame, column: str, *, path: Path) -> np.ndarray:
    """A column as float64: a trace is 0, an unknown value NaN.

    Raises:
        ValueError: a row holds something else.
    """
    texts = table[column].str.strip()
    found: Any = pd.to_numeric(texts.where(texts != _TRACE, "0"), errors="coerce")
    numbers = found.to_numpy("float64")
    wrong = np.isnan(numbers) & ~texts.isin(_UNKNOWN).to_numpy()
    _refuse(table, column, wrong, path, "is no number; leave it empty where it is unknown")
    return numbers


def holidays_of(table: pd.DataFrame, *, path: Path) -> list[str]:
    """The ISO dates that the column `holiday` marks; empty where there is none.

    Where it marks each Saturday and Sunday it says no more of them than the calendar does: they are
    left out.

    Raises:
        ValueError: a row is neither 0 nor 1.
    """
    if "holiday" not in table:
        return []
    days = days_of(table, path=path)
    marks = numbers_of(table, "holiday", path=path)
    _refuse(table, "holiday", ~np.isin(marks, (0, 1)), path, "is neither 0 nor 1")
    marked = marks == 1
    weekend = pd.DatetimeIndex(days).day_of_week >= 5
    if marked[weekend].all():
        marked &= ~weekend
    return np.datetime_as_string(np.unique(days[marked])).tolist()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text ({error}); write one yyyymmdd a line.") from error


def _refuse(table: pd.DataFrame, column: str, wrong: np.ndarray, path: Path, reason: str) -> None:
    rows = np.flatnonzero(wrong)
    if len(rows):
        # The first row stands on line 2, after the names of the columns.
        value = table[column].iloc[int(rows[0])]
        raise ValueError(f"{path}: line {rows[0] + 2}, {column} {value!r}, {reason}.")
