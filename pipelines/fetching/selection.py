"""What of a source is wanted: its variables, levels and times, found under the names it uses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from pipelines.series import name_step, names, time_step_of
from pipelines.time_range import parse_times
from pipelines.variables import Variable, find_variable, match_variable, parse_channel
from pipelines.weather_coordinates import find_levels, find_time
from pipelines.weather_times import thin

__all__ = ["Selection", "select"]


@dataclass(frozen=True, eq=False)
class Selection:
    """A part of a source: indices into its arrays, and names in it."""

    variables: tuple[str, ...]
    """Those with a time axis."""
    static: tuple[str, ...]
    """Fields without one, such as the orography."""
    time: str
    """The coordinate that says when."""
    time_dim: str
    frames: np.ndarray
    """Wanted places along `time_dim`, increasing."""
    times: np.ndarray
    """UTC, datetime64[ns], of these."""
    level_dim: str | None
    levels: np.ndarray
    """Wanted places along `level_dim`, increasing; empty where there is none."""
    lacking: np.ndarray
    """Wanted times that the source does not have."""

    def indices(self, dims: Sequence[str], shape: Sequence[int]) -> tuple[np.ndarray, ...]:
        """Wanted places along each dimension of an array."""
        chosen = {self.time_dim: self.frames, self.level_dim: self.levels}
        return tuple(
            chosen[dim] if dim in chosen else np.arange(size)
            for dim, size in zip(dims, shape, strict=True)
        )


def select(
    dataset: xr.Dataset,
    *,
    variables: Sequence[str] | None,
    levels: Sequence[float] | None,
    years: str | None,
    time_step: np.timedelta64 | None,
) -> Selection:
    """The wanted part of a source.

    Args:
        dataset: the source's labels, times not decoded; nothing but coordinates is read.
        variables: such as "t2m", "z500", "geopotential", or as the source spells them; all with a
            time axis unless given. Levels that they name are added to `levels`.
        levels: hPa; all unless given or named.
        years: "2010/2018": years, dates or times, inclusive; all unless given.
        time_step: between frames; the source's own unless given.

    Raises:
        ValueError: the source has no such variable, level or time, or its times are in disorder.
    """
    time = find_time(dataset)
    time_dim = str(dataset[time].dims[0])
    found, named = _find_variables(dataset, time_dim, variables)
    level_dim, places = _find_levels(dataset, found, named=named, levels=levels)
    frames, times, lacking = _find_frames(dataset, time, years=years, time_step=time_step)
    fields = [set(map(str, dataset[name].dims)) - {time_dim, level_dim} for name in found]
    static = tuple(
        str(name)
        for name, array in dataset.data_vars.items()
        if array.ndim == 2 and set(map(str, array.dims)) in fields
    )
    return Selection(
        variables=found,
        static=static,
        time=time,
        time_dim=time_dim,
        frames=frames,
        times=times,
        level_dim=level_dim,
        levels=places,
        lacking=lacking,
    )


def _find_variables(
    dataset: xr.Dataset, time_dim: str, wanted: Sequence[str] | None
) -> tuple[tuple[str, ...], dict[str, list[float]]]:
    """Names in the source, and the levels (hPa) that the wanted names ask of each; none: all."""
    there = [str(name) for name, array in dataset.data_vars.items() if time_dim in array.dims]
    if wanted is None:
        return tuple(there), {name: [] for name in there}
    named: dict[str, list[float]] = {}
    for text in wanted:
        name, level = _find_variable(dataset, there, text)
        if level is None:
            named[name] = []
        elif named.get(name) != []:  # all its levels are wanted already otherwise
            named.setdefault(name, []).append(level)
    return tuple(named), named


def _find_variable(
    dataset: xr.Dataset, there: Sequence[str], text: str
) -> tuple[str, float | None]:
    if text in there:
        return text, None
    try:
        variable, level = parse_channel(text)
    except ValueError as error:
        raise ValueError(f"{error} The source has {names(there, most=40)}.") from error
    candidates = [name for name in there if match_variable(name) == variable]
    # One name may stand for a wind at 10 m and for the wind on levels.
    fitting = [name for name in candidates if _has_levels(dataset, name) == variable.has_level]
    if not fitting:
        raise ValueError(
            f"the source has no variable {text!r} ({_names_of(variable)}); it has "
            f"{names(there, most=40)}."
        )
    return fitting[0], level


def _names_of(variable: Variable) -> str:
    return " or ".join(find_variable(variable.short).names[:3])


def _has_levels(dataset: xr.Dataset, name: str) -> bool:
    return bool(len(find_levels(dataset, dataset[name])[1]))


def _find_levels(
    dataset: xr.Dataset,
    found: Sequence[str],
    *,
    named: dict[str, list[float]],
    levels: Sequence[float] | None,
) -> tuple[str | None, np.ndarray]:
    """The level dimension, None if there is none, and the places of the wanted ones along it."""
    dims = {}
    for name in found:
        dim, values = find_levels(dataset, dataset[name])
        if dim is not None:
            dims[dim] = values
    asked = {level for wanted in named.values() for level in wanted} | set(levels or ())
    if len(dims) > 1:
        raise ValueError(
            f"the variables lie on {len(dims)} level axes ({names(dims)}); fetch those of each alone."
        )
    if not dims:
        if levels:
            raise ValueError(
                f"levels {names(f'{level:g}' for level in levels)} are asked for, but "
                f"{names(found)} have none; leave them out."
            )
        return None, np.empty(0, dtype=int)
    (dim, values), *_ = dims.items()
    lacking = sorted(asked - set(values.tolist()))
    if lacking:
        raise ValueError(
            f"the source has no level {names(f'{level:g}' for level in lacking)} hPa; it has "
            f"{names((f'{level:g}' for level in values), most=40)}."
        )
    every = levels is None and any(
        not wanted and dim in dataset[name].dims for name, wanted in named.items()
    )
    keep = np.ones(len(values), dtype=bool) if every else np.isin(values, sorted(asked))
    return dim, np.flatnonzero(keep)


def _find_frames(
    dataset: xr.Dataset, name: str, *, years: str | None, time_step: np.timedelta64 | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places and values of the wanted times, and the wanted times that are not there."""
    times = _decode(dataset, name)
    first, last = _valid_span(dataset, times)
    wanted = (times >= first) & (times <= last)
    if years is not None:
        first, last = parse_times(years)
        wanted &= (times >= first) & (times <= last)
    kept = times[wanted]
    if not len(kept):
        raise ValueError(
            f"the source has no frame in {years}: it holds {_span(times)}. Name times inside."
        )
    step = time_step_of(kept) if len(kept) > 1 else None
    if time_step is not None:
        kept = thin(kept, time_step)
        step = time_step
    expected = kept
    if step is not None:
        start, stop = kept[0], kept[-1]
        if years is not None:
            # From the first to the last instant asked for, on the steps of what is there.
            start = start - (start - first) // step * step
            stop = stop + (last - stop) // step * step
        expected = np.arange(start, stop + np.timedelta64(1, "ns"), step)
    lacking = np.setdiff1d(expected, kept)
    return np.flatnonzero(np.isin(times, kept)), kept, lacking


