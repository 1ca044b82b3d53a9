import math

import numpy as np
import pytest

from pipelines.series import Channel, make_series
from stforecast.forecast import make_forecast
from stforecast.verification.evaluate import verify
from stforecast.verification.scaled import rmse_of, value_range_of

HALF_HOUR = np.timedelta64(30, "m")


def traffic(frames):
    frames = np.asarray(frames, dtype="float32")
    return make_series(
        frames,
        times=np.datetime64("2016-01-04", "ns") + np.arange(len(frames)) * HALF_HOUR,
        channels=[Channel(name, name) for name in ("inflow", "outflow")[: frames.shape[1]]],
        attrs={"dataset": "taxibj"},
    )


def openstl(frames, series, *, value_range=(0.0, 1292.0)):
    """Scores of forecast frames (init_time, lead_time, channel, y, x) from the first times on."""
    forecast = make_forecast(
        np.asarray(frames, dtype="float32"),
        init_times=series["time"].values[: len(frames)],
        time_step=HALF_HOUR,
        like=series,
        forecaster="made",
    )
    return verify(forecast, series, dialect="openstl", value_range=value_range)


def pooled(scores, metric, *, channel="all"):
    return scores["pooled"].sel(metric=metric, channel=channel).item()


def test_published_errors_become_vehicles():
    # gSTA of OpenSTL on TaxiBJ: sqrt(0.3246 / 2048) · 1292 = 16.27; TAU 15.92, PhyDNet 17.18.
    for mse, vehicles in ((0.3246, 16.27), (0.3108, 15.92), (0.3622, 17.18)):
        assert round(rmse_of(mse, cells=2 * 32 * 32, span=1292), 2) == vehicles


def test_a_constant_error_has_its_closed_form():
    # Errors of 12.92 of 1292 are 0.01: squared 1e-4, over 2 · 3 · 4 = 24 cells 0.0024; absolute 0.24.
    series = traffic(np.full((4, 2, 3, 4), 20.0))
    scores = openstl(np.full((2, 2, 2, 3, 4), 32.92), series)
    assert pooled(scores, "mse") == pytest.approx(0.0024, rel=1e-5)
    assert pooled(scores, "mae") == pytest.approx(0.24, rel=1e-5)
    assert pooled(scores, "rmse") == pytest.approx(12.92, rel=1e-5)
    assert pooled(scores, "mse", channel="inflow") == pytest.approx(0.0012, rel=1e-5)
    assert scores["cells"].values.tolist() == [12, 12, 24]
    assert scores["count"].isel(lead_time=0).values.tolist() == [24, 24, 48]


def test_the_scores_follow_the_published_code():
    rng = np.random.default_rng(0)
    series = traffic(rng.poisson(100, size=(9, 2, 4, 3)))
    frames = rng.poisson(100, size=(5, 3, 2, 4, 3))
    scores = openstl(frames, series, value_range=(2, 502))
    true = np.stack([series.values[lead : lead + 5] for lead in (1, 2, 3)], axis=1)
    pred, true = ((values.astype("float64") - 2) / 500 for values in (frames, true))
    # openstl/core/metrics.py without spatial_norm: mean over (B, T), sum over (C, H, W).
    mse = np.mean((pred - true) ** 2, axis=(0, 1)).sum()
    mae = np.mean(np.abs(pred - true), axis=(0, 1)).sum()
    assert pooled(scores, "mse") == pytest.approx(mse, rel=1e-12)
    assert pooled(scores, "mae") == pytest.approx(mae, rel=1e-12)
    converted = rmse_of(pooled(scores, "mse"), cells=2 * 4 * 3, span=500)
    assert pooled(scores, "rmse") == pytest.approx(converted, rel=1e-12)
    per_lead = scores["score"].sel(metric="mse", channel="all").squeeze()
    expected = np.mean((pred - true) ** 2, axis=0).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(per_lead, expected, rtol=1e-12)
    channels = scores["pooled"].sel(metric="mse", forecaster="made")
    assert channels.sel(channel=["inflow", "outflow"]).sum().item() == pytest.approx(mse)


def test_the_conversion_and_the_range_are_kept():
    scores = openstl(np.ones((1, 1, 2, 3, 4)), traffic(np.zeros((2, 2, 3, 4))))
    assert scores.attrs["conversion"] == (
        "RMSE in vehicles = sqrt(mse / (2·3·4)) · 1292; values are scaled from 0…1292, the range of "
        "the training data"
    )
    assert (scores.attrs["value_low"], scores.attrs["value_high"]) == (0, 1292)
    assert scores.attrs["headline"] == "pooled"
    assert set(scores["units"].values.ravel()) == {"1"}


def test_masked_cells_count_as_much_as_the_mean_of_the_others():
    # Errors of 1 of 10 everywhere: 24 · 0.01, whether or not a quarter of the cells is known.
    frames = np.zeros((2, 2, 3, 4))
    frames[1, :, 0] = np.nan
    scores = openstl(np.ones((1, 1, 2, 3, 4)), traffic(frames), value_range=(0, 10))
    assert pooled(scores, "mse") == pytest.approx(0.24)
    assert pooled(scores, "rmse") == pytest.approx(1)
    assert scores["masked"].sel(channel="all").item() == 8


def test_a_single_channel_stands_for_itself():
    scores = openstl(np.ones((1, 1, 1, 3, 4)), traffic(np.zeros((2, 1, 3, 4))), value_range=(0, 10))
    assert scores["channel"].values.tolist() == ["inflow"]
    assert pooled(scores, "mse", channel="inflow") == pytest.approx(0.12)
    assert "(1·3·4)" in scores.attrs["conversion"]


def test_truth_that_is_missing_all_over_has_no_score():
    scores = openstl(np.ones((1, 1, 2, 3, 4)), traffic(np.full((2, 2, 3, 4), np.nan)))
    assert math.isnan(pooled(scores, "mse"))


def test_a_range_must_be_given():
    series = traffic(np.zeros((2, 2, 3, 4)))
    with pytest.raises(ValueError, match="'openstl' scales errors of taxibj by the range"):
        openstl(np.ones((1, 1, 2, 3, 4)), series, value_range=None)


def test_the_range_is_over_all_channels_and_blocks():
    frames = np.full((10, 2, 3, 4), 5.0)
    frames[2, 0, 0, 0], frames[8, 1, 2, 3], frames[5] = 1, 99, np.nan
    assert value_range_of(traffic(frames).chunk(time=3)) == (1, 99)
    for value in (7.0, np.nan):
        with pytest.raises(ValueError, match="but the training data have none: least"):
            value_range_of(traffic(np.full((3, 2, 2, 2), value)))
