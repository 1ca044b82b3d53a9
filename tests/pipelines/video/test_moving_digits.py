"""The rule of Moving MNIST, against arithmetic and against the loop that it is published as."""

import math
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest
from torch.utils.data import DataLoader

from pipelines.video.moving_digits import MovingDigits, draw, paths, top_left_corners
from pipelines.windows import FreshWindows, WindowSpec

DIGITS = np.random.default_rng(0).integers(1, 256, (6, 28, 28)).astype("uint8")


def rule(**changes):
    options = {"n_digits": 2, "size": (64, 64), "length": 20, "stream": (1, 0)}
    return MovingDigits(DIGITS, **(options | changes))


def path(x, y, angle, length):
    return paths(np.array([[x, y]], "float64"), np.array([angle]), length=length)[0]


def test_the_first_frame_is_one_step_after_the_start():
    np.testing.assert_allclose(path(0.2, 0.5, 0.0, 3), [[0.3, 0.5], [0.4, 0.5], [0.5, 0.5]])
    # Angles run from x towards y: at 90 degrees only y grows.
    np.testing.assert_allclose(path(0.2, 0.5, math.pi / 2, 2), [[0.2, 0.6], [0.2, 0.7]])


def test_a_digit_stands_at_the_far_wall_and_goes_back():
    np.testing.assert_allclose(path(0.85, 0.5, 0.0, 4)[:, 0], [0.95, 1.0, 0.9, 0.8])
    np.testing.assert_allclose(path(0.5, 0.85, math.pi / 2, 4)[:, 1], [0.95, 1.0, 0.9, 0.8])


def test_a_digit_stands_at_the_near_wall_and_goes_back():
    np.testing.assert_allclose(path(0.15, 0.5, math.pi, 4)[:, 0], [0.05, 0.0, 0.1, 0.2])
    np.testing.assert_allclose(path(0.5, 0.15, -math.pi / 2, 4)[:, 1], [0.05, 0.0, 0.1, 0.2])


def test_a_corner_turns_both_ways_round():
    # 45 degrees: 0.1 · cos 45° = 0.0707 a step, so both walls are met at once.
    far = path(0.95, 0.95, math.pi / 4, 2)
    np.testing.assert_allclose(far, [[1, 1], [1 - 0.1 * math.sqrt(0.5)] * 2])


def published_path(x, y, theta, length):
    """The loop of OpenSTL's get_random_trajectory, with its draws given."""
    v_y, v_x, bounce_x, bounce_y, result = np.sin(theta), np.cos(theta), 1, 1, []
    for _ in range(length):
        y += bounce_y * v_y * 0.1
        x += bounce_x * v_x * 0.1
        if x <= 0 or x >= 1.0:
            x, bounce_x = float(x >= 1.0), -bounce_x
        if y <= 0 or y >= 1.0:
            y, bounce_y = float(y >= 1.0), -bounce_y
        result.append((x, y))
    return result


unit = st.floats(0, 1, exclude_max=True)


@given(x=unit, y=unit, turn=unit, length=st.integers(1, 60))
def test_paths_are_those_of_the_published_loop(x, y, turn, length):
    places = path(x, y, turn * 2 * math.pi, length)
    np.testing.assert_allclose(
        places, published_path(x, y, turn * 2 * math.pi, length), atol=1e-12, rtol=0
    )
    assert ((places >= 0) & (places <= 1)).all()


def test_corners_are_cut_off_and_row_comes_first():
    places = np.array([[[0.0, 1.0], [0.999, 0.5], [0.3, 0.05]]])
    # 36 columns and 18 rows of room: 0.999 · 36 = 35.96 -> 35, 0.05 · 18 = 0.9 -> 0.
    assert top_left_corners(places, (18, 36)).tolist() == [[[18, 0], [9, 35], [0, 10]]]


def test_the_brighter_digit_is_seen_where_two_overlap():
    one, other = np.full((2, 2), 100, "uint8"), np.array([[50, 200], [50, 200]], "uint8")
    corners = np.array([[[0, 0]], [[0, 1]]])
    [frame] = draw(np.stack([one, other]), corners, size=(3, 4))
    assert frame.tolist() == [[100, 100, 200, 0], [100, 100, 200, 0], [0, 0, 0, 0]]
    [swapped] = draw(np.stack([other, one]), corners[::-1], size=(3, 4))
    np.testing.assert_array_equal(swapped, frame)


