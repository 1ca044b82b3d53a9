"""Series with gaps, at irregular times, or without values in many cells: from files to forecasts."""

import numpy as np
import pytest
import xarray as xr

from pipelines.series import Channel, make_series
from pipelines.store import fingerprint_of, write_store
from stforecast.evaluation import evaluate_run
from stforecast.experiment import load_experiment
from stforecast.forecaster import load_forecaster
from stforecast.forecasting import choose_init_times, forecast_file
from stforecast.source import experiment_series, open_series, stored_series
from stforecast.training import train
from tests.conftest import make_waves

HOUR = np.timedelta64(1, "h").astype("timedelta64[ns]")
TINY = {
    "dataset": "weatherbench",
    "history": 4,
    "horizon": 2,
    "network": {
        "name": "simvp",
        "spatial_width": 8,
        "translator_width": 8,
        "translator_layers": 2,
    },
    "training": {"epochs": 2, "batch_size": 16, "learning_rate": 5e-3},
}


def without(waves, rows):
    """The series without some of its frames."""
    return waves.isel(time=np.setdiff1d(np.arange(waves.sizes["time"]), rows))


def test_missing_frames_are_dropped_or_kept_as_missing_values(waves, tmp_path):
    write_store(without(waves, [3, 4, 50]), tmp_path / "store")
    dropped = stored_series("weatherbench", tmp_path / "store")
    assert dropped.sizes["time"] == 197
    assert "note" not in dropped.attrs
    write_store(waves[np.arange(200) % 10 != 5], tmp_path / "patchy")
    note = open_series("weatherbench", tmp_path / "patchy").attrs["note"]
    assert note.startswith("the steps between frames differ (6h ×159, 12h ×20)")
    assert note.endswith("missing = 'mask' goes over the gaps")
    masked = stored_series("weatherbench", tmp_path / "store", missing="mask")
    assert masked.chunks is None
    assert masked.attrs["note"] == "frames missing at 6h, kept as missing values: 3"
    expected = waves.values.copy()
    expected[[3, 4, 50]] = np.nan
    np.testing.assert_array_equal(masked, expected)
    every_other = open_series("weatherbench", tmp_path / "store", missing="mask", time_step="12h")
    np.testing.assert_array_equal(every_other, expected[::2])


def irregular(waves):
    """The waves at times 7 h, 8 h and 6 h apart by turns: no regular axis holds many of them."""
    steps = np.resize([7, 8, 6, 7], waves.sizes["time"] - 1)
    times = waves["time"].values[0] + np.concatenate([[0], np.cumsum(steps)]) * HOUR
    return waves.assign_coords(time=times)


def test_an_irregular_series_is_told_of_with_its_steps_and_the_way_out(waves, tmp_path):
    write_store(irregular(waves), tmp_path / "store")
    series = open_series("weatherbench", tmp_path / "store")
    assert series.attrs["note"].startswith(
        "the steps between frames differ (7h ×99, 6h ×50, 8h ×50), and a window takes frames one "
        "time_step apart: resample = 'nearest' (or"
    )
    experiment = load_experiment(base=TINY)
    with pytest.raises(
        ValueError, match=r"steps between frames differ \(7h ×.*resample = 'nearest'"
    ):
        train(experiment, series, tmp_path / "run", device="cpu")


def test_rules_of_resampling_are_kept_apart_in_the_cache(waves, tmp_path):
    write_store(irregular(waves), tmp_path / "store")
    series = {
        rule: stored_series("weatherbench", tmp_path / "store", time_step="12h", resample=rule)
        for rule in ("nearest", "linear", "mean")
    }
    for rule, made in series.items():
        assert made.attrs["resample"] == rule
        assert not ((made["time"].values - np.datetime64(0, "ns")) % (12 * HOUR)).astype(int).any()
        assert made.chunks is None
    assert len({fingerprint_of(made) for made in series.values()}) == 3


@pytest.mark.parametrize(
    ("dataset", "options", "message"),
    [
        ("weatherbench", {"resample": "nearest"}, "needs the step of the new series"),
        ("taxibj", {"resample": "mean", "time_step": "1h"}, "taxibj holds counts"),
    ],
)
def test_what_cannot_be_resampled_is_refused(waves, tmp_path, dataset, options, message):
    write_store(waves.assign_attrs(dataset=dataset), tmp_path / "store")
    with pytest.raises(ValueError, match=message):
        open_series(dataset, tmp_path / "store", **options)


def test_no_frame_is_filled_in_at_an_hour_that_never_was(tmp_path):
    # Clocks went forward on 2016-03-13 at 02:00; 01:30 is missing too.
    times = np.datetime64("2016-03-12", "ns") + np.arange(96) * HOUR / 2
    kept = ~np.isin(np.arange(96), [48 + 3, 48 + 4, 48 + 5])
    frames = np.ones((int(kept.sum()), 1, 2, 2), dtype="float32")
    attrs = {"dataset": "taxibj", "time_zone": "America/New_York"}
    series = make_series(
        frames, times=times[kept], channels=[Channel("inflow", "inflow")], attrs=attrs
    )
    write_store(series, tmp_path / "store")
    masked = open_series("taxibj", tmp_path / "store", missing="mask")
    filled = masked["time"].values[masked.isnull().all(["channel", "y", "x"]).values]
    assert filled.tolist() == times[[48 + 3]].tolist()


