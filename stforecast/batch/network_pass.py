"""One network pass of a batch job: from histories to published forecast files.

A pass has always the same number of places, each network pass of a process the same number of threads,
and what stands in the other places changes nothing. So a forecast is the same to the last bit whatever
else is due, in which order, on how many workers, and however often the job was killed before.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from time import perf_counter

import dask.config
import numpy as np
import torch
import xarray as xr

from stforecast.allocator import keep_memory
from stforecast.batch.fingerprint import frame_facts, input_fingerprint, label_digest
from stforecast.batch.folders import staging, sweep
from stforecast.batch.publish import publish, settle
from stforecast.batch.work import Outcome, OutputSpec, Task, iso
from stforecast.device import choose_device
from stforecast.experiment import Experiment
from stforecast.forecaster import Forecaster, load_forecaster
from stforecast.history import complete_init_times, history_frames
from stforecast.layouts import write_forecasts
from stforecast.lead_texts import is_counted
from stforecast.source import find_data, lazy_series

__all__ = ["open_forecaster", "open_input", "run_task"]

_FAILURES = (OSError, RuntimeError, ValueError, MemoryError)
"""What a damaged file, a full disk or too small a memory raises."""

_CHANGED = "its history has changed since this run looked at it; the next run looks again"
"""A gate that was passed by other values is no gate."""

_TURN = Lock()
"""One pass at a time: a worker may have several threads, but the number of torch's is the process's."""


@dataclass(frozen=True)
class _Source:
    """Who forecasts, from what, and where on the map."""

    forecaster: Forecaster
    series: xr.DataArray
    place: tuple[str, ...]

    def in_memory(self, init_times: Sequence[str]) -> "_Source":
        """The histories of some init times alone, read now: what is checked is what is forecast from."""
        frames = np.isin(self.series["time"].values, self._wanted(init_times))
        return replace(self, series=self.series.isel(time=np.flatnonzero(frames)).load())

    def fingerprints(self, init_times: Sequence[str]) -> dict[str, str]:
        """Of the history of each init time, as the gate forms them."""
        wanted, labels = self._wanted(init_times), label_digest(self.series)
        facts = frame_facts(self.series, np.unique(wanted), empty=self.forecaster.empty)
        return {
            init_time: input_fingerprint(init_time, [facts[at] for at in row], labels=labels)
            for init_time, row in zip(init_times, wanted, strict=True)
        }

    def _wanted(self, init_times: Sequence[str]) -> np.ndarray:
        """Times (init_time, history step)."""
        offsets = np.arange(1 - self.forecaster.experiment.history, 1) * self.forecaster.time_step
        return np.array(init_times, dtype="datetime64[ns]")[:, None] + offsets

    def missing_shares(self, init_times: Sequence[str]) -> dict[str, float]:
        """Share of missing values in the history of each init time."""
        frames = history_frames(
            self.series,
            np.array(init_times, dtype="datetime64[ns]"),
            history=self.forecaster.experiment.history,
            time_step=self.forecaster.time_step,
        )
        missing = np.isnan(frames)
        if self.forecaster.empty is not None:  # where nothing ever was, nothing is missing
            missing = missing[..., ~self.forecaster.empty]
            return dict(zip(init_times, missing.mean(axis=(1, 2)).tolist(), strict=True))
        shares = missing.mean(axis=(1, 2, 3, 4))
        return dict(zip(init_times, shares.tolist(), strict=True))

    def lay_out(self, forecast: xr.DataArray) -> xr.DataArray:
        """The forecast, on the map where the run or the task knows the place of a city."""
        places = self.forecaster.experiment.place.changed(self.place)
        lies = places.find(self.series.attrs.get("place"))
        return forecast if lies is None else lies.lay_out(forecast)


def run_task(task: Task) -> list[Outcome]:
    """What became of each wanted init time of a pass.

    Raises:
        ValueError: there is no such forecaster, or the input cannot be read or does not fit it.
    """
    keep_memory()
    sweep(Path(task.work))
    # Read here and now: a worker that handed its reading to the scheduler would wait for itself.
    with _TURN, _threads(task.threads), dask.config.set(scheduler="synchronous"):
        forecaster = ready_forecaster(
            task.run, device=task.device, engine=task.engine, threads=task.threads
        )
        series = open_input(forecaster, task.source, place=task.place)
        possible = complete_init_times(
            series["time"].values.astype("datetime64[ns]"),
            history=forecaster.experiment.history,
            time_step=forecaster.time_step,
        )
        whole = [time for time in task.wanted if np.datetime64(time, "ns") in possible]
        source = _Source(forecaster, series, task.place)
        made = {outcome.init_time: outcome for outcome in _attempt(task, whole, source)}
    absent = "a frame of its history is not in the input"
    return [made.get(time, Outcome(time, error=absent)) for time in task.wanted]


def open_forecaster(run: str, *, device: str = "cpu") -> Forecaster:
    """The forecaster of a run, read once a process while its file stays as it is.

    Raises:
        ValueError: there is none, it is damaged, there is no such device, or its frames have no times.
    """
    forecaster = _cached_forecaster(run, choose_device(device), _stamp(Path(run)))
    if is_counted({"dataset": forecaster.experiment.dataset}):
        raise ValueError(
            f"{run} forecasts {forecaster.experiment.dataset}, whose frames have no times, and jobs go "
            "by the clock; make its forecasts with `stforecast forecast`."
        )
    return forecaster


@lru_cache(maxsize=1)
def _cached_forecaster(run: str, device: str, stamp: tuple) -> Forecaster:
    return load_forecaster(run, device=device)


def ready_forecaster(run: str, *, device: str, engine: str, threads: int) -> Forecaster:
    """The forecaster of a run with what computes it, which is opened once a process too.

    Args:
        engine: "onnx" or "torch"; an absent export is made.

    Raises:
        ValueError: as `open_forecaster`, or the network cannot be exported.
    """
    return _cached_ready(run, device, engine, threads, _stamp(Path(run)))


@lru_cache(maxsize=1)
def _cached_ready(run: str, device: str, engine: str, threads: int, stamp: tuple) -> Forecaster:
    with _threads(threads):
        return open_forecaster(run, device=device).optimise(engine=engine)


def open_input(forecaster: Forecaster, source: str, *, place: Sequence[str] = ()) -> xr.DataArray:
    """The lazy series of a forecaster's channels, opened once a process while its files stay.

    Args:
        source: raw files, a folder of them, or a store.
        place: changes to where the run says that its grid lies: "preset=nyc_taxi".

    Raises:
        ValueError: the data cannot be read, or do not fit the forecaster.
    """
    experiment = forecaster.experiment
    file = find_data(experiment.dataset, source)
    zone = experiment.place.changed(place).zone
    # A frozen model has a hash, whatever its base class's type says.
    series = _cached_series(experiment, str(file), zone, _stamp(file))  # pyright: ignore[reportArgumentType]
    return forecaster.select(series)


@lru_cache(maxsize=1)
def _cached_series(
    experiment: Experiment, source: str, zone: str | None, stamp: tuple
) -> xr.DataArray:
    return lazy_series(experiment, source, time_zone=zone)


def _stamp(path: Path) -> tuple:
    """What changes when a file, or a file in a folder, does."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    facts = [(str(file), file.stat()) for file in files if file.is_file()]
    return tuple((name, fact.st_size, fact.st_mtime_ns, fact.st_ino) for name, fact in facts)


