"""Which init times a run of a job looks at, before anybody has asked whether their data are there."""

import numpy as np

from pipelines.series import name_step
from pipelines.time_range import parse_times
from stforecast.batch.job import InitTimesConfig

__all__ = ["civil_now", "due_init_times", "named_init_times", "step_of"]

_EPOCH = np.datetime64(0, "ns")
_BACK = np.timedelta64(2 * 24 * 3600 * 10**9, "ns")


def step_of(config: InitTimesConfig, *, time_step: np.timedelta64) -> np.timedelta64:
    """Between neighbouring init times of a job.

    Raises:
        ValueError: the job's rhythm does not fit the forecaster's time step.
    """
    if config.every is None:
        return time_step
    for name, value in (("every", config.every), ("offset", config.offset)):
        if value % time_step != np.timedelta64(0):
            raise ValueError(
                f"init_times.{name} = {name_step(value)} is no whole number of the forecaster's time "
                f"steps of {name_step(time_step)}; no history would end there."
            )
    return config.every


def due_init_times(
    config: InitTimesConfig, times: np.ndarray, *, step: np.timedelta64, now: np.datetime64
) -> np.ndarray:
    """The init times that the job file names, in order, whether or not their data are there.

    Args:
        times: of the frames of the input; those after now are not known yet.
        step: as `step_of` gives it.
        now: in the data's own time.

    Raises:
        ValueError: the latest is asked for, and there is no frame up to now.
    """
    if config.latest:
        known = times[times <= now].astype("datetime64[ns]")
        if len(known) == 0:
            raise ValueError(
                f"init_times.latest: the input has no frame up to now ({now}); its first one is of "
                f"{times[:1]}. Correct its times, or name another now."
            )
        return known[-1:]
    if config.range is not None:
        first, last = parse_times(config.range)
        return _rhythm(first, last, step=step, offset=config.offset)
    back = _BACK if config.back is None else config.back
    moment = now.astype("datetime64[ns]")
    return _rhythm(moment - back, moment, step=step, offset=config.offset)


def named_init_times(
    config: InitTimesConfig, texts: list[str], *, step: np.timedelta64
) -> np.ndarray:
    """The init times that texts name: times as they are, of "first/last" the job's own between them.

    Raises:
        ValueError: a text is no time, or no init time of the job lies between two.
    """
    found: list[np.ndarray] = []
    for text in texts:
        first, last = parse_times(text)
        if "/" not in text:
            found.append(np.array([first], dtype="datetime64[ns]"))
            continue
        found.append(_rhythm(first, last, step=step, offset=config.offset))
        if len(found[-1]) == 0:
            raise ValueError(
                f"init_time {text}: no init time of the job lies between them; they are "
                f"{name_step(step)} apart."
            )
    return np.unique(np.concatenate(found))


def _rhythm(
    first: np.datetime64, last: np.datetime64, *, step: np.timedelta64, offset: np.timedelta64
) -> np.ndarray:
    """Times from first to last, both inclusive, whose distance from 1970 is offset + n × step."""
    before = (first - _EPOCH - offset) % step
    start = first if before == np.timedelta64(0) else first - before + step
    return np.arange(start, last + np.timedelta64(1, "ns"), step, dtype="datetime64[ns]")


def civil_now(now: np.datetime64, time_zone: str) -> np.datetime64:
    """Now in the data's own time: the clocks of a zone for traffic, else UTC.

    Args:
        now: UTC.
        time_zone: IANA name; an unknown one is taken for UTC.
    """
    from zoneinfo import ZoneInfo

    import pandas as pd

    if time_zone in ("", "UTC", "unknown"):
        return now
    moment = pd.Timestamp(now).tz_localize("UTC").tz_convert(ZoneInfo(time_zone))
    return np.datetime64(str(moment.tz_localize(None)), "ns")
