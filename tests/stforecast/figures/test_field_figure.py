import numpy as np
import pytest

from stforecast.figures.field_figure import plot_field
from stforecast.figures.fields import read_fields
from stforecast.figures.scales import anomaly_scale, error_scale


@pytest.fixture
def shown(build):
    series, forecast = build(grid="regional")
    fields = read_fields(forecast, init_time=None, channel=None, truth=series)
    return fields, forecast.isel(init_time=0, lead_time=0, channel=0, drop=True)


def texts(figure):
    return [text.get_text() for text in figure.texts if text.get_text()]


def colours_of(figure):
    return figure.axes[0].images[0].get_cmap().name


@pytest.mark.parametrize(
    ("what", "colours", "says"),
    [
        ("forecast", "inferno", "SimVP from 2018-01-01 00:00 UTC"),
        ("truth", "inferno", "Truth"),
        ("error", "RdBu_r", "Error  ·  SimVP from"),
        ("anomaly", "RdYlBu_r", "Anomaly from climatology  ·  SimVP from"),
        ("truth anomaly", "RdYlBu_r", "Anomaly from climatology  ·  Truth"),
    ],
)
def test_figure_says_what_it_shows(shown, what, colours, says):
    fields, grid = shown
    figure = plot_field(fields, 1, grid=grid, what=what, climatology=fields.forecast - 2.0)
    assert "2 metre temperature" in texts(figure)
    assert "+12 h" in texts(figure)
    assert "valid 2018-01-01 12:00 UTC" in texts(figure)
    assert any(text.startswith(says) for text in texts(figure))
    assert colours_of(figure) == colours
    assert figure.axes[1].get_title(loc="left") == "K"


def test_values_are_those_asked_for(shown):
    fields, grid = shown
    climatology = fields.forecast - 2.0
    expected = {
        # The forecast of step n is the truth plus n.
        "error": 2.0,
        "anomaly": 2.0,
        "truth anomaly": 0.0,
    }
    for what, value in expected.items():
        figure = plot_field(fields, 1, grid=grid, what=what, climatology=climatology)
        image = figure.axes[0].images[0].get_array()
        assert image is not None
        np.testing.assert_allclose(np.asarray(image), value, atol=1e-4)


def test_scale_stays_between_lead_times(shown):
    fields, grid = shown
    norms = [plot_field(fields, n, grid=grid).axes[0].images[0].norm for n in (0, 5)]
    assert (norms[0].vmin, norms[0].vmax) == (norms[1].vmin, norms[1].vmax)
    limited = plot_field(fields, 0, grid=grid, limits=(200.0, 320.0)).axes[0].images[0].norm
    assert (limited.vmin, limited.vmax) == (200, 320)


def test_projection_region_wind_and_mark_are_drawn(shown):
    fields, grid = shown
    plain = plot_field(fields, 0, grid=grid, projection="lambert azimuthal")
    wind = (np.full(grid.shape, 5.0), np.zeros(grid.shape))
    full = plot_field(fields, 0, grid=grid, projection="lambert azimuthal", wind=wind, mark=(2, 2))
    # Arrows, a plate with the reference arrow and its speed; a ring with its edge.
    assert len(full.axes[0].get_children()) == len(plain.axes[0].get_children()) + 4 + 2
    part = plot_field(fields, 0, grid=grid, region=(-8.0, 51.0, 2.0, 58.0))
    assert part.axes[0].get_xlim() == (-5, 5)


def test_a_given_wind_speed_sets_the_length_of_arrows(shown):
    fields, grid = shown
    wind = (np.full(grid.shape, 5.0), np.zeros(grid.shape))

    def arrows(speed):
        figure = plot_field(fields, 0, grid=grid, wind=wind, wind_speed=speed)
        return np.asarray(figure.axes[0].patches[0].get_path().vertices)

    # The round speed that suits 5 m/s is 5 m/s; against 10 m/s the arrows are half as long.
    np.testing.assert_array_equal(arrows(None), arrows(5.0))
    one = slice(0, 8)  # corners of the first arrow
    assert np.ptp(arrows(10.0)[one, 0]) == pytest.approx(np.ptp(arrows(5.0)[one, 0]) / 2)


def test_arrows_are_where_the_map_is(shown):
    fields, grid = shown
    wind = (np.full(grid.shape, 5.0), np.zeros(grid.shape))
    figure = plot_field(fields, 0, grid=grid, wind=wind)
    figure.canvas.draw()
    box = figure.axes[0].get_window_extent()
    arrows = [patch for patch in figure.axes[0].patches if np.size(patch.get_path().vertices) > 200]
    found = arrows[0].get_window_extent()
    assert box.x0 - 10 < found.x0 < found.x1 < box.x1 + 10
    assert found.width > 0.9 * box.width
    assert found.height > 0.8 * box.height


def test_what_there_is_not_is_refused(shown):
    fields, grid = shown
    with pytest.raises(ValueError, match="what='skill': choose among forecast, truth, error"):
        plot_field(fields, 0, grid=grid, what="skill")
    with pytest.raises(ValueError, match="an anomaly needs a climatology; give one"):
        plot_field(fields, 0, grid=grid, what="anomaly")


def test_truth_that_is_not_there_is_refused(build):
    _, forecast = build(grid="regional")
    fields = read_fields(forecast, init_time=None, channel=None, truth=None)
    grid = forecast.isel(init_time=0, lead_time=0, channel=0, drop=True)
    for what in ("truth", "error", "truth anomaly"):
        with pytest.raises(ValueError, match="there is no truth; read the fields with one"):
            plot_field(fields, 0, grid=grid, what=what)


def test_anomalies_share_one_scale_about_zero(shown):
    fields, _ = shown
    scale = anomaly_scale(fields, fields.forecast - 3.0)
    # Of the forecast 3 everywhere; of the truth 3 less up to 6 steps: from -3 to 2.
    assert -scale.low == scale.high >= 3
    assert scale.colours.name != error_scale(fields.forecast, None, fields=fields).colours.name
    # One white band about 0.
    assert 0.0 not in scale.bands
    assert anomaly_scale(fields, fields.forecast, limit=7.0).high == 7
