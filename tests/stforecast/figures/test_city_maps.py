"""Maps of counts: cells, units, a scale from 0, and what a reader must know of the place."""

import numpy as np
import pytest
from matplotlib.colors import BoundaryNorm

from stforecast.figures.fields import zone_text
from stforecast.figures.maps import plot_maps


def panels(figure):
    return [axes for axes in figure.axes if axes.images]


def words(figure):
    bars = [axes.get_title(loc="left") for axes in figure.axes if not axes.images]
    return [text.get_text() for text in figure.texts] + bars


def labels(ticks):
    return [label.get_text() for label in ticks]


def test_cells_are_cells_without_bands_and_lines(build_town):
    series, forecast = build_town()
    for axes in panels(plot_maps(forecast, truth=series)):
        assert axes.images[0].get_array().shape == (4, 5)
        assert not isinstance(axes.images[0].norm, BoundaryNorm)
        assert sum(len(lines.get_segments()) for lines in axes.collections) == 0


@pytest.mark.parametrize("first_cell", ["north-west", "south-east"])
def test_north_is_up_whichever_way_the_data_run(build_town, first_cell):
    series, forecast = build_town(first_cell=first_cell)
    shown = panels(plot_maps(forecast, truth=series))[0].images[0].get_array()
    # Cell (row, column) of the data has 10·row + column, 1 more at 00:30; the busiest is (3, 4).
    corner = (0, 0) if first_cell == "south-east" else (-1, -1)
    assert shown[corner] == 35


def test_counts_are_in_vehicles_per_time_step(build_town):
    series, forecast = build_town()
    for part in (forecast, forecast[:, 1:]):
        texts = words(plot_maps(part, truth=series))
        assert texts.count("vehicles\nper 30 min") == 2
    assert "Vehicles entering" in texts
    daily = forecast.assign_coords(lead_time=forecast["lead_time"] * 48)
    assert "vehicles\nper day" in words(plot_maps(daily))


def test_scale_begins_at_zero_and_holds_all(build_town):
    _, forecast = build_town()
    norm = panels(plot_maps(forecast))[0].images[0].norm
    # The first forecast repeats 10·row + column, at most 34.
    assert (norm.vmin, norm.vmax) == (0, 34)


def test_one_huge_cell_does_not_turn_the_others_pale(build_town):
    series, forecast = build_town()
    forecast[:, :, :, 1, 2] = 5000
    figure = plot_maps(forecast, truth=series)
    # Truth of up to +2 h: the busiest cell of the others has 34 + 4 vehicles.
    assert panels(figure)[0].images[0].norm.vmax == 38
    bars = [axes for axes in figure.axes if not axes.images]
    assert bars[0]._colorbar.extend == "max"
    # The error is 5000 − 12 there, and persistence's −1 to −4 elsewhere.
    assert panels(figure)[-1].images[0].norm.vmax == 4


def test_the_only_busy_cell_sets_the_scale(build_town):
    _, forecast = build_town()
    forecast = forecast * 0
    forecast[:, :, :, 1, 2] = 50
    assert panels(plot_maps(forecast))[0].images[0].norm.vmax == 50
    assert panels(plot_maps(forecast * 0))[0].images[0].norm.vmax == 1
    assert panels(plot_maps(forecast * np.nan))[0].images[0].norm.vmax == 1


def test_degrees_stand_at_the_edges_in_sensible_steps(build_town):
    series, forecast = build_town()
    figure = plot_maps(forecast, truth=series)
    figure.canvas.draw()
    corner = panels(figure)[8]
    assert {"74°W", "73.9°W", "73.8°W"} <= set(labels(corner.get_xticklabels()))
    assert {"40.7°N", "40.75°N", "40.8°N"} <= set(labels(corner.get_yticklabels()))


def test_note_of_the_place_is_in_small_print(build_town):
    _, forecast = build_town()
    assert "roughly there" in words(plot_maps(forecast))
    _, exact = build_town(note="")
    assert "roughly there" not in words(plot_maps(exact))


def test_grid_without_a_place_has_rows_and_columns_at_its_edges(build_town):
    series, forecast = build_town(place=False)
    figure = plot_maps(forecast, truth=series)
    figure.canvas.draw()
    corner, inner = panels(figure)[8], panels(figure)[1]
    rows = corner.get_yticklabels()
    assert labels(rows) == ["0", "1", "2", "3"]
    # Row 0 is above: 3.5 is the middle of the uppermost of four.
    assert [label.get_position()[1] for label in rows] == [3.5, 2.5, 1.5, 0.5]
    shown = corner.get_xlim()
    columns = {
        label.get_text(): x
        for label, x in zip(corner.get_xticklabels(), corner.get_xticks(), strict=True)
        if shown[0] <= x <= shown[1]
    }
    assert columns["0"] == 0.5
    assert columns["4"] == 4.5
    assert labels(inner.get_yticklabels()) == []
    assert "rows and columns of the grid" in words(figure)


def test_head_names_the_place_and_whose_time_it_is(build_town):
    _, forecast = build_town()
    text = "Persistence from 2016-01-23 00:00 New York time  ·  taxibj"
    assert text in words(plot_maps(forecast))
    forecast.attrs["place"] = "nyc_taxi"
    assert f"{text}, nyc_taxi" in words(plot_maps(forecast))
    forecast.attrs |= {"place": "taxibj", "synthetic": "true"}
    assert f"{text} (synthetic)" in words(plot_maps(forecast))


@pytest.mark.parametrize(
    ("attrs", "text"),
    [
        ({}, "UTC"),
        ({"time_zone": "UTC"}, "UTC"),
        ({"time_zone": "Asia/Shanghai"}, "Shanghai time"),
        ({"time_zone": "America/Argentina/Buenos_Aires"}, "Buenos Aires time"),
        ({"time_zone": "Etc/GMT+3"}, "Etc/GMT+3"),
        ({"time_zone": "unknown"}, "local time"),
        ({"time_zone": "Asia/Shanghai", "clock": "artificial"}, "(artificial clock)"),
    ],
)
def test_zones_are_named_for_readers(attrs, text):
    assert zone_text(attrs) == text


def test_truth_that_is_not_laid_out_as_the_forecast_is_refused(build_town):
    raw, _ = build_town(place=False)
    turned, _ = build_town(first_cell="south-west")
    _, forecast = build_town()
    with pytest.raises(ValueError, match="truth has another latitude than the forecast"):
        plot_maps(forecast, truth=raw)
    with pytest.raises(ValueError, match="truth has another longitude than the forecast"):
        plot_maps(forecast, truth=turned.assign_coords(longitude=turned["longitude"] + 1))
    with pytest.raises(ValueError, match="lay out both at the same place"):
        plot_maps(forecast, truth=raw[..., :3])
