"""Ranges of time as people write them: "2010/2015", "2019-03-01/2019-03-22", "2016"."""

import numpy as np
import pandas as pd

from pipelines.series import name_step

__all__ = ["describe_span", "parse_times", "range_between"]


def parse_times(text: str) -> tuple[np.datetime64, np.datetime64]:
    """First and last instant of "first/last", each a year, month, day, hour or minute, inclusive."""
    first, _, last = text.partition("/")
    try:
        periods = [pd.Period(part.strip()) for part in (first, last or first)]
        start, end = periods[0].start_time, periods[1].end_time  # pyright: ignore[reportAttributeAccessIssue]
    except (ValueError, AttributeError) as error:  # a missing time ("NaT") has no start
        raise ValueError(
            f"{text!r} is no time; write 2016, 2010/2015, 2019-03-01/2019-03-22 or 2019-03-01T06:00"
        ) from error
    if start > end:
        raise ValueError(f"{text!r} ends before it begins")
    return np.datetime64(start, "ns"), np.datetime64(end, "ns")


def range_between(times: np.ndarray, text: str, name: str) -> range:
    """The frames between "first/last", both inclusive, as a range of indices.

    Raises:
        ValueError: there is none.
    """
    start, end = parse_times(text)
    first = int(np.searchsorted(times, start, side="left"))
    stop = int(np.searchsorted(times, end, side="right"))
    if first == stop:
        raise ValueError(
            f"split.{name} = {text!r} holds no frame: the data have {len(times)} frames "
            f"{describe_span(times)}. Name times inside, or give data that reach there."
        )
    return range(first, stop)


def describe_span(times: np.ndarray) -> str:
    """First and last time and the shortest step, for a message: "from … to …, every 6h"."""
    if len(times) == 0:
        return "(none)"
    step = ""
    if len(times) > 1:
        step = f", every {name_step(np.diff(times).min())}"
    first, last = (np.datetime_as_string(time, unit="m") for time in (times[0], times[-1]))
    return f"from {first} to {last}{step}"
