"""Times as readers say them: "Tue 2 Jan 2018 12:00 UTC", "+6 h"."""

import numpy as np
import pandas as pd

from stforecast.verification.report import lead_text
from stforecast.viewing.forecasts import Forecasts

__all__ = ["address_of", "has_clock", "hours_text", "init_words", "lead_words", "time_words"]


def has_clock(forecasts: Forecasts) -> bool:
    """Whether times are true ones; those of videos are made up."""
    return forecasts.attrs.get("clock") != "artificial"


def address_of(time: np.datetime64) -> str:
    """A time as it stands in an address, to the minute: "2018-01-02T12:00"."""
    return str(np.datetime_as_string(time, unit="m"))


def time_words(time: np.datetime64, zone: str = "") -> str:
    """A time in words."""
    stamp = pd.Timestamp(time)
    return f"{stamp:%a} {stamp.day} {stamp:%b %Y %H:%M} {zone}".strip()


def init_words(forecasts: Forecasts, number: int) -> str:
    """An init_time in words; of a video the number of its sequence."""
    if not has_clock(forecasts):
        return f"Sequence {number + 1}"
    return time_words(forecasts.init_times[number])


def lead_words(forecasts: Forecasts, number: int, init_time: np.datetime64) -> str:
    """A lead time and the time it is valid at; of a video the number of the frame."""
    if not has_clock(forecasts):
        return f"frame +{number + 1}"
    lead_time = forecasts.lead_times[number]
    stamp = pd.Timestamp(init_time + lead_time)
    return f"{lead_text(lead_time)} · {stamp:%a} {stamp.day} {stamp:%b %H:%M}"


def hours_text(lead_time: np.timedelta64) -> str:
    """A lead time in hours, as it stands in an address: "6", "0.5"."""
    return f"{lead_time / np.timedelta64(1, 'h'):g}"
