"""Preparing the store of a dataset from raw files, and what it tells of their values."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import cast, get_args

import numpy as np
import xarray as xr

from pipelines import find_pipeline
from pipelines.grid import Grid
from pipelines.preparing.prepare import Opener
from pipelines.preparing.prepare import prepare as prepare_store
from pipelines.resample import RULES, Rule
from pipelines.series import channels_of, parse_step
from pipelines.store import is_store, stored_moments
from pipelines.variables import VARIABLES
from pipelines.weather_opening import Missing, open_parts
from stforecast.run import open_run
from stforecast.source import find_data, open_series

__all__ = ["prepare", "unnatural_values"]


def prepare(
    dataset: str,
    out: str | Path,
    *,
    data: str | Path | None = None,
    variables: Sequence[str] | None = None,
    time_step: str | None = None,
    grid: str | None = None,
    missing: str = "drop",
    resample: str = "none",
    train: str | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    tell: Callable[[str, int, int], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> xr.DataArray:
    """Copy raw files once to an analysis-ready store, out of core; the store's memory-mapped series.

    The store appears whole or not at all; what was interrupted goes on when it is asked for again.

    Args:
        dataset: a name that `stforecast datasets` lists.
        out: the store, a new folder.
        data: raw files or a store; `$STFORECAST_DATA/DATASET` unless given.
        variables, time_step, missing, resample: as for `open_series`.
        grid: area means on another grid: degrees ("5.625"), columns x rows around the globe
            ("64x32"), or the folder of a run, whose grid is taken; the data's own unless given.
        train: period of the statistics, "first/last"; the first 70 % of the frames unless given.
        workers: processes on this machine.
        scheduler: address of a dask scheduler whose workers copy instead.
        tell: is called with what is done, how many bytes of it, and out of how many.
        say: is told what becomes of work that was begun before.

    Raises:
        ValueError: the data cannot be read or lack what is wanted, the store exists or would lie among
            them, or the disk has no room for it.
    """
    if Path(out).exists():
        raise ValueError(f"{out} exists already; name a new folder.")
    for name, value, known in (
        ("missing", missing, get_args(Missing)),
        ("resample", resample, RULES),
    ):
        if value not in known:
            raise ValueError(f"{name} {value!r} is unknown; known: {', '.join(known)}.")
    place = find_data(dataset, data)
    if Path(out).resolve().is_relative_to(place.resolve()):
        raise ValueError(
            f"{out} lies within the data, {place}, and would be read as data; name a folder outside."
        )
    held, rule = cast(Missing, missing), cast(Rule, resample)
    request = {
        "dataset": dataset,
        "variables": None if variables is None else list(variables),
        "time_step": time_step,
        "missing": missing,
        "resample": resample,
    }
    # Fields are copied one by one; what is made of several, frame by frame.
    opener: Opener = partial(
        open_series,
        dataset,
        place,
        variables=variables,
        time_step=time_step,
        missing=held,
        resample=rule,
    )
    if dataset == "weatherbench" and rule == "none" and not is_store(place):
        step = None if time_step is None else parse_step(time_step)
        opener = partial(open_parts, place, variables=variables, time_step=step, missing=held)
    return prepare_store(
        opener,
        Path(out),
        source=place,
        request=request,
        grid=_grid(grid, dataset),
        train=train,
        workers=workers,
        scheduler=scheduler,
        tell=tell,
        say=say,
    )


def unnatural_values(series: xr.DataArray) -> list[str]:
    """For each channel with values that do not occur in nature, a line that says so.

    Units are told by a few frames of all files. A single file in other units, or with unmarked fill
    values, is first seen here, when every value has been read.

    Args:
        series: of a store.
    """
    moments = stored_moments(series)
    if moments is None:
        return []
    least, most = moments.minimum.min(axis=0), moments.maximum.max(axis=0)
    times, strange = series["time"].values, []
    for number, channel in enumerate(channels_of(series)):
        known = VARIABLES.get(channel.variable)
        if known is None or known.readings[0].per_metre is not None:
            continue
        natural = known.readings[0]
        beyond = (moments.minimum[:, number] < natural.low) | (
            moments.maximum[:, number] > natural.high
        )
        if beyond.any() and moments.count[:, number].any():
            first = np.datetime_as_string(times[np.flatnonzero(beyond)[0]], unit="m")
            strange.append(
                f"{channel.name} has values that do not occur in nature ({least[number]:.6g} to "
                f"{most[number]:.6g} {channel.units}, allowed {natural.low:g} to {natural.high:g}) at "
                f"{int(beyond.sum())} times, first {first}"
            )
    return strange


def _grid(text: str | None, dataset: str) -> str | Grid | None:
    """The grid of a run, or the text that names another."""
    if text is None:
        return None
    if find_pipeline(dataset).has_sums:
        raise ValueError(
            f"grid {text}: {dataset} counts in cells, and means over larger cells are no counts; "
            "leave it out."
        )
    if not Path(text).is_dir():
        return text
    from stforecast.forecaster import load_forecaster  # here: other grids need no torch

    grid = load_forecaster(open_run(text).forecaster_file).grid
    if grid is None:
        raise ValueError(f"grid {text}: that run has no latitude and longitude; name another.")
    return grid
