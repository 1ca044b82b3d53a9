"""Forecasts in files, of which one channel is read when it is looked at."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines import PIPELINES
from pipelines.places import PLACES
from pipelines.series import Channel, names
from stforecast.baselines.persistence import Persistence
from stforecast.batch.readback import read_back
from stforecast.experiment import Experiment
from stforecast.figures.fields import minute_text, zone_text
from stforecast.layouts import read_forecast
from stforecast.source import open_series
from stforecast.viewing.beside import Beside, other_grid, show
from stforecast.viewing.catalogue import Entry
from stforecast.viewing.forecast_files import (
    Kind,
    init_times_in,
    is_remote,
    look_into,
    read_channels,
)
from stforecast.viewing.kept import Kept
from stforecast.viewing.of_run import check_wanted
from stforecast.viewing.reading import READING
from stforecast.viewing.run_head import period_within
from stforecast.viewing.shown import Shown, find_wind

__all__ = ["FileForecasts", "file_forecasts", "open_file_forecasts"]

_STORES = 8
"""Stores that are kept open."""


@dataclass(frozen=True, eq=False)
class FileForecasts:
    """Forecasts that were written to files, of each of which one channel is read when it is shown."""

    entry: Entry
    channels: tuple[Channel, ...]
    init_times: np.ndarray
    lead_times: np.ndarray
    """Of the newest forecast; others may have more or fewer."""
    grid: xr.DataArray
    attrs: dict[str, str]
    notes: tuple[str, ...]
    beside: Beside
    experiment: Experiment | None
    """Of the run that made them; None where it is not known."""
    places: Mapping[np.datetime64, Sequence[str]]
    """Files, stores or URLs of each init_time, all with the same forecast."""
    _stores: Kept[xr.DataArray] = field(
        default_factory=lambda: Kept(lambda store: 1, most_bytes=_STORES)
    )

    @property
    def time_zone(self) -> str:
        """Whose time all times are."""
        return zone_text(self.attrs)

    @property
    def default_init_time(self) -> np.datetime64:
        """The newest: a desk wants what was made last; NaT where there is none."""
        if len(self.init_times) == 0:
            return np.datetime64("NaT", "ns")
        return self.init_times[-1]

    def period_of(self, init_time: np.datetime64) -> str:
        """Into which split of their run a forecast reaches; "" where that is not known."""
        if self.experiment is None:
            return ""
        return period_within(self.experiment, init_time, self.lead_times)

    def shown(self, init_time: np.datetime64, channel: str) -> Shown:
        """One channel of one forecast, read from its file.

        Raises:
            ValueError: there is no such init_time or channel, or the file is gone or damaged.
        """
        check_wanted(self.init_times, self.channels, init_time, channel)
        moment = init_time.astype("datetime64[ns]")
        described = next(one for one in self.channels if one.name == channel)
        pair = find_wind(self.channels, described)
        made = self._read(moment, [channel])
        wind = None
        if pair is not None:
            east, north = (self._read(moment, [name]).values[0, :, 0] for name in pair)
            wind = (east, north)
        return show(made, self.beside, wind=wind)

    def _read(self, init_time: np.datetime64, channels: Sequence[str]) -> xr.DataArray:
        """The forecast (init_time, lead_time, channel, y, x) of some channels, in memory."""
        with READING:
            return self._read_one(init_time, channels)

    def _read_one(self, init_time: np.datetime64, channels: Sequence[str]) -> xr.DataArray:
        for place in self.places[init_time]:
            if is_remote(place):
                with tempfile.TemporaryDirectory() as work:
                    made = read_back((place,), work=Path(work))
                if made is not None:
                    return made.sel(channel=list(channels))
                continue
            path = Path(place.removeprefix("file://"))
            if path.is_file():
                return read_channels(path, channels)
            if path.is_dir():
                wanted = {"init_time": [init_time], "channel": list(channels)}
                try:
                    return self._store(path).sel(wanted).load()
                except (OSError, RuntimeError, ValueError, KeyError) as error:
                    raise ValueError(f"{path} cannot be shown: {error}.") from error
        raise ValueError(
            f"The forecast from {minute_text(init_time)} is gone: {self.places[init_time][0]} is not "
            "there any more. Choose another init time, or let the job make it again."
        )

    def _store(self, path: Path) -> xr.DataArray:
        changed = max(
            (file.stat().st_mtime_ns for file in path.glob(".z*")), default=path.stat().st_mtime_ns
        )
        return self._stores.get((path, changed), lambda: read_forecast(path))


def open_file_forecasts(entry: Entry, *, data: str | Path | None = None) -> FileForecasts:
    """The forecasts in the files and stores of a folder.

    Args:
        data: where the truth lies; without it there is none, as files do not say from what they were
            made.

    Raises:
        ValueError: no forecast in the folder can be read, or the data cannot.
    """
    places: dict[np.datetime64, list[str]] = {}
    problems: list[str] = []
    for file in sorted([*entry.path.glob("*.nc"), *entry.path.glob("*.zarr")]):
        try:
            for init_time in init_times_in(file):
                places.setdefault(init_time, []).append(str(file))
        except ValueError as error:
            problems.append(f"Left out: {error}")
    kind, more = look_into(places)
    notes = (*problems, *more)
    if kind is None:
        raise ValueError(f"No forecast in {entry.path} can be read. {' '.join(notes)}".strip())
    beside = Beside()
    if data is None:
        notes += (
            "Forecast files do not say where their truth lies: name the data with `stforecast app "
            "--data PATH`.",
        )
    else:
        beside, more = _truth_for(entry, kind, data)
        notes += more
    return file_forecasts(entry, places, kind, beside, notes, experiment=None)


def file_forecasts(
    entry: Entry,
    places: Mapping[np.datetime64, Sequence[str]],
    kind: Kind,
    beside: Beside,
    notes: tuple[str, ...],
    *,
    experiment: Experiment | None,
) -> FileForecasts:
    """The forecasts in some files; data on another grid are left out, and a note says so.

    Args:
        experiment: of the run that made them.
    """
    difference = other_grid(kind.grid, beside)
    if difference:
        beside = Beside()
        notes += (
            f"The data lie on another grid than the forecasts ({difference}): no truth is shown.",
        )
    return FileForecasts(
        entry=entry,
        channels=kind.channels,
        init_times=np.array(sorted(places), dtype="datetime64[ns]"),
        lead_times=kind.lead_times,
        grid=kind.grid,
        attrs={name: str(value) for name, value in kind.grid.attrs.items()},
        notes=notes,
        beside=beside,
        experiment=experiment,
        places=places,
    )


def _truth_for(entry: Entry, kind: Kind, data: str | Path) -> tuple[Beside, tuple[str, ...]]:
    """The data that plain forecast files are compared with.

    Raises:
        ValueError: they cannot be read.
    """
    if entry.dataset not in PIPELINES:
        return Beside(), (
            f"The files do not say of which dataset they are, so that {data} is not read.",
        )
    step = np.diff(kind.lead_times, prepend=np.timedelta64(0, "ns")).min()
    zone = kind.grid.attrs.get("time_zone", "unknown")
    series = open_series(entry.dataset, data, time_zone=None if zone == "unknown" else zone)
    have = series["channel"].values.tolist()
    if not any(channel.name in have for channel in kind.channels):
        return Beside(), (
            f"{data} holds {names(have)}, and none of the channels of the forecasts.",
        )
    place = PLACES.get(str(kind.grid.attrs.get("place", "")))
    return Beside(series, step, len(kind.lead_times), place, (Persistence(time_step=step),)), ()
