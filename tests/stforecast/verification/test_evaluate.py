from dataclasses import dataclass, field

import numpy as np
import pytest
import xarray as xr

from stforecast.baselines.climatology import fit_climatology
from stforecast.baselines.persistence import Persistence
from stforecast.forecast import make_forecast
from stforecast.verification.evaluate import evaluate, verify

ROWS = np.array([60.0, 20.0, -20.0, -60.0])


@dataclass(frozen=True)
class Constant:
    """Forecasts one value everywhere, and notes how many init times it was asked for at once."""

    value: float
    channels: tuple[str, ...] = ("a", "b")
    batches: list[int] = field(default_factory=list)
    name: str = "constant"

    def forecast(self, series, *, init_times, steps):
        self.batches.append(len(init_times))
        like = series.sel(channel=list(self.channels))
        frames = np.full((len(init_times), steps, *like.shape[1:]), self.value)
        step = np.timedelta64(6, "h")
        return make_forecast(
            frames, init_times=init_times, time_step=step, like=like, forecaster="constant"
        )


@pytest.fixture
def series(series_of):
    frames = np.random.default_rng(0).normal(size=(20, 2, 4, 5))
    return series_of(frames, latitude=ROWS)


def test_the_scores_carry_their_rules(series):
    climatology = fit_climatology(series[:8], window_days=3)
    scores = evaluate(
        {"persistence": Persistence(), "constant": Constant(0)},
        series,
        init_times=series["time"].values[8:12],
        steps=2,
        climatology=climatology,
    )
    assert scores["score"].dims == ("forecaster", "metric", "channel", "lead_time")
    assert scores["pooled"].dims == ("forecaster", "metric", "channel")
    assert scores["count"].dims == scores["masked"].dims == ("lead_time", "channel")
    assert scores["missing"].dims == ("forecaster", "lead_time", "channel")
    assert scores["units"].dims == ("metric", "channel")
    assert scores.attrs == {
        "dialect": "wb2",
        "weights": "cell_area",
        "climatology": climatology.description,
        "grid": "4x5",
        "dataset": "made",
        "synthetic": "true",
        "explanation": "WeatherBench 2: cell areas; ACC uncentred, per forecast, then averaged",
        "source": "Rasp et al. 2024, doi:10.1029/2023MS004019; weatherbench2/metrics.py",
        "headline": "per lead time",
        "first_init_time": "2018-01-03T00:00",
        "last_init_time": "2018-01-03T18:00",
        "n_init_times": 4,
    }


def test_the_scores_survive_a_file(series, tmp_path):
    scores = evaluate(
        {"constant": Constant(0)}, series, init_times=series["time"].values[:4], steps=2
    )
    scores.to_netcdf(tmp_path / "scores.nc", engine="netcdf4")
    with xr.open_dataset(tmp_path / "scores.nc", decode_timedelta=True) as loaded:
        xr.testing.assert_identical(loaded.load(), scores)


def test_only_one_batch_is_asked_for_at_once(series):
    told = []
    constant = Constant(0)
    evaluate(
        {"constant": constant},
        series,
        init_times=series["time"].values[:10],
        steps=2,
        batch_size=4,
        progress=lambda done, total: told.append((done, total)),
    )
    assert constant.batches == [4, 4, 2]
    assert told == [(4, 10), (8, 10), (10, 10)]


def test_all_forecasters_are_scored_on_the_same_cells(series_of):
    # One cell of the first frame is missing, so persistence has no forecast for it. The error of the
    # constant there is 100, elsewhere 3: only where both have a forecast it counts.
    frames = np.zeros((3, 2, 4, 5))
    frames[0, :, 0, 0] = np.nan
    frames[1, :, 0, 0] = -97
    series = series_of(frames, latitude=ROWS)
    scores = evaluate(
        {"persistence": Persistence(), "constant": Constant(3)},
        series,
        init_times=series["time"].values[:1],
        steps=1,
    )
    np.testing.assert_allclose(scores["score"].sel(metric="rmse", forecaster="constant"), 3)
    np.testing.assert_array_equal(scores["score"].sel(metric="rmse", forecaster="persistence"), 0)
    assert (scores["masked"] == 1).all()
    assert (scores["missing"].sel(forecaster="persistence") == 1).all()
    assert (scores["missing"].sel(forecaster="constant") == 0).all()


def test_only_common_channels_are_scored(series):
    forecasters = {"persistence": Persistence(), "constant": Constant(0, channels=("b",))}
    scores = evaluate(forecasters, series, init_times=series["time"].values[:3], steps=1)
    alone = evaluate(
        {"persistence": Persistence()}, series, init_times=series["time"].values[:3], steps=1
    )
    assert scores["channel"].values.tolist() == ["b"]
    xr.testing.assert_allclose(
        scores["score"].sel(forecaster="persistence"),
        alone["score"].sel(forecaster="persistence", channel=["b"]),
        rtol=1e-12,
    )


