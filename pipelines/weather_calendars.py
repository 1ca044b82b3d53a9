"""Times of files as UTC, from the calendars of the world and of climate models."""

from dataclasses import dataclass

import cftime
import numpy as np
import xarray as xr

__all__ = ["Calendar", "TimeLabels", "decode_times"]

_WORLD = ("standard", "gregorian", "proleptic_gregorian")


@dataclass(frozen=True)
class Calendar:
    """A calendar of climate models, whose dates are put on the world's of the same name."""

    name: str
    lacking: str
    """Dates of the calendar that the world lacks; empty if there are none."""


_CALENDARS = {
    "360_day": Calendar("360_day", "29 and 30 February"),
    "noleap": Calendar("noleap", ""),
    "365_day": Calendar("noleap", ""),
    "all_leap": Calendar("all_leap", "29 February of common years"),
    "366_day": Calendar("all_leap", "29 February of common years"),
}


@dataclass(frozen=True, eq=False)
class TimeLabels:
    """The times of a file's frames."""

    times: np.ndarray
    """UTC, datetime64[ns], as they stand."""
    frames: np.ndarray
    """Which of the file's frames each is: not all have a time in the world's calendar."""
    calendar: str = "standard"
    note: str = ""
    """What was left out, and why; empty where nothing was."""


def decode_times(variable: xr.DataArray) -> TimeLabels:
    """The times that a coordinate holds, encoded as CF has it or decoded.

    Frames of another calendar keep their date and clock. Those of a date that the world lacks are
    left out, and with them those of the last day of that February: else the frames before and
    after would seem to be neighbours.

    Raises:
        ValueError: the numbers are no times, a time is missing, or the calendar cannot be read.
    """
    name = variable.name
    units = str(variable.attrs.get("units", ""))
    calendar = str(variable.attrs.get("calendar", "standard")).casefold()
    if calendar not in _WORLD and calendar not in _CALENDARS:
        raise ValueError(
            f"{name} has the calendar {calendar!r}, whose days are not those of the world: its "
            "times could not be compared with other data. Convert it to the standard calendar, "
            "for example with xarray's convert_calendar."
        )
    if not np.issubdtype(variable.dtype, np.datetime64):
        if " since " not in units:
            raise ValueError(
                f"{name} has no units such as 'hours since 1979-01-01' "
                f"({units or 'none'}); set them, so that its numbers are times."
            )
        floating = np.issubdtype(variable.dtype, np.floating)
        if floating and not np.isfinite(variable.values).all():
            raise ValueError(f"{name} holds missing times; drop those frames.")
        try:
            if calendar in _CALENDARS:
                return _of_model(variable.values, units, _CALENDARS[calendar])
            labels = xr.Dataset({"time": ("frame", variable.values, variable.attrs)})
            coder = xr.coders.CFDatetimeCoder(use_cftime=False)
            variable = xr.decode_cf(labels, decode_times=coder)["time"]
        except (ValueError, OverflowError) as error:
            raise ValueError(
                f"{name} cannot be decoded from {units!r}; correct the units, and note that years lie "
                f"between 1678 and 2262 ({str(error).partition(' Try opening')[0].rstrip('.')})."
            ) from error
    return TimeLabels(_whole_seconds(variable.values), np.arange(variable.size))


def _of_model(values: np.ndarray, units: str, calendar: Calendar) -> TimeLabels:
    dates = np.atleast_1d(cftime.num2date(values, units, calendar=calendar.name))
    year, month, day = (
        np.array([getattr(date, part) for date in dates], dtype="int64")
        for part in ("year", "month", "day")
    )
    if len(year) and not (year.min() >= 1678 and year.max() < 2262):
        raise ValueError(f"it has the years {year.min()} to {year.max()}")
    clock = np.array(
        [
            ((date.hour * 60 + date.minute) * 60 + date.second) * 10**6 + date.microsecond
            for date in dates
        ]
    )
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    lengths = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(int)
    exists = day <= lengths
    broken = np.unique(months[~exists])
    seam = exists & np.isin(months, broken) & (day == lengths)
    kept = np.flatnonzero(exists & ~seam)
    times = months.astype("datetime64[D]") + (day - 1)
    times = times.astype("datetime64[us]") + clock.astype("timedelta64[us]")
    note = ""
    if not exists.all():
        note = (
            f"calendar {calendar.name}: {int((~exists).sum())} frames of dates that the world lacks "
            f"({calendar.lacking}) are left out, and {int(seam.sum())} of the day before, so that a "
            "gap stays"
        )
    return TimeLabels(_whole_seconds(times[kept]), kept, calendar.name, note)


def _whole_seconds(times: np.ndarray) -> np.ndarray:
    # Fractions of days and hours are not exact: a frame's time is a whole second.
    half = np.timedelta64(500, "ms")
    return (times.astype("datetime64[ns]") + half).astype("datetime64[s]").astype("M8[ns]")
