"""Dates as TaxiBJ writes them: YYYYMMDDSS, a day and the number of its slot, counted from 01.

N: row.
"""

import re

import numpy as np
import pandas as pd
from jaxtyping import Int, Shaped

from pipelines.civil_time import YEARS, slots_per_day

__all__ = ["decode_dates", "step_of_slots", "times_of_slots"]

_STEPS = {24: 60, 48: 30, 96: 15, 144: 10, 288: 5}
"""Minutes of a slot by how many a day has: what files without a step in their name may have."""


def decode_dates(
    dates: np.ndarray, *, name: str
) -> tuple[Shaped[np.ndarray, "N"], Int[np.ndarray, "N"]]:
    """The day (datetime64[D]) and the slot (from 1) of each row.

    Args:
        dates: bytes, texts or whole numbers.
        name: of the file and its array, for messages.

    Raises:
        ValueError: a row is no date; its number, counted from 0, and its value are named.
    """
    texts = pd.Series([_text(value) for value in dates.tolist()], dtype="object").astype(str)
    shaped = texts.str.fullmatch(r"[0-9]{10}")
    days = pd.to_datetime(texts.where(shaped).str.slice(0, 8), format="%Y%m%d", errors="coerce")
    _refuse(texts, days.isna(), name, "is no date; write YYYYMMDDSS, SS being the slot from 01")
    outside = ~days.dt.year.between(*YEARS)
    _refuse(texts, outside, name, f"lies outside the years {YEARS[0]} to {YEARS[1]}; mend the year")
    slots = texts.str.slice(8).astype(int).to_numpy()
    _refuse(texts, slots == 0, name, "has slot 00; slots are counted from 01")
    return days.to_numpy().astype("datetime64[D]"), slots


def step_of_slots(
    slots: Int[np.ndarray, "N"],
    *,
    dates: np.ndarray,
    n_days: int,
    name: str,
    stem: str,
    wanted: np.timedelta64 | None = None,
) -> np.timedelta64:
    """The length of a slot: by `_T30_` in the file's name, else by the last slot that occurs.

    Args:
        slots: of each row, from 1.
        dates: as they stand in the file, for messages.
        n_days: on how many days the rows lie.
        name: of the file and its array, for messages.
        stem: the file's name.
        wanted: believed where neither tells.

    Raises:
        ValueError: nothing tells it, or a slot lies beyond the day.
    """
    last = int(slots.max())
    told = re.search(r"_T(\d+)(?=_|$)", stem)
    if told:
        step = np.timedelta64(int(told[1]), "m")
    elif last in _STEPS:
        step = np.timedelta64(_STEPS[last], "m")
    elif wanted is not None:
        step = wanted
    else:
        raise ValueError(
            f"{name}: the last slot of a day is {last}, which tells no length; put it in the file's "
            "name in minutes, such as _T30_, or name it with time_step."
        )
    minutes = int(step / np.timedelta64(1, "m"))
    try:
        n_slots = slots_per_day(step)
    except ValueError as error:
        origin = f"{told[0]} of its name" if told else f"wanted, {minutes} min"
        raise ValueError(f"{name}: the step {origin}, cannot be: {error}") from error
    texts = pd.Series([_text(value) for value in dates.tolist()], dtype="object").astype(str)
    beyond = f"lies beyond the day, which has {n_slots} slots of {minutes} min"
    _refuse(texts, slots > n_slots, name, f"{beyond}; give the file the step it has, as in _T30_")
    if told and n_days > 1 and last < n_slots and last in _STEPS:
        raise ValueError(
            f"{name}: the file's name says {told[0]}, {n_slots} slots a day, but its days end with "
            f"slot {last}, as slots of {_STEPS[last]} min do; name it _T{_STEPS[last]}_ if so."
        )
    return np.timedelta64(int(step / np.timedelta64(1, "ns")), "ns")


def times_of_slots(
    days: Shaped[np.ndarray, "N"], slots: Int[np.ndarray, "N"], *, time_step: np.timedelta64
) -> Shaped[np.ndarray, "N"]:
    """The civil time at which each slot begins, datetime64[ns]."""
    return days.astype("datetime64[ns]") + (slots - 1) * time_step.astype("timedelta64[ns]")


def _text(value: object) -> str:
    return (value.decode("latin-1") if isinstance(value, bytes) else str(value)).strip()


def _refuse(texts: pd.Series, bad: object, name: str, reason: str) -> None:
    rows = np.flatnonzero(np.asarray(bad))
    if len(rows):
        first = int(rows[0])
        others = f" (and {len(rows) - 1} more rows)" if len(rows) > 1 else ""
        raise ValueError(f"{name}: row {first}, {texts.iloc[first]!r}, {reason}{others}.")
