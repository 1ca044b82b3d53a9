"""One cell: found, named, and as a table."""

from dataclasses import replace

import numpy as np
import pytest

from stforecast.viewing.forecasts import open_forecasts
from stforecast.viewing.point import find_cell, place_text, point_table, value_text
from tests.stforecast.viewing.conftest import entry_at


@pytest.fixture
def forecasts(globe):
    return open_forecasts(entry_at(globe, "globe"))


def test_a_table_holds_history_then_forecast_truth_and_baselines(forecasts):
    shown = forecasts.shown(forecasts.default_init_time, "t2m")
    table = point_table(shown, 2, 5)
    assert list(table.columns) == [
        "valid_time",
        "lead_hours",
        "history",
        "forecast",
        "truth",
        "error",
        "persistence",
        "climatology",
    ]
    assert table["lead_hours"].tolist() == [-18, -12, -6, 0, 6, 12, 18]
    np.testing.assert_array_equal(table["history"][:4], shown.history[:, 2, 5])
    assert table["history"][4:].isna().all()
    assert table[["forecast", "truth", "error", "persistence"]][:4].isna().all(axis=None)
    np.testing.assert_array_equal(table["forecast"][4:], shown.fields.forecast[:, 2, 5])
    np.testing.assert_array_equal(table["error"], table["forecast"] - table["truth"])
    assert set(table["persistence"][4:]) == {table["history"][3]}
    assert (table["valid_time"].values[4:] == shown.fields.valid_times).all()


def test_a_table_without_data_has_the_forecast_alone(forecasts):
    shown = forecasts.shown(forecasts.default_init_time, "t2m")
    bare = replace(
        shown,
        fields=replace(shown.fields, truth=None),
        baselines={},
        history=shown.history[:0],
        history_times=shown.history_times[:0],
    )
    table = point_table(bare, 0, 0)
    assert len(table) == 3
    assert table[["history", "truth", "error"]].isna().all(axis=None)


def test_a_cell_beside_the_grid_is_refused(forecasts):
    shown = forecasts.shown(forecasts.default_init_time, "t2m")
    for row, column in ((8, 0), (0, 16), (-1, 0)):
        with pytest.raises(
            ValueError, match="beside the grid of 8×16 cells; count from 0 to 7 and 15"
        ):
            point_table(shown, row, column)


@pytest.mark.parametrize(
    ("place", "cell"),
    [
        ((78.75, 0.0), (0, 0)),
        ((51.5, -0.1), (1, 0)),  # 56.25°N is nearer than 33.75°N
        ((51.5, 359.9), (1, 0)),
        ((-33.9, 151.2), (5, 7)),  # 157.5°E is the seventh column of 22.5°
        ((90.0, 12.0), (0, 1)),
        ((-90.0, -180.0), (7, 8)),
    ],
)
def test_the_nearest_cell_of_the_globe_is_found_in_any_range_of_longitudes(forecasts, place, cell):
    assert find_cell(forecasts.grid, *place) == cell


def test_a_place_outside_of_a_region_is_refused(city):
    grid = open_forecasts(entry_at(city, "city")).grid
    assert find_cell(grid, 40.99, -73.01) == (0, 2)
    for place in ((41.2, -73.5), (40.5, -72.9), (-40.5, -73.5)):
        with pytest.raises(ValueError, match=r"lies outside of the grid.*from 40.125 to 40.875"):
            find_cell(grid, *place)


def test_a_place_that_is_none_on_earth_is_refused(forecasts):
    for latitude in (91.0, float("nan")):
        with pytest.raises(ValueError, match="is no place on Earth"):
            find_cell(forecasts.grid, latitude, 0.0)


def test_a_grid_without_geography_wants_row_and_column(forecasts):
    bare = forecasts.grid.drop_vars(["latitude", "longitude"])
    with pytest.raises(ValueError, match="no latitude and longitude; give the row"):
        find_cell(bare, 0.0, 0.0)
    assert place_text(bare, 3, 5) == "row 3, column 5"


def test_a_single_row_reaches_half_a_degree(forecasts):
    row = forecasts.grid.isel(y=[1])
    assert find_cell(row, 56.6, 0.0) == (0, 0)
    with pytest.raises(ValueError, match="outside of the grid"):
        find_cell(row, 57.0, 0.0)


def test_a_cell_is_named_by_its_degrees_and_in_a_city_by_its_numbers_too(forecasts, city):
    # Columns 22.5° apart from 0° on: the eighth is 180°, the ninth 202.5°E.
    assert place_text(forecasts.grid, 7, 9) == "78.75°S 157.5°W"
    assert place_text(forecasts.grid, 0, 0) == "78.75°N 0°"
    grid = open_forecasts(entry_at(city, "city")).grid
    # The first row shown is the last one of the data, which begin in the south.
    assert place_text(grid, 0, 1) == "40.875°N 73.5°W (row 3, column 1)"


@pytest.mark.parametrize(
    ("value", "signed", "text"),
    [
        (1030.62, False, "1030.6"),
        (1.6248, True, "+1.62"),
        (-0.001, True, "0.00"),
        (52620.4, False, "52620"),
        (99999.6, False, "100000"),
        (-9.14, True, "−9.14"),
        (np.nan, False, "–"),
    ],
)
def test_values_are_told_without_exponents(value, signed, text):
    assert value_text(value, signed=signed) == text
