"""Figures of errors in detail."""

import matplotlib.colors
import numpy as np
import pytest

from pipelines.normalise import Normaliser
from pipelines.series import Channel, make_series
from stforecast.figures.errors import plot_error_histogram, plot_error_map, plot_scatter
from stforecast.figures.palette import forecaster_style
from stforecast.verification.accumulate import Batch
from stforecast.verification.error_plan import make_error_details

NAMES = ("simvp", "persistence")


@pytest.fixture
def make_errors(build):
    """Makes errors of a forecast that is off by 2 and of persistence, off by 4 (K)."""

    def make_errors(channels=("t2m",), *, grid="global", n_leads=3, off=(2.0, 4.0), **options):
        series, _ = build(channels, grid=grid, n_leads=n_leads)
        return summed(series, n_leads=n_leads, off=off, step=np.timedelta64(6, "h"), **options)

    return make_errors


def summed(series, *, n_leads, off, step, names=NAMES, **options):
    n_channels = series.sizes["channel"]
    details = make_error_details(
        series,
        forecasters=names,
        lead_times=np.arange(1, n_leads + 1) * step,
        weights=np.ones(series.sizes["y"]),
        normaliser=Normaliser((275.0,) * n_channels, (15.0,) * n_channels),
        time_step=step,
        **options,
    )
    truth = np.broadcast_to(series.values[0], (1, n_leads, *series.shape[1:]))
    forecasts = {name: truth + by for name, by in zip(names, off, strict=True)}
    channels = tuple(map(str, series["channel"].values))
    times = series["time"].values[:1, None] + np.arange(1, n_leads + 1) * step
    details.add(Batch(channels, times, truth, forecasts, ~np.isnan(truth)))
    told = {"dialect": "wb2", "dataset": "weatherbench", "split": "test", "n_init_times": 1}
    return details.summarise().assign_attrs(told)


def texts_of(figure):
    return " ".join(text.get_text() for text in figure.texts)


def test_the_map_says_what_it_shows(make_errors):
    figure = plot_error_map(make_errors(), channel="t2m")
    assert "2 metre temperature" in texts_of(figure)
    assert "SimVP +18 h: RMSE of each cell  ·  whole map 2 K" in texts_of(figure)
    assert "test split  ·  1 forecasts  ·  dialect wb2" in texts_of(figure)
    assert figure.axes[1].get_title(loc="left") == "K"


@pytest.mark.parametrize(
    ("metric", "options", "value", "text"),
    [
        ("rmse", {}, 2, "whole map 2 K"),
        ("rmse", {"forecaster": "persistence", "lead_time": "6h"}, 4, "Persistence +6 h: RMSE"),
        ("bias", {}, 2, "bias of each cell (forecast − truth)"),
        ("skill", {}, 0.5, "skill of each cell against persistence  ·  whole map 0.5"),  # 1 − 2 / 4
    ],
)
def test_every_cell_has_the_error_of_the_metric(make_errors, metric, options, value, text):
    figure = plot_error_map(make_errors(), channel="t2m", metric=metric, **options)
    drawn = np.ma.compressed(figure.axes[0].images[0].get_array())
    np.testing.assert_allclose(drawn, value, rtol=1e-4)
    assert text in texts_of(figure)


def test_signed_errors_have_a_scale_about_0_and_sizes_one_from_0(make_errors):
    errors = make_errors(off=(-2.0, 4.0))
    for metric, low in (("rmse", 0), ("bias", -2), ("skill", -0.5)):
        norm = plot_error_map(errors, channel="t2m", metric=metric).axes[0].images[0].norm
        assert norm.vmin == pytest.approx(low, abs=0.3)
        assert norm.vmax == pytest.approx(2 if metric == "rmse" else -low, abs=0.3)


def test_each_metric_has_its_own_colours(make_errors):
    maps = {
        plot_error_map(make_errors(), channel="t2m", metric=metric).axes[0].images[0].cmap(0.9)
        for metric in ("rmse", "bias", "skill")
    }
    assert len(maps) == 3


def test_pressures_are_shown_in_hectopascals(make_errors):
    figure = plot_error_map(make_errors(("msl",), off=(200.0, 400.0)), channel="msl")
    assert "whole map 2 hPa" in texts_of(figure)


def test_where_persistence_is_perfect_there_is_no_skill(make_errors):
    errors = make_errors(grid=None)
    errors["mean_squared_error"][1, :, :, 0, 0] = 0
    figure = plot_error_map(errors, channel="t2m", metric="skill")
    drawn = figure.axes[0].images[0].get_array()
    assert drawn.mask[0, 0]
    assert drawn.mask.sum() == 1
    assert "grey: nothing to beat" in texts_of(figure)


def test_a_map_without_any_error_or_value_is_drawn(make_errors):
    assert "whole map 0 K" in texts_of(plot_error_map(make_errors(off=(0.0, 0.0)), channel="t2m"))
    empty = make_errors()
    empty["count"][:] = 0
    empty["mean_squared_error"][:] = np.nan
    assert "whole map nan" in texts_of(plot_error_map(empty, channel="t2m", metric="skill"))


def test_a_bias_stays_white_about_0(make_errors):
    figure = plot_error_map(make_errors(), channel="t2m", metric="bias")
    norm, colours = (getattr(figure.axes[0].images[0], name) for name in ("norm", "cmap"))
    assert min(colours(norm(0.0))[:3]) > 0.9


def test_a_city_is_shown_cell_by_cell_with_its_note(build_town):
    series, _ = build_town(place=False)
    half_hour = np.timedelta64(30, "m")
    errors = summed(series, n_leads=2, off=(2.0, 4.0), step=half_hour)
    errors = errors.assign_attrs(place="own", place_note="roughly there")
    figure = plot_error_map(errors, channel="inflow")
    assert "whole map 2 vehicles per 30 min" in texts_of(figure)
    assert "roughly there" in texts_of(figure)
    assert type(figure.axes[0].images[0].norm) is matplotlib.colors.Normalize