def test_a_single_step_and_init_time_will_do(series):
    scores = evaluate({"constant": Constant(0)}, series, init_times=["2018-01-02"], steps=1)
    error = series.sel(time="2018-01-02T06").isel(channel=0).squeeze().values.astype("float64")
    weights = -np.diff(np.sin(np.deg2rad([90, 40, 0, -40, -90])))
    expected = np.sqrt(np.average((error**2).mean(axis=1), weights=weights))
    got = scores["score"].sel(metric="rmse", channel="a").item()
    assert got == pytest.approx(expected, rel=1e-12)


def test_verify_agrees_with_evaluate(series):
    init_times = series["time"].values[3:9]
    climatology = fit_climatology(series)
    forecast = Persistence().forecast(series, init_times=init_times, steps=3)
    made = verify(forecast, series, climatology=climatology)
    evaluated = evaluate(
        {"persistence": Persistence()},
        series,
        init_times=init_times,
        steps=3,
        climatology=climatology,
    )
    xr.testing.assert_identical(made, evaluated)


def test_the_climatology_of_more_channels_fits(series):
    only_b = series.isel(channel=[1])
    climatology = fit_climatology(series)
    wide = evaluate(
        {"p": Persistence()},
        series,
        init_times=series["time"].values[:4],
        steps=2,
        climatology=climatology,
    )
    narrow = evaluate(
        {"p": Persistence()},
        only_b,
        init_times=series["time"].values[:4],
        steps=2,
        climatology=climatology,
    )
    xr.testing.assert_allclose(narrow["score"], wide["score"].sel(channel=["b"]), rtol=1e-12)


def test_forecasters_see_frames_up_to_init_time_only(series):
    reads = []

    def note(block, block_info=None):
        reads.append(block_info[0]["array-location"][0][0])
        return block

    chunked = series.chunk(time=1)
    spied = chunked.copy(
        data=chunked.data.map_blocks(note, dtype="float32", meta=np.empty(0, "f4"))
    )
    climatology = fit_climatology(series[:4])
    Persistence().forecast(spied, init_times=series["time"].values[[5, 7]], steps=4)
    assert sorted(set(reads)) == [5, 7]
    reads.clear()
    climatology.forecast(spied, init_times=series["time"].values[[5, 7]], steps=4)
    assert reads == []


def test_an_empty_question_is_refused(series):
    times = series["time"].values
    with pytest.raises(ValueError, match="There is no forecaster"):
        evaluate({}, series, init_times=times[:3], steps=1)
    with pytest.raises(ValueError, match="There is no init_time"):
        evaluate({"constant": Constant(0)}, series, init_times=[], steps=1)
    with pytest.raises(ValueError, match="There is no lead_time"):
        evaluate({"constant": Constant(0)}, series, init_times=times[:3], steps=0)
    with pytest.raises(ValueError, match="stands twice in init_times"):
        evaluate({"constant": Constant(0)}, series, init_times=times[[0, 0]], steps=1)
    with pytest.raises(ValueError, match="batch_size must be at least 1, but it is 0"):
        evaluate({"constant": Constant(0)}, series, init_times=times[:3], steps=1, batch_size=0)
    with pytest.raises(ValueError, match="dialect 'ecmwf' is unknown; known: wb2, wb1, openstl"):
        evaluate({"constant": Constant(0)}, series, init_times=times, steps=1, dialect="ecmwf")


def test_forecasts_that_do_not_fit_are_refused(series):
    times = series["time"].values
    forecast = Constant(0).forecast(series, init_times=times[:3], steps=2)
    with pytest.raises(ValueError, match=r"constant has lead_time .* was asked for"):
        evaluate({"constant": Constant(0)}, series[::2], init_times=times[:3], steps=2)
    with pytest.raises(ValueError, match="differ in latitude"):
        verify(forecast.isel(y=slice(None, None, -1)), series)
    with pytest.raises(ValueError, match="differ in longitude"):
        verify(forecast.isel(x=slice(3)), series)
    with pytest.raises(ValueError, match="constant and the truth have no channel in common"):
        verify(forecast.assign_coords(channel=["c", "d"]), series)


def test_a_series_with_many_gaps_is_scored_at_the_time_step_that_is_named(series):
    gaps = series.isel(time=[0, 2, 4, 6, 7, 8, 10, 12, 14])  # mostly 12 h apart
    inits = series["time"].values[[6]]
    with pytest.raises(ValueError, match=r"has lead_time .* was asked for"):
        evaluate({"constant": Constant(0.0)}, gaps, init_times=inits, steps=2)
    scores = evaluate(
        {"constant": Constant(0.0)},
        gaps,
        init_times=inits,
        steps=2,
        time_step=np.timedelta64(6, "h"),
    )
    assert (scores["count"] == 20).all()
