"""Scores against straight transcriptions of the published formulas, cell by cell, and other judges."""

import math
from itertools import pairwise

import numpy as np
import pytest
import scores.continuous
import scores.functions
import xarray as xr

from stforecast.baselines.climatology import fit_climatology
from stforecast.verification.evaluate import verify

LATITUDE = np.array([60.0, 20.0, -20.0, -60.0])
N_INITS, N_LEADS, N_CHANNELS, N_ROWS, N_COLUMNS = 5, 3, 2, 4, 6


@pytest.fixture
def case(series_of, forecast_of):
    """A forecast of random fields about 280 K, its truth and a climatology of two earlier years."""
    rng = np.random.default_rng(7)
    training = series_of(
        280 + rng.normal(size=(40, N_CHANNELS, N_ROWS, N_COLUMNS)),
        latitude=LATITUDE,
        start="2017-01-01",
    )
    truth = series_of(280 + rng.normal(size=(12, N_CHANNELS, N_ROWS, N_COLUMNS)), latitude=LATITUDE)
    frames = 280.5 + rng.normal(size=(N_INITS, N_LEADS, N_CHANNELS, N_ROWS, N_COLUMNS))
    return forecast_of(frames, truth), truth, fit_climatology(training, window_days=5)


def _numbers(forecast, truth, channel, lead):
    """Per init time: forecast and truth of one channel and lead time, as plain nested lists."""
    pairs = []
    for init_time in forecast["init_time"].values:
        f = forecast.sel(init_time=init_time).isel(lead_time=lead, channel=channel)
        o = truth.sel(time=f["valid_time"].values).isel(channel=channel)
        pairs.append((f.values.astype("float64").tolist(), o.values.astype("float64").tolist()))
    return pairs


CELLS = [(i, j) for i in range(N_ROWS) for j in range(N_COLUMNS)]


def test_weatherbench_2_scores_follow_its_formulas(case):
    forecast, truth, climatology = case
    scored = verify(forecast, truth, climatology=climatology)["score"].isel(forecaster=0)
    bounds = [90, 40, 0, -40, -90]
    sines = [math.sin(math.radians(bound)) for bound in bounds]
    areas = [north - south for north, south in pairwise(sines)]
    w = [area / (sum(areas) / len(areas)) for area in areas]
    for channel in range(N_CHANNELS):
        for lead in range(N_LEADS):
            mse, mae, bias, acc = [], [], [], []
            pairs = _numbers(forecast, truth, channel, lead)
            for (f, o), time in zip(
                pairs, forecast["valid_time"].isel(lead_time=lead).values, strict=True
            ):
                c = climatology.at([time])[0, channel].values.astype("float64").tolist()
                n = len(CELLS)
                mse.append(sum(w[i] * (f[i][j] - o[i][j]) ** 2 for i, j in CELLS) / n)
                mae.append(sum(w[i] * abs(f[i][j] - o[i][j]) for i, j in CELLS) / n)
                bias.append(sum(w[i] * (f[i][j] - o[i][j]) for i, j in CELLS) / n)
                fo = sum(w[i] * (f[i][j] - c[i][j]) * (o[i][j] - c[i][j]) for i, j in CELLS)
                ff = sum(w[i] * (f[i][j] - c[i][j]) ** 2 for i, j in CELLS)
                oo = sum(w[i] * (o[i][j] - c[i][j]) ** 2 for i, j in CELLS)
                acc.append(fo / math.sqrt(ff * oo))
            got = scored.isel(channel=channel, lead_time=lead)
            expected = {
                "rmse": math.sqrt(sum(mse) / N_INITS),
                "mse": sum(mse) / N_INITS,
                "mae": sum(mae) / N_INITS,
                "bias": sum(bias) / N_INITS,
                "acc": sum(acc) / N_INITS,
            }
            for metric, value in expected.items():
                assert got.sel(metric=metric).item() == pytest.approx(value, rel=1e-12), metric