def test_what_the_errors_do_not_hold_is_refused(make_errors):
    errors = make_errors()
    with pytest.raises(ValueError, match="metric 'mae' is unknown; known: rmse, bias, skill"):
        plot_error_map(errors, channel="t2m", metric="mae")
    with pytest.raises(ValueError, match="no channel 'msl'; they have t2m"):
        plot_error_map(errors, channel="msl")
    with pytest.raises(ValueError, match="no forecaster 'tau'; they have simvp, persistence"):
        plot_error_map(errors, channel="t2m", forecaster="tau")
    with pytest.raises(ValueError, match=r"no lead_time \+5 h"):
        plot_error_map(errors, channel="t2m", lead_time="5h")
    with pytest.raises(ValueError, match="no forecaster 'persistence'"):
        plot_error_map(make_errors(names=("simvp",), off=(1.0,)), channel="t2m", metric="skill")
    with pytest.raises(ValueError, match="hold no maps: the grid was too large"):
        plot_error_map(make_errors(most_bytes=1), channel="t2m")


def lines_of(axes):
    return [line for line in axes.lines if len(line.get_xdata()) > 2]


def test_a_histogram_has_a_panel_for_each_lead_time_and_a_line_for_each_forecaster(make_errors):
    figure = plot_error_histogram(make_errors(n_leads=6), channel="t2m")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["+6 h", "+18 h", "+24 h", "+36 h"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["SimVP", "Persistence"]
    for axes in figure.axes:
        assert [line.get_color() for line in lines_of(axes)] == [
            forecaster_style(name).colour for name in NAMES
        ]
    assert figure.axes[-1].get_xlabel() == "Forecast − truth (K)"


def test_the_share_of_errors_lies_where_they_are(make_errors):
    figure = plot_error_histogram(
        make_errors(), channel="t2m", lead_times=["6h"], forecasters=["persistence"]
    )
    (line,) = lines_of(figure.axes[0])
    errors, shares = line.get_xdata(), line.get_ydata()
    assert shares.sum() == pytest.approx(1, abs=0.01)
    assert np.average(errors, weights=shares) == pytest.approx(4, abs=0.3)


def test_errors_of_counts_are_on_a_logarithmic_axis_of_whole_numbers(build_town):
    series, _ = build_town(place=False)
    half_hour = np.timedelta64(30, "m")
    figure = plot_error_histogram(
        summed(series, n_leads=1, off=(1.0, -3.0), step=half_hour), channel="inflow"
    )
    axes = figure.axes[0]
    assert axes.get_yscale() == "log"
    middles = lines_of(axes)[0].get_xdata()
    np.testing.assert_array_equal(middles, np.round(middles))
    assert 1 in middles
    assert lines_of(axes)[0].get_ydata()[list(middles).index(1)] == pytest.approx(1)


def test_errors_that_are_all_0_have_a_histogram(make_errors):
    figure = plot_error_histogram(make_errors(off=(0.0, 0.0)), channel="t2m")
    low, high = figure.axes[0].get_xlim()
    assert low < 0 < high


def test_a_histogram_of_what_is_not_there_is_refused(make_errors):
    errors = make_errors()
    with pytest.raises(ValueError, match="no channel 'msl'"):
        plot_error_histogram(errors, channel="msl")
    with pytest.raises(ValueError, match="no forecaster 'tau'"):
        plot_error_histogram(errors, channel="t2m", forecasters=["tau"])


def test_a_scatter_says_how_good_the_forecast_is(make_errors):
    errors = make_errors()
    figure = plot_scatter(errors, channel="t2m")
    # Off by 2 everywhere: the correlation stays perfect.
    assert "r 1.000  ·  RMSE 2.00, bias 2.00 K  ·  32 values" in texts_of(figure)
    axes = figure.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Truth (K)", "SimVP +18 h (K)")
    assert int(axes.images[0].get_array().sum()) == 32
    (line,) = axes.lines
    np.testing.assert_array_equal(line.get_xdata(), line.get_ydata())
    assert axes.get_xlim() == axes.get_ylim()


def test_the_forecast_is_the_vertical_axis(make_errors):
    axes = plot_scatter(make_errors(off=(12.0, 0.0)), channel="t2m").axes[0]
    left, right, bottom, top = axes.images[0].get_extent()
    counts = np.ma.filled(axes.images[0].get_array(), 0)
    rows, columns = np.nonzero(counts)
    assert (left, right) == (bottom, top)
    above = (rows - columns).mean() * (top - bottom) / len(counts)
    assert above == pytest.approx(12, abs=0.5)


def test_a_scatter_without_values_or_maps_is_drawn(make_errors):
    errors = make_errors(most_bytes=1)
    assert "RMSE nan" in texts_of(plot_scatter(errors, channel="t2m"))
    errors["values"][:] = 0
    assert "0 values" in texts_of(plot_scatter(errors, channel="t2m"))
    with pytest.raises(ValueError, match=r"no lead_time \+5 h"):
        plot_scatter(errors, channel="t2m", lead_time="5h")


def test_a_series_without_a_channel_name_for_readers_has_a_title(build):
    series, _ = build(("t2m",), n_leads=1)
    bare = make_series(
        series.values,
        times=series["time"].values,
        channels=[Channel("thing", "thing", units="K")],
        attrs={"dataset": "weatherbench"},
    )
    errors = summed(bare, n_leads=1, off=(1.0, 1.0), step=np.timedelta64(6, "h"))
    assert "Thing" in texts_of(plot_scatter(errors, channel="thing"))