@pytest.fixture(scope="module")
def patchy(tmp_path_factory):
    """A store that lacks 40 % of its cells for ever, 8 % of its frames, and z500 in some others."""
    folder = tmp_path_factory.mktemp("patchy")
    rng = np.random.default_rng(0)
    waves = make_waves(200).where(rng.random((8, 16)) > 0.4)
    waves[np.arange(5, 200, 30), 1] = np.nan
    gone = rng.choice(np.arange(1, 199), 16, replace=False)
    write_store(without(waves, gone), folder / "store")
    return folder


@pytest.fixture(scope="module")
def run(patchy):
    """Trained on it."""
    settings = [f"data={patchy / 'store'}", "missing=mask"]
    experiment = load_experiment(base=TINY, settings=settings)
    series = experiment_series(experiment, patchy / "store")
    return train(experiment, series, patchy / "run", device="cpu")


def test_training_takes_windows_over_missing_frames(run, patchy):
    drop = open_series("weatherbench", patchy / "store")
    mask = open_series("weatherbench", patchy / "store", missing="mask")
    assert (drop.sizes["time"], mask.sizes["time"]) == (184, 200)
    facts = load_forecaster(run.folder).facts
    # Of 140 training frames, fewer than half of the windows of 6 are whole.
    assert facts["windows"]["train"] > 0.8 * (140 - 2 * 6)
    assert facts["note"] == "frames missing at 6h, kept as missing values: 16"
    experiment = load_experiment(base=TINY, settings=["missing=mask"])
    series = mask.where(mask["channel"] == "t2m")
    with pytest.raises(ValueError, match=r"None of \d+ windows holds values enough"):
        train(experiment, series, patchy / "none", device="cpu")


def test_a_masked_run_is_scored_beside_its_baselines_on_the_cells_that_are_there(run, patchy):
    scores = evaluate_run(run, device="cpu")
    assert {"simvp", "persistence"} <= set(scores["forecaster"].values)
    assert np.isfinite(scores["score"].sel(metric="rmse")).all()
    frames = scores["count"] + scores["masked"]
    assert (frames == scores.attrs["n_init_times"] * 8 * 16).all()
    known = int(
        np.isfinite(make_waves(1).where(np.random.default_rng(0).random((8, 16)) > 0.4)[0, 0]).sum()
    )
    assert (scores["count"] % known == 0).all()  # whole frames of the cells that exist
    assert (run.figures / "maps_t2m.png").is_file()


def test_forecasts_start_where_the_history_holds_enough_and_tell_what_is_missing(run, patchy):
    told = []
    files = forecast_file(
        run.folder,
        patchy / "store",
        patchy / "f.nc",
        init_times=["2015-01-03/2015-01-08"],
        figures=patchy / "maps",
        device="cpu",
        note=told.append,
    )
    assert told[0] == "frames missing at 6h, kept as missing values: 16"
    assert "values are missing in the histories of" in told[-1]
    starts = [xr.open_dataset(file)["forecast_reference_time"].values for file in files[:-2]]
    mask = open_series("weatherbench", patchy / "store", missing="mask")
    empty = mask["time"].values[mask.isnull().all(["channel", "y", "x"]).values]
    assert 15 < len(starts) < 24
    assert not np.isin(np.array(starts), empty).any()


def test_a_start_without_values_is_refused_and_the_last_one_with_enough_is_taken(
    run, patchy, tmp_path
):
    forecaster = load_forecaster(run.folder)
    series = make_waves(60).copy()
    times = series["time"].values
    series[40:] = np.nan
    assert choose_init_times(forecaster, series, None).tolist() == times[[39]].tolist()
    with pytest.raises(ValueError, match=r"history of 4 frames holds too few values"):
        choose_init_times(forecaster, series, [str(times[41])])
    with pytest.raises(ValueError, match="no whole history of 4 frames ends between"):
        choose_init_times(forecaster, series, [f"{times[41]}/{times[50]}"])
    series[:] = np.nan
    with pytest.raises(ValueError, match="The data hold no whole history"):
        choose_init_times(forecaster, series, None)


def test_an_irregular_series_is_trained_on_scored_and_forecast_by_one_rule(tmp_path):
    rule = "linear"
    write_store(irregular(make_waves(240)), tmp_path / "store")
    settings = [f"data={tmp_path / 'store'}", f"resample={rule}", "time_step=12h", "variables=t2m"]
    experiment = load_experiment(base=TINY, settings=settings)
    series = experiment_series(experiment, tmp_path / "store")
    run = train(experiment, series, tmp_path / "run", device="cpu")
    assert f"by '{rule}'" in load_forecaster(run.folder).facts["note"]
    scores = evaluate_run(run, device="cpu")
    assert np.isfinite(scores["score"].sel(metric="rmse")).all()
    told = []
    (file,) = forecast_file(
        run.folder, tmp_path / "store", tmp_path / "f.nc", device="cpu", note=told.append
    )
    assert f"by '{rule}'" in told[0]
    with xr.open_dataset(file) as made:
        assert (made["time"].values.astype("datetime64[h]").astype(int) % 12 == 0).all()
