"""Times of weather data: those that all variables have, and those of a wanted step."""

from collections.abc import Mapping
from functools import reduce
from typing import Literal

import numpy as np

from pipelines.series import name_step, time_step_of

__all__ = ["common_times", "thin"]


def common_times(
    times: Mapping[str, np.ndarray], *, missing: Literal["drop", "mask"] = "drop"
) -> tuple[np.ndarray, str]:
    """The times of a series of all channels, and a note about what not all have (else empty).

    Args:
        times: of each channel, strictly increasing.
        missing: "drop" gives the times that all channels have, "mask" those that any has.

    Raises:
        ValueError: no time is common to all, and they are to be.
    """
    common = reduce(np.intersect1d, times.values())
    every = reduce(np.union1d, times.values())
    spans = {}
    for channel, own in times.items():
        spans.setdefault(f"{len(own)} frames, {_span(own)}", []).append(channel)
    told = "; ".join(f"{', '.join(channels)}: {span}" for span, channels in spans.items())
    if missing == "mask":
        partly = len(every) - len(common)
        note = f"{partly} frames lack a channel, which is missing there ({told})" if partly else ""
        return every, note
    if not len(common):
        raise ValueError(
            f"no frame has all channels ({told}); choose variables that overlap in time, or keep "
            "what there is with missing = 'mask'."
        )
    if len(every) == len(common):
        return common, ""
    dropped = len(every) - len(common)
    return common, f"{dropped} frames are left out, since not all channels have them ({told})"


def thin(times: np.ndarray, step: np.timedelta64) -> np.ndarray:
    """The times that lie on a step: counted from the first midnight if there is one, else the first.

    Gaps stay gaps: a time that is missing is not replaced by its neighbour.

    Raises:
        ValueError: the step is no multiple of the times' own, or finer.
    """
    if len(times) > 1:
        own = time_step_of(times)
        if step % own:
            raise ValueError(
                f"time_step {name_step(step)} is no multiple of the data's own step, "
                f"{name_step(own)}; choose {name_step(own)}, {name_step(2 * own)}, "
                f"{name_step(3 * own)}, …, or leave it out."
            )
    midnights = times[times == times.astype("datetime64[D]")]
    anchor = midnights[0] if len(midnights) else times[0]
    return times[(times - anchor) % step == np.timedelta64(0)]


def _span(times: np.ndarray) -> str:
    first, last = np.datetime_as_string(times[[0, -1]], unit="m")
    return f"{first} to {last}"
