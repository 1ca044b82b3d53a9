"""Maps: what is drawn, on which scale, under which words."""

import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from pipelines.series import Channel
from stforecast.figures.maps import plot_maps


def panels(figure):
    """Axes that hold a map."""
    return [axes for axes in figure.axes if axes.images]


def limits(axes):
    norm = axes.images[0].norm
    return norm.vmin, norm.vmax


def words(figure):
    bars = [axes.get_title(loc="left") for axes in figure.axes if not axes.images]
    return [text.get_text() for text in figure.texts] + bars


def test_truth_forecast_and_error_stand_in_three_rows(build):
    series, forecast = build()
    figure = plot_maps(forecast, truth=series, lead_times=["6h", "24h"])
    assert isinstance(figure, Figure)
    assert len(panels(figure)) == 6
    assert {"Truth", "Forecast", "Error"} <= set(words(figure))


def test_forecast_alone_has_a_panel_for_each_lead_time(build):
    _, forecast = build()
    figure = plot_maps(forecast, lead_times=forecast["lead_time"].values)
    assert len(panels(figure)) == 6
    assert "Truth" not in words(figure)


def test_up_to_four_lead_times_are_chosen_evenly(build):
    _, forecast = build()
    titles = words(plot_maps(forecast))
    # Of +6 … +36 h: the first, the last and two between.
    assert [text for text in titles if text.startswith("+")] == ["+6 h", "+18 h", "+24 h", "+36 h"]
    _, short = build(n_leads=2)
    assert len(panels(plot_maps(short))) == 2


def test_truth_and_forecast_share_one_scale(build):
    series, forecast = build()
    maps = panels(plot_maps(forecast, truth=series, lead_times=["6h", "36h"]))
    shared = {limits(axes) for axes in maps[:4]}
    assert len(shared) == 1
    low, high = shared.pop()
    assert low <= float(series.min())
    assert high >= float(forecast[0].max())


def test_scale_does_not_depend_on_the_lead_times_shown(build):
    series, forecast = build()
    early = panels(plot_maps(forecast, truth=series, lead_times=["6h"]))
    late = panels(plot_maps(forecast, truth=series, lead_times=["36h"]))
    assert [limits(axes) for axes in early] == [limits(axes) for axes in late]


def test_scale_of_the_error_is_symmetric(build):
    series, forecast = build()
    for grid in ("global", None):
        series, forecast = build(grid=grid)
        # Errors are +1 … +6 alone.
        low, high = limits(panels(plot_maps(forecast, truth=series, lead_times=["6h"]))[-1])
        assert low == -high
        assert high >= 6 - 1e-3


def test_error_of_next_to_nothing_is_white(build):
    series, forecast = build()
    norm = panels(plot_maps(forecast, truth=series))[-1].images[0].norm
    shown = matplotlib.colormaps["RdBu_r"](norm([-0.01, 0.0, 0.01]))
    assert (shown == shown[0]).all()
    assert (shown[0, :3] > 0.96).all()


def test_error_is_forecast_less_truth(build):
    series, forecast = build()
    maps = panels(plot_maps(forecast, truth=series, lead_times=["18h"], smooth=False))
    shown = maps[-1].images[0].get_array().compressed()
    np.testing.assert_allclose(shown, 3, atol=1e-3)
    second = plot_maps(
        forecast, truth=series, lead_times=["6h"], init_time=forecast["init_time"].values[1]
    )
    np.testing.assert_allclose(panels(second)[-1].images[0].get_array().compressed(), -1, atol=1e-3)


def test_scale_of_a_signed_variable_is_symmetric_and_diverging(build):
    _, forecast = build(["u10"])
    axes = panels(plot_maps(forecast))[0]
    low, high = limits(axes)
    assert low == -high
    assert axes.images[0].get_cmap().name == "PuOr_r"


def test_scale_of_a_bounded_variable_spans_its_bounds(build):
    series, forecast = build(["tcc"])
    # Total cloud cover is shown from 0 to 100 %.
    assert limits(panels(plot_maps(forecast / 300, truth=series / 300))[0]) == (0, 100)


def test_scale_of_an_amount_starts_at_zero(build):
    for grid in ("global", None):
        _, forecast = build(["tp"], grid=grid)
        assert limits(panels(plot_maps(forecast / 1e5))[0])[0] == 0
        assert limits(panels(plot_maps(forecast * 0))[0]) == (0, 1)


def test_given_limits_are_kept(build):
    for grid in ("global", None):
        series, forecast = build(grid=grid)
        figure = plot_maps(forecast, truth=series, limits=(251.3, 299.1), error_limit=2.2)
        maps = panels(figure)
        assert limits(maps[0]) == (251.3, 299.1)
        assert limits(maps[-1]) == (-2.2, 2.2)


