"""The sample of KTH Action."""

import numpy as np

from pipelines.clips import FRAME_STEP, window_stride_of
from pipelines.split import SplitConfig, resolve_split
from pipelines.video import kth_sample
from pipelines.video.kth import open_kth
from pipelines.video.kth_sample import write_kth_sample
from pipelines.windows import WindowSpec, window_starts


def test_the_sample_is_read_back_with_windows_in_every_part(tmp_path):
    told = []
    files = write_kth_sample(tmp_path, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (24, 24)
    assert all(file.is_file() for file in files)
    series = open_kth(tmp_path)
    assert series.attrs["synthetic"] == "true"
    assert series.shape == (24 * 60, 1, 128, 128)
    assert "frames by 00sequences.txt" in series.attrs["note"]
    spec = WindowSpec(10, 20)
    parts = series["part"].values
    split = resolve_split(
        series["time"].values,
        SplitConfig(),
        window_steps=spec.length,
        time_step=FRAME_STEP,
        parts=parts,
    )
    counts = {
        part: len(
            window_starts(
                series["time"].values,
                spec,
                time_step=FRAME_STEP,
                within=within,
                stride=window_stride_of(series),
            )
        )
        for part, within in split.items()
    }
    # 3 people, of each 3 actions with 2 windows, and running with (60 − 30) / 3 + 1 = 11.
    assert counts == {"train": 3 * 17, "validation": 17, "test": 2 * 17}
    # Numbers of frames with which things move: the frames are no still picture.
    frames = series[:60].values.astype(int)
    assert np.abs(np.diff(frames, axis=0)).mean() > 0.2


def test_equal_seeds_give_equal_files(tmp_path, monkeypatch):
    monkeypatch.setattr(kth_sample, "_PEOPLE", (1,))
    monkeypatch.setattr(kth_sample, "_N_FRAMES", 4)
    first, second = (write_kth_sample(tmp_path / name, seed=3) for name in "ab")
    assert first[0].read_bytes() == second[0].read_bytes()
