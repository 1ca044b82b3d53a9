"""A small operations desk: a run, a store of waves that grows, and a job file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tomli_w
import torch
import xarray as xr

from models import build_network
from pipelines.grid import Grid
from pipelines.normalise import Normaliser
from pipelines.series import channels_of
from pipelines.store import write_store
from stforecast.batch.job import Job, load_job
from stforecast.experiment import load_experiment
from stforecast.forecaster import Forecaster

OPTIONS = {"spatial_width": 4, "translator_width": 8, "translator_layers": 2}


def save_forecaster(series: xr.DataArray, file: Path, *, seed: int = 0) -> None:
    """A forecaster that sees 4 frames and forecasts 3; untrained, as nobody looks at its skill."""
    torch.manual_seed(seed)
    sizes = {"height": series.sizes["y"], "width": series.sizes["x"]}
    channels = channels_of(series)
    network = build_network(
        "simvp",
        OPTIONS,
        history=4,
        horizon=3,
        channels_in=len(channels),
        channels_out=len(channels),
        **sizes,
    )
    Forecaster(
        network=network.eval(),
        experiment=load_experiment(
            base={
                "dataset": "weatherbench",
                "history": 4,
                "horizon": 3,
                "time_step": "6h",
                "network": {"name": "simvp", **OPTIONS},
            }
        ),
        channels=channels,
        normaliser=Normaliser((280.0,) * len(channels), (10.0,) * len(channels)),
        time_step=np.timedelta64(6, "h"),
        shape=(series.sizes["y"], series.sizes["x"]),
        grid=Grid(series["latitude"].values, series["longitude"].values),
        facts={"parameters": 1, "versions": {"torch": "2"}},
    ).save(file)


@dataclass(frozen=True)
class Desk:
    """Where a job is at home."""

    folder: Path
    series: xr.DataArray
    """200 frames every 6 hours from 2015-01-01 on."""

    def deliver(self, series: xr.DataArray) -> None:
        """What the input holds from now on."""
        write_store(series, self.folder / "data")

    def job(self, **tables: object) -> Job:
        """The job of the desk's file, with other keys or tables."""
        tree = {
            "name": "waves",
            "run": "run",
            "batch_size": 4,
            "input": {"data": "data"},
            "init_times": {"range": "2015-01-03T00:00/2015-01-04T18:00"},
            "output": [{"path": "out/{init_time:%Y%m%dT%H}.nc"}],
            **tables,
        }
        given = {key: value for key, value in tree.items() if value is not None}
        (self.folder / "job.toml").write_text(tomli_w.dumps(given))
        return load_job(self.folder / "job.toml")

    def outputs(self) -> dict[str, bytes]:
        """Every file below `out`, by name."""
        files = sorted((self.folder / "out").rglob("*"))
        return {file.name: file.read_bytes() for file in files if file.is_file()}


@pytest.fixture
def desk(tmp_path: Path, waves: xr.DataArray) -> Desk:
    """A desk whose data are all there."""
    save_forecaster(waves, tmp_path / "run" / "forecaster.safetensors")
    made = Desk(tmp_path, waves)
    made.deliver(waves)
    return made


@pytest.fixture
def new_forecaster(desk: Desk):
    """Puts another forecaster in the run's place."""
    return lambda seed: save_forecaster(
        desk.series, desk.folder / "run" / "forecaster.safetensors", seed=seed
    )
