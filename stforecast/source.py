"""Data of a run: found, opened, and kept as a memory-mapped store while it is worked on."""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr

from pipelines import find_pipeline
from pipelines.civil_time import complete_days, nonexistent
from pipelines.series import (
    channels_of,
    name_step,
    names,
    parse_step,
    select_channels,
    time_step_of,
)
from pipelines.store import SCHEMA_VERSION, beside_frames, is_store, open_store, write_store
from pipelines.variables import channel_name, match_variable, parse_channel
from pipelines.weather_times import thin
from stforecast.experiment import Experiment

__all__ = ["cache_folder", "experiment_series", "find_data", "open_series", "stored_series"]

Days = Literal["all", "complete"]


def find_data(dataset: str, path: str | Path | None = None) -> Path:
    """Where the data of a dataset lie: the path given, or `$STFORECAST_DATA/DATASET`.

    Raises:
        ValueError: nothing is there.
    """
    if path is not None:
        if not Path(path).exists():
            raise ValueError(f"data {path} does not exist; name the file, folder or store.")
        return Path(path)
    place = Path(os.environ.get("STFORECAST_DATA", "data")) / dataset
    if not place.exists():
        raise ValueError(
            f"no data for {dataset} at {place}. Name them with --data PATH, set STFORECAST_DATA, "
            f"make a synthetic sample with `stforecast sample {dataset} {place}`, or train with "
            "--sample."
        )
    return place


def open_series(
    dataset: str,
    path: str | Path | None = None,
    *,
    variables: Sequence[str] | None = None,
    time_step: str | None = None,
    days: Days = "all",
    time_zone: str | None = None,
) -> xr.DataArray:
    """The lazy series (time, channel, y, x) of raw files or a store, float32 in physical units.

    Args:
        dataset: a name that `stforecast datasets` lists.
        path: raw files, a folder of them, or a store; `$STFORECAST_DATA/DATASET` unless given.
        variables: such as ["t2m", "z500"]; all that the data have unless given.
        time_step: such as "6h"; the data's own unless given.
        days: "complete" leaves out the days that lack a frame.
        time_zone: IANA name of the zone of local times, where the data do not tell it.

    Raises:
        ValueError: the data cannot be read, or lack what is wanted.
    """
    pipeline = find_pipeline(dataset)
    place = find_data(dataset, path)
    step = None if time_step is None else parse_step(time_step)
    if variables is not None and len(variables) == 0:
        raise ValueError("variables is empty; name one, or leave it out for all that there are.")
    if is_store(place):
        series = _from_store(dataset, place, variables=variables, step=step)
    else:
        series = pipeline.open_series(place, variables=variables, time_step=step)
    told = series.attrs.get("time_zone") != "unknown" or _has_artificial_clock(series)
    if time_zone is not None and not told:
        series = _in_zone(series, time_zone)
    return series if days == "all" else _complete(series, place)


def _from_store(
    dataset: str, place: Path, *, variables: Sequence[str] | None, step: np.timedelta64 | None
) -> xr.DataArray:
    series = open_store(place)
    if series.attrs.get("dataset") != dataset:
        raise ValueError(f"{place} is a store of {series.attrs.get('dataset')}, not of {dataset}.")
    if step is not None and not find_pipeline(dataset).has_sums:
        series = _thin(series, step)
    elif step is not None and step != time_step_of(series["time"].values):
        raise ValueError(
            f"time_step {name_step(step)}: the counts in {place} are sums over "
            f"{name_step(time_step_of(series['time'].values))}; leaving frames out would lose what "
            "was counted in them. Leave time_step out."
        )
    return series if variables is None else _select(series, variables, place)


def _in_zone(series: xr.DataArray, time_zone: str) -> xr.DataArray:
    """The series with its zone named, without the frames of hours that clocks skip there."""
    skipped = nonexistent(series["time"].values, time_zone)
    known = _frames(series, ~skipped).assign_attrs(time_zone=time_zone)
    return _noted(known, f"slots that the clocks skip ({time_zone}), left out", int(skipped.sum()))


