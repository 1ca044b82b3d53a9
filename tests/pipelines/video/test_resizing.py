"""Frames brought to one size."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipelines.video.resizing import FrameRule, bilinear

SIDES = st.integers(2, 24)


def test_a_row_is_stretched_between_the_centres_of_its_pixels():
    # Centres of 4 new pixels lie at −0.25, 0.25, 0.75 and 1.25 of the old ones: 0, 25, 75 and 100.
    np.testing.assert_array_equal(
        bilinear(np.array([[0, 100]], dtype="uint8"), (1, 4)), [[0, 25, 75, 100]]
    )


def test_a_row_that_shrinks_takes_two_neighbours_and_averages_nothing():
    # Centres of 2 new pixels lie at 1 and 4 of the 6 old ones: those two, whole.
    row = np.array([[0, 10, 200, 200, 30, 0]], dtype="uint8")
    np.testing.assert_array_equal(bilinear(row, (1, 2)), [[10, 30]])


@given(SIDES, SIDES, SIDES, SIDES, st.booleans(), st.integers(0, 100))
def test_bilinear_agrees_with_torch(rows, columns, new_rows, new_columns, grey, seed):
    shape = (rows, columns) if grey else (rows, columns, 3)
    frame = np.random.default_rng(seed).integers(0, 256, shape, dtype="uint8")
    planes = np.atleast_3d(frame).transpose(2, 0, 1)[None].astype("float32")
    wanted = torch.nn.functional.interpolate(
        torch.from_numpy(planes), (new_rows, new_columns), mode="bilinear", align_corners=False
    )
    got = bilinear(frame, (new_rows, new_columns))
    got = np.atleast_3d(got).transpose(2, 0, 1)
    assert np.abs(got - wanted[0].numpy()).max() <= 0.51  # rounded


def test_averaging_sees_every_pixel():
    frame = np.zeros((64, 64), dtype="uint8")
    frame[::8] = 160  # an eighth of all: 20 on average
    averaged = FrameRule((8, 8), "grey").bring(frame, "a")
    assert np.abs(averaged[0, 1:-1].astype(int) - 20).max() <= 1
    looked_at = FrameRule((8, 8), "grey", resize="bilinear").bring(frame, "a")
    assert looked_at.max() == 0


def test_cropping_is_that_of_prednet():
    frame = np.random.default_rng(0).integers(0, 256, (370, 1226, 3), dtype="uint8")
    # 128 / 370 · 1226 = 424.13 columns, of which (424 − 160) / 2 = 132 are cut off on the left.
    wanted = np.asarray(Image.fromarray(frame).resize((424, 128), Image.Resampling.BILINEAR))
    got = FrameRule((128, 160), "rgb", fit="crop").bring(frame, "a")
    np.testing.assert_array_equal(got, np.moveaxis(wanted[:, 132:292], 2, 0))


def test_grey_gets_three_equal_channels_and_colour_gets_its_luminance():
    grey = np.arange(12, dtype="uint8").reshape(3, 4)
    got = FrameRule((3, 4), "rgb").bring(grey, "a")
    np.testing.assert_array_equal(got, [grey] * 3)
    colour = np.zeros((3, 4, 3), dtype="uint8")
    colour[...] = (100, 50, 200)
    # 0.299 · 100 + 0.587 · 50 + 0.114 · 200 = 82.05
    np.testing.assert_array_equal(
        FrameRule((3, 4), "grey").bring(colour, "a"), np.full((1, 3, 4), 82)
    )
    assert FrameRule((3, 4), "grey").n_channels == 1
    assert FrameRule((3, 4), "rgb").n_channels == 3


def test_a_frame_of_another_size_is_refused_where_none_is_named():
    rule = FrameRule((4, 6), "grey", fit="same")
    with pytest.raises(ValueError, match=r"clip/7\.png has 4x5 pixels.*--set clips\.size=4x6"):
        rule.bring(np.zeros((4, 5), dtype="uint8"), "clip/7.png")


def test_a_frame_that_is_too_narrow_to_crop_is_refused():
    rule = FrameRule((128, 160), "grey", fit="crop")
    # 128 / 100 · 120 = 153.6 columns
    with pytest.raises(ValueError, match=r"it is 154 columns wide, fewer than 160.*size=128x154"):
        rule.bring(np.zeros((100, 120), dtype="uint8"), "a.png")