def test_a_sequence_follows_the_published_rule_from_its_draws():
    made = rule()(7)
    generator = np.random.Generator(np.random.PCG64([1, 0, 7]))
    draws = generator.random((2, 3))
    images = DIGITS[generator.integers(6, size=2)]
    truth = np.zeros((20, 64, 64), "uint8")
    for (x, y, turn), image in zip(draws, images, strict=True):
        for frame, (px, py) in zip(truth, published_path(x, y, turn * 2 * np.pi, 20), strict=True):
            top, left = int(36 * py), int(36 * px)
            seen = frame[top : top + 28, left : left + 28]
            np.maximum(seen, image, out=seen)
    assert made.dtype == np.uint8
    np.testing.assert_array_equal(made[:, 0], truth)


@pytest.mark.parametrize(
    ("n_digits", "size", "length"), [(1, (28, 28), 3), (3, (64, 64), 20), (2, (40, 96), 5)]
)
def test_any_number_of_digits_and_any_size_that_holds_one(n_digits, size, length):
    frames = rule(n_digits=n_digits, size=size, length=length)(0)
    assert frames.shape == (length, 1, *size)
    # Every digit is bright throughout: so many pixels at least, and at most, are lit.
    lit = (frames > 0).sum(axis=(1, 2, 3))
    assert ((lit >= 28 * 28) & (lit <= n_digits * 28 * 28)).all()


def test_a_frame_smaller_than_a_digit_is_refused():
    with pytest.raises(ValueError, match=r"clips.size = 64x20 has no room for digits of 28x28"):
        rule(size=(64, 20))


def test_number_and_stream_alone_make_a_sequence():
    first = rule()(3)
    np.testing.assert_array_equal(rule()(3), first)
    for other in (rule()(4), rule(stream=(1, 1))(3), rule(stream=(2, 0))(3)):
        assert (other != first).any()
    # A longer sequence begins as the shorter one does.
    np.testing.assert_array_equal(rule(length=30)(3)[:20], first)


def test_no_two_of_many_sequences_are_the_same():
    made = rule(length=2).sequences(range(200))
    assert len(np.unique(made.reshape(200, -1), axis=0)) == 200


def windows(numbers):
    made = FreshWindows(rule(), WindowSpec(10, 10), n_windows=8).__getitems__(list(numbers))
    return np.concatenate([made.history, made.target], axis=1)


def test_batches_of_any_size_give_the_same_windows():
    whole = windows(range(8))
    np.testing.assert_array_equal(np.concatenate([windows([n]) for n in range(8)]), whole)
    np.testing.assert_array_equal(windows([5, 2]), whole[[5, 2]])
    assert np.isnan(windows([-1])).all()


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_of_a_loader_give_the_same_windows(workers):
    loader = DataLoader(
        FreshWindows(rule(), WindowSpec(10, 10), n_windows=8),
        batch_sampler=[[0, 1, 2], [3, 4], [5, 6, 7]],
        collate_fn=list,
        num_workers=workers,
        multiprocessing_context="fork" if workers else None,
    )
    history = np.concatenate([batch[0].numpy() for batch in loader])
    np.testing.assert_array_equal(history, windows(range(8))[:, :10])


def test_another_process_makes_the_same_sequence():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        np.testing.assert_array_equal(pool.submit(rule(), 11).result(), rule()(11))


def test_starts_and_angles_are_spread_evenly():
    # With a single lit pixel as the digit, a place is known to a part in 500.
    dot = np.full((1, 1, 1), 255, "uint8")
    made = MovingDigits(dot, n_digits=1, size=(501, 501), length=2, stream=(1, 0))
    lit = np.array([made(number).reshape(2, -1).argmax(axis=1) for number in range(800)])
    places = np.stack(np.divmod(lit, 501), axis=-1) / 500  # (number, frame, y and x)
    inside = ((places > 0) & (places < 1)).all(axis=(1, 2))
    steps = places[:, 1] - places[:, 0]
    np.testing.assert_allclose(np.hypot(*steps[inside].T), 0.1, atol=4e-3)
    # Near the walls the angle decides who meets them; in the middle all is even.
    first = places[:, 0]
    middle = ((first > 0.2) & (first < 0.8)).all(axis=1)
    assert kstest(np.arctan2(*steps[middle].T) / (2 * np.pi) % 1, "uniform").pvalue > 0.01
    for axis in (0, 1):
        assert kstest((first[middle, axis] - 0.2) / 0.6, "uniform").pvalue > 0.01


def test_every_digit_is_drawn_as_often():
    flat = np.arange(1, 11, dtype="uint8")[:, None, None] * np.ones((1, 2, 2), "uint8")
    made = MovingDigits(flat, 1, size=(8, 8), length=1, stream=(1, 0)).sequences(range(1000))
    counts = np.bincount(made.max(axis=(1, 2, 3, 4)), minlength=11)[1:]
    # 100 of each are expected, with a standard deviation of sqrt(1000 · 0.1 · 0.9) = 9.5.
    assert (np.abs(counts - 100) < 4 * 9.5).all()
