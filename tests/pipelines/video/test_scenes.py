"""Drawn scenes."""

import numpy as np

from pipelines.video.scenes import Scene, draw_scene


def test_equal_seeds_draw_equal_frames_and_others_do_not():
    scene = Scene((24, 32), 5, pan=1.5)
    first, again = (np.stack(list(draw_scene(scene, (1, 2)))) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.shape == (5, 24, 32, 3)
    assert (first != np.stack(list(draw_scene(scene, (1, 3))))).mean() > 0.5


def test_things_stay_in_the_picture_and_move():
    frames = np.stack(list(draw_scene(Scene((24, 32), 60, things=1, speed=4.0), (0,)))).astype(int)
    # Without a pan, the background is what most frames have in common.
    background = np.median(frames, axis=0)
    cover = np.abs(frames - background).max(axis=3) > 20
    assert (cover.sum(axis=(1, 2)) > 0).all()
    assert (cover[1:] != cover[:-1]).any(axis=(1, 2)).all()


def test_the_background_goes_by():
    frames = np.stack(list(draw_scene(Scene((16, 40), 4, things=0, pan=2.0), (0,))))
    np.testing.assert_array_equal(frames[3][:, :-6], frames[0][:, 6:])
