"""Synthetic traffic in TaxiBJ's own layout: made up, marked so, and worth forecasting.

OUT/SAMPLE16_M16x16_T30_InOut.h5   date (N,) b"YYYYMMDDSS", data (N, 2, rows, columns): inflow, outflow
OUT/SAMPLE_Meteorology.h5          date, Temperature (°C), WindSpeed (km/h), Weather (N, 17) one-hot
OUT/SAMPLE_Holiday.txt             yyyymmdd a line

T: slot of a day, N: slot, C: channel (inflow, outflow), Y: row (north to south), X: column.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Bool, Float, Int

from pipelines.atomic import atomic_path
from pipelines.series import parse_step
from pipelines.traffic_city import LAGS, City, city_on
from pipelines.traffic_events import event_factors
from pipelines.traffic_rhythm import STEPS_PER_DAY, day_factors, holidays_of, signals_on
from pipelines.traffic_sky import WEATHER_TYPES, Sky, sky_on

__all__ = ["write_taxibj_sample"]

_MOST_DAYS = 3660
"""Ten years: the year in a file's name has two digits, and a sample is for trying things on."""
_STEP_MINUTES = (15, 20, 30, 60)
"""They divide an hour, and a day has 99 slots at most, as slot numbers have two digits."""
_LEAST_CELLS = 4
"""Rows or columns; fewer are no city."""
_SLOT_MISSING = 0.003
"""Chance of a single slot to be missing."""
_HOUR_MISSING = 0.08
"""Chance of a day to miss an hour."""
_WHOLE_DAY_IN = 120
"""Of so many days one is missing whole, but none of the first week and no 1 January."""


@dataclass(frozen=True, eq=False)
class _Draft:
    """All that is drawn before the frames are."""

    city: City
    signals: np.ndarray
    """(step of 5 minutes, signal), from `LAGS` steps before the first day on."""
    quarters: np.ndarray
    """(midnight, quarter) logarithms of factors."""
    sky: Sky
    first_day: np.datetime64
    days: int
    slots: int
    """Of a day."""
    seed: int


