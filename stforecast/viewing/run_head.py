"""What a run says of itself without its weights: channels, steps, grid, and its splits."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from pipelines.places import Place
from pipelines.series import Channel, parse_step
from pipelines.time_range import parse_times
from stforecast.experiment import Experiment, load_experiment
from stforecast.viewing.headers import read_header

__all__ = ["Head", "period_within", "read_head"]


@dataclass(frozen=True, eq=False)
class Head:
    """What the head of a forecaster file says."""

    experiment: Experiment
    channels: tuple[Channel, ...]
    time_step: np.timedelta64
    shape: tuple[int, int]
    latitude: np.ndarray | None
    longitude: np.ndarray | None

    def grid(self, place: Place | None) -> xr.DataArray:
        """(y, x) without values, laid out as maps show it."""
        coordinates = {}
        if self.latitude is not None and self.longitude is not None:
            coordinates = {"latitude": ("y", self.latitude), "longitude": ("x", self.longitude)}
        empty = np.broadcast_to(np.float32(np.nan), self.shape)
        bare = xr.DataArray(empty, dims=("y", "x"), coords=coordinates)
        return bare if place is None else place.lay_out(bare)


def read_head(file: Path) -> Head:
    """What the head of a forecaster file says; the weights are not read.

    Raises:
        ValueError: it is no whole forecaster.
    """
    header = read_header(file)
    grid = header["grid"] or {"latitude": None, "longitude": None}
    degrees = {
        name: None if values is None else np.asarray(values, dtype="float64")
        for name, values in grid.items()
    }
    rows, columns = header["shape"]
    return Head(
        experiment=load_experiment(base=header["experiment"]),
        channels=tuple(Channel(**channel) for channel in header["channels"]),
        time_step=parse_step(header["time_step"]),
        shape=(rows, columns),
        **degrees,
    )


def period_within(experiment: Experiment, init_time: np.datetime64, lead_times: np.ndarray) -> str:
    """The first of train, validation and test into which a forecast reaches; "" if none."""
    first = init_time.astype("datetime64[ns]")
    last = first + lead_times[-1]
    for name in ("train", "validation", "test"):
        part = getattr(experiment.split, name)
        if isinstance(part, str):  # a fraction was never resolved: the run was not trained here
            start, end = parse_times(part)
            if first <= end and last >= start:
                return name
    return ""
