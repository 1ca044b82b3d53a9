"""Score sums: summed statistics of each init time, from which scores are computed at any time later.

They add up: sums of two batches, two years or two jobs make the sums of both, without a new forecast.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.atomic import atomic_path
from stforecast.verification.dialects import Dialect, dialect_of
from stforecast.verification.periods import masks_of_periods
from stforecast.verification.scaled import join_channels

__all__ = ["ScoreSums", "load_sums"]

_MERGED_ATTRS = (
    "dialect",
    "climatology",
    "grid",
    "dataset",
    "synthetic",
    "threshold",
    "value_low",
    "value_high",
    "clock",
)


@dataclass(frozen=True, eq=False)
class ScoreSums:
    """Sums over the cells of each forecast, float64; `+` merges two of them."""

    data: xr.Dataset
    """A variable for each statistic (forecaster, init_time, lead_time, channel); `count`, `masked`
    and `missing` in numbers of values. The attributes name the dialect and the climatology."""

    def __post_init__(self) -> None:
        _ = self.dialect

    @property
    def dialect(self) -> Dialect:
        """By whose rules the statistics were summed."""
        return dialect_of(self.data.attrs)

    def __add__(self, other: "ScoreSums") -> "ScoreSums":
        _check_mergeable(self.data, other.data)
        # What one part has not counted is 0 in its sums.
        times = {
            dim: np.union1d(self.data[dim], other.data[dim]) for dim in ("init_time", "lead_time")
        }
        total = self.data.reindex(times, fill_value=0) + other.data.reindex(times, fill_value=0)
        attrs = dict(self.data.attrs)
        if "holidays" in attrs:
            both = f"{attrs['holidays']} {other.data.attrs['holidays']}"
            attrs["holidays"] = " ".join(sorted(set(both.split())))
        return ScoreSums(total.assign_attrs(attrs))

    def over_init_times(self, *, by: str | None = None) -> xr.Dataset:
        """The sums over all init times, or over those of each group, such as "init_time.month".

        In a dialect that adds up the channels, `all` stands behind them.
        """
        grouped = self.data if by is None else self.data.groupby(by)
        total = grouped.sum("init_time", skipna=False, keep_attrs=True)
        return join_channels(total) if self.dialect.scaled else total

    def over_periods(self) -> xr.Dataset:
        """The sums of each period (period, …): a frame is of the period of its valid time."""
        valid_times = (self.data["init_time"] + self.data["lead_time"]).transpose(
            "init_time", "lead_time"
        )
        masks = masks_of_periods(valid_times.values, holidays=self.data.attrs["holidays"])
        # Where and not times: 0 × inf is no 0.
        parts = [
            self.data.where(valid_times.copy(data=mask), 0).sum(
                "init_time", skipna=False, keep_attrs=True
            )
            for mask in masks.values()
        ]
        return xr.concat(parts, dim=xr.Variable("period", list(masks)))

    def scores(self, *, by: str | None = None) -> xr.DataArray:
        """Scores (forecaster, metric, channel, lead_time), one set for each group if `by` is given."""
        return scores_of(self.over_init_times(by=by), dialect=self.dialect)

    def pooled_scores(self, *, by: str | None = None) -> xr.DataArray:
        """Scores over all lead times together (forecaster, metric, channel)."""
        sums = self.over_init_times(by=by).sum("lead_time", skipna=False)
        return scores_of(sums, dialect=self.dialect)

    def save(self, path: Path) -> None:
        """Write the sums as a plain NetCDF file."""
        with atomic_path(path) as temporary:
            self.data.to_netcdf(temporary, engine="netcdf4")


def load_sums(path: Path) -> ScoreSums:
    """The sums that `ScoreSums.save` wrote."""
    with xr.open_dataset(path, engine="netcdf4", decode_timedelta=True) as file:
        return ScoreSums(file.load())


def _check_mergeable(first: xr.Dataset, second: xr.Dataset) -> None:
    labels = {key: (first.attrs.get(key), second.attrs.get(key)) for key in _MERGED_ATTRS}
    for key in ("forecaster", "channel", "units"):
        labels[key] = (first[key].values.tolist(), second[key].values.tolist())
    for key, (ours, theirs) in labels.items():
        if ours != theirs:
            raise ValueError(
                f"Score sums with {key} {ours!r} and {theirs!r} do not add up; evaluate both by the "
                "same rules."
            )
    common = [np.intersect1d(first[dim], second[dim]) for dim in ("init_time", "lead_time")]
    if all(len(values) for values in common):
        raise ValueError(
            f"init_time {np.datetime_as_string(common[0][0], unit='m')} is in both score sums; added "
            "up it would count twice. Leave it out of one of them."
        )


def scores_of(sums: xr.Dataset, *, dialect: Dialect) -> xr.DataArray:
    """The dialect's scores of summed statistics, with `units` (metric, channel)."""
    metrics = {
        name: metric
        for name, metric in dialect.metrics.items()
        if all(statistic in sums for statistic in metric.statistics)
    }
    columns = [metric.finalise(sums) for metric in metrics.values()]
    scores = xr.concat(columns, dim="metric", coords="minimal", compat="override")
    scores = scores.assign_coords(metric=list(metrics))
    units = [
        [metric.units(str(unit)) for unit in sums["units"].values] for metric in metrics.values()
    ]
    scores = scores.drop_vars("units").assign_coords(
        units=(("metric", "channel"), np.array(units, dtype=str))
    )
    order = ("forecaster", "metric", "channel", "lead_time")
    return scores.transpose(..., *[dim for dim in order if dim in scores.dims])
