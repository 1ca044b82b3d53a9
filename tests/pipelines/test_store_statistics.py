import numpy as np
import pytest

from pipelines.moments import Moments
from pipelines.store_statistics import frames_before, measure, statistics_of, training_rows


def hours(*numbers):
    return np.datetime64("2020-01-01", "ns") + np.array(numbers) * np.timedelta64(1, "h")


def test_the_frame_before_is_one_step_earlier_and_no_other():
    assert frames_before(hours(0, 6, 12, 24, 30)).tolist() == [-1, 0, 1, -1, 3]
    # 15 h lies between: the frame before that of 18 h is that of 12 h.
    assert frames_before(hours(0, 6, 12, 15, 18, 24)).tolist() == [-1, 0, 1, -1, 2, 4]
    assert frames_before(hours(0)).tolist() == [-1]
    assert frames_before(hours()).tolist() == []


@pytest.mark.parametrize("times", [(0, 6, 12, 18), (0, 6, 12, 24, 30), (0, 6, 12, 15, 18)])
def test_tendencies_are_changes_over_one_time_step(times):
    frames = np.random.default_rng(0).normal(size=(len(times), 2, 3, 4)).astype("float32")
    frames[1, 0, 0, 0] = np.nan
    before = frames_before(hours(*times))
    moments, digests = measure(frames, range(len(times)), before=before)
    for row, earlier in enumerate(before):
        for channel in range(2):
            count = moments[row, channel, 1, 0]
            if earlier < 0:
                assert count == 0
                continue
            change = frames[row, channel].astype("float64") - frames[earlier, channel]
            assert count == np.isfinite(change).sum()
            assert moments[row, channel, 1, 1] == pytest.approx(np.nanmean(change), rel=1e-12)
            assert moments[row, channel, 1, 4] == np.nanmax(change)
    assert len({row.tobytes() for row in digests.reshape(-1, 16)}) == 2 * len(times)


def test_infinite_values_have_no_tendency():
    frames = np.full((2, 1, 1, 2), 5, dtype="float32")
    frames[:, 0, 0, 1] = np.inf
    moments, _ = measure(frames, range(2), before=np.array([-1, 0]))
    assert moments[1, 0, 1].tolist() == [1, 0, 0, 0, 0]


def test_blocks_of_any_size_measure_the_same(waves):
    frames, before = waves.values, frames_before(waves["time"].values)
    whole = measure(frames, range(200), before=before)
    parts = [
        measure(frames, range(start, min(start + 33, 200)), before=before)
        for start in range(0, 200, 33)
    ]
    for index in (0, 1):
        assert np.array_equal(whole[index], np.concatenate([part[index] for part in parts]))


def test_statistics_are_of_the_period_alone(waves):
    waves = waves.copy()
    waves[100:] = 1e6
    waves[3, 0, 2, 2] = np.nan
    moments, _ = measure(waves.values, range(200), before=frames_before(waves["time"].values))
    found = statistics_of(moments, waves, range(1, 100))
    within = waves[1:100].values.astype("float64")
    assert found["count"].values.tolist() == [99 * 128 - 1, 99 * 128]
    assert np.allclose(found["mean"], np.nanmean(within, axis=(0, 2, 3)), rtol=1e-12)
    assert np.allclose(found["std"], np.nanstd(within, axis=(0, 2, 3)), rtol=1e-12)
    change = np.diff(within, axis=0)  # the change from frame 0 to frame 1 knows a frame outside
    assert np.allclose(found["tendency_std"], np.nanstd(change, axis=(0, 2, 3)), rtol=1e-12)
    assert np.allclose(found["tendency_mean"], np.nanmean(change, axis=(0, 2, 3)), atol=1e-9)
    assert found["max"].values.tolist() == np.nanmax(within, axis=(0, 2, 3)).tolist()
    assert found.attrs == {"period": "2015-01-01T06:00/2015-01-25T18:00", "time_step": "6h"}


def test_a_single_frame_has_no_tendency(waves):
    moments, _ = measure(waves.values, range(1), before=np.array([-1]))
    found = statistics_of(moments, waves[:1], range(1))
    assert np.isnan(found["tendency_std"]).all()
    assert found.attrs["time_step"] == ""


def test_the_training_period_is_the_first_70_percent_unless_named(waves):
    times = waves["time"].values
    assert training_rows(times) == range(140)
    assert training_rows(times[:1]) == range(1)
    assert training_rows(times, "2015-01-02/2015-01-03") == range(4, 12)
    with pytest.raises(
        ValueError, match=r"train = '2031' holds no frame: the data have 200 frames"
    ):
        training_rows(times, "2031")


def test_moments_of_a_channel_without_values_are_missing(waves):
    waves = waves.copy()
    waves[:, 1] = np.nan
    moments, _ = measure(waves.values, range(200), before=frames_before(waves["time"].values))
    found = statistics_of(moments, waves, range(200))
    assert found["count"].values[1] == 0
    assert np.isnan(
        [found[name].values[1] for name in ("mean", "std", "min", "tendency_std")]
    ).all()
    assert Moments.from_table(moments[:, :, 0]).over(0).count.tolist() == [200 * 128, 0]
