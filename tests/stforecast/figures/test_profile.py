"""Profiles: the usual week hour by hour, and scores by period."""

import numpy as np
import pytest
import xarray as xr

from pipelines.series import Channel, channel_coordinates
from stforecast.figures.palette import forecaster_style
from stforecast.figures.profile import plot_periods, plot_week

INFLOW = Channel("inflow", "inflow", long_name="vehicles entering the cell", valid_min=0)
SPEED = Channel("speed", "speed", units="km h-1")
LEADS = np.arange(1, 3) * np.timedelta64(60, "m")


@pytest.fixture
def profile():
    """A week: as many vehicles as the hour of the day, and 1 (2) more forecast 1 (2) h ahead."""
    hours = np.arange(168.0) % 24
    truth = hours + np.zeros((2, 2, 1))
    forecast = truth + np.array([1.0, 2.0])[:, None]
    dims = ("channel", "lead_time", "slot")
    return xr.Dataset(
        {"truth_mean": (dims, truth), "forecast_mean": (dims, forecast)},
        {
            **channel_coordinates([INFLOW, SPEED]),
            "lead_time": LEADS.astype("timedelta64[ns]"),
            "forecaster": ["convlstm", "persistence"],
        },
        {
            "time_step": "60min",
            "split": "test",
            "n_init_times": 851,
            "time_zone": "America/New_York",
        },
    )


@pytest.fixture
def scores():
    """RMSE 1, 2, … and bias −1, −2, … in each of two periods for three forecasters."""
    values = np.arange(1.0, 7).reshape(2, 3)
    return xr.Dataset(
        {
            "pooled_by_period": (
                ("period", "forecaster", "metric", "channel"),
                np.stack([values, -values], axis=-1)[..., None],
            )
        },
        {
            "period": ["peak", "weekend"],
            "forecaster": ["simvp", "persistence", "historical_average"],
            "metric": ["rmse", "bias"],
            "channel": ["inflow"],
            "variable": ("channel", ["inflow"]),
            "units": (("metric", "channel"), [["1"], ["1"]]),
        },
        {"dialect": "traffic", "dataset": "taxibj", "split": "test", "n_init_times": 851},
    )


def words(figure):
    texts = [text.get_text() for text in figure.texts]
    return texts + [axes.get_title(loc="left") for axes in figure.axes]


def lines(axes):
    found = {line.get_label(): line for line in axes.lines}
    return {name: line for name, line in found.items() if not name.startswith("_")}


def bars(axes):
    return [patch for patch in axes.patches if patch.get_height() != 0]


def test_week_shows_truth_and_forecast_at_each_hour(profile):
    upper, _ = plot_week(profile, channel="inflow").axes
    found = lines(upper)
    assert set(found) == {"Truth", "ConvLSTM"}
    np.testing.assert_array_equal(found["Truth"].get_xdata(), np.arange(168))
    np.testing.assert_array_equal(found["Truth"].get_ydata(), np.arange(168) % 24)
    np.testing.assert_array_equal(found["ConvLSTM"].get_ydata(), np.arange(168) % 24 + 1)
    assert found["ConvLSTM"].get_color() == forecaster_style("convlstm").colour
    assert upper.get_ylim()[0] == 0


def test_difference_is_forecast_less_truth_red_where_too_high(profile):
    profile["forecast_mean"][:, 1, 0] = -3.0
    _, lower = plot_week(profile, channel="inflow", lead_time="2h").axes
    heights = {
        round(patch.get_x()): (patch.get_height(), patch.get_facecolor()[:3])
        for patch in bars(lower)
        if patch.get_width() == 1
    }
    # 0 vehicles at midnight, of which −3 are forecast; else 2 too many.
    assert heights[0][0] == -3
    assert {height for hour, (height, _) in heights.items() if hour > 0} == {2}
    (red, _, blue), (less_red, _, more_blue) = heights[1][1], heights[0][1]
    assert red > blue
    assert more_blue > less_red
    assert lower.get_ylim()[0] == -lower.get_ylim()[1]


def test_rush_hours_of_working_days_are_shaded(profile):
    upper, _ = plot_week(profile, channel="inflow").axes
    spans = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in upper.patches]
    # 07–10 and 16–20 h, Monday to Friday.
    assert spans[:4] == [(7, 10), (16, 20), (31, 34), (40, 44)]
    assert len(spans) == 10
    assert spans[-1] == (112, 116)


