"""Numbers of errors in detail: of which channel, lead time and forecaster, in the units shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from pipelines.series import channels_of, names, parse_step
from pipelines.variables import display_units
from stforecast.figures.fields import find_leads
from stforecast.figures.palette import pretty_units
from stforecast.layouts.labels import count_units

__all__ = ["ShownChannel", "find_lead", "find_name", "pooled_error", "quantiles", "shown_channel"]


@dataclass(frozen=True)
class ShownChannel:
    """How a channel is shown."""

    title: str
    factor: float
    """From the channel's units to those shown."""
    units: str
    counted: bool
    """Values are numbers of things."""


def shown_channel(errors: xr.Dataset, channel: str) -> ShownChannel:
    """How a channel of errors is shown.

    Raises:
        ValueError: there is no such channel.
    """
    known = [str(name) for name in errors["channel"].values]
    if channel not in known:
        raise ValueError(f"The errors have no channel {channel!r}; they have {names(known)}.")
    one = channels_of(errors["correlation"].sel(channel=[channel]))[0]
    title = one.long_name or one.standard_name.replace("_", " ") or one.name
    # The first two lead times before any was left out.
    leads = np.arange(1, 3) * parse_step(errors.attrs["time_step"]).astype("timedelta64[ns]")
    counts = count_units(one, leads)
    factor, units = (1.0, counts) if counts else display_units(one.variable, one.units)
    return ShownChannel(title[0].upper() + title[1:], factor, pretty_units(units), bool(counts))


def find_lead(errors: xr.Dataset, lead_time: Any) -> np.timedelta64:
    """The wanted lead time; the last one for None.

    Raises:
        ValueError: there is no such lead time.
    """
    known = errors["lead_time"].values
    return known[-1] if lead_time is None else known[find_leads(known, [lead_time])[0]]


def find_name(errors: xr.Dataset, forecaster: str | None) -> str:
    """The wanted forecaster; the first one for None.

    Raises:
        ValueError: there is no such forecaster.
    """
    known = [str(name) for name in errors["forecaster"].values]
    if forecaster is not None and forecaster not in known:
        raise ValueError(f"The errors have no forecaster {forecaster!r}; they have {names(known)}.")
    return known[0] if forecaster is None else forecaster


def pooled_error(errors: xr.Dataset, forecaster: str, *, metric: str) -> float:
    """RMSE, bias or skill of all cells together, weighted as the scores are; NaN without maps.

    Args:
        errors: of one channel and lead time, in the channel's units.
    """
    if "count" not in errors:
        return float("nan")
    weights = errors["count"] * errors["row_weight"]

    def mean(name: str, variable: str) -> float:
        total = (errors[variable].sel(forecaster=name).astype("float64") * weights).sum().item()
        return total / weights.sum().item() if weights.sum().item() else float("nan")

    if metric == "bias":
        return mean(forecaster, "bias")
    rmse = float(np.sqrt(mean(forecaster, "mean_squared_error")))
    if metric == "rmse":
        return rmse
    reference = float(np.sqrt(mean("persistence", "mean_squared_error")))
    return 1 - rmse / reference if reference > 0 else float("nan")


def quantiles(counts: np.ndarray, edges: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Below which values these shares of what was counted lie."""
    below = np.concatenate([[0.0], np.cumsum(counts)]) / max(counts.sum(), 1)
    return np.interp(shares, below, edges)
