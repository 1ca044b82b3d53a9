"""The evaluation of a run of traffic: baselines, dialects, files and notes."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pipelines.series import Channel, make_series
from pipelines.store import write_store
from stforecast.baselines.historical_average import load_historical_average
from stforecast.evaluated import load_errors
from stforecast.evaluation import evaluate_run
from stforecast.experiment import load_experiment
from stforecast.forecaster import load_forecaster
from stforecast.run import open_run
from stforecast.source import stored_series
from stforecast.training import train

HALF_HOUR = np.timedelta64(30, "m")
TINY = {
    "dataset": "taxibj",
    "history": 2,
    "horizon": 2,
    "network": {
        "name": "simvp",
        "spatial_width": 8,
        "translator_width": 8,
        "translator_layers": 2,
    },
    "training": {"epochs": 1, "batch_size": 16, "window_stride": 8},
}


def made_traffic(**attrs):
    """Twelve days of counts with a daily rhythm, from a Monday on."""
    n_times = 12 * 48
    rng = np.random.default_rng(0)
    rhythm = 30 + 20 * np.sin(2 * np.pi * np.arange(n_times) / 48)
    frames = rng.poisson(rhythm[:, None, None, None], size=(n_times, 2, 4, 4))
    frames[0, 0, 0, 0], frames[-1] = 150, 999  # the greatest of all is in the test split
    return make_series(
        frames.astype("float32"),
        times=np.datetime64("2016-01-04", "ns") + np.arange(n_times) * HALF_HOUR,
        channels=[Channel(name, name, valid_min=0.0) for name in ("inflow", "outflow")],
        attrs={"dataset": "taxibj", "synthetic": "true", "time_zone": "unknown", **attrs},
    )


def trained(folder, *, settings=(), **attrs):
    write_store(made_traffic(**attrs), folder / "store")
    experiment = load_experiment(base=TINY, settings=[f"data={folder / 'store'}", *settings])
    return train(experiment, stored_series("taxibj", folder / "store"), folder / "run")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that was trained on made traffic."""
    return trained(tmp_path_factory.mktemp("place"), holidays="2016-01-15")


@pytest.fixture(scope="module")
def scores(run):
    """The scores of the test split by the rules of the dataset; files beside the run."""
    return evaluate_run(run, device="cpu")


def test_traffic_is_scored_by_its_own_rules(run, scores):
    assert (scores.attrs["dialect"], scores.attrs["split"]) == ("traffic", "test")
    assert scores["forecaster"].values.tolist() == [
        "simvp",
        "persistence",
        "daily_naive",
        "weekly_naive",
        "historical_average",
    ]
    assert np.isfinite(scores["score"]).all()
    assert (scores["missing"] == 0).all()
    with xr.open_dataset(run.folder / "scores.nc", decode_timedelta=True) as stored:
        xr.testing.assert_equal(stored, scores)
        assert stored["period"].values.tolist() == ["peak", "off_peak", "weekday", "weekend"]
    assert set(pd.read_csv(run.folder / "scores.csv")["period"]) == {
        "all",
        *scores["period"].values,
    }
    assert (run.figures / "scores.png").is_file()


def test_errors_in_detail_stand_beside_the_scores(run, scores):
    errors = load_errors(run)
    assert errors["forecaster"].values.tolist() == scores["forecaster"].values.tolist()
    weights = errors["count"] * errors["row_weight"]
    pooled = (errors["mean_squared_error"] * weights).sum(("y", "x")) / weights.sum(("y", "x"))
    rmse = scores["score"].sel(metric="rmse", drop=True)
    np.testing.assert_allclose(np.sqrt(pooled), rmse.transpose(*pooled.dims), rtol=1e-6)
    kept = ("dialect", "split", "n_init_times", "dataset", "synthetic", "holidays", "weights")
    assert {key: errors.attrs[key] for key in kept} == {
        **{key: scores.attrs[key] for key in kept},
        "holidays": "2016-01-15",
    }
    assert errors.attrs["time_step"] == "30min"
    assert errors.sizes["slot"] == 7 * 48
    assert errors["truth_mean"].dims == ("channel", "lead_time", "slot")
    np.testing.assert_array_equal(errors["lead_time"], scores["lead_time"])


@pytest.mark.usefixtures("scores")
def test_errors_lie_where_their_forecasts_do(run, tmp_path):
    settings = ["place.extent=[40, 41, -74, -73]", "place.first_cell=south-west"]
    there = trained(tmp_path, settings=settings)  # else the same, and so are its weights
    evaluate_run(there, device="cpu")
    plain, placed = load_errors(run), load_errors(there)
    # Row 0 of the data is the southernmost: on the map it is the last.
    assert placed["latitude"].values.tolist() == [40.875, 40.625, 40.375, 40.125]
    np.testing.assert_array_equal(placed["bias"], plain["bias"].isel(y=slice(None, None, -1)))
    assert placed["row"].values.tolist() == [3, 2, 1, 0]
    assert (placed["row_weight"] == 1).all()
    assert placed.attrs["place"] == "own"
    assert "latitude" not in plain.coords


def test_the_average_is_of_the_training_split(run):
    average = load_historical_average(run.historical_average_file)
    first, last = load_forecaster(run.folder).facts["split"]["train"].split("/")
    assert average.values.attrs["training_first"] == first
    assert average.values.attrs["training_last"] == last
    assert not run.climatology_file.exists()


def test_a_whole_week_of_training_needs_no_note(run):
    # Fractions 0.7, 0.1, 0.2 of 576 frames, and a gap of 4: training ends on the ninth day.
    scores = evaluate_run(run, device="cpu", split="validation")
    assert "note" not in scores.attrs
    assert (run.folder / "scores_validation.nc").is_file()
    assert (run.folder / "errors_validation.nc").is_file()


def test_scaled_errors_know_the_range_of_the_training_split_alone(run):
    scores = evaluate_run(run, device="cpu", dialect="openstl")
    assert scores.attrs["value_high"] == 150
    assert scores["channel"].values.tolist() == ["inflow", "outflow", "all"]
    span = scores.attrs["value_high"] - scores.attrs["value_low"]
    everything = scores["pooled"].sel(channel="all")
    converted = np.sqrt(everything.sel(metric="mse") / (2 * 4 * 4)) * span
    np.testing.assert_allclose(everything.sel(metric="rmse"), converted, rtol=1e-12)
    assert (run.folder / "scores_openstl.nc").is_file()
    assert (run.folder / "errors_openstl.nc").is_file()


def test_another_threshold_is_kept_with_the_scores(run):
    scores = evaluate_run(run, device="cpu", threshold=25, split="validation")
    assert scores.attrs["threshold"] == 25
    with pytest.raises(ValueError, match="threshold = 25 is for metrics of active cells"):
        evaluate_run(run, device="cpu", threshold=25, dialect="openstl")


def test_rules_of_the_weather_are_refused(run):
    with pytest.raises(ValueError, match="dialect 'wb2' is unknown; known: traffic, openstl"):
        evaluate_run(run, device="cpu", dialect="wb2")


def test_without_timestamps_only_persistence_stands_beside(tmp_path):
    scores = evaluate_run(trained(tmp_path, clock="artificial"), device="cpu")
    assert scores["forecaster"].values.tolist() == ["simvp", "persistence"]
    assert "the data have no timestamps" in scores.attrs["note"]
    assert "score_by_period" not in scores
    assert "truth_mean" not in load_errors(open_run(tmp_path / "run"))
