"""The sample of KITTI and Caltech."""

import numpy as np

from pipelines.video.kitticaltech import open_kitticaltech
from pipelines.video.kitticaltech_sample import write_kitticaltech_sample


def test_the_sample_is_read_back_with_three_windows_a_drive(tmp_path):
    told = []
    files = write_kitticaltech_sample(tmp_path, progress=lambda *done: told.append(done))
    assert told[-1] == (6, 6)
    assert len(files) == 4 * 33 + 2
    series = open_kitticaltech(tmp_path)
    assert series.attrs["synthetic"] == "true"
    assert series.shape == (6 * 33, 3, 128, 160)
    assert np.bincount(series["part"].values).tolist() == [3 * 33, 33, 2 * 33]
    assert series.attrs["clip_names"].splitlines()[3:] == [
        "2011_09_26_drive_0005_sync",
        "caltech/set06/V000",
        "caltech/set07/V000",
    ]
    assert series[-1].values.std() > 5
