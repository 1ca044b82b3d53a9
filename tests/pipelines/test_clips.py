import numpy as np
import pytest
from pydantic import ValidationError

from pipelines.clips import (
    FRAME_STEP,
    GREY,
    RGB,
    WHOLE,
    Clip,
    ClipConfig,
    clip_series,
    clip_times,
    is_video,
    window_stride_of,
)
from pipelines.normalise import fit_normaliser
from pipelines.split import SplitConfig, resolve_split
from pipelines.store import fingerprint_of, open_store, write_store
from pipelines.windows import WindowDataset, WindowSpec, window_starts

DAY = np.timedelta64(1, "D")


def series_of(*clips, channels=GREY, seed=0):
    shape = (sum(clip.n_frames for clip in clips), len(channels), 8, 10)
    frames = np.random.default_rng(seed).integers(20, 200, shape, dtype="uint8")
    return clip_series(
        frames, clips, channels=channels, attrs={"dataset": "video", "source": "made here"}
    )


CLIPS = (
    Clip("a", 20),
    Clip("b", 10, "validation", WHOLE),
    Clip("c", 13, "test", -3),
    Clip("d", 17, "test", WHOLE),
)


def starts_of(series, spec, within):
    return window_starts(
        series["time"].values,
        spec,
        time_step=FRAME_STEP,
        within=within,
        stride=window_stride_of(series),
    )


def test_clips_stand_a_day_apart_on_a_clock_of_a_frame_a_minute():
    times = clip_times([3, 1, 2])
    apart = np.diff(times)
    assert apart.tolist() == [
        int(step / np.timedelta64(1, "ns"))
        for step in (FRAME_STEP, FRAME_STEP, DAY, DAY, FRAME_STEP)
    ]
    assert times[0] == np.datetime64("2000-01-01")


def test_a_series_of_clips_knows_their_parts_strides_and_names():
    series = series_of(*CLIPS, channels=RGB)
    assert series.shape == (60, 3, 8, 10)
    assert series["channel"].values.tolist() == ["red", "green", "blue"]
    assert series.attrs["clip_names"].split("\n") == ["a", "b", "c", "d"]
    assert series.attrs["clock"] == "artificial"
    for name, values in (
        ("clip", (0, 1, 2, 3)),
        ("part", (0, 1, 2, 2)),
        ("window_stride", (1, WHOLE, -3, WHOLE)),
    ):
        assert series[name].values.tolist() == np.repeat(values, (20, 10, 13, 17)).tolist()
    assert is_video(series)


def test_no_window_reaches_into_another_clip_and_strides_are_kept():
    series = series_of(*CLIPS)
    spec = WindowSpec(3, 2)
    split = resolve_split(
        series["time"].values,
        SplitConfig(),
        window_steps=spec.length,
        time_step=FRAME_STEP,
        parts=series["part"].values,
    )
    assert split == {"train": range(20), "validation": range(20, 30), "test": range(30, 60)}
    assert starts_of(series, spec, split["train"]).tolist() == list(range(16))
    # Windows of 5 that do not overlap: of 10 frames, two.
    assert starts_of(series, spec, split["validation"]).tolist() == [20, 25]
    # Back from the end of 13 frames, every third: 8, 5, 2; then 17 frames: 0, 5, 10.
    assert starts_of(series, spec, split["test"]).tolist() == [32, 35, 38, 43, 48, 53]


def test_whole_windows_may_be_counted_back_from_the_end():
    series = series_of(Clip("a", 13, stride=-WHOLE))
    assert starts_of(series, WindowSpec(3, 2), range(13)).tolist() == [3, 8]


def test_eight_bit_frames_stay_eight_bits_in_a_store_and_are_floats_in_windows(tmp_path):
    series = series_of(*CLIPS)
    write_store(series.chunk(time=7), tmp_path / "store")
    stored = open_store(tmp_path / "store")
    assert stored.dtype == np.uint8
    assert stored.identical(series)
    assert fingerprint_of(stored) == fingerprint_of(series)
    windows = WindowDataset(stored.data, np.array([0, 4]), WindowSpec(3, 2)).__getitems__([1, -1])
    assert windows.history[0].numpy() == pytest.approx(series.values[4:7])
    assert np.isnan(windows.history[1].numpy()).all()


def test_grey_levels_are_scaled_by_what_they_can_be(tmp_path):
    series = series_of(*CLIPS)
    assert series.values.min() >= 20
    for method, offset, scale in (("minmax01", 0, 255), ("minmax11", 127.5, 127.5)):
        normaliser = fit_normaliser(series, method=method)
        assert (normaliser.offset, normaliser.scale) == ((offset,), (scale,))
    assert fit_normaliser(series).offset[0] == pytest.approx(series.values.mean())


def test_a_named_split_counts_more_than_the_published_one():
    series = series_of(*CLIPS)
    arguments = {"window_steps": 5, "time_step": FRAME_STEP, "parts": series["part"].values}
    config = SplitConfig(train=0.5, validation=0.25, test=0.25)
    split = resolve_split(series["time"].values, config, **arguments)
    assert split["train"].stop == 30
    published = resolve_split(series["time"].values, SplitConfig(protocol="published"), **arguments)
    assert published["test"] == range(30, 60)


def test_a_published_split_needs_data_that_have_one_and_clips_in_each_part():
    times = clip_times([20])
    arguments = {"window_steps": 5, "time_step": FRAME_STEP}
    with pytest.raises(ValueError, match="'published' is for video whose split is published"):
        resolve_split(times, SplitConfig(protocol="published"), **arguments)
    with pytest.raises(ValueError, match="no clip for validation. Give all of the dataset's files"):
        resolve_split(times, SplitConfig(), **arguments, parts=np.zeros(20, dtype="int8"))


def test_clips_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="clip 'a' has no frame"):
        Clip("a", 0)
    with pytest.raises(ValueError, match="clip 'a': stride must not be 0"):
        Clip("a", 3, stride=0)
    with pytest.raises(ValueError, match="There is no clip"):
        series_of()
    with pytest.raises(ValueError, match="training, then validation, then test"):
        series_of(Clip("a", 3, "test"), Clip("b", 3))


def test_sizes_are_written_as_rows_and_columns():
    assert ClipConfig.model_validate({"size": "64x96"}).size == (64, 96)
    assert ClipConfig(size=(64, 96)).size == (64, 96)
    for size, message in (("64", "rows and columns, such as 64x96"), ("4x64", "at least 8 rows")):
        with pytest.raises(ValidationError, match=message):
            ClipConfig.model_validate({"size": size})