def _complete(series: xr.DataArray, place: Path) -> xr.DataArray:
    """The frames of complete days, lazily."""
    if _has_artificial_clock(series):
        raise ValueError(f"{place} has no time stamps and so no days; leave out days = 'complete'.")
    times = series["time"].values
    kept = complete_days(times, time_step=time_step_of(times))
    if not kept.any():
        raise ValueError(f"{place} has no day with all its frames; leave out days = 'complete'.")
    left_out = len(np.unique(times[~kept].astype("datetime64[D]")))
    return _noted(_frames(series, kept), "incomplete days, left out", left_out)


def _has_artificial_clock(series: xr.DataArray) -> bool:
    return series.attrs.get("clock") == "artificial"


def _noted(series: xr.DataArray, text: str, count: int) -> xr.DataArray:
    """The series with a count added to what is to be told of it, unless that is 0."""
    if not count:
        return series
    notes = [series.attrs.get("note", ""), f"{text}: {count}"]
    return series.assign_attrs(note="; ".join(filter(None, notes)))


def _frames(series: xr.DataArray, kept: np.ndarray) -> xr.DataArray:
    """The frames that are to be kept, lazily: choosing from a memory map would copy them."""
    if kept.all():
        return series
    return (series.chunk(time=64) if series.chunks is None else series).isel(
        time=np.flatnonzero(kept)
    )


def _thin(series: xr.DataArray, step: np.timedelta64) -> xr.DataArray:
    times = series["time"].values
    rows = np.flatnonzero(np.isin(times, thin(times, step)))
    if len(rows) == len(times):
        return series
    if series.chunks is None and len(rows) > 1 and (np.diff(rows) == rows[1] - rows[0]).all():
        return series.isel(time=slice(rows[0], None, rows[1] - rows[0]))  # a view
    return series.chunk(time=64).isel(time=rows)


def _select(series: xr.DataArray, variables: Sequence[str], place: Path) -> xr.DataArray:
    chosen = []
    for wanted in variables:
        alike = {wanted}
        if (bare := wanted.rstrip("0123456789").rstrip("_")) and match_variable(bare):
            alike.add(channel_name(*parse_channel(wanted)))
        found = [c.name for c in channels_of(series) if {c.name, c.variable} & alike]
        if not found:
            have = names(series["channel"].values)
            raise ValueError(f"{place} has no {wanted!r}; it has {have}.")
        chosen += found
    return select_channels(series, list(dict.fromkeys(chosen)))


def stored_series(
    dataset: str,
    path: str | Path,
    *,
    variables: Sequence[str] | None = None,
    time_step: str | None = None,
    days: Days = "all",
    time_zone: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> xr.DataArray:
    """As `open_series`, but memory-mapped: what is not a store is copied once to one in the cache.

    The copy is found again by the files' names, sizes and times of change, and by what is in it.
    """
    series = open_series(
        dataset, path, variables=variables, time_step=time_step, days=days, time_zone=time_zone
    )
    if series.chunks is None:
        return series
    store = cache_folder() / "stores" / _cache_key(dataset, Path(path), series)
    if not is_store(store):
        write_store(series, store, progress=progress)
    return open_store(store)


def experiment_series(
    experiment: Experiment,
    path: str | Path,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> xr.DataArray:
    """The memory-mapped series that an experiment is about, of the data at a path."""
    return stored_series(
        experiment.dataset,
        path,
        variables=experiment.variables,
        time_step=experiment.time_step,
        days=experiment.days,
        time_zone=experiment.place.zone,
        progress=progress,
    )


def cache_folder() -> Path:
    """Where copies are kept that can be made again: `$STFORECAST_CACHE`, else in the user's cache."""
    if "STFORECAST_CACHE" in os.environ:
        return Path(os.environ["STFORECAST_CACHE"])
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "stforecast"


def _cache_key(dataset: str, path: Path, series: xr.DataArray) -> str:
    digest = hashlib.blake2b(digest_size=12)
    digest.update(repr((SCHEMA_VERSION, dataset, str(path.resolve()))).encode())
    digest.update(repr(series["channel"].values.tolist()).encode())
    digest.update(series["time"].values.tobytes())
    for name in beside_frames(series):  # their files lie beside `path`
        digest.update(series[name].values.tobytes())
    for name in ("holidays", "time_zone"):
        digest.update(str(series.attrs.get(name, "")).encode())
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in files:
        if file.is_file():
            facts = file.stat()
            relative = str(file.relative_to(path)) if path.is_dir() else file.name
            digest.update(repr((relative, facts.st_size, facts.st_mtime_ns)).encode())
    return digest.hexdigest()
