"""The sample of Human3.6M."""

import numpy as np

from pipelines.video.human import open_human
from pipelines.video.human_sample import write_human_sample


def test_the_sample_is_read_back_by_its_lists(tmp_path):
    told = []
    files = write_human_sample(tmp_path, progress=lambda *done: told.append(done))
    assert told[-1] == (5, 5)
    assert len(files) == 5 * 86 + 2
    series = open_human(tmp_path)
    assert series.attrs["synthetic"] == "true"
    assert series.shape[1:] == (3, 256, 256)
    assert "train 8, validation 3 (subject 8" in series.attrs["note"]
    assert "4 of the 4 windows in test.txt share frames" in series.attrs["note"]
    assert np.unique(series["part"].values).tolist() == [0, 1, 2]
    assert series[0].values.std() > 5
