"""Scores whose value is known beforehand."""

import numpy as np
import pytest
import xarray as xr

from stforecast.baselines.climatology import Climatology
from stforecast.verification.evaluate import verify

ROWS = np.array([60.0, 20.0, -20.0, -60.0])
SHAPE = (3, 2, 1, 4, 5)  # init times, lead times, channels, rows, columns


def _flat_climatology(series, value):
    """The same value on every day at every 6th hour."""
    shape = (4, 366, *series.shape[1:])
    values = xr.DataArray(
        np.full(shape, value, dtype="float32"),
        dims=("hour", "dayofyear", "channel", "y", "x"),
        coords={
            "hour": [0, 6, 12, 18],
            "dayofyear": np.arange(1, 367),
            "channel": series["channel"].values,
        },
        attrs={
            "training_first": "2000-01-01T00:00",
            "training_last": "2009-12-31T18:00",
            "window_days": 61,
            "days_missing": 0,
        },
    )
    return Climatology(values)


@pytest.mark.parametrize("dialect", ["wb2", "wb1", "openstl"])
def test_a_constant_error_of_3_gives_rmse_3(dialect, series_of, forecast_of):
    truth = series_of(np.zeros((6, 1, 4, 5)), latitude=ROWS)
    scores = verify(forecast_of(np.full(SHAPE, 3.0), truth), truth, dialect=dialect)
    expected = {"rmse": 3, "mae": 3, "bias": 3, "mse": 9}
    for metric in scores["metric"].values:
        if metric != "acc":
            np.testing.assert_allclose(
                scores["score"].sel(metric=metric), expected[metric], rtol=1e-14
            )
            np.testing.assert_allclose(
                scores["pooled"].sel(metric=metric), expected[metric], rtol=1e-14
            )


def test_bias_is_forecast_minus_truth(series_of, forecast_of):
    truth = series_of(np.full((6, 1, 4, 5), 5.0), latitude=ROWS)
    scores = verify(forecast_of(np.full(SHAPE, 3.0), truth), truth)
    np.testing.assert_allclose(scores["score"].sel(metric="bias"), -2)
    np.testing.assert_allclose(scores["score"].sel(metric="mae"), 2)


def test_a_perfect_forecast_has_no_error(series_of, forecast_of):
    frames = np.random.default_rng(0).normal(size=(6, 1, 4, 5))
    truth = series_of(frames, latitude=ROWS)
    perfect = np.stack([frames[1:4], frames[2:5]], axis=1)
    scores = verify(forecast_of(perfect, truth), truth, climatology=_flat_climatology(truth, -1.0))
    for metric in ("rmse", "mse", "mae", "bias"):
        np.testing.assert_array_equal(scores["score"].sel(metric=metric), 0)
    np.testing.assert_allclose(scores["score"].sel(metric="acc"), 1, rtol=1e-12)


def test_the_mean_comes_first_and_the_root_last(series_of, forecast_of):
    # Errors 1 and 7 of two forecasts: sqrt((1 + 49) / 2) = 5, whereas a mean of roots is 4.
    truth = series_of(np.zeros((3, 1, 4, 5)), latitude=ROWS)
    errors = np.array([1.0, 7.0])[:, None, None, None, None] * np.ones((2, 1, 1, 4, 5))
    scores = verify(forecast_of(errors, truth), truth)
    np.testing.assert_allclose(scores["score"].sel(metric="rmse"), 5)


def test_pooling_the_lead_times_also_takes_the_root_last(series_of, forecast_of):
    # Errors 1 at the first and 7 at the second lead time: 1, 7 and again sqrt(25) = 5 over both.
    truth = series_of(np.zeros((5, 1, 4, 5)), latitude=ROWS)
    errors = np.array([1.0, 7.0])[None, :, None, None, None] * np.ones(SHAPE)
    scores = verify(forecast_of(errors, truth), truth, dialect="openstl")
    np.testing.assert_allclose(scores["score"].sel(metric="rmse").squeeze(), [1, 7])
    np.testing.assert_allclose(scores["pooled"].sel(metric="rmse"), 5)
    np.testing.assert_allclose(scores["pooled"].sel(metric="mse"), 25)
    np.testing.assert_allclose(scores["pooled"].sel(metric="mae"), 4)
    assert scores.attrs["headline"] == "pooled"


