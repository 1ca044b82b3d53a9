import gc

import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.path import Path

from stforecast.figures.map_marks import Shape, ring_shapes, shapes_ink, wind_shapes
from stforecast.figures.raster import Raster
from stforecast.figures.wind import Arrows

ROWS, COLUMNS = np.meshgrid(np.arange(30.0) / 10, np.arange(40.0) / 10, indexing="ij")
RASTER = Raster(ROWS, COLUMNS, np.ones((30, 40), dtype=bool), (3, 4))
SQUARE = Path([[10, 0], [20, 0], [20, 10], [10, 10], [10, 0]], closed=True)


def drawn(*shapes):
    picture = np.full((30, 40, 3), 100, dtype=np.uint8)
    shapes_ink(shapes, size=(40, 30)).lay_on(picture)
    return picture


def test_shapes_stand_above_the_lower_left_corner():
    picture = drawn(Shape(SQUARE, fill="white"))
    changed = (picture != 100).any(axis=-1)
    assert changed[20:, 10:20].all()
    assert changed.sum() == 100
    assert (picture[25, 15] == 255).all()


def test_clear_shapes_let_the_map_through():
    # Half white on 100: 177 or 178.
    assert drawn(Shape(SQUARE, fill="white", alpha=0.5))[25, 15, 0] == pytest.approx(178, abs=1)


def test_edge_is_drawn_about_what_is_not_filled():
    picture = drawn(Shape(SQUARE, edge="#ff0000", line=1.0))
    assert (picture[25, 15] == 100).all()
    assert tuple(picture[20, 15]) == pytest.approx((255, 0, 0), abs=60)


def test_ring_has_its_cell_in_the_middle():
    inner, outer = ring_shapes(RASTER, (1, 2), radius=5.0)
    box = inner.path.get_extents()
    # Row 1 is pixel 10 from above; column 2 is pixel 20.
    np.testing.assert_allclose([(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2], [20.5, 19.5])
    assert inner.line > outer.line
    assert ring_shapes(RASTER, (9, 9), radius=5.0) == []


def test_reference_arrow_says_its_speed_within_the_map():
    arrows = Arrows(
        raster=Raster(np.array([[1.0]]), np.array([[1.0]]), np.ones((1, 1), dtype=bool), (3, 4)),
        places=np.array([[50.0, 50.0]]),
        east=np.array([[1.0, 0.0]]),
        north=np.array([[0.0, 1.0]]),
        spacing=30.0,
    )
    wind = (np.full((3, 4), 5.0), np.zeros((3, 4)))
    arrow, plate, sample, label = wind_shapes(arrows, wind, width=400, speed=10.0)
    # 5 m/s of 10: half of the reference arrow.
    assert arrow.path.get_extents().width == pytest.approx(15)
    assert sample.path.get_extents().width == pytest.approx(30)
    around = plate.path.get_extents()
    assert 0 < around.x0 < around.x1 < 400
    for inner in (sample, label):
        box = inner.path.get_extents()
        assert around.x0 < box.x0 < box.x1 < around.x1
        assert around.y0 < box.y0 < box.y1 < around.y1
    assert sample.path.get_extents().x1 < label.path.get_extents().x0


def test_marks_leave_nothing_for_the_collector():
    shapes_ink([Shape(SQUARE, fill="white")], size=(40, 30))

    def artists() -> int:
        return sum(issubclass(type(one), Artist) for one in gc.get_objects())

    gc.collect()
    before = artists()
    gc.disable()
    try:
        for _ in range(5):
            shapes_ink(ring_shapes(RASTER, (1, 2), radius=5.0), size=(40, 30))
        assert artists() <= before
    finally:
        gc.enable()