def test_weatherbench_1_scores_follow_its_formulas(case):
    forecast, truth, _ = case
    scored = verify(forecast, truth, dialect="wb1")["score"].isel(forecaster=0)
    cosines = [math.cos(math.radians(latitude)) for latitude in LATITUDE]
    w = [cosine / (sum(cosines) / len(cosines)) for cosine in cosines]
    valid = np.unique(forecast["valid_time"].values)
    for channel in range(N_CHANNELS):
        c = truth.sel(time=valid).isel(channel=channel).values.astype("float64").mean(axis=0)
        for lead in range(N_LEADS):
            pairs = _numbers(forecast, truth, channel, lead)
            everything = [(t, i, j) for t in range(N_INITS) for i, j in CELLS]
            e = {(t, i, j): pairs[t][0][i][j] - pairs[t][1][i][j] for t, i, j in everything}
            fa = {(t, i, j): pairs[t][0][i][j] - c[i, j] for t, i, j in everything}
            oa = {(t, i, j): pairs[t][1][i][j] - c[i, j] for t, i, j in everything}
            fm, om = sum(fa.values()) / len(fa), sum(oa.values()) / len(oa)
            fo = sum(w[k[1]] * (fa[k] - fm) * (oa[k] - om) for k in everything)
            ff = sum(w[k[1]] * (fa[k] - fm) ** 2 for k in everything)
            oo = sum(w[k[1]] * (oa[k] - om) ** 2 for k in everything)
            n = len(everything)
            expected = {
                "rmse": math.sqrt(sum(w[k[1]] * e[k] ** 2 for k in everything) / n),
                "mae": sum(w[k[1]] * abs(e[k]) for k in everything) / n,
                "acc": fo / math.sqrt(ff * oo),
            }
            got = scored.isel(channel=channel, lead_time=lead)
            for metric, value in expected.items():
                assert got.sel(metric=metric).item() == pytest.approx(value, rel=1e-12), metric


def test_openstl_scores_follow_its_code(case):
    forecast, truth, _ = case
    scored = verify(forecast, truth, dialect="openstl")["pooled"].isel(forecaster=0)
    for channel in range(N_CHANNELS):
        leads = [_numbers(forecast, truth, channel, lead) for lead in range(N_LEADS)]
        pred = np.array([[pair[0] for pair in pairs] for pairs in leads]).swapaxes(0, 1)
        true = np.array([[pair[1] for pair in pairs] for pairs in leads]).swapaxes(0, 1)
        # openstl/core/metrics.py with spatial_norm, for one channel (B, T, H, W).
        norm = pred.shape[-1] * pred.shape[-2]
        mse = np.mean((pred - true) ** 2 / norm, axis=(0, 1)).sum()
        mae = np.mean(np.abs(pred - true) / norm, axis=(0, 1)).sum()
        got = scored.isel(channel=channel)
        assert got.sel(metric="mse").item() == pytest.approx(mse, rel=1e-12)
        assert got.sel(metric="mae").item() == pytest.approx(mae, rel=1e-12)
        assert got.sel(metric="rmse").item() == pytest.approx(math.sqrt(mse), rel=1e-12)


def test_the_scores_library_agrees(case):
    forecast, truth, _ = case
    ours = verify(forecast, truth, dialect="wb1")["score"].isel(forecaster=0)
    unweighted = verify(forecast, truth, dialect="openstl")["score"].isel(forecaster=0)
    weighted_bias = verify(forecast, truth)["score"].sel(metric="bias").isel(forecaster=0)
    f = forecast.astype("float64").drop_vars(["latitude", "longitude"])
    o = truth.sel(time=forecast["valid_time"]).drop_vars(["latitude", "longitude", "time"])
    o = o.astype("float64").transpose(*f.dims)
    weights = scores.functions.create_latitude_weights(xr.DataArray(LATITUDE, dims="y"))
    kept = ["lead_time", "channel"]
    for name in ("rmse", "mae"):
        judge = getattr(scores.continuous, name)
        theirs = judge(f, o, preserve_dims=kept, weights=weights).transpose("channel", "lead_time")
        np.testing.assert_allclose(ours.sel(metric=name), theirs, rtol=1e-12)
    for name in ("mse", "rmse", "mae"):
        judge = getattr(scores.continuous, name)
        theirs = judge(f, o, preserve_dims=kept).transpose("channel", "lead_time")
        np.testing.assert_allclose(unweighted.sel(metric=name), theirs, rtol=1e-12)
    areas = -np.diff(np.sin(np.deg2rad([90, 40, 0, -40, -90])))
    theirs = scores.continuous.additive_bias(
        f, o, preserve_dims=kept, weights=xr.DataArray(areas, dims="y")
    )
    np.testing.assert_allclose(weighted_bias, theirs.transpose("channel", "lead_time"), rtol=1e-12)


def test_the_scores_library_agrees_on_the_centred_correlation(series_of, forecast_of):
    # On a grid without geography ACC of WeatherBench 1 is Pearson's correlation of the anomalies.
    rng = np.random.default_rng(0)
    truth = series_of(rng.normal(size=(5, 1, 4, 5)))
    forecast = forecast_of(rng.normal(size=(4, 1, 1, 4, 5)), truth)
    acc = verify(forecast, truth, dialect="wb1")["score"].sel(metric="acc").item()
    mean = truth[1:].astype("float64").mean("time")
    f = (forecast - mean).values.ravel()
    o = (truth[1:].astype("float64") - mean).values.ravel()
    judged = scores.continuous.correlation.pearsonr(
        xr.DataArray(f, dims="cell"), xr.DataArray(o, dims="cell")
    )
    assert acc == pytest.approx(judged.item(), rel=1e-12)
