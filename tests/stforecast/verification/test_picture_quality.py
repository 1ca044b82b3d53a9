import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from stforecast.verification.picture_quality import (
    MOST_DECIBELS,
    gaussian_ssim,
    psnr_of_frames,
    uniform_ssim,
    weights_file,
)


@pytest.fixture
def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Forecast and truth in [0, 1], (2, 3, 2, 24, 30)."""
    random = np.random.default_rng(5)
    truth = random.random((2, 3, 2, 24, 30))
    return np.clip(truth + 0.1 * random.standard_normal(truth.shape), 0, 1), truth


def test_gaussian_ssim_is_that_of_scikit_image(pictures):
    forecast, truth = pictures
    ours = gaussian_ssim(forecast, truth)
    for place in np.ndindex(ours.shape):
        theirs = structural_similarity(
            truth[place],
            forecast[place],
            data_range=1.0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        assert ours[place] == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("data_range", [1.0, 2.0])
def test_uniform_ssim_is_that_of_scikit_image_over_all_channels(pictures, data_range):
    forecast, truth = pictures
    ours = uniform_ssim(forecast, truth, data_range=data_range).mean(axis=2)
    for place in np.ndindex(ours.shape):
        # As openstl/core/metrics.py hands them over: columns, rows, channels.
        theirs = structural_similarity(
            truth[place].T, forecast[place].T, data_range=data_range, channel_axis=2
        )
        assert ours[place] == pytest.approx(theirs, abs=1e-12)


def test_a_data_range_of_2_flatters(pictures):
    assert (
        uniform_ssim(*pictures, data_range=2.0).mean()
        > uniform_ssim(*pictures, data_range=1.0).mean()
    )


def test_psnr_is_of_all_channels_of_a_frame_together(pictures):
    forecast, truth = pictures
    ours = psnr_of_frames(forecast, truth)
    assert ours.shape == (2, 3, 2)
    theirs = peak_signal_noise_ratio(truth[1, 2], forecast[1, 2], data_range=1.0)
    assert ours[1, 2].tolist() == pytest.approx([theirs, theirs])


def test_an_error_of_a_tenth_is_20_decibels_and_none_is_the_most():
    truth = np.zeros((1, 2, 1, 4, 4))
    forecast = truth.copy()
    forecast[:, 0] = 0.1
    assert psnr_of_frames(forecast, truth).ravel().tolist() == pytest.approx([20, np.inf])
    assert psnr_of_frames(forecast, truth, most=MOST_DECIBELS)[0, 1, 0] == 100


def test_equal_frames_are_alike(pictures):
    _, truth = pictures
    assert gaussian_ssim(truth, truth) == pytest.approx(1)
    assert uniform_ssim(truth, truth, data_range=1.0) == pytest.approx(1)


def test_frames_smaller_than_a_window_are_refused():
    small = np.zeros((1, 1, 1, 8, 30))
    with pytest.raises(ValueError, match=r"11×11 pixels, but the frames are 8×30; .*clips.size"):
        gaussian_ssim(small, small)
    with pytest.raises(ValueError, match="7×7 pixels, but the frames are 6×30"):
        uniform_ssim(small[..., :6, :], small[..., :6, :], data_range=1.0)


def test_weights_are_looked_for_where_the_variable_says(tmp_path, monkeypatch):
    monkeypatch.delenv("STFORECAST_WEIGHTS", raising=False)
    assert weights_file() is None
    monkeypatch.setenv("STFORECAST_WEIGHTS", str(tmp_path))
    assert weights_file() is None
    file = tmp_path / "alexnet-owt-7be5be79.pth"
    file.touch()
    assert weights_file() == file
