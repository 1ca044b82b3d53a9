"""Video as strips and moving pictures."""

import numpy as np
import pytest

from stforecast.figures.video_strip import VideoForecast, plot_video_strip, video_pictures


def video(*, seen=4, ahead=3, known=None, channels=3, size=(12, 20), off=10.0):
    frames = np.random.default_rng(0).uniform(20, 200, (seen + ahead, channels, *size))
    frames = frames.astype("float32")
    return VideoForecast(
        history=frames[:seen],
        truth=frames[seen : seen + (ahead if known is None else known)],
        forecast=frames[seen:] + np.float32(off),
        title="SimVP: worst of the test sequences",
        below="kth, person17",
    )


def texts(figure):
    return [text.get_text() for text in figure.texts]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_strip_has_input_truth_forecast_and_error(channels):
    figure = plot_video_strip(video(channels=channels))
    said = texts(figure)
    for label in ("Input", "Truth", "Forecast", "|Error|"):
        assert label in said
    # 4 of the input, three rows of 3, and the colour bar.
    assert len(figure.axes) == 4 + 9 + 1


def test_frames_are_numbered_from_the_last_input_and_never_dated():
    said = texts(plot_video_strip(video()))
    assert [text for text in said if text in ("−3", "−2", "−1", "0", "+1", "+2", "+3")] == [
        *("−3", "−2", "−1", "0"),
        *("+1", "+2", "+3"),
    ]
    assert not [text for text in said if "2000" in text]


def test_frames_in_colour_are_shown_in_colour():
    one = video()
    shown = plot_video_strip(one).axes[0].images[0].get_array()
    assert shown is not None
    assert np.array_equal(shown, np.round(np.moveaxis(one.history[0], 0, -1)))


def test_grey_frames_have_three_equal_colours():
    shown = plot_video_strip(video(channels=1)).axes[0].images[0].get_array()
    assert shown is not None
    assert shown.shape == (12, 20, 3)
    assert (shown == shown[..., :1]).all()


def test_a_long_forecast_is_spread_over_ten_frames_with_its_first_and_last():
    said = texts(plot_video_strip(video(ahead=40, seen=12)))
    ahead = [text for text in said if text.startswith("+")]
    assert len(ahead) == 10
    assert (ahead[0], ahead[-1]) == ("+1", "+40")
    assert "−9" in said
    assert "−10" not in said


def test_wide_frames_stand_in_rows_of_five():
    said = texts(plot_video_strip(video(ahead=11, seen=12, size=(12, 36))))
    # 0, 2.5, 5, 7.5 and 10 frames behind the first, halves to the even number.
    assert [text for text in said if text.startswith("+")] == ["+1", "+3", "+6", "+9", "+11"]
    assert "−4" in said
    assert "−5" not in said


def test_errors_of_opposite_sign_in_two_colours_do_not_cancel_out():
    one = video(channels=3, off=0.0)
    one.forecast[:, 0] += 30
    one.forecast[:, 2] -= 30
    # (30 + 0 + 30) / 3
    assert one.error == pytest.approx(np.full((3, 12, 20), 20.0), abs=1e-3)


def test_a_perfect_forecast_has_a_scale_of_errors_nevertheless():
    assert video(off=0.0).most == 1.0


def test_moving_pictures_show_the_input_and_then_the_forecast_beside_the_truth():
    pictures = list(video_pictures(video(seen=4, ahead=3)))
    assert len(pictures) == 7
    assert len({picture.shape for picture in pictures}) == 1
    assert all(picture.dtype == np.uint8 for picture in pictures)
    # While the input runs, there is no forecast yet: one grey.
    middle = pictures[0][60, pictures[0].shape[1] // 2]
    assert (pictures[3][60, pictures[0].shape[1] // 2] == middle).all()
    assert (pictures[4][40:200, 250:400] != middle).any()


def test_a_strip_has_truth_and_error_as_far_as_a_truth_is_known():
    figure = plot_video_strip(video(seen=4, ahead=3, known=2))
    # 4 of the input, 3 of the forecast, 2 of truth and error each, and the colour bar.
    assert len(figure.axes) == 4 + 3 + 2 + 2 + 1
    figure = plot_video_strip(video(seen=4, ahead=3, known=0))
    assert len(figure.axes) == 4 + 3
    said = texts(figure)
    assert "Forecast" in said
    assert not {"Truth", "|Error|"} & set(said)


def test_moving_pictures_are_grey_where_no_truth_is_known():
    pictures = list(video_pictures(video(seen=1, ahead=3, known=2)))
    width = pictures[0].shape[1]
    middles = [picture[60, width // 6] for picture in pictures]
    grey = pictures[0][60, width // 2]
    assert (middles[3] == grey).all()
    assert (middles[2] != grey).any()


def test_without_any_truth_input_and_forecast_follow_each_other_in_one_panel():
    one = video(seen=2, ahead=3, known=0, size=(40, 300))
    pictures = list(video_pictures(one))
    assert [picture.shape for picture in pictures] == [(40 + 32, 300 + 2 * 6, 3)] * 5
    shown = pictures[2][26:66, 6:306]
    assert np.array_equal(shown, np.round(np.moveaxis(one.forecast[0], 0, -1)))


def test_small_frames_are_enlarged_by_a_whole_number():
    # 224 / 20 is 11.2: three panels of 11 · 20 pixels and the room between them.
    picture = next(video_pictures(video(size=(12, 20))))
    assert picture.shape == (11 * 12 + 26 + 6, 3 * 220 + 4 * 6, 3)


def test_large_frames_stay_as_they_are():
    picture = next(video_pictures(video(size=(40, 300))))
    assert picture.shape == (40 + 32, 924, 3)