def write_taxibj_sample(
    out: str | Path,
    *,
    days: int = 120,
    grid: tuple[int, int] = (16, 16),
    time_step: str = "30min",
    first_day: str = "2016-01-04",
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write synthetic traffic, a file a calendar year, weather and holidays, and give the files.

    Equal arguments give equal values, and a day is the same whether or not others follow it. Some slots
    are missing, as in the original: single ones, an hour here and there, one day in 120.

    Args:
        days: from the first day on, 1 to 3660.
        grid: rows and columns of cells, 4 or more each.
        time_step: "15min", "20min", "30min" or "1h".
        first_day: such as "2016-01-04", a Monday.
        progress: called with the days written and the days in all.

    Raises:
        ValueError: a number makes no sense.
    """
    out = Path(out)
    draft = _draft(
        days=days, grid=grid, minutes=_minutes(time_step), first_day=_day(first_day), seed=seed
    )
    years = (draft.first_day + np.arange(days)).astype("datetime64[Y]").astype(int) + 1970
    rows, columns = grid
    files = []
    for year in np.unique(years):
        inside = np.flatnonzero(years == year)
        name = f"SAMPLE{year % 100:02d}_M{rows}x{columns}_T{1440 // draft.slots}_InOut.h5"
        with atomic_path(out / name) as temporary:
            _write_flows(temporary, draft, inside, progress)
        files.append(out / name)
    files.append(out / "SAMPLE_Meteorology.h5")
    with atomic_path(files[-1]) as temporary:
        _write_weather(temporary, draft)
    files.append(out / "SAMPLE_Holiday.txt")
    with atomic_path(files[-1]) as temporary:
        holidays = np.concatenate([holidays_of(int(year)) for year in np.unique(years)])
        lines = [str(holiday).replace("-", "") for holiday in holidays]
        temporary.write_text("\n".join(lines) + "\n")
    return files


def _draft(
    *, days: int, grid: tuple[int, int], minutes: int, first_day: np.datetime64, seed: int
) -> _Draft:
    if not 1 <= days <= _MOST_DAYS:
        raise ValueError(f"days {days} must be 1 to {_MOST_DAYS}.")
    if min(grid) < _LEAST_CELLS:
        raise ValueError(
            f"grid {grid[0]}x{grid[1]} must have at least {_LEAST_CELLS} rows and {_LEAST_CELLS} "
            "columns, such as 16x16."
        )
    return _Draft(
        city=city_on(grid),
        signals=signals_on(first_day, days=days, seed=seed),
        quarters=day_factors(days=days, seed=seed),
        sky=sky_on(first_day, days=days, seed=seed),
        first_day=first_day,
        days=days,
        slots=1440 // minutes,
        seed=seed,
    )


def _flows_of(draft: _Draft, day: int) -> Int[np.ndarray, "T C Y X"]:
    """The vehicles that every cell sees in each slot of a day, none missing."""
    generator = np.random.default_rng([draft.seed, 4, day])
    width = STEPS_PER_DAY // draft.slots  # of a slot, in steps of 5 minutes
    hours = (np.arange(draft.slots) + 0.5) * 24 / draft.slots
    # Row LAGS of the signals is the first midnight: a day's own steps and those that it still hears.
    heard = draft.signals[day * STEPS_PER_DAY : (day + 1) * STEPS_PER_DAY + LAGS]
    rates = _mean_rates(draft.city, heard, width)
    share = np.arange(draft.slots)[:, None] / draft.slots
    quarters = draft.quarters[day] * (1 - share) + draft.quarters[day + 1] * share
    rates *= np.exp(np.einsum("tq,qyx->tyx", quarters, draft.city.patterns))[:, None]
    rates *= draft.sky.flow_share[24 * day + hours.astype(int)][:, None, None, None]
    rates *= event_factors(draft.city, hours, generator)
    return generator.poisson(rates * (24 / draft.slots)).astype("int32")


def _mean_rates(city: City, heard: np.ndarray, width: int) -> Float[np.ndarray, "T C Y X"]:
    """Vehicles an hour, on average over slots that are `width` steps of 5 minutes long.

    Args:
        heard: signals (step, signal) of a day, `LAGS` steps before it included.
    """
    steps = len(heard) - LAGS
    totals = np.concatenate([np.zeros((1, heard.shape[1])), np.cumsum(heard, axis=0)])
    means = (totals[width:] - totals[:-width]) / width  # of the slot that begins at each step
    begin = LAGS + np.arange(0, steps, width)
    late = means[begin[:, None] - np.arange(LAGS)]  # (slot, lag, signal)
    rates = late.reshape(len(begin), -1) @ city.response.reshape(late[0].size, -1)
    return rates.reshape(len(begin), *city.response.shape[2:])


def _present(draft: _Draft, day: int) -> Bool[np.ndarray, "T"]:
    """Which slots of a day are in the files."""
    generator = np.random.default_rng([draft.seed, 5, day])
    present = generator.random(draft.slots) >= _SLOT_MISSING
    if generator.random() < _HOUR_MISSING:
        hour = generator.integers(24)
        present[(np.arange(draft.slots) * 24) // draft.slots == hour] = False
    block, number = divmod(day, _WHOLE_DAY_IN)
    # A sample that ends on 1 January has a file for this day alone, which must not be empty.
    is_new_year = str(draft.first_day + day).endswith("-01-01")
    generator = np.random.default_rng([draft.seed, 6, block])
    if number == generator.integers(7, _WHOLE_DAY_IN) and not is_new_year:
        present[:] = False
    return present


def _days_of(draft: _Draft, days: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Dates and frames of the slots that are there, day by day."""
    for day in days:
        present = _present(draft, int(day))
        dates = _dates(draft.first_day + np.arange(day, day + 1), draft.slots)
        yield dates[present], _flows_of(draft, int(day))[present]


def _write_flows(
    path: Path, draft: _Draft, days: np.ndarray, progress: Callable[[int, int], None] | None
) -> None:
    shape = (2, *draft.city.y.shape)
    with h5py.File(path, "w") as file:
        file.attrs["synthetic"] = "true"
        data = file.create_dataset(
            "data",
            shape=(0, *shape),
            maxshape=(None, *shape),
            chunks=(draft.slots, *shape),
            dtype="int32",
            compression="gzip",
            compression_opts=1,
            shuffle=True,
        )
        dates = []
        for day, (names, frames) in zip(days, _days_of(draft, days), strict=True):
            data.resize(len(data) + len(frames), axis=0)
            data[len(data) - len(frames) :] = frames
            dates.append(names)
            if progress is not None:
                progress(int(day) + 1, draft.days)
        file["date"] = np.concatenate(dates)


def _write_weather(path: Path, draft: _Draft) -> None:
    """The weather of every slot, with those that the flows miss."""
    hours = (np.arange(draft.slots) * 24) // draft.slots
    of_slot = (24 * np.arange(draft.days)[:, None] + hours).ravel()
    with h5py.File(path, "w") as file:
        file.attrs["synthetic"] = "true"
        file["date"] = _dates(draft.first_day + np.arange(draft.days), draft.slots)
        file["Temperature"] = draft.sky.temperature[of_slot]
        file["WindSpeed"] = draft.sky.wind_speed[of_slot]
        one_hot = np.eye(len(WEATHER_TYPES))[draft.sky.weather_type[of_slot]]
        file.create_dataset("Weather", data=one_hot, compression="gzip", compression_opts=1)


def _dates(days: np.ndarray, slots: int) -> np.ndarray:
    """b"YYYYMMDDSS" of every slot of some days; SS counts from 01."""
    names = [str(day).replace("-", "") for day in days]
    return np.array([f"{name}{slot:02d}" for name in names for slot in range(1, slots + 1)], "S10")


def _minutes(time_step: str) -> int:
    minutes, rest = divmod(parse_step(time_step), np.timedelta64(1, "m"))
    if rest or minutes not in _STEP_MINUTES:
        raise ValueError(f"time_step {time_step!r} must be 15min, 20min, 30min or 1h.")
    return int(minutes)


def _day(first_day: str) -> np.datetime64:
    try:
        return np.datetime64(date.fromisoformat(first_day), "D")
    except ValueError:
        raise ValueError(f"first_day {first_day!r} is no date; write it like 2016-01-04.") from None
