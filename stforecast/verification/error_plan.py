"""Which errors are looked at in detail: all of them, or as many as fit into memory."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from jaxtyping import Float

from pipelines.normalise import Normaliser
from pipelines.series import channels_of
from stforecast.verification.error_bins import VALUE_BINS, error_edges, value_edges
from stforecast.verification.error_details import WEEK, ErrorDetails

__all__ = ["make_error_details"]

_MOST_BYTES = 208 * 2**20
"""Of all sums; a part of a batch in work takes some more."""


def make_error_details(
    series: xr.DataArray,
    *,
    forecasters: Sequence[str],
    lead_times: np.ndarray,
    weights: Float[np.ndarray, "Y"],
    normaliser: Normaliser,
    time_step: np.timedelta64,
    weekly: bool = False,
    most_bytes: int = _MOST_BYTES,
) -> ErrorDetails:
    """Empty sums for an evaluation; what is too large for memory is thinned out, and said so.

    First the other baselines than persistence go, then lead times, evenly, and at last the maps.

    Args:
        series: channels and grid that are verified.
        forecasters: by name, the one that it is all about first.
        lead_times: of the forecasts.
        weights: of the rows of the grid, by the rules of the dialect.
        normaliser: of the series' channels, fitted on the training split.
        time_step: between frames; divides a day where `weekly`.
        weekly: sum up the slots of the week; only where the times have a true clock.
    """
    channels = channels_of(series)
    values, errors = value_edges(normaliser, channels), error_edges(normaliser, channels)
    n_channels, n_cells = len(channels), series.sizes["y"] * series.sizes["x"]
    n_slots = int(WEEK / time_step) if weekly else 0
    names, notes = tuple(forecasters), []

    def bytes_a_lead(n_forecasters: int, cells: int) -> int:
        counted = VALUE_BINS**2 + n_forecasters * (errors.shape[1] + 3) + 3 * n_slots
        return n_channels * (8 * counted + (16 * n_forecasters + 4) * cells)

    if len(lead_times) * bytes_a_lead(len(names), n_cells) > most_bytes:
        names = tuple(dict.fromkeys((names[0], *(n for n in names if n == "persistence"))))
        if names != tuple(forecasters):
            notes.append(f"errors of {', '.join(n for n in forecasters if n not in names)}")
    if with_maps := bytes_a_lead(len(names), n_cells) <= most_bytes:
        n_leads = most_bytes // bytes_a_lead(len(names), n_cells)
    else:
        n_leads = max(most_bytes // bytes_a_lead(len(names), 0), 1)
        notes.append("maps")
    rows = np.unique(np.linspace(len(lead_times) - 1, 0, min(n_leads, len(lead_times))).round())
    if len(rows) < len(lead_times):
        notes.append(f"all but {len(rows)} of {len(lead_times)} lead times")
    rows = tuple(map(int, rows))
    maps = (series.sizes["y"], series.sizes["x"]) if with_maps else None
    return ErrorDetails(
        like=series,
        forecasters=names,
        lead_times=np.asarray(lead_times)[list(rows)].astype("timedelta64[ns]"),
        rows=rows,
        weights=weights,
        values=values,
        errors=errors,
        time_step=time_step,
        sums=_zeros((len(names), n_channels, len(rows)), maps, errors.shape[1] - 1, n_slots),
        notes=tuple(notes),
    )


def _zeros(
    shape: tuple[int, int, int], maps: tuple[int, int] | None, n_errors: int, n_slots: int
) -> dict[str, np.ndarray]:
    """Sums of nothing, by name.

    Args:
        shape: numbers of forecasters, channels and lead times.
        maps: rows and columns of the grid; None without maps.
    """
    channelled = shape[1:]
    names = ("forecast", "forecast_square", "product")
    sums: dict[str, np.ndarray] = {name: np.zeros(shape) for name in names}
    sums |= {name: np.zeros(channelled) for name in ("weight", "truth", "truth_square")}
    sums["errors"] = np.zeros((*shape, n_errors), dtype="int64")
    sums["values"] = np.zeros((*channelled, VALUE_BINS, VALUE_BINS), dtype="int64")
    if maps is not None:
        sums |= {name: np.zeros((*shape, *maps)) for name in ("error", "squared_error")}
        sums["count"] = np.zeros((*channelled, *maps), dtype="int32")
    if n_slots:
        sums |= {f"slot_{name}": np.zeros((*channelled, n_slots)) for name in ("truth", "forecast")}
        sums["slot_count"] = np.zeros((*channelled, n_slots), dtype="int64")
    return sums
