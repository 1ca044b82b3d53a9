import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from pipelines.checking import Report, check, finding
from pipelines.store import write_store
from stforecast.checking.figures import (
    plot_histograms,
    plot_missing,
    plot_missing_maps,
    plot_times,
)
from stforecast.checking.numbers import short_number
from stforecast.checking.page import as_html


@pytest.fixture
def report(waves, tmp_path):
    series = waves.isel(channel=[0]).copy(deep=True)
    series[10] = np.nan
    series[:, :, 0] = np.nan
    series = series.isel(time=[*range(50), *range(60, 200)])
    write_store(series, tmp_path / "store")
    return check(tmp_path / "store")


def inked(figure):
    """Whether something else than white is drawn."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return bool((np.asarray(canvas.buffer_rgba())[..., :3] < 128).any())


def test_the_time_axis_shows_the_gap(report):
    figure = plot_times(report)
    assert "gaps between them (1)" in figure.texts[1].get_text()
    assert inked(figure)


def test_missing_values_are_drawn_by_time_and_place(report):
    figure = plot_missing(report)
    assert "missing" in figure.axes[0].get_title(loc="left")
    assert figure.axes[0].get_ylim()[1] == 105
    maps = plot_missing_maps(report)
    image = maps.axes[0].images[0]
    assert image.get_array()[0, 0] == 100  # the northernmost row never holds a value
    top = report.variables["t2m"].missing_map["latitude"].values[0] + 180 / 8 / 2
    assert image.get_extent()[3] == top
    assert inked(maps)


def test_values_are_drawn_with_what_occurs_in_nature(report):
    figure = plot_histograms(report)
    assert "t2m (K)" in figure.axes[0].get_title(loc="left")
    assert "in nature" in figure.axes[0].get_xlabel()
    assert inked(figure)


def test_data_without_missing_values_have_no_map(waves, tmp_path):
    write_store(waves.isel(channel=[0], time=slice(0, 1)), tmp_path / "store")
    report = check(tmp_path / "store")
    assert plot_missing_maps(report) is None
    assert inked(plot_times(report))


def test_a_variable_without_any_value_is_drawn_as_such(waves, tmp_path):
    write_store(waves.isel(channel=[0], x=[0]) * np.nan, tmp_path / "store")
    report = check(tmp_path / "store")
    assert plot_histograms(report).axes[0].get_xlabel() == "no value"
    assert inked(plot_missing_maps(report))


def test_what_has_no_variable_has_no_figure(tmp_path):
    empty = Report(tmp_path, (), {}, ())
    with pytest.raises(ValueError, match="has no variable that could be drawn"):
        plot_times(empty)
    assert "Nothing is wrong." in as_html(empty)


def test_the_page_needs_nothing_else_and_escapes_what_it_quotes(report, tmp_path):
    told = finding("unreadable", "<b>x.nc</b> & co", examples=["<i>"], way_out="copy <it>")
    page = as_html(Report(tmp_path / "<raw>", ("x",), report.variables, (told, *report.findings)))
    assert page.startswith("<!doctype html>")
    assert page.count("data:image/png;base64,") == 4
    assert "http" not in page
    assert "src=" not in page.replace('src="data:', "")
    assert "&lt;b&gt;x.nc&lt;/b&gt; &amp; co" in page
    for each in report.findings:
        assert each.code in page


def test_numbers_are_short():
    assert [short_number(value) for value in (101_325.4, 0.01234567, 281.53, 1.5e9)] == [
        "101325",
        "0.01235",
        "281.5",
        "1.5e+09",
    ]
