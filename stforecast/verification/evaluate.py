"""Evaluation: scores of forecasters, or of one forecast that is already made, against the truth."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from pipelines.series import time_step_of
from stforecast.baselines.climatology import Climatology
from stforecast.forecast import ForecastModel
from stforecast.verification.accumulate import Batch, accumulate
from stforecast.verification.dialects import dialect_for
from stforecast.verification.periods import periods_text
from stforecast.verification.scaled import conversion_text
from stforecast.verification.sums import ScoreSums, scores_of

__all__ = ["evaluate", "score_sums", "summarise", "verify"]


def evaluate(
    forecasters: Mapping[str, ForecastModel],
    series: xr.DataArray,
    *,
    init_times: Sequence[Any] | np.ndarray,
    steps: int,
    time_step: np.timedelta64 | None = None,
    dialect: str | None = None,
    climatology: Climatology | None = None,
    threshold: float | None = None,
    value_range: tuple[float, float] | None = None,
    batch_size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    observe: Callable[[Batch], None] | None = None,
) -> xr.Dataset:
    """Scores of forecasters in physical units, by the rules of one dialect.

    A cell that is missing in the truth or in any one forecast is masked for all forecasters.

    Args:
        forecasters: by the name they get in the scores.
        series: holds the histories and the truth; a frame that is absent is masked.
        init_times: when the forecasts start.
        steps: lead times, one time step apart.
        time_step: of the forecasters; the series' commonest unless given.
        dialect: a name of `DIALECTS` for the series' dataset; the dataset's own first one unless
            given.
        climatology: of the training years, for ACC; without one, "wb2" gives no ACC. Dialects that
            compare with something else ("wb1": the test truth's own mean) do not look at it.
        threshold: least truth of an active cell, in vehicles; the dialect's own (10) unless given.
        value_range: least and greatest value of the training data, for "openstl" of traffic.
        batch_size: init times whose forecasts and truth are in memory at once; as many as fit into
            some 64 MB, up to 16, unless given.
        progress: called with the init times done and all of them.
        observe: told each batch of forecasts with their truth, such as `ErrorDetails.add`.

    Returns:
        What `summarise` gives.

    Raises:
        ValueError: the dialect is unknown, nothing is asked for, or forecasts do not fit the truth.
    """
    sums = score_sums(
        forecasters,
        series,
        init_times=init_times,
        steps=steps,
        time_step=time_step,
        dialect=dialect,
        climatology=climatology,
        threshold=threshold,
        value_range=value_range,
        batch_size=batch_size,
        progress=progress,
        observe=observe,
    )
    return summarise(sums)


def score_sums(
    forecasters: Mapping[str, ForecastModel],
    series: xr.DataArray,
    *,
    init_times: Sequence[Any] | np.ndarray,
    steps: int,
    time_step: np.timedelta64 | None = None,
    dialect: str | None = None,
    climatology: Climatology | None = None,
    threshold: float | None = None,
    value_range: tuple[float, float] | None = None,
    batch_size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    observe: Callable[[Batch], None] | None = None,
) -> ScoreSums:
    """What `evaluate` computes its scores from; sums can be stored, added up and grouped."""
    step = time_step_of(series["time"].values) if time_step is None else time_step
    return accumulate(
        forecasters,
        series,
        init_times=np.asarray(init_times),
        lead_times=np.arange(1, steps + 1) * step,
        dialect=dialect_for(
            str(series.attrs.get("dataset", "")),
            dialect,
            threshold=threshold,
            value_range=value_range,
        ),
        climatology=climatology,
        batch_size=batch_size,
        progress=progress,
        observe=observe,
    )


def verify(
    forecast: xr.DataArray,
    truth: xr.DataArray,
    *,
    dialect: str | None = None,
    climatology: Climatology | None = None,
    threshold: float | None = None,
    value_range: tuple[float, float] | None = None,
) -> xr.Dataset:
    """Scores of one forecast that is already made, as `evaluate` gives them.

    Args:
        forecast: (init_time, lead_time, channel, y, x).
        truth: the series; looked up at the valid times, masked where it has no frame.
        dialect, climatology, threshold, value_range: as for `evaluate`.
    """
    made = _Made(name=forecast.attrs.get("forecaster", "forecast"), made=forecast)
    sums = accumulate(
        {made.name: made},
        truth,
        init_times=forecast["init_time"].values,
        lead_times=forecast["lead_time"].values,
        dialect=dialect_for(
            str(truth.attrs.get("dataset", "")),
            dialect,
            threshold=threshold,
            value_range=value_range,
        ),
        climatology=climatology,
    )
    return summarise(sums)


@dataclass(frozen=True, eq=False)
class _Made:
    """A forecast that is already made, as a forecaster."""

    name: str
    made: xr.DataArray

    def forecast(
        self, series: xr.DataArray, *, init_times: Sequence[Any] | np.ndarray, steps: int
    ) -> xr.DataArray:
        return self.made.sel(init_time=np.asarray(init_times))


def summarise(sums: ScoreSums) -> xr.Dataset:
    """The scores of all init times.

    Returns:
        `score` (forecaster, metric, channel, lead_time) and `pooled`, the same over all lead times;
        `count` and `masked` (channel, lead_time), numbers of values that were and were not verified;
        `missing` (forecaster, channel, lead_time), values that a forecaster left out where there is
        truth; with ACC also `acc_count` (channel, lead_time), verified values that have a
        climatology. A score is NaN where nothing could be verified. `units` stands along
        (metric, channel); the rules, the dataset and the init times are in the attributes.
        For traffic also `active_count` (channel, lead_time), verified values whose truth reaches the
        threshold, `score_by_period` (period, forecaster, metric, channel, lead_time),
        `pooled_by_period` without lead times and `count_by_period` (period, channel, lead_time); a
        frame belongs to the periods of its valid time.
    """
    totals = sums.over_init_times()
    summary = sums.scores().to_dataset(name="score")
    summary["pooled"] = sums.pooled_scores()
    for name in ("count", "masked", "missing"):
        summary[name] = totals[name].drop_vars("units").round().astype("int64")
    if "anomaly_count" in totals:
        # The same for every forecaster, as all are verified on the same cells.
        verified = totals["anomaly_count"].isel(forecaster=0).drop_vars(["units", "forecaster"])
        summary["acc_count"] = verified.round().astype("int64")
    if "active_weight" in totals:
        active = totals["active_weight"].isel(forecaster=0).drop_vars(["units", "forecaster"])
        summary["active_count"] = active.round().astype("int64")
    explanations: dict[str, str] = {}
    if "holidays" in sums.data.attrs:
        parts = sums.over_periods()
        summary["score_by_period"] = scores_of(parts, dialect=sums.dialect)
        pooled = parts.sum("lead_time", skipna=False)
        summary["pooled_by_period"] = scores_of(pooled, dialect=sums.dialect)
        counted = parts["count"].drop_vars("units").round().astype("int64")
        summary["count_by_period"] = counted
        explanations["periods"] = periods_text(sums.data.attrs["holidays"])
    if sums.dialect.scaled:
        explanations["conversion"] = conversion_text(sums.data)
    init_times = sums.data["init_time"].values
    summary.attrs = {
        **sums.data.attrs,
        "explanation": sums.dialect.explanation,
        "source": sums.dialect.source,
        "headline": sums.dialect.headline,
        **explanations,
        "first_init_time": str(np.datetime_as_string(init_times.min(), unit="m")),
        "last_init_time": str(np.datetime_as_string(init_times.max(), unit="m")),
        "n_init_times": len(init_times),
    }
    return summary