@contextmanager
def _threads(number: int) -> Iterator[None]:
    """Torch with so many threads: sums are formed in another order with another number."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _attempt(task: Task, wanted: Sequence[str], source: _Source) -> list[Outcome]:
    """The pass with all that it can hold; where it fails, one pass for each, to find who is to blame."""
    if not wanted:
        return []
    started = perf_counter()
    expected = dict(zip(task.wanted, task.inputs, strict=True)) if task.inputs else {}
    try:
        read = source.in_memory(wanted)
        found = read.fingerprints(wanted) if expected else {}
        changed = [time for time in wanted if found.get(time) != expected.get(time)]
        if changed:
            rest = _attempt(task, [time for time in wanted if time not in changed], source)
            return [Outcome(time, error=_CHANGED) for time in changed] + rest
        # Who is not wanted is not read either: its place repeats one who is.
        held = [time if time in wanted else wanted[0] for time in task.init_times]
        missing = read.missing_shares(wanted)
        times = np.array(held, dtype="datetime64[ns]")
        forecast = source.forecaster.forecast(read.series, init_times=times, steps=task.steps)
    except _FAILURES as error:
        if len(wanted) == 1:
            return [Outcome(wanted[0], seconds=perf_counter() - started, error=_reason(error))]
        return [one for time in wanted for one in _attempt(task, [time], source)]
    share = (perf_counter() - started) / len(wanted)
    outcomes = []
    for init_time in wanted:
        started = perf_counter()
        single = forecast.isel(init_time=[held.index(init_time)])
        published, error = _deliver(task, single, source)
        outcome = Outcome(
            init_time,
            outputs=tuple(published),
            seconds=share + perf_counter() - started,
            missing=missing[init_time],
            error=error,
            warnings=_warnings(missing[init_time]),
        )
        outcomes.append(outcome)
    return outcomes


def _warnings(missing: float) -> tuple[str, ...]:
    if not missing:
        return ()
    return (f"{missing:.2%} of the history is missing; the training mean stands for it",)


def _deliver(task: Task, forecast: xr.DataArray, source: _Source) -> tuple[list[str], str | None]:
    """Write the files of one init time, then publish them; which were, and why not all."""
    init_time = iso(forecast["init_time"].values[0])
    published: list[str] = []
    try:
        _check_finite(forecast, empty=source.forecaster.empty)
        forecast = source.lay_out(forecast)
        # The same bytes whenever it is made: no time of writing.
        forecast.attrs["history"] = f"batch job of stforecast {version('stforecast')}"
        with staging(Path(task.work)) as folder:
            files = [_write(forecast, folder / str(n), spec) for n, spec in enumerate(task.outputs)]
            for file, spec in zip(files, task.outputs, strict=True):
                target = spec.target(init_time)
                publish(file, target)
                published.append(target)
    except _FAILURES as error:
        return published, _reason(error)
    return published, None


def _check_finite(forecast: xr.DataArray, *, empty: np.ndarray | None) -> None:
    """Raise ValueError unless all cells hold a number but those that never do."""
    finite = np.isfinite(forecast.values)
    if empty is not None:
        finite = finite[..., ~empty]
    if not finite.any():
        raise ValueError("a channel of the history has no value at all")
    if not finite.all():
        raise ValueError(
            f"{int((~finite).sum())} of {finite.size} values of the forecast are not finite"
        )


def _write(forecast: xr.DataArray, folder: Path, spec: OutputSpec) -> Path:
    """One finished file in a folder of its own: what else would have its name is not in its way."""
    init_time = iso(forecast["init_time"].values[0])
    folder.mkdir()
    file = folder / Path(spec.target(init_time)).name
    (written,) = write_forecasts([forecast], file, layout=spec.layout)
    settle(written)
    return written


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__
