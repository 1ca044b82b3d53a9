"""The baselines of each dataset: what a forecast of it must beat."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from pipelines import PIPELINES
from pipelines.series import name_step
from stforecast.baselines.climatology import Climatology, fit_climatology, load_climatology
from stforecast.baselines.day_of_year import has_climatology
from stforecast.baselines.historical_average import (
    divides_day,
    fit_historical_average,
    load_historical_average,
)
from stforecast.baselines.persistence import Persistence
from stforecast.baselines.seasonal_naive import SeasonalNaive
from stforecast.forecast import ForecastModel
from stforecast.run import Run

__all__ = [
    "BASELINES",
    "BASELINE_NAMES",
    "Baselines",
    "baselines_of",
    "fit_baselines",
    "load_baselines",
    "note_on_missing",
]

BASELINES: dict[str, tuple[str, ...]] = {
    "weatherbench": ("persistence", "climatology"),
    "taxibj": ("persistence", "daily_naive", "weekly_naive", "historical_average"),
    **{name: ("persistence",) for name, pipeline in PIPELINES.items() if pipeline.is_video},
}
"""Names of the baselines of each dataset; one that is not listed has those of the weather."""

BASELINE_NAMES = tuple(dict.fromkeys(name for row in BASELINES.values() for name in row))
"""Names of all baselines: whatever else stands in scores is a forecaster that is to beat them."""

_SEASONS = {"daily_naive": np.timedelta64(1, "D"), "weekly_naive": np.timedelta64(7, "D")}
_SMALL_BYTES = 2**30
_MANY = 0.01  # share of frames without a value from which a note is worth reading


@dataclass(frozen=True, eq=False)
class Baselines:
    """What stands beside a forecaster in an evaluation."""

    models: list[ForecastModel]
    """Persistence first."""
    climatology: Climatology | None
    """What anomalies are taken from; it may be here and not among the models."""
    notes: list[str]
    """What a reader must know: baselines that are left out, and why."""


def baselines_of(
    dataset: str, series: xr.DataArray, *, time_step: np.timedelta64
) -> tuple[tuple[str, ...], str]:
    """Names of the baselines that these data allow, and why not all of the dataset's; empty if all."""
    known = BASELINES.get(dataset, BASELINES["weatherbench"])
    if "daily_naive" not in known:
        return known, ""
    if series.attrs.get("clock") == "artificial":
        return ("persistence",), (
            "persistence is the only baseline: the data have no timestamps, and the others need the "
            "hour of the day and the day of the week"
        )
    if not divides_day(time_step):
        return ("persistence",), (
            f"persistence is the only baseline: the time step, {name_step(time_step)}, does not "
            "divide a day"
        )
    return known, ""


def fit_baselines(
    run: Run, training: xr.DataArray, *, dataset: str, time_step: np.timedelta64
) -> None:
    """Fit what the dataset's baselines learn, and leave it in the run; what is there stays.

    Args:
        training: the frames of the training split and nothing else.
    """
    wanted, _ = baselines_of(dataset, training, time_step=time_step)
    with_climatology = "climatology" in wanted and has_climatology(time_step)
    if with_climatology and not run.climatology_file.is_file():
        fit_climatology(training, path=run.climatology_file)
    if "historical_average" in wanted and not run.historical_average_file.is_file():
        fit_historical_average(training, run.historical_average_file, time_step=time_step)


def load_baselines(
    run: Run,
    series: xr.DataArray,
    *,
    dataset: str,
    time_step: np.timedelta64,
    times: np.ndarray,
) -> Baselines:
    """The baselines of a run, with notes on those that cannot stand beside its forecaster.

    Args:
        series: what will be forecast.
        times: of the frames of the split that is scored.
    """
    wanted, reason = baselines_of(dataset, series, time_step=time_step)
    models: list[ForecastModel] = [Persistence(time_step=time_step)]
    climatology, notes = None, [reason] if reason else []
    models += [
        SeasonalNaive(period, name, time_step)
        for name, period in _SEASONS.items()
        if name in wanted
    ]
    if "climatology" in wanted:
        climatology, note = _climatology(run, times)
        if climatology is not None and not note:
            models.append(climatology)
        notes += [note] if note else []
    if "historical_average" in wanted:
        if run.historical_average_file.is_file():
            average = load_historical_average(run.historical_average_file)
            models.append(average)
            if average.slots_filled:
                notes.append(f"{average.name}: {average.description}")
        else:
            notes.append("the run has no historical average: its training was not finished")
    return Baselines(models, climatology, notes)


def note_on_missing(scores: xr.Dataset) -> str:
    """Which seasonal baselines have no value for many frames, with counts; empty if none.

    Such frames are masked for every forecaster, so that all are scored on the same ones.

    Args:
        scores: with `missing` (forecaster, channel, lead_time) and `count`, numbers of values.
    """
    parts = []
    in_frames = 1 / int(np.prod([int(part) for part in scores.attrs["grid"].split("x")]))
    channel = scores["channel"].values[0]
    counts = scores[["missing", "count", "masked"]].sel(channel=channel).sum("lead_time")
    frames = int((counts["count"] + counts["masked"]).item() * in_frames)
    for name in (*_SEASONS, "historical_average"):
        if name not in scores["forecaster"].values:
            continue
        missing = counts["missing"].sel(forecaster=name).item() * in_frames
        if missing > _MANY * frames:
            parts.append(f"{name} has no value for {round(missing)} of {frames} frames")
    if not parts:
        return ""
    return f"{'; '.join(parts)} (no frame at that time of earlier days or weeks): masked for all"


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
