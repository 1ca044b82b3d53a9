"""Places: each cell of the data keeps its spot on the map, whichever way a grid runs."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.places import PLACES, Place, PlaceConfig, place_of_file
from pipelines.series import Channel, make_series

BOX = (40.0, 40.4, 116.0, 116.6)
CORNERS = ("north-west", "north-east", "south-west", "south-east")


def series_of(rows=2, columns=3):
    """A series whose values count the cells of the data: 0, 1, 2 in row 0."""
    return make_series(
        np.arange(rows * columns, dtype="float32").reshape(1, 1, rows, columns),
        times=np.array(["2016-01-01"], dtype="datetime64[ns]"),
        channels=[Channel("inflow", "inflow")],
        attrs={"dataset": "taxibj"},
    )


def test_cells_have_their_centres_in_the_middle_of_equal_parts_of_the_box():
    placed = Place(name="own", extent=BOX).lay_out(series_of())
    # Two rows of 0.2° from 40.4° down, three columns of 0.2° from 116° on.
    np.testing.assert_allclose(placed["latitude"], [40.3, 40.1])
    np.testing.assert_allclose(placed["longitude"], [116.1, 116.3, 116.5])
    assert placed["latitude"].dims == ("y",)
    assert placed["longitude"].dims == ("x",)
    assert placed[0, 0].values.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("first_cell", "north_up"),
    [
        ("north-west", [[0, 1, 2], [3, 4, 5]]),
        ("north-east", [[2, 1, 0], [5, 4, 3]]),
        ("south-west", [[3, 4, 5], [0, 1, 2]]),
        ("south-east", [[5, 4, 3], [2, 1, 0]]),
    ],
)
def test_grid_is_turned_so_that_north_is_up(first_cell, north_up):
    placed = Place(name="own", extent=BOX, first_cell=first_cell).lay_out(series_of())
    assert placed[0, 0].values.tolist() == north_up


@pytest.mark.parametrize(
    ("first_cell", "north_up"),
    [
        # Row 0 of the data, 0 1 2, goes along the western or eastern edge.
        ("north-west", [[0, 3], [1, 4], [2, 5]]),
        ("north-east", [[3, 0], [4, 1], [5, 2]]),
        ("south-west", [[2, 5], [1, 4], [0, 3]]),
        ("south-east", [[5, 2], [4, 1], [3, 0]]),
    ],
)
def test_rows_along_longitude_become_columns(first_cell, north_up):
    place = Place(name="own", extent=BOX, first_cell=first_cell, transposed=True)
    placed = place.lay_out(series_of())
    assert placed.dims == ("time", "channel", "y", "x")
    assert placed[0, 0].values.tolist() == north_up
    assert placed["row"].dims == ("x",)
    assert placed["column"].dims == ("y",)


@given(
    first_cell=st.sampled_from(CORNERS),
    transposed=st.booleans(),
    rows=st.integers(1, 4),
    columns=st.integers(1, 4),
)
def test_every_cell_lies_where_its_centre_is_said_to_be(first_cell, transposed, rows, columns):
    place = Place(name="own", extent=BOX, first_cell=first_cell, transposed=transposed)
    latitude, longitude = place.cell_centres((rows, columns))
    placed = place.lay_out(series_of(rows, columns))
    assert latitude.shape == (rows, columns)
    for row in range(rows):
        for column in range(columns):
            at = {"latitude": latitude[row, column], "longitude": longitude[row, column]}
            on_map = placed.swap_dims(y="latitude", x="longitude").sel(at, method="nearest")
            assert on_map.item() == row * columns + column
            # The numbers of the data go along.
            assert (on_map["row"].item(), on_map["column"].item()) == (row, column)
    south, north, west, east = BOX
    corner = (latitude[0, 0], longitude[0, 0])
    assert (corner[0] >= (south + north) / 2) or "south" in first_cell
    assert (corner[1] <= (west + east) / 2) or "east" in first_cell
    assert (np.diff(placed["latitude"]) < 0).all()
    assert (np.diff(placed["longitude"]) > 0).all()


def test_laid_out_array_says_where_it_is_and_the_other_is_left_alone():
    series = series_of()
    before = series.copy(deep=True)
    placed = Place(name="own", extent=BOX, note="roughly").lay_out(series)
    assert placed.attrs == {"dataset": "taxibj", "place": "own", "place_note": "roughly"}
    assert "place_note" not in Place(name="own", extent=BOX).lay_out(series).attrs
    xr.testing.assert_identical(series, before)


def test_lazy_series_stays_lazy():
    placed = Place(name="own", extent=BOX, first_cell="south-east").lay_out(series_of().chunk())
    assert placed.chunks is not None


@pytest.mark.parametrize(
    "extent",
    [
        (40.4, 40.0, 116.0, 116.6),
        (40.0, 40.4, 116.6, 116.0),
        (-91.0, 40.0, 116.0, 116.6),
        (40.0, 91.0, 116.0, 116.6),
        (40.0, 40.4, -181.0, 180.0),
        (float("nan"), 40.4, 116.0, 116.6),
    ],
)
def test_extent_that_is_no_box_is_refused(extent):
    with pytest.raises(ValueError, match=r"must be \[south, north, west, east\] in degrees"):
        Place(name="own", extent=extent)


def test_grid_of_another_size_than_the_places_is_refused():
    with pytest.raises(
        ValueError, match="'taxibj' is a grid of 32×32 cells, but the data have 2×3"
    ):
        PLACES["taxibj"].lay_out(series_of())


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("BJ16_M32x32_T30_InOut", "taxibj"),
        ("NYC16_M16x12_T30_InOut", "nyc_taxi"),
        ("SAMPLE16_M16x16_T30_InOut", None),
        ("BJ16_M32x32_T30_InOut_copy", None),
    ],
)
def test_place_is_told_by_the_name_of_the_file(stem, name):
    place = place_of_file(stem)
    assert (place and place.name) == name


def test_places_have_names_zones_and_shapes():
    assert all(place.name == name for name, place in PLACES.items())
    assert {place.time_zone for place in PLACES.values()} == {"Asia/Shanghai", "America/New_York"}
    # Cells of both cities are about a kilometre across: 1 km = 0.009° of latitude.
    for place in PLACES.values():
        south, north, _, _ = place.extent
        assert 0.5 < (north - south) / place.shape[0] / 0.009 < 1.5


def test_place_is_the_told_one_unless_another_is_named():
    assert PlaceConfig().find() is None
    assert PlaceConfig().find("taxibj") == PLACES["taxibj"]
    assert PlaceConfig(preset="nyc_taxi").find("taxibj") == PLACES["nyc_taxi"]
    assert PlaceConfig(preset="none").find("taxibj") is None


def test_preset_can_be_turned_and_its_zone_changed():
    config = PlaceConfig(first_cell="south-east", transposed=True, time_zone="Europe/Paris")
    place = config.find("taxibj")
    assert (place.first_cell, place.transposed) == ("south-east", True)
    assert place.time_zone == "Europe/Paris"
    assert place.extent == PLACES["taxibj"].extent
    assert place.note


def test_extent_of_ones_own_has_no_note_and_no_shape():
    config = PlaceConfig.model_validate({"extent": "40, 40.4,116,116.6"})
    assert config.find("taxibj") == Place(name="own", extent=BOX)
    both = PlaceConfig(preset="taxibj", extent=BOX).find()
    assert (both.name, both.extent, both.note, both.shape) == ("own", BOX, "", None)
    assert both.time_zone == "Asia/Shanghai"


def test_unknown_preset_key_and_corner_are_refused():
    with pytest.raises(ValidationError, match="known are taxibj, nyc_taxi, none"):
        PlaceConfig(preset="paris")
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        PlaceConfig.model_validate({"box": "1,2,3,4"})
    with pytest.raises(ValidationError, match="north-west"):
        PlaceConfig.model_validate({"first_cell": "upper-left"})
    for edges in ("40,41", [40, 40.4, 116]):
        with pytest.raises(ValidationError, match="write four numbers: south, north, west, east"):
            PlaceConfig.model_validate({"extent": edges})


def test_settings_change_single_keys():
    config = PlaceConfig(preset="taxibj").changed(["first_cell=south-west", "transposed=true"])
    assert config == PlaceConfig(preset="taxibj", first_cell="south-west", transposed=True)
    # A preset and an extent say the same thing: the later one counts.
    assert config.changed(["extent=40,40.4,116,116.6"]).preset is None
    own = PlaceConfig(extent=BOX)
    assert own.changed(["preset=nyc_taxi"]) == PlaceConfig(preset="nyc_taxi")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("preset", "place takes KEY=VALUE with the keys preset, extent"),
        ("box=1,2,3,4", "place takes KEY=VALUE with the keys preset, extent"),
        ("preset=paris", r"place\.preset = 'paris': known are taxibj"),
        ("extent=1,2,3", r"place\.extent = '1,2,3': write four numbers"),
        ("extent=1,2,x,4", r"place\.extent\.2 = 'x'"),
    ],
)
def test_settings_that_are_wrong_are_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        PlaceConfig().changed([setting])


def test_a_corner_without_a_box_is_refused_and_a_zone_alone_is_not():
    with pytest.raises(ValueError, match=r"place.first_cell is set, but no place"):
        PlaceConfig(first_cell="south-west").find()
    assert PlaceConfig(time_zone="Europe/Paris").find() is None


def test_the_zone_is_the_one_set_else_that_of_the_preset():
    assert PlaceConfig(preset="nyc_taxi").zone == "America/New_York"
    assert PlaceConfig(preset="nyc_taxi", time_zone="Europe/Paris").zone == "Europe/Paris"
    assert [PlaceConfig().zone, PlaceConfig(preset="none").zone] == [None, None]


def test_a_grid_that_is_on_the_map_already_is_refused():
    placed = Place(name="own", extent=BOX).lay_out(series_of())
    with pytest.raises(ValueError, match="latitudes and longitudes of their own; leave place out"):
        Place(name="own", extent=BOX).lay_out(placed)


def test_an_unknown_zone_is_refused():
    with pytest.raises(ValidationError, match="no IANA name"):
        PlaceConfig(time_zone="Paris")


def test_settings_change_a_place_key_by_key():
    config = PlaceConfig(preset="taxibj").changed(["first_cell=south-west", "transposed=true"])
    assert (config.preset, config.first_cell, config.transposed) == ("taxibj", "south-west", True)
    moved = config.changed(["extent=1,2,3,4"])
    assert (moved.preset, moved.extent) == (None, (1, 2, 3, 4))
    assert moved.changed(["preset=nyc_taxi"]).extent is None


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("taxibj", "place takes KEY=VALUE with the keys preset, extent"),
        ("corner=x", "place takes KEY=VALUE"),
        ("first_cell=up", "place.first_cell = 'up': Input should be 'north-west'"),
        ("preset=paris", "place.preset = 'paris': .*known are taxibj, nyc_taxi"),
    ],
)
def test_a_setting_that_is_none_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        PlaceConfig().changed([setting])
