"""The evaluation of a run: its forecaster beside persistence and climatology, on one split."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.atomic import atomic_path
from pipelines.split import SPLITS, range_between
from pipelines.windows import WindowSpec, window_starts
from stforecast.allocator import keep_memory
from stforecast.baselines.climatology import Climatology, load_climatology
from stforecast.baselines.persistence import Persistence
from stforecast.device import choose_device
from stforecast.figures.curves import plot_scores
from stforecast.figures.maps import plot_maps
from stforecast.figures.save import save_figure
from stforecast.forecast import ForecastModel
from stforecast.forecaster import Forecaster, load_forecaster
from stforecast.run import Run
from stforecast.source import find_data, stored_series
from stforecast.verification.evaluate import evaluate
from stforecast.verification.report import scores_to_frame

__all__ = ["Progress", "evaluate_run"]

Progress = Callable[[str, int, int], None]
_SMALL_BYTES = 2**30


def evaluate_run(
    run: Run,
    *,
    data: str | Path | None = None,
    split: str = "test",
    dialect: str = "wb2",
    device: str = "auto",
    progress: Progress = lambda what, done, total: None,
) -> xr.Dataset:
    """Scores of the run's forecaster and of its baselines; written to the run, with figures.

    Every window of the split is scored once; the climatology is that of the training split. Truth and
    forecasts of a few init times are in memory at once.

    Args:
        data: where the data lie now; where they lay at training unless given.
        split: "test" for reporting; "validation" while something is still being chosen.
        dialect: "wb2", "wb1" or "openstl".
        progress: told what is being done, how much of it is done, and how much there is.

    Raises:
        ValueError: the data lack what the run needs.
    """
    keep_memory()
    if split not in SPLITS:
        raise ValueError(f"split {split!r} is unknown; known: {', '.join(SPLITS)}.")
    forecaster = load_forecaster(run.folder, device=choose_device(device))
    experiment = forecaster.experiment
    series = stored_series(
        experiment.dataset,
        find_data(experiment.dataset, data or experiment.data),
        variables=experiment.variables,
        time_step=experiment.time_step,
        progress=lambda done, total: progress("reading", done, total),
    )
    series = forecaster.select(series)
    spec = WindowSpec(experiment.history, experiment.horizon)
    times = series["time"].values
    within = range_between(times, str(getattr(experiment.split, split)), split)
    starts = window_starts(times, spec, time_step=forecaster.time_step, within=within)
    init_times = times[starts + spec.history - 1]
    models: list[ForecastModel] = [forecaster, Persistence(time_step=forecaster.time_step)]
    climatology, note = _climatology(run, times[within.start : within.stop])
    if climatology is not None and not note:
        models.append(climatology)
    scores = evaluate(
        {model.name: model for model in models},
        series,
        init_times=init_times,
        steps=spec.horizon,
        dialect=dialect,
        climatology=climatology,
        progress=lambda done, total: progress("forecasting", done, total),
    )
    scores.attrs["split"] = split
    if note:
        scores.attrs["note"] = note
    _write(run, scores, dialect=dialect, split=split)
    if split == "test":
        _draw_example(run, forecaster, series, init_times[len(init_times) // 2])
    return scores


def _climatology(run: Run, times: np.ndarray) -> tuple[Climatology | None, str]:
    """The run's climatology, and why it cannot stand beside the others; empty if it can.

    Where training saw no day near one of the times it has no values: scored beside the others it
    would mask those days for all of them.
    """
    if not run.climatology_file.is_file():
        return None, (
            "the run has no climatology: its training was not finished, or its time step is no "
            "whole number of hours"
        )
    climatology = _at_hand(load_climatology(run.climatology_file))
    if climatology.days_missing == 0:
        return climatology, ""
    days = np.unique(times.astype("datetime64[D]"))
    hour = climatology.values["hour"].values[0] * np.timedelta64(1, "h")
    missing = [day for day in days if climatology.at([day + hour]).isnull().all()]
    if not missing:
        return climatology, ""
    return climatology, (
        f"no climatology on {len(missing)} of {len(days)} days, from {missing[0]} on: no training "
        "day lies near them in the year; it is left out"
    )


def _at_hand(climatology: Climatology) -> Climatology:
    """Held in memory if it is small; a large one is read field by field."""
    if climatology.values.nbytes <= _SMALL_BYTES:
        climatology.values.load()
    return climatology


def _write(run: Run, scores: xr.Dataset, *, dialect: str, split: str) -> None:
    file = run.scores_file(dialect=dialect, split=split)
    with atomic_path(file) as temporary:
        scores.to_netcdf(temporary, engine="netcdf4")
    with atomic_path(file.with_suffix(".csv")) as temporary:
        scores_to_frame(scores).to_csv(temporary, index=False)
    save_figure(plot_scores(scores), run.figures / f"{file.stem}.png")


def _draw_example(
    run: Run, forecaster: Forecaster, series: xr.DataArray, init_time: np.datetime64
) -> None:
    """Truth, forecast and error of one forecast, chosen by its place in the split alone."""
    forecast = forecaster.forecast(
        series, init_times=[init_time], steps=forecaster.experiment.horizon
    )
    for channel in forecast["channel"].values:
        figure = plot_maps(forecast, init_time=init_time, channel=str(channel), truth=series)
        save_figure(figure, run.figures / f"maps_{channel}.png")
