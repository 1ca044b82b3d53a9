"""Inputs that vary in space, cells without values: from training to forecast."""

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open

from pipelines.grid import Grid
from pipelines.inputs import Inputs
from pipelines.series import Channel, make_series
from pipelines.store import write_store
from stforecast.evaluation import evaluate_run
from stforecast.experiment import load_experiment
from stforecast.forecaster import load_forecaster, read_facts
from stforecast.training import train
from tests.conftest import make_waves

T2M = Channel("t2m", "t2m", None, "K", "air_temperature", "2 metre temperature")
TINY = {
    "dataset": "weatherbench",
    "history": 2,
    "horizon": 2,
    "network": {
        "name": "simvp",
        "spatial_width": 8,
        "translator_width": 16,
        "translator_layers": 2,
    },
    "training": {"epochs": 2, "batch_size": 16, "learning_rate": 5e-3},
}


def tiny(*settings):
    return load_experiment(base=TINY, settings=settings)


def with_surface(series):
    rng = np.random.default_rng(1)
    height = rng.random(series.shape[2:], dtype="float32")
    return series.assign_coords(
        orography=(("y", "x"), 2000 * height),
        land_sea_mask=(("y", "x"), np.round(height)),
    )


def losses(run):
    return pd.read_csv(run.history_file)["validation_loss"]


@pytest.mark.parametrize(
    ("name", "planes"),
    [
        ("slot_of_day", 4),
        ("time_of_year", 2),
        ("solar", 1),
        ("latitude", 1),
        ("longitude", 2),
        ("orography", 1),
        ("land_sea_mask", 1),
        ("present", 2),
    ],
)
def test_each_input_trains_and_forecasts(waves, tmp_path, name, planes):
    run = train(tiny(f"inputs={name}"), with_surface(waves[:90]), tmp_path / "run")
    assert run.experiment().inputs == (name,)
    assert np.isfinite(losses(run)).all()
    forecaster = load_forecaster(run.folder)
    assert forecaster.inputs.n_planes == planes
    # The surface came with the forecaster: these data have none.
    forecast = forecaster.forecast(waves, init_times=waves["time"].values[[100]], steps=6)
    assert np.isfinite(forecast.values).all()


@pytest.fixture(scope="module")
def land():
    """Waves over land: the first columns hold no value, others now and then; 20 to 55 % are missing."""
    series = with_surface(make_waves(120))
    rng = np.random.default_rng(0)
    series = series.where(rng.random(series.shape) > 0.2).astype("float32")
    series[:, :, :, :5] = np.nan
    return series


@pytest.fixture(scope="module")
def run(land, tmp_path_factory):
    experiment = tiny("inputs=where,when,present")
    return train(experiment, land, tmp_path_factory.mktemp("runs") / "run", device="cpu")


def test_a_run_knows_its_surface_and_its_empty_cells(run):
    facts = read_facts(run.folder)
    assert facts["inputs"]["surface"] == ["land_sea_mask", "orography"]
    assert facts["empty_cells"] == 2 * 8 * 5
    with safe_open(run.forecaster_file, framework="pt") as stored:
        assert {"surface/orography", "surface/land_sea_mask", "empty_cells"} <= set(stored.keys())


def test_over_the_sea_nothing_is_forecast(run, land):
    forecaster = load_forecaster(run.folder)
    bare = land.drop_vars(["orography", "land_sea_mask"])
    forecast = forecaster.forecast(bare, init_times=land["time"].values[[50, 60]], steps=9)
    assert np.isnan(forecast.values[..., :5]).all()
    assert np.isfinite(forecast.values[..., 5:]).all()
    assert {"orography", "land_sea_mask"}.isdisjoint(map(str, forecast.coords))


