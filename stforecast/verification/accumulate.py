"""From forecasters and the truth to score sums: all on the very same cells, batch by batch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
import xarray as xr

from pipelines.series import select_channels
from stforecast.baselines.climatology import Climatology
from stforecast.forecast import ForecastModel
from stforecast.verification.dialects import Dialect
from stforecast.verification.picture_quality import weights_file
from stforecast.verification.statistics import STATISTICS, cells_of
from stforecast.verification.sums import ScoreSums
from stforecast.verification.truth import Reference, frames_at, reference_for
from stforecast.verification.weights import row_weights

__all__ = ["Batch", "accumulate"]

_GRID_TOLERANCE = 1e-3  # degrees, as in WeatherBench 2


_BATCH_BYTES = 64 * 2**20


@dataclass(frozen=True, eq=False)
class Batch:
    """Forecasts of some init times and their truth, as they are scored: B L C Y X, physical units."""

    channels: tuple[str, ...]
    """Those that are scored."""
    valid_times: np.ndarray
    """(B, L)."""
    truth: np.ndarray
    forecasts: Mapping[str, np.ndarray]
    """By the forecaster's name."""
    valid: np.ndarray
    """Where truth and every forecast are known; False is masked."""


def accumulate(
    forecasters: Mapping[str, ForecastModel],
    series: xr.DataArray,
    *,
    init_times: np.ndarray,
    lead_times: np.ndarray,
    dialect: Dialect,
    climatology: Climatology | None = None,
    batch_size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    observe: Callable[[Batch], None] | None = None,
) -> ScoreSums:
    """The score sums of all init times; arguments as for `evaluate`.

    Args:
        lead_times: those that every forecast must have.
        observe: told each batch of forecasts with their truth, so that more can be made of them.
    """
    init_times = np.asarray(init_times, dtype="datetime64[ns]")
    if batch_size is None:
        forecast_bytes = 4 * len(lead_times) * int(np.prod(series.shape[1:]))
        batch_size = int(np.clip(_BATCH_BYTES // max(forecast_bytes, 1), 1, 16))
    _check_asked(forecasters, init_times, lead_times, batch_size)
    if dialect.scaled and dialect.value_range is None:
        raise ValueError(
            f"Dialect {dialect.name!r} scales errors of {series.attrs.get('dataset', 'the data')} by "
            "the range of the training data; give value_range=(least, greatest)."
        )
    lead_times = lead_times.astype("timedelta64[ns]")
    truth_series, reference, batches = series, None, []
    for start in range(0, len(init_times), batch_size):
        chosen = init_times[start : start + batch_size]
        forecasts = {
            name: forecaster.forecast(series, init_times=chosen, steps=len(lead_times))
            for name, forecaster in forecasters.items()
        }
        if start == 0:
            truth_series = select_channels(series, _common_channels(forecasts, series))
            reference = reference_for(
                dialect,
                truth_series,
                valid_times=np.unique(init_times[:, None] + lead_times),
                climatology=climatology,
            )
        batches.append(
            _batch_sums(
                {
                    name: _values(name, forecast, truth_series, chosen, lead_times)
                    for name, forecast in forecasts.items()
                },
                truth_series,
                valid_times=chosen[:, None] + lead_times,
                weights=row_weights(series, rule=dialect.weights),
                reference=reference,
                dialect=dialect,
                observe=observe,
            )
        )
        if progress is not None:
            progress(start + len(chosen), len(init_times))
    coordinates = {
        "forecaster": list(forecasters),
        "init_time": init_times,
        "lead_time": lead_times,
        "channel": truth_series["channel"].values,
        **{name: ("channel", truth_series[name].values) for name in ("variable", "units")},
    }
    merged = xr.Dataset(
        {
            name: (dims, np.concatenate([batch[name][1] for batch in batches], axis=-3))
            for name, (dims, _) in batches[0].items()
        },
        coordinates,
        _rules(dialect, series, reference),
    )
    return ScoreSums(merged.sortby("init_time"))


def _batch_sums(
    forecasts: Mapping[str, np.ndarray],
    series: xr.DataArray,
    *,
    valid_times: np.ndarray,
    weights: np.ndarray,
    reference: Reference | None,
    dialect: Dialect,
    observe: Callable[[Batch], None] | None,
) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """Dimensions and sums, by name, of one batch of init times."""
    # Neighbouring forecasts share most of their valid times: each frame is read once.
    times, where = np.unique(valid_times, return_inverse=True)
    where = where.reshape(valid_times.shape)
    truth = frames_at(series, times)[where]
    climatology = None if reference is None else reference.frames_at(times)[where]
    known = ~np.isnan(truth)
    given = {name: ~np.isnan(values) for name, values in forecasts.items()}
    # Masked by name, not by skipna: nothing drops out of a mean without being counted.
    valid = reduce(np.logical_and, given.values(), known)
    if observe is not None:
        channels = tuple(map(str, series["channel"].values))
        observe(Batch(channels, valid_times, truth, forecasts, valid))
    statistics = _statistics_of(dialect, reference)
    columns: dict[str, list[np.ndarray]] = {name: [] for name in (*statistics, "missing")}
    for name, values in forecasts.items():
        cells = cells_of(
            values,
            truth,
            valid=valid,
            weights=weights,
            climatology=climatology,
            threshold=dialect.threshold,
            span=dialect.span,
        )
        # A forecast that diverged scores inf or NaN; it must not stop the others.
        with np.errstate(over="ignore", invalid="ignore"):
            for statistic in statistics:
                columns[statistic].append(STATISTICS[statistic](cells))
        columns["missing"].append(_count(known & ~given[name]))
    dims = ("init_time", "lead_time", "channel")
    sums = {name: (("forecaster", *dims), np.stack(column)) for name, column in columns.items()}
    return {**sums, "count": (dims, _count(valid)), "masked": (dims, _count(~valid))}


def _count(cells: np.ndarray) -> np.ndarray:
    return cells.sum(axis=(-2, -1)).astype("float64")


def _statistics_of(dialect: Dialect, reference: Reference | None) -> tuple[str, ...]:
    with_weights = weights_file() is not None
    wanted = [
        name
        for metric in dialect.metrics.values()
        if (reference is not None or not metric.needs_climatology)
        and (not metric.needs_weights or with_weights)
        for name in metric.statistics
    ]
    if reference is not None:
        wanted.append("anomaly_count")
    return tuple(dict.fromkeys(wanted))


def _rules(
    dialect: Dialect, series: xr.DataArray, reference: Reference | None
) -> dict[str, str | float]:
    """The attributes that every number carries."""
    rules: dict[str, str | float] = {}
    if dialect.threshold is not None:
        rules["threshold"] = dialect.threshold
    if dialect.value_range is not None:
        rules["value_low"], rules["value_high"] = dialect.value_range
    if dialect.by_period:
        # Without true times there are no rush hours and no weekends.
        if series.attrs.get("clock") == "artificial":
            rules["clock"] = "artificial"
        else:
            rules["holidays"] = str(series.attrs.get("holidays", ""))
    weights = dialect.weights if "latitude" in series.coords else "uniform"
    return {
        "dialect": dialect.name,
        "weights": weights,
        "climatology": "none" if reference is None else reference.description,
        "grid": f"{series.sizes['y']}x{series.sizes['x']}",
        "dataset": str(series.attrs.get("dataset", "")),
        "synthetic": str(series.attrs.get("synthetic", "")),
        **rules,
    }


def _check_asked(
    forecasters: Mapping[str, ForecastModel],
    init_times: np.ndarray,
    lead_times: np.ndarray,
    batch_size: int,
) -> None:
    if not forecasters:
        raise ValueError("There is no forecaster to evaluate; name at least one.")
    if len(init_times) == 0:
        raise ValueError(
            "There is no init_time to evaluate; the period may be shorter than a window."
        )
    if len(np.unique(init_times)) < len(init_times):
        raise ValueError("An init_time stands twice in init_times; it would count twice.")
    if len(lead_times) == 0:
        raise ValueError("There is no lead_time to evaluate; steps must be at least 1.")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, but it is {batch_size}.")


def _common_channels(forecasts: Mapping[str, xr.DataArray], series: xr.DataArray) -> list[str]:
    common = [
        str(channel)
        for channel in series["channel"].values
        if all(channel in forecast["channel"].values for forecast in forecasts.values())
    ]
    if not common:
        raise ValueError(
            f"{', '.join(forecasts)} and the truth have no channel in common; the truth has "
            f"{', '.join(map(str, series['channel'].values))}."
        )
    return common


def _values(
    name: str,
    forecast: xr.DataArray,
    truth: xr.DataArray,
    init_times: np.ndarray,
    lead_times: np.ndarray,
) -> np.ndarray:
    """The forecast's values (init_time, lead_time, channel, y, x) on the truth's channels and grid."""
    for dim, wanted in (("init_time", init_times), ("lead_time", lead_times)):
        if not np.array_equal(forecast[dim].values, wanted):
            raise ValueError(
                f"The forecast of {name} has {dim} {forecast[dim].values}, but {wanted} was asked for."
            )
    for dim, degrees in (("y", "latitude"), ("x", "longitude")):
        same = forecast.sizes[dim] == truth.sizes[dim]
        if same and degrees in truth.coords and degrees in forecast.coords:
            difference = forecast[degrees].values - truth[degrees].values
            same = bool((np.abs(difference) < _GRID_TOLERANCE).all())
        if not same:
            raise ValueError(
                f"The forecast of {name} and the truth differ in {degrees} (along {dim}); bring both "
                "to the same grid, in the same order."
            )
    dims = ("init_time", "lead_time", *truth.dims[1:])
    return forecast.sel(channel=truth["channel"].values).transpose(*dims).values
