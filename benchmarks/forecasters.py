"""Forecasters that nobody trained, of any size: how long they take does not depend on their weights."""

import xarray as xr

from pipelines.grid import Grid
from pipelines.normalise import Normaliser
from pipelines.series import channels_of, name_step, time_step_of
from stforecast.experiment import Experiment
from stforecast.forecaster import Forecaster
from stforecast.networks import network_of

__all__ = ["SMALL", "made_forecaster"]

SMALL = {
    "name": "simvp",
    "translator": "gsta",
    "spatial_width": 8,
    "translator_width": 32,
    "spatial_layers": 2,
    "translator_layers": 2,
}
"""Options of a gSTA network that takes no time beside what is around it."""


def made_forecaster(series: xr.DataArray, *, history: int, horizon: int) -> Forecaster:
    """A forecaster of `SMALL` with fresh weights that fits a series around 280."""
    channels = channels_of(series)
    shape = (series.sizes["y"], series.sizes["x"])
    step = time_step_of(series["time"].values)
    experiment = Experiment.model_validate(
        {
            "dataset": str(series.attrs["dataset"]),
            "time_step": name_step(step),
            "history": history,
            "horizon": horizon,
            "network": SMALL,
        }
    )
    return Forecaster(
        network=network_of(experiment, n_channels=len(channels), shape=shape).eval(),
        experiment=experiment,
        channels=channels,
        normaliser=Normaliser((280.0,) * len(channels), (5.0,) * len(channels)),
        time_step=step,
        shape=shape,
        grid=Grid(series["latitude"].values, series["longitude"].values),
    )
