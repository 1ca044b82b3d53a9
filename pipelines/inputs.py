"""Extra inputs: calendar and weather of the moment, spread over the grid beside a frame's channels.

A network that takes them sees with each frame of the history

- the calendar of the time one horizon later, which is known beforehand: with a horizon as long as the
  history, step t of the history carries the calendar of step t of the forecast;
- the weather last measured when the frame ended. What comes later nobody knows: in a rollout it stays as
  it was at the init_time.

Without inputs the networks are the published ones. DeepST (doi:10.1145/2996913.2997016) feeds such
numbers to a separate branch; here they are planes, as for any convolutional network.

N: time, B: init_time, S: step, K: plane.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float

__all__ = ["GROUPS", "INPUTS", "Inputs", "fit_inputs", "resolve_inputs"]

_CALENDAR = ("slot_of_day", "day_of_week", "holiday")
_MEASURED = ("temperature", "wind_speed", "precipitation", "snowfall")
_WEATHER_TYPES = 17
"""As TaxiBJ's meteorology counts them."""

INPUTS: dict[str, int] = {
    "slot_of_day": 4,
    "day_of_week": 7,
    "holiday": 1,
    **dict.fromkeys(_MEASURED, 1),
    "weather_type": _WEATHER_TYPES,
}
"""Planes of each input: sine and cosine of the day and the half day; one for each day of the week or
weather type; else one."""

GROUPS: dict[str, tuple[str, ...]] = {
    "calendar": _CALENDAR,
    "weather": (*_MEASURED, "weather_type"),
}
"""Names that stand for all of these that the data have."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Which extra inputs a network takes, and what they need to be computed."""

    names: tuple[str, ...] = ()
    """Of `INPUTS`, in the order of their planes."""
    ahead: np.timedelta64 = field(default_factory=lambda: np.timedelta64(0, "ns"))
    """How far the calendar runs ahead of the frame: one horizon."""
    holidays: tuple[str, ...] = ()
    """ISO dates that were known at training."""
    mean: Mapping[str, float] = field(default_factory=dict)
    """Of measured inputs, over the training split."""
    deviation: Mapping[str, float] = field(default_factory=dict)
    """Standard deviation of measured inputs, over the training split."""

    @property
    def n_planes(self) -> int:
        """Planes beside the channels of a frame."""
        return sum(INPUTS[name] for name in self.names)

    def of_frames(self, series: xr.DataArray) -> Float[np.ndarray, "N K"]:
        """The inputs that go with each frame of a series.

        Raises:
            ValueError: the series lacks what an input is computed from.
        """
        self.check(series)
        rows = np.arange(series.sizes["time"])
        return self._planes(series, series["time"].values, rows)

    def of_windows(
        self, series: xr.DataArray, init_times: np.ndarray, *, offsets: np.ndarray
    ) -> Float[np.ndarray, "B S K"]:
        """The inputs at some offsets from each init_time; after it the weather stays as it was then.

        Raises:
            ValueError: the series lacks what an input is computed from.
        """
        self.check(series)
        times = init_times[:, None] + offsets
        seen = np.minimum(times, init_times[:, None])
        rows = np.searchsorted(series["time"].values, seen.ravel())
        return self._planes(series, times.ravel(), rows).reshape(*times.shape, self.n_planes)

    def check(self, series: xr.DataArray) -> None:
        """Raise ValueError unless the series has all that the inputs are computed from."""
        if set(self.names) & set(_CALENDAR) and series.attrs.get("clock") == "artificial":
            raise ValueError(
                "The data have no time stamps, but this network takes the calendar as an input; give "
                "it the original files, or train one without inputs."
            )
        for name in self.names:
            if name not in _CALENDAR and name not in series.coords:
                raise ValueError(
                    f"The data have no {name}, which this network takes as an input; put the file "
                    "that holds it beside the data, or train one without it."
                )

    def _planes(self, series: xr.DataArray, times: np.ndarray, rows: np.ndarray) -> np.ndarray:
        moments = pd.DatetimeIndex(times + self.ahead)
        holidays = {*self.holidays, *str(series.attrs.get("holidays", "")).split()}
        columns = []
        for name in self.names:
            if name == "slot_of_day":
                columns.append(_day_waves(moments))
            elif name == "day_of_week":
                columns.append(np.eye(7)[moments.day_of_week])
            elif name == "holiday":
                days = np.datetime_as_string(moments.values, unit="D")
                columns.append(np.isin(days, sorted(holidays))[:, None])
            elif name == "weather_type":
                columns.append(_one_hot(series[name].values[rows]))
            else:
                values = (series[name].values[rows] - self.mean[name]) / self.deviation[name]
                columns.append(np.nan_to_num(values)[:, None])  # unknown: as usual
        empty = np.empty((len(times), 0))
        return np.concatenate([empty, *columns], axis=1).astype("float32")


def resolve_inputs(wanted: Sequence[str], series: xr.DataArray) -> tuple[str, ...]:
    """The inputs that names and groups ("calendar", "weather") stand for, in the order of `INPUTS`.

    Raises:
        ValueError: the series has no holidays or no weather, but they are asked for.
    """
    there = {"slot_of_day", "day_of_week", *map(str, series.coords)} & set(INPUTS)
    if series.attrs.get("holidays"):
        there.add("holiday")
    if wanted and series.attrs.get("clock") == "artificial":
        raise ValueError(
            f"inputs = {list(wanted)} need time stamps, but these data have none; leave inputs out, "
            "or train on the original files."
        )
    chosen: set[str] = set()
    for name in wanted:
        members = set(GROUPS.get(name, (name,))) & there
        if not members:
            raise ValueError(
                f"inputs = {name!r}, but the data have none of it; they have "
                f"{', '.join(sorted(there))}. Put the file that holds it beside the data."
            )
        chosen |= members
    return tuple(name for name in INPUTS if name in chosen)


def fit_inputs(names: tuple[str, ...], series: xr.DataArray, *, ahead: np.timedelta64) -> Inputs:
    """The inputs of these names, with the statistics of a training series.

    Raises:
        ValueError: a measured input has no value among the training frames.
    """
    mean, deviation = {}, {}
    for name in set(names) & set(_MEASURED):
        values = series[name].values.astype("float64")
        if np.isnan(values).all():
            raise ValueError(
                f"input {name}: no value among the training frames; leave it out of inputs."
            )
        mean[name] = float(np.nanmean(values))
        deviation[name] = float(np.nanstd(values)) or 1.0  # always the same: always 0
    holidays = tuple(str(series.attrs.get("holidays", "")).split()) if "holiday" in names else ()
    return Inputs(names=names, ahead=ahead, holidays=holidays, mean=mean, deviation=deviation)


def _day_waves(moments: pd.DatetimeIndex) -> np.ndarray:
    """Sine and cosine of the time of day, once and twice around: two peaks a day need the second."""
    midnight = moments.normalize()
    day = np.asarray((moments - midnight) / pd.Timedelta(days=1))
    angles = 2 * np.pi * np.stack([day, 2 * day], axis=1)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def _one_hot(codes: np.ndarray) -> np.ndarray:
    """A row of 0 and a single 1 for each code; all 0 where it is unknown."""
    return (codes[:, None] == np.arange(_WEATHER_TYPES)).astype("float64")
