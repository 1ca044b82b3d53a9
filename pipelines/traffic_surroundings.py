"""What lies beside files of flows: weather and holidays, found by name and joined to the frames."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.traffic_files import city_of
from pipelines.traffic_tables import holidays_of, read_daily_table, read_holidays
from pipelines.traffic_weather import WEATHER, Records, daily_weather, read_meteorology

__all__ = ["Surroundings", "find_surroundings"]

_DAILY_TABLE = "weather_and_holidays.csv"


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Weather and holidays of a city."""

    weather: Sequence[Records]
    """Where two of them have the same quantity, the first one counts."""
    holidays: Sequence[str]
    """ISO dates in order."""
    notes: Sequence[str]

    def join(self, series: xr.DataArray, *, time_step: np.timedelta64) -> xr.DataArray:
        """The series with the weather along `time`, and the holidays in its attributes."""
        ends = series["time"].values + time_step
        found: dict[str, np.ndarray] = {}
        for records in self.weather:
            found = records.at(ends) | found
        joined = series.assign_coords(
            {name: ("time", found[name], WEATHER[name]) for name in WEATHER if name in found}
        )
        if self.holidays:
            joined.attrs["holidays"] = " ".join(self.holidays)
        return joined


def find_surroundings(
    folder: Path, *, cities: Iterable[str], time_step: np.timedelta64
) -> Surroundings:
    """The weather and the holidays in a folder.

    Args:
        cities: that the flows are named after; files of other cities are not looked at.
        time_step: of the frames.

    Raises:
        ValueError: a file cannot be read, or is not what it should be.
    """
    places = [
        place
        for place in sorted(folder.iterdir())
        if place.is_file() and not place.name.startswith(".")
    ]
    known = {city for city in cities if city}
    weather: list[Records] = []
    holidays: set[str] = set()
    notes: list[str] = []
    tables: list[Records] = []
    for place in places:
        lower = place.name.lower()
        if lower.endswith("meteorology.h5") and _is_of(place, known):
            weather.append(read_meteorology(place, time_step=time_step))
        elif lower.endswith(("holiday.txt", "holidays.txt")) and _is_of(place, known):
            found = read_holidays(place)
            holidays |= set(found)
            notes.append(f"holidays as {place.name} lists them: {len(found)}")
        elif lower == _DAILY_TABLE:
            table = read_daily_table(place)
            daily = daily_weather(table, path=place, time_step=time_step)
            tables += [] if daily is None else [daily]
            found = holidays_of(table, path=place)
            holidays |= set(found)
            if found:
                notes.append(f"holidays as {place.name} marks them: {len(found)}")
    weather += tables  # by the slot before by the day
    notes += [note for records in weather for note in records.notes]
    return Surroundings(weather, sorted(holidays), notes)


def _is_of(place: Path, cities: set[str]) -> bool:
    city = city_of(place.stem)
    return not city or not cities or city in cities
