"""Sequences: which forecast stands in which column, on which scale, under which words."""

import numpy as np
import pytest

from stforecast.figures.sequence import plot_sequence


def panels(figure):
    return [axes for axes in figure.axes if axes.images]


def fields(figure):
    return [axes.images[0].get_array() for axes in panels(figure)]


def words(figure):
    return [text.get_text() for text in figure.texts]


def clocks(figure):
    return [text for text in words(figure) if len(text) == 5 and text[2] == ":"]


def test_up_to_eight_valid_times_are_spread_over_the_day(build_town):
    series, forecasts = build_town()
    figure = plot_sequence(forecasts, series)
    assert len(panels(figure)) == 24
    # 48 forecasts, 30 min ahead: valid from 00:30 to 00:00 of the next day.
    assert clocks(figure)[0] == "00:30"
    assert clocks(figure)[-1] == "00:00"
    assert len(clocks(figure)) == 8
    assert len(panels(plot_sequence(forecasts[:3], series))) == 9


def test_each_column_is_the_forecast_for_its_valid_time(build_town):
    series, forecasts = build_town()
    figure = plot_sequence(
        forecasts,
        series,
        channel="outflow",
        lead_time="1h",
        valid_times=["2016-01-23T06:00", np.datetime64("2016-01-23T12:30")],
    )
    truth, forecast, error = (np.stack(fields(figure)[row : row + 2]) for row in (0, 2, 4))
    # Cell (0, 0) has one vehicle more each half hour: 12 at 06:00, 25 at 12:30.
    assert truth[:, 0, 0].tolist() == [12, 25]
    # Persistence an hour ahead is two vehicles behind.
    assert forecast[:, 0, 0].tolist() == [10, 23]
    np.testing.assert_array_equal(error, -2)
    assert clocks(figure) == ["06:00", "12:30"]


def test_head_says_how_far_ahead(build_town):
    series, forecasts = build_town()
    texts = words(plot_sequence(forecasts, series, lead_time="1h", channel="outflow"))
    assert "Vehicles leaving" in texts
    assert "Persistence, 1 h ahead, New York time  ·  taxibj" in texts
    assert "roughly there" in texts


def test_all_columns_share_their_scales(build_town):
    series, forecasts = build_town()
    figure = plot_sequence(forecasts, series)
    ends = [axes.images[0].norm.vmax for axes in panels(figure)]
    # At 23:30 the busiest cell has 34 + 47 vehicles.
    assert set(ends[:16]) == {81}
    assert set(ends[16:]) == {1}


def test_more_than_eight_valid_times_stand_in_blocks_of_equal_length(build_town):
    series, forecasts = build_town()
    times = forecasts["init_time"].values[1:41:4]
    figure = plot_sequence(forecasts, series, valid_times=times)
    assert len(panels(figure)) == 30
    assert words(figure).count("Truth") == 2
    boxes = [axes.get_position() for axes in panels(figure)]
    lefts = sorted({round(box.x0, 6) for box in boxes})
    assert len(lefts) == 5
    # The second block begins below the errors of the first, with room for its titles.
    tops = sorted({round(box.y1, 6) for box in boxes}, reverse=True)
    assert tops[2] - tops[3] > tops[1] - tops[2]
    bars = [axes for axes in figure.axes if not axes.images]
    assert len(bars) == 4


def test_missing_truth_is_grey(build_town):
    series, forecasts = build_town()
    without = series[:20]
    shown = fields(
        plot_sequence(forecasts, without, valid_times=["2016-01-23T09:30", "2016-01-23T10"])
    )
    assert shown[0].count() == 20
    assert shown[1].count() == 0
    assert shown[5].count() == 0


def test_weather_can_be_shown_too(build):
    series, forecasts = build(grid="regional")
    assert len(panels(plot_sequence(forecasts, series, lead_time="12h"))) == 6


def test_forecasts_that_are_not_there_are_refused(build_town):
    series, forecasts = build_town()
    with pytest.raises(
        ValueError, match=r"No forecast \+30 min ahead is valid at 2016-01-25 00:00"
    ):
        plot_sequence(forecasts, series, valid_times=["2016-01-25"])
    with pytest.raises(ValueError, match="valid_times is empty"):
        plot_sequence(forecasts, series, valid_times=[])
    with pytest.raises(ValueError, match=r"no lead_time \+7 h; it has \+30 min"):
        plot_sequence(forecasts, series, lead_time="7h")
    with pytest.raises(ValueError, match="no channel 'speed'; it has inflow, outflow"):
        plot_sequence(forecasts, series, channel="speed")