def test_words_of_the_week(profile):
    figure = plot_week(profile, channel="inflow")
    assert "Vehicles entering the cell: the usual week" in words(figure)
    told = "1 h ahead, mean of a cell  ·  test split  ·  851 forecasts  ·  New York time"
    assert told in words(figure)
    assert "vehicles per h" in words(figure)
    figure.canvas.draw()
    days = [label.get_text() for label in figure.axes[1].get_xticklabels(minor=True)]
    assert days == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    profile.attrs = {"time_step": "60min"}
    figure = plot_week(profile, channel="speed")
    assert "Speed: the usual week" in words(figure)
    assert "1 h ahead, mean of a cell" in words(figure)
    assert "km h⁻¹" in words(figure)


def test_hours_without_a_forecast_are_left_out(profile):
    profile["truth_mean"][:, :, 10] = np.nan
    upper, lower = plot_week(profile, channel="inflow").axes
    assert np.flatnonzero(np.isnan(lines(upper)["Truth"].get_ydata())).tolist() == [10]
    starts = [round(patch.get_x()) for patch in bars(lower) if patch.get_width() == 1]
    assert 10 not in starts
    empty = profile * np.nan
    upper, lower = plot_week(empty.assign_attrs(profile.attrs), channel="inflow").axes
    assert upper.get_ylim() == (0, 1)
    assert lower.get_ylim() == (-1, 1)


def test_what_is_no_profile_is_refused(profile):
    with pytest.raises(ValueError, match="no profile of the week"):
        plot_week(profile.drop_vars("truth_mean"), channel="inflow")
    with pytest.raises(ValueError, match="no channel 'outflow'; it has inflow, speed"):
        plot_week(profile, channel="outflow")
    with pytest.raises(ValueError, match=r"no lead_time \+5 h"):
        plot_week(profile, channel="inflow", lead_time="5h")


def test_periods_have_a_bar_for_each_forecaster(scores):
    figure = plot_periods(scores, channel="inflow")
    (axes,) = figure.axes
    # Bars come by forecaster: its score in either period.
    assert [bar.get_height() for bar in axes.patches] == [1, 4, 2, 5, 3, 6]
    colours = [bar.get_facecolor() for bar in axes.patches]
    assert colours[0] == colours[1] != colours[2]
    middles = [bar.get_x() + bar.get_width() / 2 for bar in axes.patches]
    # Three bars and a gap to each period.
    np.testing.assert_allclose(middles, [-0.25, 0.75, 0, 1, 0.25, 1.25])
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == ["Peak hours", "Weekends\nand holidays"]
    assert [text.get_text() for text in axes.texts] == [
        "1.00",
        "4.00",
        "2.00",
        "5.00",
        "3.00",
        "6.00",
    ]
    assert axes.get_ylim()[0] == 0


def test_words_of_the_periods(scores):
    figure = plot_periods(scores, channel="inflow")
    assert "RMSE by period: inflow" in words(figure)
    assert "taxibj  ·  test split  ·  851 forecasts  ·  dialect traffic" in words(figure)
    assert "vehicles" in words(figure)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "SimVP",
        "Persistence",
        "Historical average",
    ]


def test_bars_of_a_bias_hang_from_zero(scores):
    (axes,) = plot_periods(scores * 100, channel="inflow", metric="bias").axes
    assert axes.get_ylim()[1] == 0
    assert [text.get_text() for text in axes.texts][:2] == ["−100", "−400"]
    assert {text.get_verticalalignment() for text in axes.texts} == {"top"}
    assert any(set(line.get_ydata()) == {0} for line in axes.lines)


def test_period_without_a_score_has_no_bar(scores):
    scores["pooled_by_period"][0] = np.nan
    (axes,) = plot_periods(scores, channel="inflow").axes
    assert len(axes.texts) == 3
    (axes,) = plot_periods(scores * np.nan, channel="inflow").axes
    assert len(axes.texts) == 0
    assert axes.get_ylim()[1] > 0


def test_scores_without_periods_are_refused(scores):
    with pytest.raises(ValueError, match="no channel 'outflow'; they have inflow"):
        plot_periods(scores, channel="outflow")
    with pytest.raises(ValueError, match="no metric 'mae'; they have rmse, bias"):
        plot_periods(scores, channel="inflow", metric="mae")
    with pytest.raises(ValueError, match="scores have no periods"):
        plot_periods(scores.drop_vars("pooled_by_period"), channel="inflow")
