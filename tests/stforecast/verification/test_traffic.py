"""Scores of traffic: closed forms, and other judges."""

import numpy as np
import pytest
import scores.continuous
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.series import Channel, make_series
from stforecast.baselines.persistence import Persistence
from stforecast.forecast import make_forecast
from stforecast.verification.evaluate import evaluate, score_sums, summarise, verify
from stforecast.verification.sums import load_sums

HALF_HOUR = np.timedelta64(30, "m")
MONDAY = np.datetime64("2016-01-04", "ns")


def traffic(frames, *, first=MONDAY, **attrs):
    """A half-hourly series of counts (time, channel, y, x)."""
    frames = np.asarray(frames, dtype="float32")
    names = ("inflow", "outflow")[: frames.shape[1]]
    return make_series(
        frames,
        times=first + np.arange(len(frames)) * HALF_HOUR,
        channels=[Channel(name, name, valid_min=0.0) for name in names],
        attrs={"dataset": "taxibj", "synthetic": "true", **attrs},
    )


def forecast_of(frames, series, *, name="made"):
    """A forecast of frames (init_time, lead_time, channel, y, x) from the first times on."""
    frames = np.asarray(frames, dtype="float32")
    return make_forecast(
        frames,
        init_times=series["time"].values[: len(frames)],
        time_step=HALF_HOUR,
        like=series,
        forecaster=name,
    )


def score_of(scores, metric, *, channel="inflow"):
    return scores["score"].sel(metric=metric, channel=channel).squeeze().values


@pytest.fixture
def case():
    """Counts from 0 to some 40 of two channels, and a forecast that errs by some 5."""
    rng = np.random.default_rng(3)
    series = traffic(rng.poisson(rng.uniform(0, 25, size=(1, 2, 4, 3)), size=(12, 2, 4, 3)))
    truth = np.stack([series.values[1:6], series.values[2:7], series.values[3:8]], axis=1)
    return forecast_of(np.maximum(truth + rng.normal(0, 5, truth.shape), 0), series), series


def test_the_datasets_own_dialect_is_taken(case):
    scored = verify(*case)
    assert scored["metric"].values.tolist() == [
        "rmse",
        "mae",
        "bias",
        "mape",
        "rmse_active",
        "mae_active",
    ]
    assert (scored.attrs["dialect"], scored.attrs["threshold"]) == ("traffic", 10)
    assert scored["units"].sel(channel="inflow").values.tolist() == ["1", "1", "1", "%", "1", "1"]


def test_a_constant_error_has_its_closed_form():
    # Truth 20 everywhere, forecast 23: errors of 3 vehicles, 15 % of the truth.
    series = traffic(np.full((3, 2, 4, 5), 20.0))
    scored = verify(forecast_of(np.full((2, 1, 2, 4, 5), 23.0), series), series)
    for metric, value in (("rmse", 3), ("mae", 3), ("bias", 3), ("mape", 15)):
        assert score_of(scored, metric) == pytest.approx(value, rel=1e-12)
    assert score_of(scored, "rmse_active") == score_of(scored, "mae_active") == 3


def test_only_cells_that_reach_the_threshold_are_active():
    # Truth 5, 10, 20, 40 and errors 5, 1, 4, -4. Active are the last three:
    # MAPE (10 + 20 + 10) / 3 %, RMSE sqrt((1 + 16 + 16) / 3), MAE (1 + 4 + 4) / 3. All four:
    # RMSE sqrt((25 + 33) / 4), MAE 14 / 4, bias (5 + 1 + 4 - 4) / 4.
    series = traffic(np.broadcast_to([[[5.0, 10, 20, 40]]], (2, 1, 1, 4)))
    forecast = forecast_of(np.array([10.0, 11, 24, 36]).reshape(1, 1, 1, 1, 4), series)
    scored = verify(forecast, series)
    expected = {
        "rmse": np.sqrt(58 / 4),
        "mae": 14 / 4,
        "bias": 6 / 4,
        "mape": 40 / 3,
        "rmse_active": np.sqrt(33 / 3),
        "mae_active": 9 / 3,
    }
    for metric, value in expected.items():
        assert score_of(scored, metric) == pytest.approx(value, rel=1e-12), metric
    assert (scored["count"].item(), scored["active_count"].item()) == (4, 3)
    # From 15 on only 20 and 40 count: (20 + 10) / 2 %.
    assert score_of(verify(forecast, series, threshold=15), "mape") == pytest.approx(15)


def test_where_no_cell_is_active_there_is_no_score_of_active_cells():
    series = traffic(np.full((3, 1, 2, 2), 9.0))
    scored = verify(forecast_of(np.full((2, 1, 1, 2, 2), 12.0), series), series)
    for metric in ("mape", "rmse_active", "mae_active"):
        assert np.isnan(score_of(scored, metric))
    assert score_of(scored, "rmse") == 3


def test_missing_truth_is_no_active_cell():
    frames = np.full((2, 1, 2, 2), 20.0)
    frames[1, 0, 0, 0] = np.nan
    series = traffic(frames)
    scored = verify(forecast_of(np.full((1, 1, 1, 2, 2), 30.0), series), series)
    assert score_of(scored, "mape") == pytest.approx(50)
    assert scored["active_count"].item() == scored["count"].item() == 3
    assert scored["masked"].item() == 1


