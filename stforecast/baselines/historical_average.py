"""Historical average: the mean of the training split for each slot of the week."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float, Int

from pipelines.atomic import atomic_path
from pipelines.series import name_step, parse_step, time_step_of
from pipelines.store import blocks_of
from stforecast.forecast import forecast_by_valid_time

__all__ = [
    "HistoricalAverage",
    "divides_day",
    "fit_historical_average",
    "load_historical_average",
]

DIMS = ("slot", "channel", "y", "x")
DAYS = 7
_DAY = np.timedelta64(1, "D")
_KEPT_ATTRS = ("dataset", "source", "synthetic", "time_zone")


@dataclass(frozen=True, eq=False)
class HistoricalAverage:
    """What is usual at each time of the day on each day of the week; holidays are days like others."""

    values: xr.DataArray = field(repr=False)
    """(slot, channel, y, x) in the channels' units; slot 0 begins on Monday at 00:00. NaN where no
    training day has that time. The attributes say what it was fitted on."""
    name: str = "historical_average"
    """As it stands in tables, figures and files."""

    def __post_init__(self) -> None:
        if self.values.dims != DIMS:
            raise ValueError(
                f"A historical average has the dimensions {DIMS}, but these values have "
                f"{self.values.dims}."
            )

    @property
    def time_step(self) -> np.timedelta64:
        """Length of a slot."""
        return parse_step(self.values.attrs["time_step"])

    @property
    def slots_filled(self) -> int:
        """Slots of the week without a training frame; they have the mean of that time of the day."""
        return int(self.values.attrs["slots_filled"])

    @property
    def description(self) -> str:
        """Training period, and what is filled, in one line."""
        attrs = self.values.attrs
        text = (
            f"mean per slot of the week, {attrs['training_first']} to {attrs['training_last']}, "
            f"every {attrs['time_step']}"
        )
        if self.slots_filled:
            text += (
                f"; {self.slots_filled} of {self.values.sizes['slot']} slots are in no training "
                "week and have the mean of their time of day"
            )
        return text

    def at(
        self,
        times: Sequence[Any] | np.ndarray,
        *,
        channels: Sequence[str] | np.ndarray | None = None,
    ) -> xr.DataArray:
        """The average at some times (time, channel, y, x), float32.

        Args:
            times: of the same clock as the training data's.
            channels: names; all unless given.

        Raises:
            ValueError: a time is not the start of a slot, or a channel is not in the average.
        """
        wanted = np.asarray(times, dtype="datetime64[ns]")
        values = self.values if channels is None else self._select(channels)
        slots = xr.DataArray(_slots_of(wanted, self.time_step), dims="time")
        return values.isel(slot=slots).drop_vars("slot").assign_coords(time=wanted)

    def forecast(
        self, series: xr.DataArray, *, init_times: Sequence[Any] | np.ndarray, steps: int
    ) -> xr.DataArray:
        """The average at each valid time; of the series only the labels are looked at.

        Raises:
            ValueError: `steps` is below 1, or a channel is not in the average.
        """
        return forecast_by_valid_time(
            lambda times: self.at(times, channels=series["channel"].values).values,
            init_times=init_times,
            steps=steps,
            time_step=self.time_step,
            like=series,
            forecaster=self.name,
        )

    def save(self, path: Path) -> None:
        """Write the average to one NetCDF file, uncompressed."""
        with atomic_path(path) as temporary:
            self.values.to_netcdf(temporary, engine="netcdf4")

    def _select(self, channels: Sequence[str] | np.ndarray) -> xr.DataArray:
        known = self.values["channel"].values.tolist()
        missing = [str(channel) for channel in channels if channel not in known]
        if missing:
            raise ValueError(
                f"The historical average has the channels {', '.join(known)}, but not "
                f"{', '.join(missing)}; fit it on a series that has them."
            )
        return self.values.isel(channel=[known.index(channel) for channel in channels])


def load_historical_average(path: Path) -> HistoricalAverage:
    """The average that `HistoricalAverage.save` wrote, in memory: it is a week of frames."""
    with xr.open_dataarray(path, engine="netcdf4") as values:
        return HistoricalAverage(values.load())


def divides_day(time_step: np.timedelta64) -> bool:
    """Whether a day is a whole number of time steps, so that each has its slot of the day."""
    return bool(_DAY % time_step == np.timedelta64(0))


def fit_historical_average(
    series: xr.DataArray,
    path: Path | None = None,
    *,
    time_step: np.timedelta64 | None = None,
) -> HistoricalAverage:
    """The mean of a series, which must hold the training split and nothing else, per slot of the week.

    For each slot, cell and channel on its own; missing values do not count. A value that is never
    known in a slot of the week is the mean of that slot of the day over all days.

    Args:
        path: a NetCDF file to write the average to.
        time_step: length of a slot; the commonest step of the series unless given.

    Raises:
        ValueError: the series is empty, its step does not divide a day, or a time is no slot's start.
    """
    if series.sizes["time"] == 0:
        raise ValueError(
            "The series to fit a historical average on has no frames; give the training split."
        )
    times = series["time"].values.astype("datetime64[ns]")
    step = time_step_of(times) if time_step is None else time_step
    if not divides_day(step):
        raise ValueError(
            f"A historical average needs a time step that divides a day, but it is "
            f"{name_step(step)}; choose another time_step."
        )
    slots = _slots_of(times, step)
    n_slots = DAYS * int(_DAY / step)
    sums = np.zeros((n_slots, *series.shape[1:]))
    counts = np.zeros(sums.shape, dtype="int32")
    for start, stop in blocks_of(series):
        frames = series[start:stop].values
        for slot in np.unique(slots[start:stop]):
            chosen = frames[slots[start:stop] == slot]
            known = ~np.isnan(chosen)
            sums[slot] += np.where(known, chosen, 0).sum(axis=0, dtype="float64")
            counts[slot] += known.sum(axis=0, dtype="int32")
    first, last = np.datetime_as_string(times[[0, -1]], unit="m")
    average = HistoricalAverage(
        xr.DataArray(
            _means(sums, counts).astype("float32"),
            dims=DIMS,
            coords={
                "slot": np.arange(n_slots),
                **{key: series[key] for key in series.coords if "time" not in series[key].dims},
            },
            name="historical_average",
            attrs={
                **{key: str(series.attrs[key]) for key in _KEPT_ATTRS if key in series.attrs},
                "training_first": str(first),
                "training_last": str(last),
                "time_step": name_step(step),
                "slots_filled": n_slots - len(np.unique(slots)),
            },
        )
    )
    if path is not None:
        average.save(path)
    return average


def _means(
    sums: Float[np.ndarray, "S C Y X"], counts: Int[np.ndarray, "S C Y X"]
) -> Float[np.ndarray, "S C Y X"]:
    """Mean of each slot of the week, else of the slot of the day, else NaN; S slots from Monday on."""
    means = np.full(sums.shape, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    by_day = (DAYS, len(sums) // DAYS, *sums.shape[1:])
    totals = counts.reshape(by_day).sum(axis=0)
    of_day = np.full(totals.shape, np.nan)
    np.divide(sums.reshape(by_day).sum(axis=0), totals, out=of_day, where=totals > 0)
    return np.where(counts > 0, means, np.tile(of_day, (DAYS, 1, 1, 1)))


def _slots_of(times: np.ndarray, time_step: np.timedelta64) -> Int[np.ndarray, "N"]:
    """Slot of the week of each time, from Monday 00:00 on.

    Raises:
        ValueError: a time is not the start of a slot.
    """
    stamps = pd.DatetimeIndex(times)
    since_midnight = (stamps - stamps.normalize()).to_numpy()
    between = since_midnight % time_step != np.timedelta64(0)
    if between.any():
        raise ValueError(
            f"A historical average has slots of {name_step(time_step)} from midnight on, but a time "
            f"is {stamps[between][0]}; bring the times to the starts of slots."
        )
    days = stamps.day_of_week.to_numpy() * int(_DAY / time_step)
    return (days + since_midnight // time_step).astype("int64")
