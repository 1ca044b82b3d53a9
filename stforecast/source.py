"""Data of a run: found, opened, and kept as a memory-mapped store while it is worked on."""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr

from pipelines import find_pipeline
from pipelines.clips import FRAME_STEP, ClipConfig
from pipelines.fetching import FETCHERS
from pipelines.resample import Rule
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
from stforecast.time_axis import Missing, check_resampling, complete_only, in_zone, on_axis

__all__ = [
    "cache_folder",
    "experiment_series",
    "find_data",
    "lazy_series",
    "open_series",
    "stored_series",
]

Days = Literal["all", "complete"]

_FETCHED_AS = {"mmnist": "mnist", "mfmnist": "fashion-mnist"}
"""What `fetch` calls the files that a dataset is made of, where that is something else."""


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
        ways = [f"make a synthetic sample with `stforecast sample {dataset} {place}`"]
        source = _FETCHED_AS.get(dataset, dataset)
        if source in FETCHERS:
            ways.insert(0, f"fetch them with `stforecast fetch {source} {place}`")
        raise ValueError(
            f"no data for {dataset} at {place}: {', '.join(ways)}, name them with --data PATH, set "
            "STFORECAST_DATA, or train with --sample."
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
    missing: Missing = "drop",
    resample: Rule = "none",
    clips: ClipConfig | None = None,
) -> xr.DataArray:
    """The lazy series (time, channel, y, x) of raw files or a store, float32 in physical units.

    Args:
        dataset: a name that `stforecast datasets` lists.
        path: raw files, a folder of them, or a store; `$STFORECAST_DATA/DATASET` unless given.
        variables: such as ["t2m", "z500"]; all that the data have unless given.
        time_step: such as "6h"; the data's own unless given.
        days: "complete" leaves out the days that lack a frame.
        time_zone: IANA name of the zone of local times, where the data do not tell it.
        missing: "mask" keeps a time that lacks a frame or some channels of it, as missing values;
            "drop" leaves it out.
        resample: a rule of `pipelines.resample` that brings frames at irregular times onto the axis of
            `time_step`.
        clips: of video, how its clips are made.

    Raises:
        ValueError: the data cannot be read, or lack what is wanted.
    """
    pipeline = find_pipeline(dataset)
    place = find_data(dataset, path)
    if pipeline.is_video:
        _check_clips(time_step=time_step, missing=missing, resample=resample)
        if is_store(place):
            return _from_store(dataset, place, variables=variables, step=None)
        own: dict[str, Any] = {"clips": clips or ClipConfig()}
        return pipeline.open_series(place, variables=variables, **own)
    step = None if time_step is None else parse_step(time_step)
    if resample != "none":
        check_resampling(dataset, resample, step)
    if variables is not None and len(variables) == 0:
        raise ValueError("variables is empty; name one, or leave it out for all that there are.")
    # What is resampled is read at its own times.
    read_step = step if resample == "none" else None
    if is_store(place):
        series = _from_store(dataset, place, variables=variables, step=read_step)
    else:
        apart: dict[str, Any] = {"missing": missing} if pipeline.channels_apart else {}
        series = pipeline.open_series(place, variables=variables, time_step=read_step, **apart)
    if time_zone is not None:
        series = in_zone(series, time_zone)
    if days == "complete":
        series = complete_only(series, place)
    return on_axis(series, step, missing=missing, rule=resample)


def _check_clips(*, time_step: str | None, missing: Missing, resample: Rule) -> None:
    """Raise ValueError if something is wanted that frames without times do not have."""
    for name, value, plain in (
        ("time_step", time_step, (None, name_step(FRAME_STEP))),
        ("missing", missing, ("drop",)),
        ("resample", resample, ("none",)),
    ):
        if value not in plain:
            raise ValueError(
                f"{name} = {value!r}: the frames of a clip have no times, and none of them is missing; "
                "leave it out. clips.every takes one frame of so many."
            )


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
    missing: Missing = "drop",
    resample: Rule = "none",
    clips: ClipConfig | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> xr.DataArray:
    """As `open_series`, but memory-mapped: what is not a store is copied once to one in the cache.

    The copy is found again by the files' names, sizes and times of change, and by what is in it.
    """
    series = open_series(
        dataset,
        path,
        variables=variables,
        time_step=time_step,
        days=days,
        time_zone=time_zone,
        missing=missing,
        resample=resample,
        clips=clips,
    )
    if series.chunks is None:
        return series
    store = cache_folder() / "stores" / _cache_key(dataset, Path(path), series, missing)
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
        missing=experiment.missing,
        resample=experiment.resample,
        clips=experiment.clips,
        progress=progress,
    )


def lazy_series(
    experiment: Experiment,
    path: str | Path,
    *,
    time_zone: str | None = None,
    days: Days = "all",
) -> xr.DataArray:
    """The lazy series that an experiment is about, of the data at a path.

    Args:
        time_zone: of local times, where it is not the one of the experiment's place.
        days: incomplete ones and all unless given: a forecast may be made on the day that it is.
    """
    return open_series(
        experiment.dataset,
        path,
        variables=experiment.variables,
        time_step=experiment.time_step,
        days=days,
        time_zone=time_zone or experiment.place.zone,
        missing=experiment.missing,
        resample=experiment.resample,
        clips=experiment.clips,
    )


def cache_folder() -> Path:
    """Where copies are kept that can be made again: `$STFORECAST_CACHE`, else in the user's cache."""
    if "STFORECAST_CACHE" in os.environ:
        return Path(os.environ["STFORECAST_CACHE"])
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "stforecast"


def _cache_key(dataset: str, path: Path, series: xr.DataArray, missing: Missing) -> str:
    digest = hashlib.blake2b(digest_size=12)
    # `missing` changes what a resampled frame is made of, and leaves its time as it is.
    digest.update(repr((SCHEMA_VERSION, dataset, str(path.resolve()), missing)).encode())
    digest.update(repr(series["channel"].values.tolist()).encode())
    digest.update(series["time"].values.tobytes())
    for name in beside_frames(series):  # their files lie beside `path`
        digest.update(series[name].values.tobytes())
    for name in ("holidays", "time_zone", "resample", "clips"):
        digest.update(str(series.attrs.get(name, "")).encode())
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in files:
        if file.is_file():
            facts = file.stat()
            relative = str(file.relative_to(path)) if path.is_dir() else file.name
            digest.update(repr((relative, facts.st_size, facts.st_mtime_ns)).encode())
    return digest.hexdigest()
