"""Forecasts to look at, wherever they come from: made by a run when asked for, or read from files."""

from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import xarray as xr

from pipelines.series import Channel
from stforecast.viewing.catalogue import Entry
from stforecast.viewing.shown import Shown

__all__ = ["Forecasts", "open_forecasts"]


@runtime_checkable
class Forecasts(Protocol):
    """The forecasts of one entry; read-only, and safe to be used by many threads at once."""

    @property
    def entry(self) -> Entry:
        """Whose they are."""
        ...

    @property
    def channels(self) -> tuple[Channel, ...]:
        """What is forecast."""
        ...

    @property
    def init_times(self) -> np.ndarray:
        """From which they start, ascending, datetime64[ns]; none where the data are not found."""
        ...

    @property
    def lead_times(self) -> np.ndarray:
        """timedelta64[ns], ascending."""
        ...

    @property
    def grid(self) -> xr.DataArray:
        """(y, x) without values, laid out as the fields are, with latitude and longitude if known."""
        ...

    @property
    def attrs(self) -> dict[str, str]:
        """What a forecast says of itself: dataset, synthetic, time_zone, clock, place, forecaster."""
        ...

    @property
    def time_zone(self) -> str:
        """Whose time all times are, for readers: "UTC", "New York time"."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know, a sentence each: data that are not found, baselines left out."""
        ...

    @property
    def default_init_time(self) -> np.datetime64:
        """The newest with all its truth, else the newest; NaT where there is none."""
        ...

    def period_of(self, init_time: np.datetime64) -> str:
        """Into which split of its run a forecast reaches: train, validation, test, or ""."""
        ...

    def shown(self, init_time: np.datetime64, channel: str) -> Shown:
        """One channel of one forecast with all that stands beside it.

        Raises:
            ValueError: there is no such init_time or channel, or a file is damaged.
        """
        ...


def open_forecasts(entry: Entry, *, data: str | Path | None = None) -> Forecasts:
    """The forecasts of an entry of the catalogue.

    Args:
        data: where truth and histories lie now; where the run or job says unless given.

    Raises:
        ValueError: the entry is broken, or its files cannot be read; what is wrong and the way out.
    """
    if entry.problem:
        raise ValueError(entry.problem)
    if entry.kind == "run":
        from stforecast.viewing.of_run import open_run_forecasts

        return open_run_forecasts(entry, data=data)
    if entry.kind == "job":
        from stforecast.viewing.of_job import open_job_forecasts

        return open_job_forecasts(entry, data=data)
    from stforecast.viewing.of_files import open_file_forecasts

    return open_file_forecasts(entry, data=data)