def test_a_forecast_sees_only_the_past_and_which_of_it_is_there(run, land):
    forecaster = load_forecaster(run.folder)
    init_time = land["time"].values[[50]]
    whole = forecaster.forecast(land, init_times=init_time, steps=9)
    assert forecaster.forecast(land[:51], init_times=init_time, steps=9).identical(whole)
    # A value that is there looks otherwise than a missing one, though both enter as the mean.
    usual = land.copy()
    row, column = np.argwhere(np.isnan(land.values[50, 0, :, 5:]))[0]
    usual[50, 0, row, 5 + column] = forecaster.normaliser.mean[0]
    other = forecaster.forecast(usual, init_times=init_time, steps=1)
    assert np.abs(other.values - whole.values[:, :1])[..., 5:].max() > 1e-6


def test_a_run_over_land_is_scored(run, land, tmp_path):
    write_store(land, tmp_path / "store")
    scores = evaluate_run(run, data=tmp_path / "store", device="cpu")
    rmse = scores["score"].sel(metric="rmse") if "score" in scores else scores["rmse"]
    assert np.isfinite(rmse.sel(forecaster=["simvp", "persistence"]).values).all()


def test_a_resumed_training_has_the_same_planes(land, run, tmp_path):
    experiment = tiny("inputs=where,when,present", "training.epochs=1")
    short = train(experiment, land, tmp_path / "run", device="cpu")
    again = train(short.experiment(), land, short.folder, resume=True, device="cpu")
    assert again.forecaster_file.read_bytes() == short.forecaster_file.read_bytes()
    with pytest.raises(ValueError, match="inputs = 'orography', but the data have none"):
        train(short.experiment(), land.drop_vars("orography"), short.folder, resume=True)


def noisy(frames, grid, *, seed=0):
    """A series every 6 hours of frames with noise of deviation 0.3."""
    rng = np.random.default_rng(seed)
    frames = frames + 0.3 * rng.standard_normal(frames.shape)
    times = np.datetime64("2015-01-01", "ns") + np.arange(len(frames)) * np.timedelta64(6, "h")
    return make_series(
        frames[:, None].astype("float32"),
        times=times,
        channels=[T2M],
        latitude=grid.latitude,
        longitude=grid.longitude,
        attrs={"dataset": "weatherbench", "time_zone": "UTC"},
    )


def best_loss(series, folder, inputs):
    settings = (f"inputs={inputs}", "history=1", "horizon=1", "training.epochs=5")
    return losses(train(tiny(*settings), series, folder, device="cpu")).min()


def test_what_the_sun_drives_is_forecast_better_by_who_knows_the_sun(tmp_path):
    # Two nights look alike in the history, but another hour follows each of them.
    grid = Grid(np.arange(12.0, -12.0, -4.0), np.arange(10.0, 34.0, 4.0))
    times = np.datetime64("2015-01-01", "ns") + np.arange(300) * np.timedelta64(6, "h")
    six_hours = np.timedelta64(6, "h").astype("timedelta64[ns]")
    sun = Inputs(names=("solar",), step=six_hours, n_channels=1, grid=grid)
    bare = noisy(np.zeros((300, 6, 6)), grid)
    numbers = torch.from_numpy(sun.of_frames(bare.assign_coords(time=times)))[None]
    frames = torch.zeros(1, 300, 1, 6, 6)
    (radiation,) = sun.planes().beside(frames, numbers, frames == 0)
    series = noisy(2 * radiation[0, :, 0].numpy(), grid)
    blind, knowing = (best_loss(series, tmp_path / name, name) for name in ("present", "solar"))
    assert knowing < 0.8 * blind


def test_what_depends_on_the_ground_is_forecast_better_by_who_knows_the_ground(tmp_path):
    # High cells persist, low ones change their sign: one frame does not tell which is which.
    grid = Grid(78.75 - 22.5 * np.arange(8), 22.5 * np.arange(16))
    rng = np.random.default_rng(0)
    height = rng.random((8, 16))
    frames = np.zeros((300, 8, 16))
    for step in range(1, 300):
        kept = np.where(height > 0.5, 0.95, -0.95) * frames[step - 1]
        frames[step] = kept + 0.3 * rng.standard_normal((8, 16))
    series = noisy(frames, grid).assign_coords(orography=(("y", "x"), height.astype("float32")))
    blind, knowing = (best_loss(series, tmp_path / name, name) for name in ("present", "orography"))
    assert knowing < 0.8 * blind
