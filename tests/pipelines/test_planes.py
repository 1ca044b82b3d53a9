import numpy as np
import pytest
import torch

from pipelines.grid import Grid
from pipelines.planes import Planes, empty_cells, grid_angles, standardised
from pipelines.series import Channel, make_series

GRID = Grid(np.array([30.0, -30.0]), np.array([0.0, 90.0, 180.0]))


def series_of(frames):
    times = np.datetime64("2015-01-01", "ns") + np.arange(len(frames)) * np.timedelta64(6, "h")
    channels = [Channel(f"c{index}", "c") for index in range(frames.shape[1])]
    return make_series(frames, times=times, channels=channels, attrs={"dataset": "weatherbench"})


def test_the_angles_of_a_grid_are_rows_and_columns():
    rows, columns = grid_angles(GRID)
    np.testing.assert_allclose(rows[:, :, 0], [[0.5, -0.5], [0.8660254] * 2], rtol=1e-6)
    np.testing.assert_allclose(columns[:, 0], [[0, 1, 0], [1, 0, -1]], atol=1e-7)


def test_a_surface_has_mean_0_and_deviation_1_and_unknown_cells_are_usual():
    # Mean 20, deviation 10 of what is known.
    values = np.array([[10.0, 30.0], [np.nan, 20 + 0 * 1.0]])
    known = standardised(np.array([[10.0, 30.0], [10.0, 30.0]]))
    assert known.tolist() == [[-1, 1], [-1, 1]]
    assert standardised(values)[1].tolist() == [0, 0]
    assert standardised(np.full((2, 2), 7.0)).tolist() == [[0, 0], [0, 0]]
    with pytest.raises(ValueError, match="not one cell holds a value"):
        standardised(np.full((2, 2), np.nan))


def test_planes_come_in_one_order():
    planes = Planes(fixed=torch.full((1, 2, 3), 5.0), n_points=0, present=True)
    frames, numbers = torch.zeros(1, 4, 2, 2, 3), torch.arange(8.0).view(1, 4, 2)
    present = torch.ones(1, 4, 2, 2, 3, dtype=torch.bool)
    spread, fixed, there = planes.beside(frames, numbers, present)
    assert spread.shape == (1, 4, 2, 2, 3)
    assert spread[0, 3, :, 1, 2].tolist() == [6, 7]
    assert fixed.shape == (1, 4, 1, 2, 3)
    assert (fixed == 5).all()
    assert there.shape == (1, 4, 2, 2, 3)
    assert there.dtype == frames.dtype


def test_no_planes_are_none():
    frames = torch.zeros(1, 4, 2, 2, 3)
    assert Planes().to("cpu").beside(frames, torch.zeros(1, 4, 0), frames == 0) == []


def test_the_sun_is_made_of_the_last_numbers():
    rows, columns = map(torch.from_numpy, grid_angles(GRID))
    planes = Planes(rows=rows, columns=columns, n_points=2).to(torch.device("cpu"))
    # Two moments, half each: over the North Pole, and over 0° N 90° E.
    numbers = torch.tensor([[[9.0, 0.5, 0, 0, 0, 0, 0.5]]])
    spread, sun = planes.beside(torch.zeros(1, 1, 1, 2, 3), numbers, torch.ones(1, 1, 1, 2, 3) > 0)
    assert (spread == 9).all()
    # sin 30° / 2 = 0.25 in the north; cos 30° / 2 = 0.433 at 90° E.
    expected = [[0.25, 0.25 + 0.4330127, 0.25], [0, 0.4330127, 0]]
    np.testing.assert_allclose(sun[0, 0, 0], expected, atol=1e-6)


def test_cells_that_never_hold_a_value_are_found_channel_by_channel():
    frames = np.zeros((3, 2, 2, 2), "float32")
    frames[:, 0, 0, 0] = np.nan
    frames[:2, 1, 1, 1] = np.nan  # there in the last frame
    frames[:, 1, 0, 1] = np.inf
    empty = empty_cells(series_of(frames))
    assert np.argwhere(empty).tolist() == [[0, 0, 0], [1, 0, 1]]


def test_data_without_empty_cells_are_not_read_to_their_end(monkeypatch):
    asked = []

    def blocks(series):
        for start in range(3):
            asked.append(start)
            yield start, start + 1

    monkeypatch.setattr("pipelines.planes.blocks_of", blocks)
    frames = np.zeros((3, 1, 2, 2), "float32")
    frames[0, 0, 0, 0] = np.nan
    assert not empty_cells(series_of(frames)).any()
    assert asked == [0, 1]


def test_all_planes_are_made_on_the_device_they_are_moved_to():
    rows, columns = map(torch.from_numpy, grid_angles(GRID))
    fixed = torch.zeros(1, 2, 3)
    planes = Planes(fixed=fixed, rows=rows, columns=columns, n_points=1, present=True).to("meta")
    frames = torch.zeros(1, 4, 2, 2, 3, device="meta")
    made = planes.beside(frames, torch.zeros(1, 4, 5, device="meta"), frames == 0)
    assert [part.device.type for part in made] == ["meta"] * 4
    assert torch.cat(made, dim=2).shape == (1, 4, 2 + 1 + 1 + 2, 2, 3)