def test_rows_count_by_their_area(series_of, forecast_of):
    # Rows at 60° and 0°, bounds 90°, 30°, -30°: the sine differences are 1/2 and 1, the weights 2/3
    # and 4/3. Error 3 in the first row only: 9 * 2/3 / 2 = 3.
    truth = series_of(np.zeros((2, 1, 2, 5)), latitude=np.array([60.0, 0.0]))
    errors = np.zeros((1, 1, 1, 2, 5))
    errors[..., 0, :] = 3
    scores = verify(forecast_of(errors, truth), truth)
    np.testing.assert_allclose(scores["score"].sel(metric="mse"), 3)
    # Without weights it is 9 / 2.
    scores = verify(forecast_of(errors, truth), truth, dialect="openstl")
    np.testing.assert_allclose(scores["score"].sel(metric="mse"), 4.5)


def test_a_grid_without_geography_is_not_weighted(series_of, forecast_of):
    truth = series_of(np.zeros((2, 1, 2, 5)))
    errors = np.zeros((1, 1, 1, 2, 5))
    errors[..., 0, :] = 3
    scores = verify(forecast_of(errors, truth), truth)
    np.testing.assert_allclose(scores["score"].sel(metric="mse"), 4.5)
    assert scores.attrs["weights"] == "uniform"


def test_an_opposite_anomaly_has_acc_minus_one(series_of, forecast_of):
    frames = np.random.default_rng(0).normal(size=(4, 1, 4, 5)).astype("float32")
    truth = series_of(frames, latitude=ROWS)
    climatology = _flat_climatology(truth, 0.0)
    scores = verify(forecast_of(-frames[1:4, None], truth), truth, climatology=climatology)
    np.testing.assert_allclose(scores["score"].sel(metric="acc"), -1, rtol=1e-12)
    assert scores["units"].sel(metric="acc").item() == "1"


def test_acc_of_wb2_is_a_mean_over_forecasts_and_not_centred(series_of, forecast_of):
    # One row; anomalies (1, 0) and (1, 1): 1 / sqrt(1 * 2); then (2, 2) and (1, 1): 1.
    # The mean is (√½ + 1) / 2; centred, the second would be undefined.
    truth = series_of(np.array([[0, 0], [1, 0], [1, 1]])[:, None, None, :])
    frames = np.array([[1, 1], [2, 2]])[:, None, None, None, :]
    climatology = _flat_climatology(truth, 0.0)
    scores = verify(forecast_of(frames, truth), truth, climatology=climatology)
    expected = (np.sqrt(0.5) + 1) / 2
    np.testing.assert_allclose(scores["score"].sel(metric="acc").squeeze(), expected)


def test_acc_of_wb1_is_centred_about_the_mean_of_the_test_truth(series_of, forecast_of):
    # Truth (0, 0), (2, 4): its mean per cell is (1, 2), anomalies a = (-1, -2), (1, 2), of mean 0.
    # Forecast (0, 1), (1, 1): anomalies (-1, -1), (0, -1), less their mean -3/4:
    # f = (-1/4, -1/4), (3/4, -1/4). Σ f a = 1/4 + 2/4 + 3/4 - 2/4 = 1; Σ f² = 12/16; Σ a² = 10.
    truth = series_of(np.array([[9, 9], [0, 0], [2, 4]])[:, None, None, :])
    frames = np.array([[0, 1], [1, 1]])[:, None, None, None, :]
    scores = verify(forecast_of(frames, truth), truth, dialect="wb1")
    np.testing.assert_allclose(scores["score"].sel(metric="acc").squeeze(), 1 / np.sqrt(7.5))
    assert scores.attrs["climatology"].startswith("mean of the test truth at 2 valid times")


def test_the_acc_of_the_climatology_itself_is_undefined(series_of, forecast_of):
    truth = series_of(np.random.default_rng(0).normal(size=(4, 1, 4, 5)), latitude=ROWS)
    forecast = forecast_of(np.full((2, 1, 1, 4, 5), 7.0), truth)
    scores = verify(forecast, truth, climatology=_flat_climatology(truth, 7.0))
    assert scores["score"].sel(metric="acc").isnull().all()


def test_without_a_climatology_wb2_gives_no_acc(series_of, forecast_of):
    truth = series_of(np.zeros((6, 1, 4, 5)), latitude=ROWS)
    scores = verify(forecast_of(np.zeros(SHAPE), truth), truth)
    assert scores["metric"].values.tolist() == ["rmse", "mse", "mae", "bias"]
    assert scores.attrs["climatology"] == "none"
    assert "acc_count" not in scores


def test_missing_truth_is_masked_and_counted(series_of, forecast_of):
    # Errors 3 where the truth is known; the error of the missing cell would be anything.
    frames = np.zeros((2, 1, 4, 5))
    frames[1, 0, 0, :2] = np.nan
    truth = series_of(frames, latitude=ROWS)
    errors = np.full((1, 1, 1, 4, 5), 3.0)
    errors[..., 0, :2] = 1e9
    scores = verify(forecast_of(errors, truth), truth)
    np.testing.assert_allclose(scores["score"].sel(metric="rmse"), 3, rtol=1e-14)
    assert scores["count"].item() == 18
    assert scores["masked"].item() == 2
    assert scores["missing"].item() == 0


