"""Extra inputs: when and where it is, and the weather of the moment, beside a frame's channels.

A network that takes them sees with each frame of the history

- the time one horizon later, which is known beforehand: with a horizon as long as the history, step t
  of the history carries the calendar, the time of year and the solar radiation of step t of the
  forecast;
- the weather last measured when the frame ended. What comes later nobody knows: in a rollout it stays as
  it was at the init_time;
- where each cell lies, and what is below it;
- which values of the frame are there: a missing one enters as the training mean, and looks like one.

Without inputs the networks are the published ones. DeepST (doi:10.1145/2996913.2997016) feeds such
numbers to a separate branch; here they are planes, as for any convolutional network. What is the same
in every cell is kept as numbers, the rest is made where it is needed (`pipelines.planes`).

N: time, B: init_time, S: step, K: number, P: plane, Y: row, X: column.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
import xarray as xr
from jaxtyping import Float

from pipelines.clock import day_waves, year_wave
from pipelines.grid import Grid
from pipelines.input_names import (
    CLOCKED,
    GROUPS,
    INPUTS,
    MEASURED,
    SURFACE,
    WEATHER_TYPES,
)
from pipelines.planes import Planes, grid_angles, standardised
from pipelines.solar import solar_numbers, solar_points

__all__ = ["Inputs", "fit_inputs", "resolve_inputs"]

_WAYS_OUT = {
    "latitude": "Give the data latitudes and longitudes.",
    "longitude": "Give the data latitudes and longitudes.",
    "solar": "It is computed from latitudes, longitudes and times in UTC: give the data these.",
    "orography": "Put a file with the height of the surface beside the data (WeatherBench: constants).",
    "land_sea_mask": "Put a file with the land-sea mask beside the data (WeatherBench: constants).",
}


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Which extra inputs a network takes, and what they need to be computed."""

    names: tuple[str, ...] = ()
    """Of `INPUTS`, in the order of their planes."""
    ahead: np.timedelta64 = field(default_factory=lambda: np.timedelta64(0, "ns"))
    """How far the calendar and the sun run ahead of the frame: one horizon."""
    step: np.timedelta64 = field(default_factory=lambda: np.timedelta64(0, "ns"))
    """Time step of the frames; solar radiation is the mean over one."""
    n_channels: int = 0
    """Channels of a frame."""
    grid: Grid | None = None
    """Where the cells lie; None without a geography."""
    surface: Mapping[str, np.ndarray] = field(default_factory=dict)
    """What never changes and cannot be computed, standardised over the grid, (y, x): "orography",
    "land_sea_mask"."""
    holidays: tuple[str, ...] = ()
    """ISO dates that were known at training."""
    mean: Mapping[str, float] = field(default_factory=dict)
    """Of measured inputs, over the training split."""
    deviation: Mapping[str, float] = field(default_factory=dict)
    """Standard deviation of measured inputs, over the training split."""

    @property
    def n_planes(self) -> int:
        """Planes beside the channels of a frame."""
        present = self.n_channels - 1 if "present" in self.names else 0
        return present + sum(INPUTS[name] for name in self.names)

    @property
    def n_points(self) -> int:
        """Moments in a time step at which the sun is looked at."""
        return solar_points(self.step) if "solar" in self.names else 0

    def planes(self) -> Planes:
        """What makes the planes of the numbers that `of_frames` and `of_windows` give."""
        rows = columns = None
        fixed = []
        if self.grid is not None:
            rows, columns = map(torch.from_numpy, grid_angles(self.grid))
            shape = self.grid.shape
            around = {"latitude": rows[:1], "longitude": columns}
            fixed = [a.expand(-1, *shape) for name, a in around.items() if name in self.names]
        fixed += [torch.from_numpy(self.surface[n])[None] for n in SURFACE if n in self.names]
        return Planes(
            fixed=torch.cat(fixed) if fixed else None,
            rows=rows,
            columns=columns,
            n_points=self.n_points,
            present="present" in self.names,
        )

    def of_frames(self, series: xr.DataArray) -> Float[np.ndarray, "N K"]:
        """The numbers that go with each frame of a series: what is the same in every cell, and the sun.

        Raises:
            ValueError: the series lacks what an input is computed from.
        """
        self.check(series)
        rows = np.arange(series.sizes["time"])
        return self._numbers(series, series["time"].values, rows)

    def of_windows(
        self, series: xr.DataArray, init_times: np.ndarray, *, offsets: np.ndarray
    ) -> Float[np.ndarray, "B S K"]:
        """The numbers at some offsets from each init_time; after it the weather stays as it was then.

        Raises:
            ValueError: the series lacks what an input is computed from.
        """
        self.check(series)
        times = init_times[:, None] + offsets
        seen = np.minimum(times, init_times[:, None])
        rows = np.searchsorted(series["time"].values, seen.ravel())
        numbers = self._numbers(series, times.ravel(), rows)
        return numbers.reshape(*times.shape, numbers.shape[1])

    def check(self, series: xr.DataArray) -> None:
        """Raise ValueError unless the series has all that the inputs are computed from.

        The surface need not be there: it is known from training.
        """
        if set(self.names) & set(CLOCKED) and series.attrs.get("clock") == "artificial":
            raise ValueError(
                "The data have no time stamps, but this network takes the calendar as an input; give "
                "it the original files, or train one without inputs."
            )
        if "solar" in self.names and not _in_utc(series):
            raise ValueError(
                f"The data's times are of {series.attrs['time_zone']}, but this network takes solar "
                "radiation as an input; give it times in UTC."
            )
        for name in {*MEASURED, "weather_type"} & set(self.names):
            if name not in series.coords:
                raise ValueError(
                    f"The data have no {name}, which this network takes as an input; put the file "
                    "that holds it beside the data, or train one without it."
                )

    def _numbers(self, series: xr.DataArray, times: np.ndarray, rows: np.ndarray) -> np.ndarray:
        moments = pd.DatetimeIndex(times + self.ahead)
        holidays = {*self.holidays, *str(series.attrs.get("holidays", "")).split()}
        columns = []
        for name in self.names:
            if name == "slot_of_day":
                columns.append(day_waves(moments))
            elif name == "time_of_year":
                columns.append(year_wave(moments))
            elif name == "day_of_week":
                columns.append(np.eye(7)[moments.day_of_week])
            elif name == "holiday":
                days = np.datetime_as_string(moments.values, unit="D")
                columns.append(np.isin(days, sorted(holidays))[:, None])
            elif name == "weather_type":
                columns.append(_one_hot(series[name].values[rows]))
            elif name == "solar":
                numbers = solar_numbers(moments.values, time_step=self.step)
                columns.append(numbers.reshape(len(times), -1))
            elif name in MEASURED:
                values = (series[name].values[rows] - self.mean[name]) / self.deviation[name]
                columns.append(np.nan_to_num(values)[:, None])  # unknown: as usual
        empty = np.empty((len(times), 0))
        return np.concatenate([empty, *columns], axis=1).astype("float32")


