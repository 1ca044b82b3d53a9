"""What stands beside forecasts: the data with truth and history, the baselines, what is usual."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.places import Place
from pipelines.series import select_channels
from pipelines.store import is_store
from stforecast.baselines.climatology import load_climatology
from stforecast.baselines.of_dataset import baselines_of, load_baselines
from stforecast.baselines.persistence import Persistence
from stforecast.experiment import Experiment
from stforecast.figures.fields import read_fields
from stforecast.forecast import ForecastModel
from stforecast.run import Run
from stforecast.source import experiment_series, find_data, lazy_series
from stforecast.viewing.reading import READING
from stforecast.viewing.shown import Shown

__all__ = ["Beside", "baselines_beside", "find_series", "grid_of", "other_grid", "show"]

_USUAL = ("climatology", "historical_average")
"""Baselines that say what is usual at a time, whatever came before."""
_COPIED_BYTES = 256 * 2**20
"""Files that are larger are read where they lie, and not copied into the cache first."""
_SAME_DEGREES = 1e-4
"""Degrees that two grids may differ by and be the same: rounding in single precision."""
_MOST_STEPS = 10_000
"""Steps up to the last lead time for which baselines are made."""


@dataclass(frozen=True, eq=False)
class Beside:
    """The data of forecasts, and who else forecasts from them."""

    series: xr.DataArray | None = None
    """Lazy or memory-mapped, as it is in the data; None where the data are not found."""
    time_step: np.timedelta64 = np.timedelta64(1, "h")  # noqa: RUF009  (it cannot be changed)
    """Between frames."""
    history: int = 0
    """Frames of a history."""
    place: Place | None = None
    """Where the grid of the data lies, if they do not tell it themselves."""
    models: tuple[ForecastModel, ...] = ()
    """Baselines."""

    def of_channel(self, channel: str) -> xr.DataArray | None:
        """The series of one channel; None without data, or where they lack it."""
        if self.series is None or channel not in self.series["channel"].values:
            return None
        return select_channels(self.series, [channel])

    def lay_out(self, array: xr.DataArray) -> xr.DataArray:
        """A series or forecast of the data as maps show it."""
        return array if self.place is None else self.place.lay_out(array)


def baselines_beside(
    run: Run, series: xr.DataArray, *, dataset: str, time_step: np.timedelta64
) -> tuple[tuple[ForecastModel, ...], tuple[str, ...]]:
    """The baselines of a run, and notes on those that are left out; a climatology is read as needed."""
    wanted, _ = baselines_of(dataset, series, time_step=time_step)
    if "climatology" not in wanted:
        times = series["time"].values
        found = load_baselines(run, series, dataset=dataset, time_step=time_step, times=times)
        return tuple(found.models), tuple(f"{note[0].upper()}{note[1:]}." for note in found.notes)
    models: list[ForecastModel] = [Persistence(time_step=time_step)]
    if not run.climatology_file.is_file():
        return tuple(models), ("The run has no climatology, and so there are no anomalies.",)
    try:
        climatology = load_climatology(run.climatology_file)
    except (OSError, ValueError) as error:
        return tuple(models), (
            f"{run.climatology_file} cannot be read, and so there are no anomalies: {error}",
        )
    note = (f"Climatology: {climatology.description}.",) if climatology.days_missing else ()
    return (*models, climatology), note


def find_series(
    experiment: Experiment, data: str | Path | None, *, may_copy: bool = True
) -> tuple[xr.DataArray | None, tuple[str, ...]]:
    """The series that an experiment is about, and notes on it; None where its data are not found.

    Args:
        data: where they lie now; where the experiment or STFORECAST_DATA says unless given.
        may_copy: whether small files may be copied once into the cache, as training does.

    Raises:
        ValueError: they are there and cannot be read.
    """
    places = [data] if data is not None else [experiment.data, None]
    for place in places:
        try:
            path = find_data(experiment.dataset, place)
        except ValueError:
            continue
        series = _opened(experiment, path, may_copy=may_copy)
        note = series.attrs.get("note")
        return series, (f"Data: {note}.",) if note else ()
    where = data or experiment.data
    told = f"not at {where}" if where else "not named anywhere"
    return None, (
        f"The data are {told}, so that there is neither truth nor history: name the place where they "
        "lie with `stforecast app --data PATH`, or set STFORECAST_DATA to the folder that holds "
        f"{experiment.dataset}.",
    )


def _opened(experiment: Experiment, path: Path, *, may_copy: bool) -> xr.DataArray:
    """The series: memory-mapped if it is a store or small, else lazy."""
    if is_store(path) or (may_copy and _size(path) <= _COPIED_BYTES):
        return experiment_series(experiment, path)
    return lazy_series(experiment, path, days=experiment.days)


def _size(path: Path) -> int:
    """Bytes of a file, or of all that lies in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def show(
    forecast: xr.DataArray,
    beside: Beside,
    *,
    wind: tuple[np.ndarray, np.ndarray] | None = None,
) -> Shown:
    """A forecast of one init_time and one channel, laid out as maps show it, with what stands beside it.

    Of the data no more than the frames of history and valid times are read.

    Raises:
        ValueError: the data lie on another grid.
    """
    init_time = forecast["init_time"].values[0]
    channel, leads = str(forecast["channel"].values[0]), forecast["lead_time"].values
    one = beside.of_channel(channel)
    past = init_time + np.arange(1 - beside.history, 1) * beside.time_step
    if one is None:
        past = past[:0]
    truth, baselines = None, {}
    if one is not None:
        with READING:
            truth = _frames(one, np.concatenate([past, init_time + leads]), beside)
            baselines = _baselines(one, beside, init_time=init_time, leads=leads)
    fields = read_fields(forecast, init_time=init_time, channel=channel, truth=truth)
    factor = np.float32(fields.factor)
    # Half the bytes: the values were made and stored as float32.
    seen = None if fields.truth is None else fields.truth.astype("float32")
    fields = replace(fields, forecast=fields.forecast.astype("float32"), truth=seen)
    baselines = {name: frames * factor for name, frames in baselines.items()}
    usual = next((name for name in _USUAL if name in baselines), "")
    history = np.empty((0, *fields.forecast.shape[1:]), dtype="float32")
    if truth is not None:
        history = truth.reindex(time=past).values[:, 0].astype("float32") * factor
    return Shown(
        fields=fields,
        grid=grid_of(forecast),
        climatology=baselines.get(usual),
        usual=usual,
        baselines=baselines,
        history=history,
        history_times=past,
        wind=wind,
    )