def test_the_weights_of_masked_rows_do_not_count(series_of, forecast_of):
    # Weights 2/3 and 4/3 of two rows of 5; 4 cells of the second row are masked. Error 3 in the first
    # row: 9 * (5 * 2/3) / (5 * 2/3 + 1 * 4/3) = 9 * 10 / 14.
    frames = np.zeros((2, 1, 2, 5))
    frames[1, 0, 1, 1:] = np.nan
    truth = series_of(frames, latitude=np.array([60.0, 0.0]))
    errors = np.zeros((1, 1, 1, 2, 5))
    errors[..., 0, :] = 3
    scores = verify(forecast_of(errors, truth), truth)
    np.testing.assert_allclose(scores["score"].sel(metric="mse"), 90 / 14)


def test_missing_values_of_a_forecast_are_masked_and_told(series_of, forecast_of):
    truth = series_of(np.zeros((2, 1, 4, 5)), latitude=ROWS)
    errors = np.full((1, 1, 1, 4, 5), 3.0)
    errors[..., 0, 0] = np.nan
    scores = verify(forecast_of(errors, truth), truth)
    np.testing.assert_allclose(scores["score"].sel(metric="rmse"), 3, rtol=1e-14)
    assert scores["masked"].item() == 1
    assert scores["missing"].item() == 1


def test_an_absent_frame_of_truth_is_masked(series_of, forecast_of):
    # The second lead time of the last forecast lies beyond the series.
    truth = series_of(np.zeros((4, 1, 4, 5)), latitude=ROWS)
    scores = verify(forecast_of(np.full(SHAPE, 3.0), truth), truth)
    np.testing.assert_array_equal(scores["count"].squeeze(), [60, 40])
    np.testing.assert_array_equal(scores["masked"].squeeze(), [0, 20])
    np.testing.assert_allclose(scores["score"].sel(metric="rmse"), 3, rtol=1e-14)


@pytest.mark.parametrize("dialect", ["wb2", "wb1", "openstl"])
def test_scores_are_nan_where_all_is_missing(dialect, series_of, forecast_of):
    truth = series_of(np.full((6, 1, 4, 5), np.nan), latitude=ROWS)
    climatology = _flat_climatology(truth, 0.0)
    forecast = forecast_of(np.zeros(SHAPE), truth)
    scores = verify(forecast, truth, dialect=dialect, climatology=climatology)
    assert scores["score"].isnull().all()
    assert scores["pooled"].isnull().all()
    assert (scores["count"] == 0).all()


def test_days_without_a_climatology_leave_acc_alone(series_of, forecast_of):
    rng = np.random.default_rng(0)
    truth = series_of(rng.normal(size=(4, 1, 4, 5)), latitude=ROWS)
    forecast = forecast_of(rng.normal(size=(2, 1, 1, 4, 5)), truth)
    climatology = _flat_climatology(truth, 0.0)
    with_all = verify(forecast.isel(init_time=[1]), truth, climatology=climatology)
    climatology.values[1, 0] = np.nan  # 06:00 on 1 January: the first valid time
    climatology.values[2, 0, 0, 0, 0] = np.nan  # one cell of the second, at 12:00
    scores = verify(forecast, truth, climatology=climatology)
    assert scores["count"].item() == 40
    assert scores["acc_count"].item() == 19
    assert scores["masked"].item() == 0
    acc = scores["score"].sel(metric="acc").item()
    assert acc != with_all["score"].sel(metric="acc").item()
    assert -1 < acc < 1


def test_a_forecast_that_diverged_scores_infinity(series_of, forecast_of):
    truth = series_of(np.random.default_rng(0).normal(size=(2, 1, 4, 5)), latitude=ROWS)
    errors = np.zeros((1, 1, 1, 4, 5))
    errors[..., 0, 0] = np.inf
    scores = verify(forecast_of(errors, truth), truth, climatology=_flat_climatology(truth, 0.0))
    assert scores["score"].sel(metric="rmse").item() == np.inf
    assert scores["masked"].item() == 0
    assert np.isnan(scores["score"].sel(metric="acc").item())


def test_units_follow_the_metric(series_of, forecast_of):
    truth = series_of(np.zeros((6, 1, 4, 5)), latitude=ROWS)
    scores = verify(forecast_of(np.zeros(SHAPE), truth), truth)
    assert scores["units"].sel(channel="a").values.tolist() == ["K", "K2", "K", "K"]