def test_a_cell_that_one_forecast_lacks_counts_for_none():
    frames = np.full((2, 1, 1, 2), 20.0)
    frames[0, 0, 0, 0] = np.nan  # persistence has no forecast of this cell

    class Off:
        name = "off"

        def forecast(self, series, *, init_times, steps):
            return forecast_of(np.array([[[[[120.0, 22.0]]]]]), series)

    series = traffic(frames)
    models = {"off": Off(), "persistence": Persistence()}
    scored = evaluate(models, series, init_times=series["time"].values[:1], steps=1)
    mape = scored["score"].sel(metric="mape", channel="inflow").squeeze().values
    np.testing.assert_allclose(mape, [10, 0])


def test_numpy_and_the_scores_library_agree(case):
    forecast, series = case
    scored = verify(forecast, series)["score"].isel(forecaster=0)
    f = forecast.astype("float64").drop_vars("valid_time")
    o = series.sel(time=forecast["valid_time"]).drop_vars(["time", "valid_time"])
    o = o.astype("float64").transpose(*f.dims)
    kept = ["lead_time", "channel"]
    active = o >= 10
    judged = {
        "rmse": scores.continuous.rmse(f, o, preserve_dims=kept),
        "mae": scores.continuous.mae(f, o, preserve_dims=kept),
        "bias": scores.continuous.additive_bias(f, o, preserve_dims=kept),
        "rmse_active": scores.continuous.rmse(f.where(active), o.where(active), preserve_dims=kept),
        "mae_active": scores.continuous.mae(f.where(active), o.where(active), preserve_dims=kept),
    }
    for metric, theirs in judged.items():
        np.testing.assert_allclose(
            scored.sel(metric=metric), theirs.transpose("channel", "lead_time"), rtol=1e-12
        )
    for channel in range(2):
        for lead in range(3):
            true, made = (part.values[:, lead, channel].ravel() for part in (o, f))
            error = np.abs(made[true >= 10] - true[true >= 10]) / true[true >= 10]
            got = scored.sel(metric="mape").isel(channel=channel, lead_time=lead).item()
            assert got == pytest.approx(100 * error.mean(), rel=1e-12)


@settings(max_examples=15, deadline=None)
@given(
    cut=st.integers(1, 59),
    seed=st.integers(0, 99),
    known=st.sampled_from([1.0, 0.7]),
    threshold=st.sampled_from([1.0, 10.0, 35.0]),
)
def test_parts_add_up_to_the_whole(cut, seed, known, threshold):
    rng = np.random.default_rng(seed)
    frames = rng.poisson(20, size=(63, 2, 2, 3)).astype("float32")
    frames[rng.random(frames.shape) > known] = np.nan
    series = traffic(frames, holidays="2016-01-05")
    times = series["time"].values
    sums = [
        score_sums(
            {"persistence": Persistence()},
            series,
            init_times=times[start:stop],
            steps=3,
            threshold=threshold,
        )
        for start, stop in ((0, 60), (0, cut), (cut, 60))
    ]
    xr.testing.assert_identical(summarise(sums[2] + sums[1]), summarise(sums[0]))


def test_sums_by_other_rules_do_not_add_up():
    series = traffic(np.arange(20.0)[:, None, None, None] * np.ones((1, 2, 2, 3)))
    times, model = series["time"].values, {"persistence": Persistence()}
    tens = score_sums(model, series, init_times=times[:5], steps=1)
    fives = score_sums(model, series, init_times=times[5:9], steps=1, threshold=5)
    with pytest.raises(ValueError, match=r"threshold 10.0 and 5.0 do not add up"):
        tens + fives
    parts = [
        score_sums(
            model, series, init_times=part, steps=1, dialect="openstl", value_range=(0, high)
        )
        for part, high in ((times[:5], 100), (times[5:9], 200))
    ]
    with pytest.raises(ValueError, match=r"value_high 100.0 and 200.0 do not add up"):
        parts[0] + parts[1]
    timeless = traffic(series.values, clock="artificial")
    with pytest.raises(ValueError, match="clock None and 'artificial' do not add up"):
        tens + score_sums(model, timeless, init_times=times[5:9], steps=1)


def test_holidays_of_both_parts_are_holidays_of_the_whole(tmp_path):
    parts = []
    for first, holidays in ((MONDAY, "2016-01-04"), (MONDAY + 9 * HALF_HOUR, "2016-01-05")):
        series = traffic(np.ones((6, 1, 2, 2)), first=first, holidays=holidays)
        init_times = series["time"].values[:4]
        parts.append(score_sums({"p": Persistence()}, series, init_times=init_times, steps=1))
    (parts[0] + parts[1]).save(tmp_path / "sums.nc")
    assert load_sums(tmp_path / "sums.nc").data.attrs["holidays"] == "2016-01-04 2016-01-05"


def test_scores_with_periods_survive_a_file(case, tmp_path):
    scored = verify(*case)
    scored.to_netcdf(tmp_path / "scores.nc", engine="netcdf4")
    with xr.open_dataset(tmp_path / "scores.nc", decode_timedelta=True) as loaded:
        xr.testing.assert_identical(loaded.load(), scored)