def test_titles_hold_init_time_lead_times_and_valid_times(build):
    series, forecast = build()
    texts = words(plot_maps(forecast, truth=series, lead_times=["6h", "36h"]))
    assert "2 metre temperature" in texts
    assert "SimVP from 2018-01-01 00:00 UTC  ·  weatherbench (synthetic)" in texts
    assert {"+6 h", "2018-01-01 06:00", "+36 h", "2018-01-02 12:00"} <= set(texts)


def test_colour_bars_hold_units(build):
    series, forecast = build(["z500"])
    texts = words(plot_maps(forecast, truth=series))
    assert texts.count("m² s⁻²") == 2
    assert "Geopotential at 500 hPa" in texts


def test_pressure_is_shown_in_hectopascals(build):
    _, forecast = build(["msl"])
    figure = plot_maps(forecast * 400, lead_times=["6h"], smooth=False)
    shown = panels(figure)[0].images[0].get_array()
    assert 1000 < shown.max() < 1210  # (300 + 1) K-like values × 400 Pa = 1204 hPa
    assert "hPa" in words(figure)


def test_unknown_variable_is_shown_in_its_own_units(build):
    _, forecast = build([Channel("no2", "no2", units="mol m-2")])
    texts = words(plot_maps(forecast))
    assert "No2" in texts
    assert "mol m⁻²" in texts


def test_grid_without_geography_is_drawn_as_cells_without_coastlines(build):
    series, forecast = build([Channel("inflow", "inflow", valid_min=0)], grid=None)
    axes = panels(plot_maps(forecast, truth=series))[0]
    assert axes.images[0].get_array().shape == (4, 5)
    assert sum(len(lines.get_segments()) for lines in axes.collections) == 0


@pytest.mark.parametrize("grid", ["global", "regional", "polar"])
def test_coastlines_are_drawn_without_the_network(build, grid):
    _, forecast = build(grid=grid)
    figure = plot_maps(forecast, lead_times=["6h"])
    figure.canvas.draw()  # the network is refused while tests of figures run
    axes = panels(figure)[0]
    assert sum(len(lines.get_segments()) for lines in axes.collections) > 100


def test_region_shows_degrees_at_its_outer_maps(build):
    series, forecast = build(grid="regional")
    figure = plot_maps(forecast, truth=series, lead_times=["6h", "12h"])
    figure.canvas.draw()
    corner, upper_right = panels(figure)[4], panels(figure)[1]
    east = [label.get_text() for label in corner.get_xticklabels()]
    assert {"10°W", "0°", "10°E"} <= set(east)
    assert {"50°N", "60°N"} <= {label.get_text() for label in corner.get_yticklabels()}
    assert upper_right.get_xticklabels() == []
    assert upper_right.get_yticklabels() == []


def test_frame_without_truth_is_grey(build):
    series, forecast = build()
    # The truth ends at 12 h: at 36 h nothing is known, and nothing is invented.
    figure = plot_maps(forecast, truth=series[:3], lead_times=["6h", "36h"])
    truth_early, truth_late = panels(figure)[:2]
    assert truth_early.images[0].get_array().count() > 0
    assert truth_late.images[0].get_array().count() == 0
    assert len(panels(plot_maps(forecast, truth=series[:1], lead_times=["6h"]))) == 3


def test_forecast_of_missing_values_alone_can_be_drawn(build):
    _, forecast = build(["tp"])
    assert len(panels(plot_maps(forecast * np.nan, lead_times=["6h"]))) == 1


def test_constant_field_has_a_scale_of_some_width(build):
    _, forecast = build()
    low, high = limits(panels(plot_maps(forecast * 0 + 280))[0])
    assert low < 280 < high


def test_forecast_that_says_little_of_itself_is_titled_all_the_same(build):
    _, forecast = build()
    texts = words(plot_maps(forecast.drop_attrs(deep=False)))
    assert "Forecast from 2018-01-01 00:00 UTC" in texts


def test_unknown_channel_lists_the_known_ones(build):
    _, forecast = build(["t2m", "msl"])
    with pytest.raises(ValueError, match="no channel 'z500'; it has t2m, msl"):
        plot_maps(forecast, channel="z500")


def test_unknown_init_time_lists_the_known_ones(build):
    _, forecast = build()
    with pytest.raises(
        ValueError, match="does not start at 2019-01-01 00:00; it starts at 2018-01"
    ):
        plot_maps(forecast, init_time="2019-01-01")


def test_unknown_lead_time_lists_the_known_ones(build):
    _, forecast = build()
    with pytest.raises(ValueError, match=r"no lead_time \+7 h; it has \+6 h, \+12 h"):
        plot_maps(forecast, lead_times=["7h"])


def test_pyplot_is_not_imported():
    # It keeps figures alive and is not safe among threads.
    code = (
        "import sys, stforecast.figures.maps, stforecast.figures.curves, stforecast.figures.save;"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_settings_of_matplotlib_are_left_alone(build):
    before = dict(matplotlib.rcParams)
    series, forecast = build()
    plot_maps(forecast, truth=series)
    assert dict(matplotlib.rcParams) == before