def _frames(one: xr.DataArray, wanted: np.ndarray, beside: Beside) -> xr.DataArray:
    """Those of the wanted frames that there are, in memory, laid out."""
    rows = np.flatnonzero(np.isin(one["time"].values, wanted))
    return beside.lay_out(one.isel(time=rows).load())


def _baselines(
    one: xr.DataArray, beside: Beside, *, init_time: np.datetime64, leads: np.ndarray
) -> Mapping[str, np.ndarray]:
    """Baselines (L, y, x) by name; without those that these data do not allow."""
    steps = leads[-1] // beside.time_step
    if (leads % beside.time_step).any() or not 0 < steps <= _MOST_STEPS:
        return {}
    found = {}
    for model in beside.models:
        try:
            made = model.forecast(one, init_times=[init_time], steps=int(steps))
        except ValueError:
            continue  # no frame at the init_time, or a channel or an hour that it has not learnt
        found[model.name] = beside.lay_out(made.sel(lead_time=leads)).values[0, :, 0]
    return found


def grid_of(forecast: xr.DataArray) -> xr.DataArray:
    """Rows and columns of a forecast, without its values."""
    kept = {
        name: forecast[name] for name in forecast.coords if forecast[name].dims in (("y",), ("x",))
    }
    shape = (forecast.sizes["y"], forecast.sizes["x"])
    empty = np.broadcast_to(np.float32(np.nan), shape)
    return xr.DataArray(empty, dims=("y", "x"), coords=kept, attrs=forecast.attrs)


def other_grid(grid: xr.DataArray, beside: Beside) -> str:
    """How the grid of the data differs from that of forecasts; empty if it does not."""
    if beside.series is None:
        return ""
    empty = beside.series.isel(time=0, channel=0, drop=True)
    empty = empty.copy(data=np.broadcast_to(np.float32(np.nan), empty.shape))
    theirs = grid_of(beside.lay_out(empty))
    if theirs.shape != grid.shape:
        return f"{theirs.shape[0]}×{theirs.shape[1]} cells against {grid.shape[0]}×{grid.shape[1]}"
    for name in ("latitude", "longitude"):
        if (name in theirs.coords) != (name in grid.coords):
            return f"one of them has no {name}"
        if name in grid.coords and not np.allclose(
            theirs[name].values, grid[name].values, rtol=0, atol=_SAME_DEGREES
        ):
            return f"another {name}"
    return ""