def _valid_span(dataset: xr.Dataset, times: np.ndarray) -> tuple[np.datetime64, np.datetime64]:
    """First and last time that hold data: ARCO-ERA5's axis goes on where nothing was written yet."""
    given = [dataset.attrs.get(f"valid_time_{end}") for end in ("start", "stop")]
    if not all(given):
        return times.min(), times.max()
    return parse_times(f"{given[0]}/{given[1]}")


def _decode(dataset: xr.Dataset, name: str) -> np.ndarray:
    try:
        times = xr.decode_cf(xr.Dataset(coords={name: dataset[name].variable}))[name].values
    except ValueError as error:
        raise ValueError(f"the source's times cannot be read: {error}.") from error
    if not np.issubdtype(times.dtype, np.datetime64):
        calendar = dataset[name].attrs.get("calendar", "no standard one")
        raise ValueError(
            f"the source's calendar is {calendar}; copy it as it is, and open the copy."
        )
    times = times.astype("datetime64[ns]")
    if len(times) > 1 and not (np.diff(times) > np.timedelta64(0)).all():
        raise ValueError(
            "the source's times are not in order, or some stand twice; copy it as it is and mend "
            "the copy with `stforecast check COPY --fix OUT`."
        )
    return times


def _span(times: np.ndarray) -> str:
    text = f"{pd.Timestamp(times[0]):%Y-%m-%dT%H:%M} to {pd.Timestamp(times[-1]):%Y-%m-%dT%H:%M}"
    step = f", every {name_step(time_step_of(times))}" if len(times) > 1 else ""
    return f"{len(times)} frames {text}{step}"
