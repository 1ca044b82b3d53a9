"""Extra inputs from training to forecast."""

import numpy as np
import pytest

from pipelines.series import Channel, make_series
from stforecast.experiment import load_experiment
from stforecast.forecaster import load_forecaster, read_facts
from stforecast.training import train

HALF_HOUR = np.timedelta64(30, "m").astype("timedelta64[ns]")
TINY = {
    "dataset": "taxibj",
    "history": 4,
    "horizon": 4,
    "normalisation": "minmax01",
    "inputs": ["calendar", "weather"],
    "network": {"name": "simvp", "spatial_width": 4, "translator_width": 8, "translator_layers": 2},
    "training": {"epochs": 1, "batch_size": 16, "learning_rate": 5e-3},
}


def traffic(n_days=6, *, first="2016-01-04"):
    """Flows that follow the clock, with weather and a holiday."""
    times = np.datetime64(first, "ns") + np.arange(48 * n_days) * HALF_HOUR
    slots = np.arange(len(times)) % 48
    rng = np.random.default_rng(0)
    level = 60 - 50 * np.cos(2 * np.pi * slots / 48)
    frames = rng.poisson(level[:, None, None, None], (len(times), 2, 5, 3)).astype("float32")
    channels = [Channel(name, name, valid_min=0.0) for name in ("inflow", "outflow")]
    series = make_series(
        frames,
        times=times,
        channels=channels,
        attrs={"dataset": "taxibj", "holidays": "2016-01-06", "time_zone": "Asia/Shanghai"},
    )
    return series.assign_coords(temperature=("time", 10 + 5 * np.sin(slots).astype("float32")))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    experiment = load_experiment(base=TINY, settings=["place.preset=none"])
    return train(experiment, traffic(), tmp_path_factory.mktemp("runs") / "run")


def test_the_run_names_its_inputs_one_by_one(run):
    names = ("slot_of_day", "day_of_week", "holiday", "temperature")
    assert run.experiment().inputs == names
    facts = read_facts(run.folder)
    assert facts["inputs"]["holidays"] == ["2016-01-06"]
    # Statistics of the training split: 70 % of 288 frames less the gap of 8.
    trained = traffic()["temperature"].values[:194].astype("float64")
    assert facts["inputs"]["mean"]["temperature"] == pytest.approx(trained.mean())
    assert facts["inputs"]["deviation"]["temperature"] == pytest.approx(trained.std())


def test_a_whole_day_ahead_is_forecast_and_never_negative(run):
    series = traffic()
    forecaster = load_forecaster(run.folder)
    init_time = series["time"].values[[100]]
    forecast = forecaster.forecast(series, init_times=init_time, steps=48)
    assert forecast.shape == (1, 48, 2, 5, 3)
    assert float(forecast.min()) >= 0
    assert np.isfinite(forecast.values).all()
    past = forecaster.forecast(series[:101], init_times=init_time, steps=48)
    assert np.array_equal(past, forecast)


def test_the_same_flows_at_another_time_of_day_are_another_forecast(run):
    forecaster = load_forecaster(run.folder)
    series = traffic()
    later = series.assign_coords(time=series["time"].values + 12 * HALF_HOUR)
    forecasts = [
        forecaster.forecast(data, init_times=data["time"].values[[100]], steps=4).values
        for data in (series, later)
    ]
    assert np.abs(forecasts[0] - forecasts[1]).max() > 1e-3


def test_data_without_the_weather_are_refused(run):
    forecaster = load_forecaster(run.folder)
    bare = traffic().drop_vars("temperature")
    with pytest.raises(ValueError, match="The data have no temperature, which this network takes"):
        forecaster.forecast(bare, init_times=bare["time"].values[[100]], steps=4)


def test_a_tendency_takes_inputs_too(tmp_path):
    experiment = load_experiment(base=TINY, settings=["target=tendency", "inputs=calendar"])
    run = train(experiment, traffic(), tmp_path / "run")
    forecast = load_forecaster(run.folder).forecast(
        traffic(), init_times=traffic()["time"].values[[100]], steps=6
    )
    assert np.isfinite(forecast.values).all()
