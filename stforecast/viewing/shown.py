"""What is shown of one forecast: its fields in the units shown, and all that stands beside them.

L: lead time, H: history step, Y: row, X: column.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import xarray as xr

from pipelines.series import Channel
from stforecast.figures.fields import Fields

__all__ = ["VIEWS", "Shown", "View", "find_wind"]

View = Literal["forecast", "truth", "error", "anomaly", "truth anomaly"]
VIEWS: tuple[View, ...] = get_args(View)
"""Fields that a forecast has at a lead time; anomalies are taken from what is usual."""


@dataclass(frozen=True, eq=False)
class Shown:
    """One channel of one forecast at all its lead times, in the units shown."""

    fields: Fields
    """Forecast and truth (L, Y, X); the truth is NaN where it has no frame, None where there are no
    data at all."""
    grid: xr.DataArray
    """(Y, X): latitude and longitude where the grid has any, laid out as the fields are."""
    climatology: np.ndarray | None = None
    """What is usual at the valid times (L, Y, X): the climatology of the weather, the historical
    average of traffic."""
    usual: str = ""
    """Name of the baseline that `climatology` is."""
    baselines: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Baselines by name (L, Y, X)."""
    history: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0), dtype="float32"))
    """Frames up to the init_time (H, Y, X), NaN where one is missing; none where there are no data."""
    history_times: np.ndarray = field(default_factory=lambda: np.empty(0, dtype="datetime64[ns]"))
    """(H,)."""
    wind: tuple[np.ndarray, np.ndarray] | None = None
    """Eastward and northward wind of the forecast at the channel's level (L, Y, X), m/s."""

    def field(self, what: View, number: int) -> np.ndarray | None:
        """One field (Y, X) at the lead time of that number; None where there is none."""
        forecast, truth = self.fields.forecast[number], None
        if self.fields.truth is not None:
            truth = self.fields.truth[number]
        if what == "forecast":
            return forecast
        if what == "truth":
            return truth
        if what == "error":
            return None if truth is None else forecast - truth
        shown = forecast if what == "anomaly" else truth
        if self.climatology is None or shown is None:
            return None
        return shown - self.climatology[number]

    @property
    def nbytes(self) -> int:
        """Bytes that its arrays take in memory."""
        arrays = [self.fields.forecast, self.fields.truth, self.climatology, self.history]
        arrays += [*self.baselines.values(), *(self.wind or ())]
        # The climatology is one of the baselines, held once.
        return sum({id(array): array.nbytes for array in arrays if array is not None}.values())


def find_wind(channels: Sequence[Channel], channel: Channel) -> tuple[str, str] | None:
    """Names of the channels of eastward and northward wind at a channel's level; None without both.

    Near the ground that is the wind at 10 m, else that at 100 m.
    """
    pairs = [("u", "v")] if channel.level is not None else [("u10", "v10"), ("u100", "v100")]
    known = {(one.variable, one.level): one.name for one in channels}
    for pair in pairs:
        east, north = (known.get((variable, channel.level)) for variable in pair)
        if east is not None and north is not None:
            return east, north
    return None
