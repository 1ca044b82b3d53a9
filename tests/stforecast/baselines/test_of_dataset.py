import numpy as np
import pytest
import xarray as xr

from pipelines.series import Channel, make_series
from stforecast.baselines.of_dataset import (
    BASELINE_NAMES,
    BASELINES,
    baselines_of,
    fit_baselines,
    load_baselines,
    note_on_missing,
)
from stforecast.run import Run
from stforecast.verification.evaluate import evaluate

HALF_HOUR = np.timedelta64(30, "m")
TRAFFIC = {"dataset": "taxibj"}


@pytest.fixture
def traffic():
    """Four weeks of half-hourly counts."""
    n_times = 4 * 7 * 48
    frames = np.random.default_rng(0).poisson(30, size=(n_times, 2, 2, 2)).astype("float32")
    return make_series(
        frames,
        times=np.datetime64("2016-01-04", "ns") + np.arange(n_times) * HALF_HOUR,
        channels=[Channel(name, name) for name in ("inflow", "outflow")],
        attrs=TRAFFIC,
    )


def names_of(baselines):
    return [model.name for model in baselines.models]


def prepare(run, series, *, n_training=1000, time_step=HALF_HOUR, dataset="taxibj"):
    fit_baselines(run, series[:n_training], dataset=dataset, time_step=time_step)
    return load_baselines(
        run,
        series,
        dataset=dataset,
        time_step=time_step,
        times=series["time"].values[n_training:],
    )


def test_each_dataset_has_its_baselines():
    named = dict(BASELINES)
    assert named.pop("weatherbench") == ("persistence", "climatology")
    traffic = ("persistence", "daily_naive", "weekly_naive", "historical_average")
    assert named.pop("taxibj") == traffic
    assert set(named.values()) == {("persistence",)}  # of video
    assert set(BASELINE_NAMES) == {name for row in BASELINES.values() for name in row}


def test_traffic_is_compared_with_days_and_weeks(traffic, tmp_path):
    run = Run(tmp_path)
    baselines = prepare(run, traffic)
    assert names_of(baselines) == list(BASELINES["taxibj"])
    assert (baselines.climatology, baselines.notes) == (None, [])
    assert run.historical_average_file.is_file()
    assert not run.climatology_file.exists()


def test_weather_is_compared_with_its_climatology(waves, tmp_path):
    run = Run(tmp_path)
    six_hours = np.timedelta64(6, "h")
    baselines = prepare(run, waves, n_training=150, time_step=six_hours, dataset="weatherbench")
    assert names_of(baselines) == ["persistence", "climatology"]
    assert baselines.climatology is baselines.models[1]
    assert not run.historical_average_file.exists()


def test_what_the_baselines_learn_is_of_the_training_split_alone(traffic, tmp_path):
    spoilt = traffic.copy(deep=True)
    spoilt[1000:] = 1e6
    forecasts = []
    for folder, series in (("a", traffic), ("b", spoilt)):
        average = prepare(Run(tmp_path / folder), series).models[-1]
        forecasts.append(average.forecast(traffic, init_times=traffic["time"].values[-9:], steps=4))
    xr.testing.assert_identical(*forecasts)


def test_what_is_fitted_once_stays(traffic, tmp_path):
    run = Run(tmp_path)
    prepare(run, traffic)
    before = run.historical_average_file.read_bytes()
    prepare(run, traffic * 2)
    assert run.historical_average_file.read_bytes() == before


def test_without_timestamps_there_is_persistence_only(traffic, tmp_path):
    run = Run(tmp_path)
    traffic.attrs["clock"] = "artificial"
    baselines = prepare(run, traffic)
    assert names_of(baselines) == ["persistence"]
    assert baselines.notes[0].startswith("persistence is the only baseline: the data have no times")
    assert not run.historical_average_file.exists()


def test_a_step_that_does_not_divide_a_day_leaves_persistence(traffic):
    step = np.timedelta64(7, "h")
    names, note = baselines_of("taxibj", traffic, time_step=step)
    assert names == ("persistence",)
    assert "the time step, 7h, does not divide a day" in note


def test_notes_say_what_is_left_out_or_filled(traffic, tmp_path):
    short = prepare(Run(tmp_path / "short"), traffic, n_training=5 * 48)
    assert names_of(short)[-1] == "historical_average"
    assert "96 of 336 slots are in no training week" in short.notes[0]
    Run(tmp_path / "short").historical_average_file.unlink()
    without = load_baselines(
        Run(tmp_path / "short"),
        traffic,
        dataset="taxibj",
        time_step=HALF_HOUR,
        times=traffic["time"].values,
    )
    assert names_of(without) == ["persistence", "daily_naive", "weekly_naive"]
    assert without.notes == ["the run has no historical average: its training was not finished"]


def test_frames_without_a_seasonal_value_are_counted(traffic, tmp_path):
    baselines = prepare(Run(tmp_path), traffic)
    models = {model.name: model for model in baselines.models}
    # One day and one frame in: of 2 × 2 frames, all have a day before them, and none a week.
    early, late = traffic["time"].values[[[48, 49], [900, 901]]]
    scores = evaluate(models, traffic, init_times=early, steps=2)
    assert note_on_missing(scores) == (
        "weekly_naive has no value for 4 of 4 frames (no frame at that time of earlier days or "
        "weeks): masked for all"
    )
    assert (scores["count"] == 0).all()
    scores = evaluate(models, traffic, init_times=late, steps=2)
    assert note_on_missing(scores) == ""
    del models["weekly_naive"]
    assert note_on_missing(evaluate(models, traffic, init_times=early, steps=2)) == ""
