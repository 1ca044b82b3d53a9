"""Drift: whether a job's forecasts have become worse than those that its run was tested by."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from stforecast.batch.job import VerifyConfig
from stforecast.batch.month_sums import ALL, FORECAST, PERSISTENCE, MonthSums, add_up
from stforecast.verification.score_units import score_units
from stforecast.verification.sums import ScoreSums

__all__ = ["LEAST_FORECASTS", "DriftLine", "judge_drift", "open_test_scores"]

LEAST_FORECASTS = 10
"""Below so many forecasts of a lead time nothing is said: one storm would be taken for drift."""


@dataclass(frozen=True)
class DriftLine:
    """One channel at one lead time."""

    channel: str
    lead_hours: float
    forecasts: int
    """Good ones of the window whose lead time is verified."""
    rmse: float | None
    """Of the window; None where there is no forecast."""
    test_rmse: float
    """Of the run, on its test split."""
    units: str
    """Of both."""
    excess: float | None
    """By which share the first exceeds the second; below 0 it is better."""
    persistence_excess: float | None
    """The same of persistence: by how much the window was harder to forecast."""
    drifts: bool
    """Whether it exceeds what the job allows, by enough forecasts."""


def open_test_scores(run: str, *, forecaster: str) -> xr.Dataset:
    """The scores of a run on its test split.

    Args:
        forecaster: its name in the scores.

    Raises:
        ValueError: the run has none, or they are of another forecaster.
    """
    folder = Path(run) if Path(run).is_dir() else Path(run).parent
    file = folder / "scores.nc"
    way_out = f"run `stforecast evaluate {folder}`, or leave out verify.drift"
    if not file.is_file():
        raise ValueError(
            f"verify.drift compares with the run's test scores, but there is no {file}; {way_out}."
        )
    try:
        with xr.open_dataset(file, engine="netcdf4", decode_timedelta=True) as opened:
            scores = opened.load()
        names = scores["forecaster"].values.tolist()
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise ValueError(f"{file} holds no scores ({error}); {way_out}.") from error
    if forecaster not in names:
        raise ValueError(
            f"{file} has scores of {', '.join(names)}, but the forecaster is {forecaster}; {way_out}."
        )
    return scores


def judge_drift(
    months: Sequence[MonthSums],
    scores: xr.Dataset,
    *,
    forecaster: str,
    made_by: str,
    config: VerifyConfig,
    now: np.datetime64,
) -> list[DriftLine]:
    """RMSE of the last window against the run's own test scores, for each channel and lead time.

    Good forecasts of the whole grid count, those of the forecaster that the job has now; degraded ones
    would tell of their histories.

    Args:
        scores: as `open_test_scores` gives them.
        forecaster: its name in the scores.
        made_by: its fingerprint.
        now: in the data's own time.

    Raises:
        ValueError: forecasts and test were scored in different dialects.
    """
    parts = [_within(month, now - config.window, now, made_by) for month in months]
    parts = [part for part in parts if part.made.sizes["init_time"]]
    if not parts:
        return []
    window = add_up(parts)
    sums = ScoreSums(window.sums.data.sel(region=ALL))
    if sums.dialect.name != scores.attrs.get("dialect"):
        raise ValueError(
            f"The run's test scores are of dialect {scores.attrs.get('dialect')!r}, but past forecasts "
            f"are scored in {sums.dialect.name!r}; evaluate the run with --dialect {sums.dialect.name}."
        )
    recent = sums.scores().sel(metric="rmse")
    tested = scores["score"].sel(metric="rmse")
    counts = window.made["verified"].sum("init_time")
    lines = []
    for channel in np.intersect1d(recent["channel"], tested["channel"]):
        for lead in np.intersect1d(recent["lead_time"], tested["lead_time"]):
            at = {"channel": channel, "lead_time": lead}
            lines.append(
                _line(
                    recent.sel(at).transpose("forecaster"),
                    tested.sel(at).transpose("forecaster"),
                    forecaster=forecaster,
                    count=int(counts.sel(lead_time=lead)),
                    shown=score_units(scores, channel=str(channel), metric="rmse"),
                    limit=config.drift,
                )
            )
    return lines


def _within(
    month: MonthSums, after: np.datetime64, until: np.datetime64, made_by: str
) -> MonthSums:
    times = month.made["init_time"].values
    own = month.made["made_by"].values.astype(str) == made_by
    good = month.made["degraded"].values == 0
    return month.at(times[(times > after) & (times <= until) & own & good])


def _line(
    recent: xr.DataArray,
    tested: xr.DataArray,
    *,
    forecaster: str,
    count: int,
    shown: tuple[float, str],
    limit: float | None,
) -> DriftLine:
    factor, units = shown
    rmse, test_rmse = (
        float(scores.sel(forecaster=name))
        for scores, name in ((recent, FORECAST), (tested, forecaster))
    )
    excess = _excess(rmse, test_rmse)
    has_baseline = PERSISTENCE in tested["forecaster"].values
    return DriftLine(
        channel=str(recent["channel"].values),
        lead_hours=float(recent["lead_time"].values / np.timedelta64(1, "h")),
        forecasts=count,
        rmse=None if np.isnan(rmse) else rmse * factor,
        test_rmse=test_rmse * factor,
        units=units,
        excess=excess,
        persistence_excess=_excess(
            float(recent.sel(forecaster=PERSISTENCE)), float(tested.sel(forecaster=PERSISTENCE))
        )
        if has_baseline
        else None,
        drifts=limit is not None
        and excess is not None
        and count >= LEAST_FORECASTS
        and excess > limit,
    )


def _excess(now: float, then: float) -> float | None:
    return now / then - 1 if np.isfinite(now) and then > 0 else None
