"""Small runs with their data, as they lie in a folder of runs."""

import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
import tomli_w
import torch
import xarray as xr

from models import build_network
from pipelines.grid import Grid
from pipelines.normalise import Normaliser
from pipelines.series import Channel, channels_of, make_series, time_step_of
from pipelines.store import write_store
from stforecast.baselines.of_dataset import fit_baselines
from stforecast.batch.run import run_job
from stforecast.experiment import as_tree, load_experiment
from stforecast.forecaster import Forecaster
from stforecast.run import Run
from stforecast.viewing.catalogue import Entry, find_entries
from tests.conftest import T2M, make_waves
from tests.stforecast.batch.conftest import Desk, save_forecaster
from tests.stforecast.batch.conftest import desk as desk

NOW = np.datetime64("2015-01-04T19:00", "ns")
HISTORY, HORIZON = 4, 3
OPTIONS = {"spatial_width": 4, "translator_width": 8, "translator_layers": 2}
WIND = tuple(
    Channel(name, name, None, "m s-1", f"{toward}_wind")
    for name, toward in (("u10", "eastward"), ("v10", "northward"))
)


def save_run(folder: Path, series: xr.DataArray, *, data: Path | None, **keys: object) -> Run:
    """A run whose untrained network sees 4 frames and forecasts 3, with its baselines.

    Its training ends with the 120th frame, its validation with the 140th.
    """
    torch.manual_seed(0)
    channels, times = channels_of(series), series["time"].values
    shape = (series.sizes["y"], series.sizes["x"])
    ends = [str(np.datetime_as_string(times[row], unit="m")) for row in (0, 119, 120, 139, 140, -1)]
    network = build_network(
        "simvp",
        OPTIONS,
        history=HISTORY,
        horizon=HORIZON,
        channels_in=len(channels),
        channels_out=len(channels),
        height=shape[0],
        width=shape[1],
    )
    base = {
        "dataset": series.attrs["dataset"],
        "history": HISTORY,
        "horizon": HORIZON,
        "network": {"name": "simvp", **OPTIONS},
        "split": {
            name: "/".join(ends[2 * number : 2 * number + 2])
            for number, name in enumerate(("train", "validation", "test"))
        },
        **keys,
    }
    experiment = load_experiment(base=base if data is None else {**base, "data": str(data)})
    has_degrees = "latitude" in series.coords
    Forecaster(
        network=network.eval(),
        experiment=experiment,
        channels=channels,
        normaliser=Normaliser((100.0,) * len(channels), (10.0,) * len(channels)),
        time_step=time_step_of(times),
        shape=shape,
        grid=Grid(series["latitude"].values, series["longitude"].values) if has_degrees else None,
    ).save(folder / "forecaster.safetensors")
    run = Run(folder)
    run.experiment_file.write_text(tomli_w.dumps(as_tree(experiment)))
    fit_baselines(run, series[:120], dataset=experiment.dataset, time_step=time_step_of(times))
    return run


def make_city(n_times: int = 400) -> xr.DataArray:
    """Counts on 4×3 cells of New York, every half hour from a Monday on, with a daily rhythm."""
    rhythm = 30 + 20 * np.sin(2 * np.pi * np.arange(n_times) / 48)
    frames = rhythm[:, None, None, None] + np.arange(24).reshape(2, 4, 3)
    return make_series(
        frames.astype("float32"),
        times=np.datetime64("2016-01-04", "ns") + np.arange(n_times) * np.timedelta64(30, "m"),
        channels=[Channel(name, name, valid_min=0.0) for name in ("inflow", "outflow")],
        attrs={"dataset": "taxibj", "synthetic": "true", "time_zone": "America/New_York"},
    )


PLACE = {"extent": [40.0, 41.0, -74.0, -73.0], "first_cell": "south-west"}


def entry_at(folder: Path, name: str) -> Entry:
    """An entry of the catalogue of a folder."""
    return find_entries(folder).find(name)


@pytest.fixture(scope="session")
def _globe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `globe` is copied from: runs name their data from the folder that the test is in."""
    home = tmp_path_factory.mktemp("globe")
    series = make_waves(160, channels=(T2M, *WIND))
    series[:, 1:] -= 280
    write_store(series, home / "data" / "globe")
    save_run(home / "runs" / "globe", series, data=Path("data/globe"))
    return home


@pytest.fixture(scope="session")
def _city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `city` is copied from."""
    home = tmp_path_factory.mktemp("city")
    series = make_city()
    write_store(series, home / "data" / "city")
    save_run(home / "runs" / "city", series, data=Path("data/city"), place=PLACE)
    return home


@pytest.fixture
def globe(_globe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the run `globe`, of temperature and wind, whose data lie beside the folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(_globe, tmp_path, dirs_exist_ok=True)
    return tmp_path / "runs"


@pytest.fixture
def city(_city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the run `city`, of a grid whose first row lies in the south."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(_city, tmp_path, dirs_exist_ok=True)
    return tmp_path / "runs"


@pytest.fixture(scope="session")
def _worked(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """What `worked` is copied from."""
    made = Desk(tmp_path_factory.mktemp("desk"), make_waves(200))
    save_forecaster(made.series, made.folder / "run" / "forecaster.safetensors")
    made.deliver(made.series)
    run_job(made.job(freshness={"max_age": "6h"}), now=NOW)
    return made


@pytest.fixture
def worked(_worked: Desk, tmp_path: Path) -> Desk:
    """A desk whose job has made eight forecasts, and is to be no older than 6 hours."""
    shutil.copytree(_worked.folder, tmp_path, dirs_exist_ok=True)
    with sqlite3.connect(tmp_path / "waves.state" / "status.sqlite") as record:
        places = (str(_worked.folder), str(tmp_path))
        record.execute("UPDATE init_times SET outputs = replace(outputs, ?, ?)", places)
    record.close()
    return Desk(tmp_path, _worked.series)
