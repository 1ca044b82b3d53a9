import h5py
import numpy as np
import pytest

from pipelines.traffic_files import FlowFile
from pipelines.traffic_frames import FlowFrames, as_counts, lazy_flows, survey

HALF_HOUR = np.timedelta64(30, "m")


def write(path, data, **options) -> FlowFile:
    with h5py.File(path, "w") as file:
        file.create_dataset("data", data=data, **options)
    times = np.datetime64("2016-01-04", "ns") + np.arange(len(data)) * HALF_HOUR
    return FlowFile(path, times, HALF_HOUR, data.shape[2:], is_synthetic=False)


def test_what_no_count_can_be_is_missing():
    values = np.array([[-1.0, 0, -0.0, 3, np.nan, np.inf, 1e300]])
    counts = as_counts(values)
    np.testing.assert_array_equal(counts, [[np.nan, 0, 0, 3, np.nan, np.nan, np.nan]])
    assert counts.dtype == "float32"
    assert not np.signbit(counts[0, 2])
    assert as_counts(np.array([[65535]], dtype="uint16")).item() == 65535


def test_a_file_is_looked_through_frame_by_frame_and_channel_by_channel(tmp_path):
    data = np.arange(5 * 2 * 4, dtype="float64").reshape(5, 2, 2, 2)
    data[1, 0, 0, :] = -1, np.nan
    data[3, 1] = -2
    data[4] = data[2]
    found = survey(write(tmp_path / "a.h5", data), digest_rows=np.array([0, 2, 4]))
    assert found.negative.tolist() == [[0, 0], [1, 0], [0, 0], [0, 4], [0, 0]]
    assert found.not_finite.tolist() == [[0, 0], [1, 0], [0, 0], [0, 0], [0, 0]]
    assert list(found.digests) == [0, 2, 4]
    assert found.digests[2] == found.digests[4] != found.digests[0]


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", "float16", "float64", ">f4"])
def test_numbers_of_any_kind_are_read(tmp_path, dtype):
    data = np.arange(3 * 2 * 4).reshape(3, 2, 2, 2).astype(dtype)
    file = write(tmp_path / "a.h5", data)
    survey(file, digest_rows=np.array([], dtype=int))
    frames = FlowFrames([file.path], np.zeros(3, dtype=int), np.arange(3))(np.arange(3))
    np.testing.assert_array_equal(frames, data)
    assert frames.dtype == "float32"


def test_frames_of_several_files_in_any_order_are_read_lazily(tmp_path):
    rng = np.random.default_rng(0)
    data = [rng.integers(0, 99, (40, 2, 3, 2)) for _ in range(2)]
    files = [write(tmp_path / f"{n}.h5", part, chunks=(7, 1, 3, 1)) for n, part in enumerate(data)]
    owners = rng.integers(0, 2, 60)
    rows = rng.integers(0, 40, 60)
    expected = np.array([data[owner][row] for owner, row in zip(owners, rows, strict=True)])
    reader = FlowFrames([file.path for file in files], owners, rows)
    lazy = lazy_flows(reader, n_frames=60, shape=(3, 2), channels=[1, 0], key="x")
    expected = expected[:, ::-1]
    np.testing.assert_array_equal(lazy.compute(), expected)
    for index in (5, slice(3, 4), slice(0, 0), [7, 3, 50], (slice(None), 1, slice(1, None), 0)):
        np.testing.assert_array_equal(lazy[index].compute(), expected[index])
    np.testing.assert_array_equal(lazy[4, 1, :, 0].compute(), expected[4, 1, :, 0])


def test_a_few_rows_far_apart_are_read_alone(tmp_path):
    data = np.arange(100 * 2).reshape(100, 2, 1, 1)
    file = write(tmp_path / "a.h5", data)
    rows = np.array([99, 0, 50])
    frames = FlowFrames([file.path], np.zeros(3, dtype=int), rows)(np.arange(3))
    np.testing.assert_array_equal(frames, data[rows])


def test_frames_are_read_when_asked_for_and_no_more_of_them(tmp_path):
    asked = []

    def reader(frames):
        asked.append(frames.tolist())
        return np.zeros((len(frames), 2, 1, 1), dtype="float32")

    lazy = lazy_flows(reader, n_frames=1000, shape=(1, 1), channels=[0, 1], key="x")
    assert asked == []
    lazy[10:13].compute()
    assert asked == [[10, 11, 12]]


def test_the_name_of_lazy_frames_tells_them_apart():
    def reader(frames):
        return np.zeros((len(frames), 2, 1, 1), dtype="float32")

    options = {"n_frames": 3, "shape": (1, 1), "channels": [0]}
    assert (
        lazy_flows(reader, **options, key="a").name == lazy_flows(reader, **options, key="a").name
    )
    assert (
        lazy_flows(reader, **options, key="a").name != lazy_flows(reader, **options, key="b").name
    )


def test_damage_inside_a_file_is_found_by_looking_through(tmp_path):
    data = np.random.default_rng(0).random((200, 2, 8, 8))
    file = write(tmp_path / "a.h5", data, chunks=(20, 2, 8, 8), compression="gzip")
    content = bytearray(file.path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 2000] = bytes(2000)
    file.path.write_bytes(content)
    with pytest.raises(ValueError, match="a.h5 cannot be read: it is cut short or damaged"):
        survey(file, digest_rows=np.array([], dtype=int))
