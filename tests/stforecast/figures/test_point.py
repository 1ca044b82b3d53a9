"""Points: which lines are drawn, from where to where, under which words."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import date2num

from stforecast.figures.palette import forecaster_style
from stforecast.figures.point import plot_point

START = np.datetime64("2018-01-01T12:00", "ns")
NAN = float("nan")


def make_table(*, hours=6.0, start=START, offset=0.0, **columns):
    """Four times of history, 1 to 4, and three of a forecast, 5 to 7; the last has no truth yet."""
    leads = hours * np.arange(-3, 4)
    times = start + (leads * 3600e9).round().astype("timedelta64[ns]")
    table = pd.DataFrame(
        {
            "valid_time": times,
            "lead_hours": leads,
            "history": [1.0, 2.0, 3.0, 4.0, NAN, NAN, NAN],
            "forecast": [NAN, NAN, NAN, NAN, 5.0, 6.0, 7.0],
            "truth": [NAN, NAN, NAN, NAN, 5.5, 6.5, NAN],
            "error": [NAN, NAN, NAN, NAN, -0.5, -0.5, NAN],
            "persistence": [NAN, NAN, NAN, NAN, 4.0, 4.0, 4.0],
        }
    ).assign(**columns)
    shown = ["history", "forecast", "truth", "persistence"]
    table[shown] += offset
    return table


def draw(table, *, units="K", zone="UTC", title="2 metre temperature", **options):
    return plot_point(
        table,
        place="51.5°N 0°",
        title=title,
        units=units,
        init_time=options.pop("init_time", START),
        zone=zone,
        forecaster=options.pop("forecaster", "simvp"),
    )


def lines(figure):
    found = {line.get_label(): line for line in figure.axes[0].lines}
    return {name: line for name, line in found.items() if not name.startswith("_")}


def words(figure):
    return [text.get_text() for text in figure.texts]


def tick_texts(figure):
    axes = figure.axes[0]
    low, high = axes.get_xlim()
    figure.canvas.draw()
    ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
    return [label.get_text() for place, label in ticks if low <= place <= high]


def test_history_forecast_truth_and_baselines_are_drawn():
    found = lines(draw(make_table()))
    assert set(found) == {"History", "SimVP", "Truth", "Persistence"}
    np.testing.assert_array_equal(found["History"].get_ydata(), [1, 2, 3, 4, NAN, NAN, NAN])
    np.testing.assert_array_equal(found["Truth"].get_ydata(), [NAN] * 4 + [5.5, 6.5, NAN])
    np.testing.assert_array_equal(found["Persistence"].get_ydata(), [NAN] * 4 + [4, 4, 4])
    assert found["Truth"].get_linestyle() == "None"


def test_forecast_sets_out_from_the_last_known_value():
    found = lines(draw(make_table()))
    np.testing.assert_array_equal(found["SimVP"].get_ydata(), [NAN] * 3 + [4, 5, 6, 7])
    without = make_table().iloc[4:]
    np.testing.assert_array_equal(lines(draw(without))["SimVP"].get_ydata(), [5, 6, 7])


def test_forecasters_look_as_in_other_figures():
    found = lines(draw(make_table(climatology=3.0), forecaster="convlstm"))
    assert "Forecast" in lines(draw(make_table(), forecaster=""))
    for name in ("convlstm", "persistence", "climatology"):
        style = forecaster_style(name)
        assert found[style.label].get_color() == style.colour


def test_start_of_the_forecast_is_marked():
    axes = draw(make_table()).axes[0]
    (start,) = [line for line in axes.lines if len(line.get_xdata()) == 2]
    assert set(start.get_xdata()) == {date2num(START)}
    # Everything before it lies on grey.
    (past,) = axes.patches
    assert past.get_x() + past.get_width() == pytest.approx(date2num(START))


def test_head_says_what_where_and_when():
    figure = draw(make_table(), zone="New York time")
    assert words(figure) == [
        "2 metre temperature",
        "51.5°N 0°",
        "from 2018-01-01 12:00 New York time",
    ]
    assert figure.axes[0].get_title(loc="left") == "K"


def test_legend_has_a_line_for_each_and_room_for_it():
    figure = draw(make_table(climatology=3.0, weekly_naive=2.0, daily_naive=NAN))
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    # What has no value has no line.
    assert labels == ["Truth", "History", "SimVP", "Persistence", "Climatology", "A week before"]
    figure.canvas.draw()
    assert legend.get_window_extent().y0 > figure.axes[0].get_window_extent().y1


def test_counts_are_drawn_from_zero():
    # 101 to 107 vehicles: the axis would begin at 100 otherwise.
    bottom = draw(make_table(offset=100), units="vehicles per 30 min").axes[0].get_ylim()[0]
    assert bottom == 0
    assert draw(make_table(offset=100)).axes[0].get_ylim()[0] > 95


def test_amounts_that_reach_almost_down_to_zero_are_drawn_from_it():
    assert draw(make_table(), units="mm").axes[0].get_ylim()[0] == 0
    assert draw(make_table(offset=-2.0), units="m s⁻¹").axes[0].get_ylim()[0] < -1


def test_all_equal_values_have_an_axis():
    for value, ends in ((0.0, (0, 1)), (280.0, (279.5, 280.5))):
        table = make_table(history=value, forecast=value, truth=value, persistence=value)
        assert draw(table).axes[0].get_ylim() == ends


def test_cell_without_values_says_so():
    table = make_table(history=NAN, forecast=NAN, truth=NAN, persistence=NAN)
    axes = draw(table).axes[0]
    assert [text.get_text() for text in axes.texts] == ["no values at this cell"]
    assert lines(draw(table)) == {}


def test_labels_of_time_keep_even_steps():
    texts = ["18:00", "1 Jan", "06:00", "12:00", "18:00", "2 Jan", "06:00"]
    assert tick_texts(draw(make_table())) == texts
    # Over the end of a month, every other day.
    late = np.datetime64("2018-01-31", "ns")
    texts = ["25 Jan", "27 Jan", "29 Jan", "31 Jan", "2 Feb", "4 Feb", "6 Feb"]
    assert tick_texts(draw(make_table(hours=48.0, start=late), init_time=late)) == texts


def test_frames_of_a_video_are_numbered():
    figure = draw(make_table(hours=0.04 / 3600), zone="(artificial clock)", title="Luminance")
    assert words(figure)[-1] == "frames from the last input"
    np.testing.assert_allclose(lines(figure)["SimVP"].get_xdata(), np.arange(-3, 4))
    assert "−2" in tick_texts(figure)


def test_long_series_have_no_marks():
    hours = np.arange(200.0)
    table = pd.DataFrame(
        {
            "valid_time": START + hours.astype("timedelta64[h]"),
            "lead_hours": hours,
            "history": NAN,
            "forecast": np.sin(hours),
            "truth": np.cos(hours),
        }
    )
    assert lines(draw(table))["SimVP"].get_marker() == ""
    assert lines(draw(make_table()))["SimVP"].get_marker() == "o"


def test_single_time_can_be_drawn():
    table = make_table().iloc[4:5]
    assert lines(draw(table))["SimVP"].get_ydata().tolist() == [5]


def test_what_is_no_table_of_a_point_is_refused():
    with pytest.raises(ValueError, match="lacks history, truth; it is made by `point_table`"):
        draw(make_table().drop(columns=["history", "truth"]))
    with pytest.raises(ValueError, match="has no rows"):
        draw(make_table().iloc[:0])
