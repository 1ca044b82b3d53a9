"""Scores of forecasts that are already made, beside persistence, over the whole grid and in boxes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from stforecast.baselines.persistence import Persistence
from stforecast.batch.month_sums import ALL, FORECAST, PERSISTENCE, MonthSums
from stforecast.batch.regions import cells_of_box
from stforecast.batch.rows import Row
from stforecast.forecast import ForecastModel
from stforecast.verification.accumulate import accumulate
from stforecast.verification.dialects import dialect_for
from stforecast.verification.sums import ScoreSums

__all__ = ["score_made"]


@dataclass(frozen=True, eq=False)
class _Made:
    """A forecast that is already made, as a forecaster."""

    made: xr.DataArray
    name: str = FORECAST

    def forecast(
        self, series: xr.DataArray, *, init_times: Sequence[Any] | np.ndarray, steps: int
    ) -> xr.DataArray:
        return self.made.sel(init_time=np.asarray(init_times))


def score_made(
    forecast: xr.DataArray,
    rows: Sequence[Row],
    truth: xr.DataArray,
    *,
    done: Mapping[str, np.ndarray],
    boxes: Mapping[str, tuple[float, ...]],
) -> MonthSums | None:
    """The sums of all lead times whose truth is there and that are not done yet.

    Forecast and persistence are scored on the same cells; where the truth has no frame at an
    init_time, there is no persistence, and its sums are 0. So are those of a lead time without truth.

    Args:
        forecast: in memory.
        rows: of the record, one for each init_time of the forecast, in its order.
        truth: frames at some of the init times and valid times, in memory.
        done: lead times of each init time that are not to be scored again.
        boxes: west, south, east and north of each region beside the whole grid.

    Returns:
        None where there is nothing to score.

    Raises:
        ValueError: forecast and truth do not fit together, or a box holds no cell.
    """
    _check_units(forecast, truth)
    parts = [_region_sums(forecast, truth)]
    for name, box in boxes.items():
        cells = cells_of_box(truth, box, name=name)
        parts.append(_region_sums(forecast.isel(cells), truth.isel(cells)))
    data = xr.concat(
        parts,
        dim=xr.Variable("region", np.array([ALL, *boxes])),
        coords="minimal",
        compat="override",
        combine_attrs="override",
    )
    init_times, lead_times = (data[dim].values for dim in ("init_time", "lead_time"))
    known = (data["count"].sel(region=ALL) > 0).any("channel").values
    seen = np.array([np.isin(lead_times, done[row.init_time]) for row in rows])
    fresh = xr.DataArray(known & ~seen, {"init_time": init_times, "lead_time": lead_times})
    chosen = fresh.any("lead_time").values
    if not chosen.any():
        return None
    made = xr.Dataset(
        {
            "fingerprint": ("init_time", [row.fingerprint or "" for row in rows]),
            "made_by": ("init_time", [row.forecaster_fingerprint or "" for row in rows]),
            "degraded": ("init_time", [int(row.state == "degraded") for row in rows]),
            "leads": ("init_time", [len(lead_times)] * len(rows)),
            "verified": fresh.astype("int64"),
        }
    )
    sums = ScoreSums(data.where(fresh, 0.0).assign_attrs(data.attrs))
    return MonthSums(sums, made, dict(boxes)).at(init_times[chosen])


def _region_sums(forecast: xr.DataArray, truth: xr.DataArray) -> xr.Dataset:
    """Sums of the forecast, and of persistence where the truth has a frame at the init_time."""
    times = forecast["init_time"].values
    has_frame = np.isin(times, truth["time"].values)
    lead_times = forecast["lead_time"].values
    baseline = Persistence(time_step=lead_times[0])
    parts = []
    for beside, chosen in ((True, times[has_frame]), (False, times[~has_frame])):
        if len(chosen) == 0:
            continue
        models: dict[str, ForecastModel] = {FORECAST: _Made(forecast)}
        if beside:
            models[PERSISTENCE] = baseline
        sums = accumulate(
            models,
            truth,
            init_times=chosen,
            lead_times=lead_times,
            dialect=dialect_for(str(truth.attrs.get("dataset", ""))),
        )
        parts.append(ScoreSums(sums.data.reindex(forecaster=[FORECAST, PERSISTENCE], fill_value=0)))
    return (parts[0] if len(parts) == 1 else parts[0] + parts[1]).data


def _check_units(forecast: xr.DataArray, truth: xr.DataArray) -> None:
    units = dict(zip(truth["channel"].values.tolist(), truth["units"].values.tolist(), strict=True))
    for channel, unit in zip(
        forecast["channel"].values.tolist(), forecast["units"].values.tolist(), strict=True
    ):
        if channel in units and units[channel] != unit:
            raise ValueError(
                f"{channel} is in {unit!r} in the forecast and in {units[channel]!r} in the truth; "
                "convert the truth"
            )
