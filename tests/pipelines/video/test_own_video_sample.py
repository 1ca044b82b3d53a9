"""The sample of clips of one's own."""

import numpy as np

from pipelines.video.own_video import open_video
from pipelines.video.own_video_sample import write_video_sample


def test_the_sample_is_read_back_from_films_and_pictures(tmp_path):
    told = []
    files = write_video_sample(tmp_path, progress=lambda *done: told.append(done))
    assert told[-1] == (11, 11)
    assert len(files) == 10 + 60
    series = open_video(tmp_path)
    assert series.attrs["synthetic"] == "true"
    assert series.shape == (11 * 60, 3, 64, 96)
    assert np.bincount(series["part"].values).tolist() == [9 * 60, 60, 60]
