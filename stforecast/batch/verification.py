"""What a verification of a job came to: scores by month, lead time and region, and drift."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from stforecast.batch.drift import LEAST_FORECASTS, DriftLine
from stforecast.batch.month_sums import FORECAST, PERSISTENCE, MonthSums
from stforecast.verification.score_units import score_units

__all__ = ["DRIFT_EXIT_CODE", "MonthScore", "Verification", "scores_of_month"]

DRIFT_EXIT_CODE = 4


@dataclass(frozen=True)
class MonthScore:
    """Scores of one month of init times, in one region, of one channel, at one lead time."""

    month: str
    """YYYY-MM."""
    region: str
    """"all" is the whole grid."""
    channel: str
    lead_hours: float
    forecasts: int
    """Whose lead time is verified."""
    degraded: int
    """How many of them were made from a history with holes."""
    values: int
    """Cells that were verified, over all forecasts."""
    units: str
    """Of the scores."""
    rmse: float | None
    mae: float | None
    bias: float | None
    """Forecast minus truth."""
    persistence_rmse: float | None
    """None where not all these forecasts have a persistence beside them."""


@dataclass(frozen=True)
class Verification:
    """What a verification came to."""

    job: str
    """Name of the job."""
    scored: Mapping[str, int]
    """For each init time, the lead times that were scored now."""
    lost: Sequence[str]
    """Init times whose outputs are gone, so that they cannot be verified."""
    problems: Mapping[str, str]
    """For each init time that could not be verified, why."""
    scores: Sequence[MonthScore]
    """Of all months."""
    drift: Sequence[DriftLine]
    """Empty where the job asks for none, or where the window has no forecast."""
    limit: float | None
    """By which share RMSE may exceed the test's; None where the job asks for no drift."""

    @property
    def exit_code(self) -> int:
        """4 if the scores have drifted, else 1 if a forecast could not be verified, else 0."""
        if any(line.drifts for line in self.drift):
            return DRIFT_EXIT_CODE
        return int(bool(self.problems))

    def facts(self) -> dict[str, object]:
        """For the log."""
        drifting = [f"{line.channel} {line.lead_hours:g}h" for line in self.drift if line.drifts]
        return {
            "scored": len(self.scored),
            "lead_times": sum(self.scored.values()),
            "lost": len(self.lost),
            "problems": len(self.problems),
            "drift": drifting,
            "exit_code": self.exit_code,
        }

    def as_tree(self) -> dict[str, object]:
        """All of it, as JSON holds it."""
        return {
            "job": self.job,
            "exit_code": self.exit_code,
            "scored": dict(self.scored),
            "lost": list(self.lost),
            "problems": dict(self.problems),
            "limit": self.limit,
            "least_forecasts": LEAST_FORECASTS,
            "drift": [asdict(line) for line in self.drift],
            "scores": [asdict(score) for score in self.scores],
        }


def scores_of_month(name: str, month: MonthSums) -> list[MonthScore]:
    """The scores of a month, region by region."""
    dims = ("region", "channel", "lead_time")
    scores = month.sums.scores().transpose("forecaster", "metric", *dims)
    labelled = scores.to_dataset(name="score").assign_attrs(month.sums.data.attrs)
    totals = month.sums.over_init_times()
    counts = totals["count"].transpose(*dims).values
    weights = totals["weight"].transpose("forecaster", *dims)
    alike = (weights.sel(forecaster=FORECAST) == weights.sel(forecaster=PERSISTENCE)).values
    own, base = (scores.sel(forecaster=who) for who in (FORECAST, PERSISTENCE))
    rmse, mae, bias = (own.sel(metric=metric).values for metric in ("rmse", "mae", "bias"))
    beside = base.sel(metric="rmse").values
    verified = month.made["verified"].transpose("init_time", "lead_time").values
    degraded = verified[month.made["degraded"].values > 0].sum(axis=0)
    channels, leads = scores["channel"].values.tolist(), scores["lead_time"].values
    shown = [score_units(labelled, channel=one, metric="rmse") for one in channels]
    found = []
    for at in np.ndindex(counts.shape):
        region, channel, lead = at
        factor, units = shown[channel]
        found.append(
            MonthScore(
                month=name,
                region=str(scores["region"].values[region]),
                channel=channels[channel],
                lead_hours=float(leads[lead] / np.timedelta64(1, "h")),
                forecasts=int(verified[:, lead].sum()),
                degraded=int(degraded[lead]),
                values=int(counts[at]),
                units=units,
                rmse=_shown(rmse.item(*at), factor),
                mae=_shown(mae.item(*at), factor),
                bias=_shown(bias.item(*at), factor),
                persistence_rmse=_shown(beside.item(*at), factor) if alike[at] else None,
            )
        )
    return found


def _shown(score: float, factor: float) -> float | None:
    return score * factor if np.isfinite(score) else None
