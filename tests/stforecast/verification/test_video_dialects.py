import numpy as np
import pytest
import xarray as xr

from pipelines import PIPELINES
from pipelines.clips import GREY, RGB, Clip, clip_series
from stforecast.forecast import make_forecast
from stforecast.verification.dialects import dialect_for
from stforecast.verification.evaluate import verify
from stforecast.verification.picture_quality import gaussian_ssim, uniform_ssim


def made(truth: np.ndarray, forecast: np.ndarray) -> tuple[xr.DataArray, xr.DataArray]:
    """A clip of grey levels (time, channel, y, x), and a forecast of its last frames from the first."""
    series = clip_series(
        truth.astype("uint8"),
        [Clip("one", len(truth))],
        channels=GREY if truth.shape[1] == 1 else RGB,
        attrs={"dataset": "video", "source": "made here"},
    )
    times = series["time"].values
    labelled = make_forecast(
        forecast[None],
        init_times=times[:1],
        time_step=times[1] - times[0],
        like=series,
        forecaster="made",
    )
    return labelled, series


@pytest.fixture
def colours() -> tuple[np.ndarray, np.ndarray]:
    """Truth (3, 3, 16, 20) and a forecast of its last two frames, some of it beyond white."""
    random = np.random.default_rng(1)
    truth = random.integers(0, 256, (3, 3, 16, 20))
    return truth, truth[1:] + 40 * random.standard_normal(truth[1:].shape)


def test_every_video_dataset_has_both_dialects():
    videos = [name for name, pipeline in PIPELINES.items() if pipeline.is_video]
    assert {"mmnist", "kth", "kitticaltech", "human", "video"} <= set(videos)
    for name in videos:
        assert dialect_for(name).name == "video"
        assert dialect_for(name, "openstl").value_range == (0.0, 255.0)


def test_errors_are_sums_over_a_frame_of_values_from_0_to_1(colours):
    truth, _ = colours
    forecast, series = made(truth, truth[1:] + 51.0)
    scores = verify(forecast, series)
    of_all = scores["score"].sel(channel="all", forecaster="made")
    assert of_all.sel(metric="mse").values == pytest.approx(0.2**2 * 3 * 16 * 20)
    assert of_all.sel(metric="mae").values == pytest.approx(0.2 * 3 * 16 * 20)
    assert of_all.sel(metric="mse_mean").values == pytest.approx(0.2**2)
    red = scores["score"].sel(channel="red", forecaster="made", metric="mse")
    assert red.values == pytest.approx(0.2**2 * 16 * 20)


def test_ssim_is_the_mean_over_frames_and_channels_of_clipped_forecasts(colours):
    truth, forecast = colours
    shown = np.clip(forecast, 0, 255)[None] / 255
    true = truth[None, 1:] / 255
    pooled = {
        dialect: verify(*made(truth, forecast), dialect=dialect)["pooled"].sel(channel="all")
        for dialect in ("video", "openstl")
    }
    ours = pooled["video"].sel(metric="ssim").item()
    assert ours == pytest.approx(gaussian_ssim(shown, true).mean(), abs=1e-6)
    theirs = pooled["openstl"].sel(metric="ssim").item()
    assert theirs == pytest.approx(uniform_ssim(shown, true, data_range=2.0).mean(), abs=1e-6)


def test_openstl_errors_are_of_what_the_network_put_out_and_psnr_of_what_is_shown(colours):
    truth, forecast = colours
    scores = verify(*made(truth, forecast), dialect="openstl")["pooled"].sel(channel="all")
    # openstl/core/metrics.py: mean over the batch and the frames, sum over the rest.
    error = (forecast - truth[1:]) / 255
    assert scores.sel(metric="mse").item() == pytest.approx((error**2).mean(axis=0).sum(), 1e-5)
    assert scores.sel(metric="mae").item() == pytest.approx(np.abs(error).mean(axis=0).sum(), 1e-5)
    clipped = np.clip(forecast, 0, 255) / 255 - truth[1:] / 255
    decibels = [-10 * np.log10(np.mean(frame**2)) for frame in clipped]
    assert scores.sel(metric="psnr").item() == pytest.approx(np.mean(decibels), 1e-5)


def test_frames_without_error_are_infinite_in_openstl_alone(colours):
    truth, forecast = colours
    forecast[0] = truth[1]
    found = {
        dialect: verify(*made(truth, forecast), dialect=dialect)["score"]
        .sel(channel="all", metric="psnr", forecaster="made")
        .values[0]
        for dialect in ("video", "openstl")
    }
    assert found == {"video": 100.0, "openstl": np.inf}


def test_a_frame_that_is_missing_counts_in_no_mean(colours):
    truth, forecast = colours
    labelled, series = made(truth[:, :1], forecast[:, :1])
    whole = verify(labelled, series)["pooled"].sel(channel="luminance", metric="ssim").item()
    labelled[0, 1] = np.nan
    first = verify(labelled, series)
    at_first = first["score"].sel(channel="luminance", metric="ssim")[0].values
    assert np.isnan(at_first[1])
    assert first["pooled"].sel(channel="luminance", metric="ssim").item() == pytest.approx(
        at_first[0]
    )
    assert whole != pytest.approx(at_first[0])


def test_lpips_stands_in_the_scores_only_with_weights(colours, monkeypatch):
    monkeypatch.delenv("STFORECAST_WEIGHTS", raising=False)
    assert "lpips" not in verify(*made(*colours))["metric"].values
