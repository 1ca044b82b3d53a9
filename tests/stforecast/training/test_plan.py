"""The plan refuses what could not be kept at the end of a training."""

import numpy as np
import pytest

from pipelines.grid import Grid
from pipelines.series import Channel, make_series
from stforecast.experiment import load_experiment
from stforecast.training.plan import make_plan

HALF_HOUR = np.timedelta64(30, "m").astype("timedelta64[ns]")


def traffic(*, grid: Grid | None = None, **attrs):
    channels = [Channel(name, name, valid_min=0.0) for name in ("inflow", "outflow")]
    return make_series(
        np.ones((10 * 48, 2, 16, 12), dtype="float32"),
        times=np.datetime64("2016-01-04", "ns") + np.arange(10 * 48) * HALF_HOUR,
        channels=channels,
        latitude=None if grid is None else grid.latitude,
        longitude=None if grid is None else grid.longitude,
        attrs={"dataset": "taxibj", "time_zone": "unknown", **attrs},
    )


def plan(series, *settings):
    base = {"dataset": "taxibj", "history": 4, "horizon": 4}
    return make_plan(load_experiment(base=base, settings=settings), series)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("place.extent=49,48,2,3", r"place.extent = \[49.0, 48.0, 2.0, 3.0\] must be"),
        ("place.first_cell=south-west", "place.first_cell is set, but no place"),
        ("place.preset=taxibj", "is a grid of 32×32 cells, but the data have 16×12"),
    ],
)
def test_a_place_where_the_grid_cannot_lie_is_refused_before_training(setting, message):
    with pytest.raises(ValueError, match=message):
        plan(traffic(), setting)


def test_a_grid_with_coordinates_takes_no_place():
    grid = Grid(np.linspace(40.0, 39.0, 16), np.linspace(116.0, 117.0, 12))
    with pytest.raises(ValueError, match="latitudes and longitudes of their own"):
        plan(traffic(grid=grid), "place.extent=39,40,116,117")


def test_the_place_that_the_files_tell_is_kept():
    place = plan(traffic(place="nyc_taxi"), "place.first_cell=south-west").experiment.place
    assert (place.preset, place.first_cell) == ("nyc_taxi", "south-west")
    assert plan(traffic(place="nyc_taxi"), "place.preset=none").experiment.place.preset == "none"


@pytest.mark.parametrize(
    ("attrs", "zone"),
    [({"time_zone": "America/New_York"}, "America/New_York"), ({"clock": "artificial"}, "none")],
)
def test_another_time_zone_than_that_of_the_data_is_refused(attrs, zone):
    message = f"place.time_zone = 'Europe/Paris', but the time zone of these data is {zone}"
    with pytest.raises(ValueError, match=message):
        plan(traffic(**attrs), "place.time_zone=Europe/Paris")
    kept = plan(traffic(time_zone="Europe/Paris"), "place.time_zone=Europe/Paris").experiment
    assert kept.place.time_zone == "Europe/Paris"


def test_four_weeks_of_an_artificial_clock_are_refused():
    with pytest.raises(ValueError, match="'stresnet' needs time stamps, but these data have none"):
        plan(traffic(clock="artificial"), "split.protocol=stresnet")
