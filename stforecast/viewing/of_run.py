"""Forecasts of a run: made from its data when they are looked at, and kept as long as there is room."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from pipelines.series import Channel, name_step, names, select_channels
from pipelines.store import stored_moments
from stforecast.figures.fields import minute_text, zone_text
from stforecast.history import complete_init_times, histories_hold_enough
from stforecast.run import Run
from stforecast.viewing.beside import Beside, baselines_beside, find_series, show
from stforecast.viewing.catalogue import Entry
from stforecast.viewing.kept import Kept
from stforecast.viewing.reading import READING
from stforecast.viewing.run_head import Head, period_within, read_head
from stforecast.viewing.shown import Shown, find_wind

if TYPE_CHECKING:
    from stforecast.forecaster import Forecaster

__all__ = [
    "Head",
    "RunForecasts",
    "find_series",
    "open_run_forecasts",
    "period_within",
    "read_head",
]

_ATTRS = ("dataset", "synthetic", "time_zone", "clock", "place", "place_note", "forecaster")


@dataclass(frozen=True, eq=False)
class RunForecasts:
    """Forecasts that a run makes when they are asked for."""

    entry: Entry
    head: Head
    beside: Beside
    init_times: np.ndarray
    grid: xr.DataArray
    attrs: dict[str, str]
    notes: tuple[str, ...] = ()
    _kept: Kept[xr.DataArray] = field(default_factory=lambda: Kept(lambda made: made.nbytes))
    _once: dict[str, Any] = field(default_factory=dict)
    _computing: Lock = field(default_factory=Lock)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """What is forecast."""
        return self.head.channels

    @property
    def lead_times(self) -> np.ndarray:
        """Those of one pass of the network."""
        steps = np.arange(1, self.head.experiment.horizon + 1)
        return steps * self.head.time_step.astype("timedelta64[ns]")

    @property
    def time_zone(self) -> str:
        """Whose time all times are."""
        return zone_text(self.attrs)

    @property
    def default_init_time(self) -> np.datetime64:
        """The newest with all its truth, else the newest; NaT where there is none."""
        times = None if self.beside.series is None else self.beside.series["time"].values
        return newest_with_truth(self.init_times, self.lead_times, times)

    def period_of(self, init_time: np.datetime64) -> str:
        """Into which split of the run a forecast reaches."""
        return period_within(self.head.experiment, init_time, self.lead_times)

    def shown(self, init_time: np.datetime64, channel: str) -> Shown:
        """One channel of one forecast; the first look at an init_time computes all channels.

        Raises:
            ValueError: there is no such init_time or channel, or the data do not fit the run.
        """
        check_wanted(self.init_times, self.channels, init_time, channel)
        whole = self._kept.get(
            init_time.astype("datetime64[ns]"), lambda: self._forecast(init_time)
        )
        described = next(one for one in self.channels if one.name == channel)
        pair = find_wind(self.channels, described)
        wind = None
        if pair is not None:
            # Copies: parts of the whole would keep all of it in memory.
            east, north = (whole.sel(channel=name).values[0].copy() for name in pair)
            wind = (east, north)
        return show(whole.sel(channel=[channel]), self.beside, wind=wind)

    def _forecast(self, init_time: np.datetime64) -> xr.DataArray:
        assert self.beside.series is not None  # there are no init times without it
        # One at a time: two would only wait for each other's cores. Others read files meanwhile.
        with self._computing:
            made = self._forecaster().forecast(
                self._history(self.beside.series, init_time),
                init_times=[init_time],
                steps=self.head.experiment.horizon,
            )
        return self.beside.lay_out(made)

    def _history(self, series: xr.DataArray, init_time: np.datetime64) -> xr.DataArray:
        """The frames that a forecast starts from, in memory."""
        offsets = np.arange(1 - self.head.experiment.history, 1) * self.head.time_step
        rows = np.flatnonzero(np.isin(series["time"].values, init_time + offsets))
        own = select_channels(series, [channel.name for channel in self.channels])
        with READING:
            return own.isel(time=rows).load()

    def _forecaster(self) -> "Forecaster":
        if "forecaster" not in self._once:
            from stforecast.allocator import keep_memory
            from stforecast.forecaster import load_forecaster

            keep_memory()
            self._once["forecaster"] = load_forecaster(self.entry.path).optimise()
        return self._once["forecaster"]


def open_run_forecasts(entry: Entry, *, data: str | Path | None = None) -> RunForecasts:
    """The forecasts of a run; without its data there are no init times, and a note says so.

    Raises:
        ValueError: its files are damaged, or the data cannot be read.
    """
    run = Run(entry.path)
    head = read_head(run.forecaster_file)
    experiment = head.experiment
    series, notes = find_series(experiment, data)
    place = experiment.place.find(None if series is None else series.attrs.get("place"))
    models, init_times = (), np.empty(0, dtype="datetime64[ns]")
    attrs: Mapping[str, Any] = {"dataset": experiment.dataset}
    if series is not None:
        _check_channels(head, series)
        attrs = series.attrs
        models, more = baselines_beside(
            run, series, dataset=experiment.dataset, time_step=head.time_step
        )
        notes += more
        init_times = _init_times(head, series)
    grid = head.grid(place)
    attrs = {**attrs, **grid.attrs, "forecaster": experiment.network.name}
    attrs = {name: str(attrs[name]) for name in _ATTRS if name in attrs}
    return RunForecasts(
        entry=entry,
        head=head,
        beside=Beside(series, head.time_step, experiment.history, place, models),
        init_times=init_times,
        grid=grid.assign_attrs(attrs),
        attrs=attrs,
        notes=notes,
    )


def _check_channels(head: Head, series: xr.DataArray) -> None:
    have = series["channel"].values.tolist()
    missing = [channel.name for channel in head.channels if channel.name not in have]
    if missing:
        raise ValueError(
            f"The data lack {names(missing)}, which this run forecasts; they have {names(have)}. Name "
            "others with --data PATH."
        )


def _init_times(head: Head, series: xr.DataArray) -> np.ndarray:
    """All init times whose history is whole."""
    history = head.experiment.history
    times = series["time"].values.astype("datetime64[ns]")
    found = complete_init_times(times, history=history, time_step=head.time_step)
    # Where frames may be missing, those of a store are known; others would all have to be read.
    if head.experiment.missing == "mask" and len(found) and stored_moments(series) is not None:
        enough = histories_hold_enough(series, found, history=history, time_step=head.time_step)
        found = found[enough]
    return found


def newest_with_truth(
    init_times: np.ndarray, lead_times: np.ndarray, times: np.ndarray | None
) -> np.datetime64:
    """The newest init_time all of whose valid times are known, else the newest; NaT without any."""
    if len(init_times) == 0:
        return np.datetime64("NaT", "ns")
    if times is not None:
        whole = np.ones(len(init_times), dtype=bool)
        for lead_time in lead_times:
            whole &= np.isin(init_times + lead_time, times)
        if whole.any():
            return init_times[whole][-1]
    return init_times[-1]


def check_wanted(
    init_times: np.ndarray, channels: tuple[Channel, ...], init_time: np.datetime64, channel: str
) -> None:
    """Raise ValueError unless there is such a forecast of such a channel."""
    known = [one.name for one in channels]
    if channel not in known:
        raise ValueError(f"There is no channel {channel!r}; there are {names(known)}.")
    if init_time.astype("datetime64[ns]") not in init_times:
        span = "none"
        if len(init_times):
            step = np.diff(init_times).min() if len(init_times) > 1 else None
            span = f"{minute_text(init_times[0])} to {minute_text(init_times[-1])}"
            span += "" if step is None else f", every {name_step(step)}"
        raise ValueError(
            f"There is no forecast from {minute_text(init_time)}; there are {len(init_times)}: {span}."
        )
