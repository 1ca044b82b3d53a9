"""Strips: which frame stands where, on which scale, under which words."""

import numpy as np
import pytest

from pipelines.series import Channel, make_series
from stforecast.figures.fields import read_fields
from stforecast.figures.strip import plot_fields_strip, plot_strip
from stforecast.forecast import make_forecast


def panels(figure):
    return [axes for axes in figure.axes if axes.images]


def fields(figure):
    return [axes.images[0].get_array() for axes in panels(figure)]


def words(figure):
    return [text.get_text() for text in figure.texts]


def ends(figure):
    return [(axes.images[0].norm.vmin, axes.images[0].norm.vmax) for axes in panels(figure)]


def tops(figure):
    return [round(axes.get_position().y1, 6) for axes in panels(figure)]


@pytest.fixture(scope="module")
def video():
    """20 frames of 40 ms, each as bright as its number, and a forecast 2 brighter from the tenth on."""
    luminance = Channel("luminance", "luminance", valid_min=0, valid_max=255)
    step = np.timedelta64(40, "ms")
    frames = np.arange(20.0)[:, None, None, None] + np.zeros((1, 1, 6, 6))
    series = make_series(
        frames.astype("float32"),
        times=np.datetime64("2000-01-01", "ns") + np.arange(20) * step,
        channels=[luminance],
        attrs={"dataset": "mmnist", "clock": "artificial"},
    )
    forecast = make_forecast(
        frames[None, 10:] + 2,
        init_times=series["time"].values[9:10],
        time_step=step,
        like=series,
        forecaster="simvp",
    )
    return series, forecast


@pytest.fixture(scope="module")
def video_strip(video):
    series, forecast = video
    return plot_strip(forecast, series, history=series)


def test_video_is_shown_as_in_papers(video_strip):
    figure = video_strip
    # Input, truth, forecast and error: ten frames each.
    shown = [float(field.mean()) for field in fields(figure)]
    assert shown[:10] == list(range(10))
    assert shown[10:20] == list(range(10, 20))
    assert shown[20:30] == list(range(12, 22))
    assert shown[30:] == [2] * 10
    assert len(set(tops(figure))) == 4
    labels = [text for text in words(figure) if text in ("Input", "Truth", "Forecast", "Error")]
    # The last one is the colour bar's.
    assert labels == ["Input", "Truth", "Forecast", "Error", "Error"]


def test_frames_that_follow_in_seconds_are_numbered(video_strip):
    said = words(video_strip)
    numbers = [text for text in said if text.lstrip("+−").isdigit()]
    assert numbers[:10] == ["−9", "−8", "−7", "−6", "−5", "−4", "−3", "−2", "−1", "0"]
    assert numbers[10:] == [f"+{number}" for number in range(1, 11)]
    assert "SimVP, frames counted from the last input  ·  mmnist" in said


def test_columns_stand_below_each_other(video_strip):
    figure = video_strip
    lefts = [round(axes.get_position().x0, 6) for axes in panels(figure)]
    for row in range(1, 4):
        assert lefts[10 * row : 10 * row + 10] == lefts[:10]
    # All on the sheet, none on another.
    assert max(axes.get_position().x1 for axes in panels(figure)) < 1
    width = panels(figure)[0].get_position().width
    assert np.diff(lefts[:10]).min() > width


def test_frames_are_square_where_the_grid_is(video_strip):
    figure = video_strip
    box = panels(figure)[0].get_position()
    width, height = figure.get_size_inches()
    assert box.width * width == pytest.approx(box.height * height)


def test_input_truth_and_forecast_share_one_scale(build):
    series, forecast = build(grid="regional", n_leads=4)
    later = series.copy(data=series.values - 40)
    figure = plot_strip(forecast, series, history=later)
    # The input, 40 K colder, is on the scale too.
    shared = set(ends(figure)[:-4])
    assert len(shared) == 1
    low, high = shared.pop()
    assert low <= float(later.min())
    assert high >= float(forecast[0].max())
    (least, greatest) = set(ends(figure)[-4:]).pop()
    assert least == -greatest


def test_limits_that_are_given_hold(build):
    series, forecast = build(grid=None)
    figure = plot_strip(forecast, series, history=series, limits=(0, 400), error_limit=50)
    assert set(ends(figure)) == {(0, 400), (-50, 50)}