def resolve_inputs(wanted: Sequence[str], series: xr.DataArray) -> tuple[str, ...]:
    """The inputs that names and groups ("calendar", "where") stand for, in the order of `INPUTS`.

    Raises:
        ValueError: the data have nothing of a name, or no time stamps.
    """
    there = _inputs_there(series)
    artificial = series.attrs.get("clock") == "artificial"
    chosen: set[str] = set()
    for name in wanted:
        members = set(GROUPS.get(name, (name,)))
        if artificial and not members & {*GROUPS["where"], "present"}:
            raise ValueError(
                f"inputs = {list(wanted)} need time stamps, but these data have none; leave inputs "
                "out, or train on the original files."
            )
        if not members & there:
            way_out = _way_out(members)
            raise ValueError(
                f"inputs = {name!r}, but the data have none of it; they have "
                f"{', '.join(known for known in INPUTS if known in there)}. {way_out}"
            )
        chosen |= members & there
    return tuple(name for name in INPUTS if name in chosen)


def _way_out(members: set[str]) -> str:
    first = next(name for name in INPUTS if name in members)
    return _WAYS_OUT.get(first, "Put the file that holds it beside the data.")


def _inputs_there(series: xr.DataArray) -> set[str]:
    """The inputs that can be had of a series."""
    there = {"slot_of_day", "day_of_week", "time_of_year", "present"}
    there |= set(map(str, series.coords)) & set(INPUTS)
    if series.attrs.get("holidays"):
        there.add("holiday")
    if {"latitude", "longitude"} <= there and _in_utc(series):
        there.add("solar")
    return there - set(CLOCKED) if series.attrs.get("clock") == "artificial" else there


def fit_inputs(
    names: tuple[str, ...], series: xr.DataArray, *, ahead: np.timedelta64, step: np.timedelta64
) -> Inputs:
    """The inputs of these names, with the statistics and the surface of a training series.

    Args:
        names: as `resolve_inputs` gives them.
        series: the training split.
        ahead: one horizon.
        step: time step of the frames.

    Raises:
        ValueError: an input has no value among the training frames, or in no cell.
    """
    mean, deviation, surface = {}, {}, {}
    for name in set(names) & set(MEASURED):
        values = series[name].values.astype("float64")
        if np.isnan(values).all():
            raise ValueError(
                f"input {name}: no value among the training frames; leave it out of inputs."
            )
        mean[name] = float(np.nanmean(values))
        deviation[name] = float(np.nanstd(values)) or 1.0  # always the same: always 0
    for name in set(names) & set(SURFACE):
        try:
            surface[name] = standardised(series[name].transpose("y", "x").values)
        except ValueError as error:
            raise ValueError(f"input {name}: {error}; leave it out of inputs.") from error
    grid = None
    if {"latitude", "longitude"} <= set(map(str, series.coords)):
        grid = Grid(series["latitude"].values, series["longitude"].values)
    return Inputs(
        names=names,
        ahead=ahead,
        step=step,
        n_channels=series.sizes["channel"],
        grid=grid,
        surface=surface,
        holidays=tuple(str(series.attrs.get("holidays", "")).split()) if "holiday" in names else (),
        mean=mean,
        deviation=deviation,
    )


def _in_utc(series: xr.DataArray) -> bool:
    return series.attrs.get("time_zone", "UTC") == "UTC"


def _one_hot(codes: np.ndarray) -> np.ndarray:
    """A row of 0 and a single 1 for each code; all 0 where it is unknown."""
    return (codes[:, None] == np.arange(WEATHER_TYPES)).astype("float64")
