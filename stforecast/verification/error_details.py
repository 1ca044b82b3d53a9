"""Errors in detail: where, how large and of which values, summed in the pass that makes the scores.

Axes: B init_time, L lead_time, C channel, Y row, X column, E and G edges of bins.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from pipelines.series import name_step
from stforecast.verification.accumulate import Batch
from stforecast.verification.error_bins import VALUE_BINS, counts_in, numbers_in

__all__ = ["WEEK", "ErrorDetails"]

_PART = 2**19
"""Values in work at once, at least one frame."""
_MONDAY = np.datetime64("1970-01-05", "ns")
WEEK = np.timedelta64(7, "D")


@dataclass(frozen=True, eq=False)
class ErrorDetails:
    """Sums over init times, which `add` adds to; as much of them as fits into memory.

    All are taken over the cells that the scores are taken over: those of which truth and every forecast
    are known.
    """

    like: xr.DataArray
    """The series: channels and grid."""
    forecasters: tuple[str, ...]
    """Those that are looked at; the first one is what the values are counted of."""
    lead_times: np.ndarray
    """Those that are looked at."""
    rows: tuple[int, ...]
    """Their numbers in a batch."""
    weights: Float[np.ndarray, "Y"]
    """Of the rows of the grid, mean 1."""
    values: Float[np.ndarray, "C E"]
    """Edges of the bins of values."""
    errors: Float[np.ndarray, "C G"]
    """Edges of the bins of errors."""
    time_step: np.timedelta64
    """Between frames; the length of a slot of the week."""
    sums: dict[str, np.ndarray]
    """By name; the first axes are forecaster, channel and lead_time as far as they are there."""
    notes: tuple[str, ...]
    """What was left out for want of memory."""

    def add(self, batch: Batch) -> None:
        """Add the errors of a batch of init times.

        Raises:
            ValueError: the batch has other channels than the series.
        """
        channels = tuple(map(str, self.like["channel"].values))
        if batch.channels != channels:
            raise ValueError(
                f"The errors are of the channels {', '.join(channels)}, but the forecasts have "
                f"{', '.join(batch.channels)} in common; select these from the series first."
            )
        n_init_times, n_channels, height, width = batch.truth[:, 0].shape
        n_at_once = max(1, _PART // (n_init_times * height * width))
        parts = [slice(n, n + n_at_once) for n in range(0, n_channels, n_at_once)]
        # A forecast that diverged is inf or NaN here too; it must not stop the others.
        with np.errstate(over="ignore", invalid="ignore"):
            for place, row in enumerate(self.rows):
                for part in parts:
                    self._add_part(batch, row, (part, place))

    def _add_part(self, batch: Batch, row: int, at: tuple[slice, int]) -> None:
        """Add some channels at one lead time; `at` is where they are in the sums."""
        part = at[0]
        known = batch.valid[:, row, part]
        truth = np.where(known, batch.truth[:, row, part].astype("float64"), 0.0)
        self._add_truth(at, truth, known)
        for number, name in enumerate(self.forecasters):
            values = batch.forecasts[name][:, row, part].astype("float64")
            forecast = np.where(known, values, 0.0)
            self._add_errors((number, *at), forecast, truth, known)
            if number == 0:
                self._add_values(at, forecast, truth, known)
                self._add_slots(at, forecast, truth, known, batch.valid_times[:, row])

    def _add_truth(self, at: tuple[slice, int], truth: np.ndarray, known: np.ndarray) -> None:
        if "count" in self.sums:
            self.sums["count"][at] += known.sum(axis=0)
        shifted = np.where(known, truth - self._middle[at[0]], 0.0)
        weighted = self.weights[:, None] * shifted
        self.sums["weight"][at] += (known.sum(axis=-1) @ self.weights).sum(axis=0)
        self.sums["truth"][at] += weighted.sum(axis=(0, 2, 3))
        self.sums["truth_square"][at] += (weighted * shifted).sum(axis=(0, 2, 3))

    def _add_errors(
        self,
        at: tuple[int, slice, int],
        forecast: np.ndarray,
        truth: np.ndarray,
        known: np.ndarray,
    ) -> None:
        part, error, middle = at[1], forecast - truth, self._middle[at[1]]
        if "error" in self.sums:
            self.sums["error"][at] += error.sum(axis=0)
            self.sums["squared_error"][at] += (error * error).sum(axis=0)
        shifted = np.where(known, forecast - middle, 0.0)
        weighted = self.weights[:, None] * shifted
        self.sums["forecast"][at] += weighted.sum(axis=(0, 2, 3))
        self.sums["forecast_square"][at] += (weighted * shifted).sum(axis=(0, 2, 3))
        self.sums["product"][at] += (weighted * (truth - middle)).sum(axis=(0, 2, 3))
        for counted, edges, errors, where in zip(
            self.sums["errors"][at],
            self.errors[part],
            np.moveaxis(error, 1, 0),
            np.moveaxis(known, 1, 0),
            strict=True,
        ):
            counted += counts_in(errors[where], edges)

    def _add_values(
        self, at: tuple[slice, int], forecast: np.ndarray, truth: np.ndarray, known: np.ndarray
    ) -> None:
        for number, (counted, edges) in enumerate(
            zip(self.sums["values"][at], self.values[at[0]], strict=True)
        ):
            where = known[:, number]
            of_truth = numbers_in(truth[:, number][where], edges)
            of_forecast = numbers_in(forecast[:, number][where], edges)
            together = np.bincount(VALUE_BINS * of_truth + of_forecast, minlength=VALUE_BINS**2)
            counted += together.reshape(VALUE_BINS, VALUE_BINS)

    def _add_slots(
        self,
        at: tuple[slice, int],
        forecast: np.ndarray,
        truth: np.ndarray,
        known: np.ndarray,
        valid_times: np.ndarray,
    ) -> None:
        if "slot_count" not in self.sums:
            return
        slots = (valid_times - _MONDAY) % WEEK // self.time_step
        for name, cells in (
            ("slot_truth", truth),
            ("slot_forecast", forecast),
            ("slot_count", known),
        ):
            # Once for each frame, though two of them may be of one slot.
            np.add.at(self.sums[name][at].T, slots, cells.sum(axis=(-2, -1)))

    @property
    def _middle(self) -> Float[np.ndarray, "C 1 1"]:
        """What is taken off values before they are squared, so that no digit is lost."""
        return self.values.mean(axis=1)[:, None, None]

    def summarise(self) -> xr.Dataset:
        """The errors in detail, in the channels' units.

        Returns:
            `mean_squared_error` and `bias` (forecaster, channel, lead_time, y, x) and `count`
            (channel, lead_time, y, x), the number of forecasts of each cell; `row_weight` (y), with
            which cells make the scores; `correlation` (forecaster, channel, lead_time) over all cells
            and init times; `values` (channel, lead_time, truth_bin, forecast_bin), how often the first
            forecaster said what; `value_edge` (channel, value_bound); `errors` (forecaster, channel,
            lead_time, error_bin) and `error_edge` (channel, error_bound). The outer bins are open.
            Of traffic with a true clock also `truth_mean` and `forecast_mean` (channel, lead_time,
            slot) of the first forecaster, over all cells, with `slot_count`.
        """
        sums, channelled = self.sums, ("channel", "lead_time")
        dims = ("forecaster", *channelled)
        columns: dict[str, tuple[tuple[str, ...], np.ndarray]] = {
            "correlation": (dims, self._correlation()),
            "values": ((*channelled, "truth_bin", "forecast_bin"), sums["values"]),
            "value_edge": (("channel", "value_bound"), self.values),
            "errors": ((*dims, "error_bin"), sums["errors"]),
            "error_edge": (("channel", "error_bound"), self.errors),
        }
        if "count" in sums:
            count = sums["count"]
            for name, total in (("mean_squared_error", "squared_error"), ("bias", "error")):
                mean = _mean(sums[total], count).astype("float32")
                columns[name] = ((*dims, "y", "x"), mean)
            columns["count"] = ((*channelled, "y", "x"), count)
            columns["row_weight"] = (("y",), self.weights)
        attrs = {
            "bins": "the outer bins of values and of errors also hold what lies beyond them",
            "time_step": name_step(self.time_step),
        }
        if "slot_count" in sums:
            for name in ("truth", "forecast"):
                mean = _mean(sums[f"slot_{name}"], sums["slot_count"])
                columns[f"{name}_mean"] = ((*channelled, "slot"), mean)
            columns["slot_count"] = ((*channelled, "slot"), sums["slot_count"])
        if self.notes:
            attrs["left_out"] = "; ".join(self.notes)
        kept = [name for name in self.like.coords if set(self.like[name].dims) <= {"channel"}]
        if "count" in sums:
            kept += [name for name in ("latitude", "longitude") if name in self.like.coords]
        coordinates = {
            **{name: self.like[name].variable for name in kept},
            "forecaster": list(self.forecasters),
            "lead_time": self.lead_times,
        }
        return xr.Dataset(columns, coordinates, attrs)

    def _correlation(self) -> Float[np.ndarray, "F C L"]:
        sums, weight = self.sums, self.sums["weight"]
        # One that diverged has none, and 0 / 0 is none either.
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            truth, forecast = sums["truth"] / weight, sums["forecast"] / weight
            covariance = sums["product"] / weight - truth * forecast
            square = sums["truth_square"] / weight - truth**2
            spread = np.sqrt(square * (sums["forecast_square"] / weight - forecast**2))
            return np.where(spread > 0, covariance / spread, np.nan)


def _mean(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Total over count; NaN where nothing was counted."""
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