def test_weather_is_titled_by_lead_time_and_date(build):
    series, forecast = build(grid="regional", n_leads=4, hours=24)
    figure = plot_strip(forecast, series, history=series, init_time="2018-01-02")
    said = words(figure)
    assert "SimVP from 2018-01-02 00:00 UTC  ·  weatherbench (synthetic)" in said
    # Two frames of input: the day before and the start.
    assert [text for text in said if text.endswith(" h") or text == "start"] == [
        "−24 h",
        "start",
        "+24 h",
        "+48 h",
        "+72 h",
        "+96 h",
    ]
    assert "2 Jan" in said
    assert "6 Jan" in said
    assert "K" in said
    assert "Error, K" in said


def test_times_are_told_with_the_day_where_there_is_room(build, build_town):
    series, forecast = build_town()
    said = words(plot_strip(forecast, series, init_time="2016-01-23T22:30"))
    assert [text for text in said if " Jan " in text] == [
        "23 Jan 23:00",
        "23 Jan 23:30",
        "24 Jan 00:00",
        "24 Jan 00:30",
    ]
    assert "+1 h 30\u202fmin" in said
    _, forecast = build(grid=None, n_leads=8, hours=1)
    said = words(plot_strip(forecast))
    assert "01:00" in said
    assert "+8 h" in said


def test_up_to_ten_lead_times_are_chosen_evenly_and_six_of_wide_maps(build):
    for grid, titles in ((None, 10), ("global", 6)):
        _, forecast = build(grid=grid, n_leads=20)
        said = [text for text in words(plot_strip(forecast)) if text.startswith("+")]
        assert len(said) == titles
        assert said[0] == "+6 h"
        assert said[-1] == "+120 h"


def test_input_is_as_long_as_the_forecast_and_at_least_four_frames(build):
    series, forecast = build(grid=None, n_leads=12)
    start = series["time"].values[9]
    later = forecast[:1].assign_coords(init_time=[start])
    assert len(panels(plot_strip(later, history=series, lead_times=["6h"]))) == 1 + 4
    assert len(panels(plot_strip(later, history=series, lead_times=["6h", "12h"]))) == 2 + 4
    assert len(panels(plot_strip(later, history=series))) == 10 + 10


def test_forecast_alone_is_one_row(build):
    _, forecast = build(grid=None, n_leads=3)
    figure = plot_strip(forecast)
    assert len(panels(figure)) == 3
    assert len(set(tops(figure))) == 1
    # One colour bar, without the error's.
    assert len(figure.axes) == 4


def test_missing_truth_is_grey(build):
    series, forecast = build(grid=None, n_leads=3)
    shown = fields(plot_strip(forecast, series[:2]))
    assert [field.count() for field in shown] == [20, 0, 0, 20, 20, 20, 20, 0, 0]


def test_fields_at_hand_make_the_same_strip(build):
    series, forecast = build(grid="regional", n_leads=3)
    whole = plot_strip(forecast, series, history=series)
    made = read_fields(forecast, init_time=None, channel=None, truth=series)
    again = plot_fields_strip(
        made,
        forecast[0, 0, 0],
        history=series.values[:1, 0].astype("float64"),
        history_times=series["time"].values[:1],
    )
    assert words(again) == words(whole)
    for first, second in zip(fields(whole), fields(again), strict=True):
        np.testing.assert_array_equal(first, second)


def test_row_of_the_input_is_left_out_where_there_is_none(build):
    _, forecast = build(grid=None, n_leads=3)
    made = read_fields(forecast, init_time=None, channel=None, truth=None)
    figure = plot_fields_strip(
        made,
        forecast,
        history=np.empty((0, 4, 5)),
        history_times=np.empty(0, "datetime64[ns]"),
    )
    assert "Input" not in words(figure)
    assert len(panels(figure)) == 3


def test_what_cannot_be_shown_is_refused(build):
    series, forecast = build(grid=None, n_leads=12)
    with pytest.raises(ValueError, match="no frame up to 2018-01-01 00:00"):
        plot_strip(forecast, history=series[1:])
    with pytest.raises(ValueError, match="1 to 10 lead times, but 12 are named"):
        plot_strip(forecast, lead_times=forecast["lead_time"].values)
    with pytest.raises(ValueError, match=r"no lead_time \+1 h"):
        plot_strip(forecast, lead_times=["1h"])
    with pytest.raises(ValueError, match="no channel 'speed'"):
        plot_strip(forecast, channel="speed")
    made = read_fields(forecast, init_time=None, channel=None, truth=None)
    with pytest.raises(ValueError, match="there are 2 frames and 0 times"):
        plot_fields_strip(made, forecast, history=np.zeros((2, 4, 5)))
