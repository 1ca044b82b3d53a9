import numpy as np
import pytest
import xarray as xr

from stforecast.figures.geography import find_view
from stforecast.figures.panels import make_figure
from stforecast.figures.ticks import degrees_east, degrees_north, draw_ticks

GLOBE = xr.DataArray(
    np.zeros((18, 36)),
    dims=("y", "x"),
    coords={
        "latitude": ("y", np.arange(85.0, -86, -10)),
        "longitude": ("x", np.arange(0, 360, 10.0)),
    },
)


def ticked(**options):
    """Degrees at the foot and at the left of a map, with their places."""
    view = find_view(GLOBE, **options)
    figure = make_figure(4, 4)
    axes = figure.add_axes((0.2, 0.2, 0.7, 0.7))
    left, right, bottom, top = view.extent
    axes.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
    draw_ticks(axes, view, sides="left bottom")
    figure.canvas.draw()
    return view, *(
        {
            tick.get_text(): place
            for tick, place in zip(axis.get_ticklabels(), axis.get_ticklocs(), strict=True)
        }
        for axis in (axes.xaxis, axes.yaxis)
    )


@pytest.mark.parametrize(
    ("degrees", "shown"),
    [(0, "0°"), (180, "180°"), (-180, "180°"), (190, "170°W"), (360, "0°"), (12.5, "12.5°E")],
)
def test_longitudes_are_written_for_readers(degrees, shown):
    assert degrees_east(degrees) == shown


def test_latitudes_are_written_for_readers():
    assert [degrees_north(north) for north in (45, 0, -30)] == ["45°N", "0°", "30°S"]


def test_whole_earth_has_steps_of_sixty_degrees():
    _, along, _ = ticked(projection="plate carrée")
    assert {"120°W", "60°W", "0°", "60°E", "120°E"} <= set(along)


@pytest.mark.parametrize("region", [(-25.0, 34.0, 45.0, 72.0), (150.0, -45.0, 210.0, -5.0)])
def test_bent_meridians_are_named_where_they_meet_the_frame(region):
    view, along, up = ticked(region=region)
    left, _, bottom, _ = view.extent
    assert len(along) >= 4
    assert len(up) >= 3
    east, _ = view.paper.degrees(np.array([*along.values()]), np.full(len(along), bottom))
    assert [degrees_east(round(float(degree))) for degree in east] == list(along)
    _, north = view.paper.degrees(np.full(len(up), left), np.array([*up.values()]))
    assert [degrees_north(round(float(degree))) for degree in north] == list(up)


def test_narrow_map_has_few_degrees():
    # A degree high, between two parallels.
    _, _, up = ticked(region=(0.0, 64.8, 20.0, 65.4), projection="lambert azimuthal")
    assert len(up) <= 1


def test_edge_beside_the_earth_has_no_degrees():
    # The left edge is as far out as the parallel of 75°; all that is above lies beside the Earth.
    view, along, up = ticked(projection="robinson", region=(-180.0, 61.0, 180.0, 89.0))
    assert np.isnan(view.paper.degrees(*(np.array([edge]) for edge in view.extent[::3]))[0])
    assert along
    assert set(up) <= {"65°N", "70°N", "75°N"}
