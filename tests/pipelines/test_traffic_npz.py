import io
import zipfile

import numpy as np
import pytest

from pipelines.traffic_npz import MOST_VEHICLES, WindowFrames, open_windows


def windows_of(frames, *, backwards=False):
    """Windows of 3 + 2 frames, history and horizon."""
    views = np.lib.stride_tricks.sliding_window_view(frames, 5, axis=0)
    windows = np.moveaxis(views, -1, 1)
    return windows[:, ::-1] if backwards else windows


def make_frames(n_frames, *, seed=0):
    rng = np.random.default_rng(seed)
    frames = rng.integers(0, MOST_VEHICLES + 1, (n_frames, 2, 2, 3))
    frames[0, 0, 0, 0] = 0
    return frames


def write(path, runs, *, n_test=2, backwards=False, compress=False, dtype="float64"):
    windows = np.concatenate([windows_of(run, backwards=backwards) for run in runs])
    scaled = (windows / MOST_VEHICLES * 2 - 1).astype(dtype)
    parts = {"train": scaled[: len(scaled) - n_test], "test": scaled[len(scaled) - n_test :]}
    arrays = {f"X_{name}": part[:, :3] for name, part in parts.items()}
    arrays |= {f"Y_{name}": part[:, 3:] for name, part in parts.items()}
    (np.savez_compressed if compress else np.savez)(path, **arrays)
    return path


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_frames_that_windows_were_cut_from_come_back(tmp_path, backwards, compress, dtype):
    runs = [make_frames(12), make_frames(5, seed=1), make_frames(9, seed=2)]
    path = write(
        tmp_path / "dataset.npz", runs, backwards=backwards, compress=compress, dtype=dtype
    )
    file = open_windows(path)
    # 12 − 4 = 8, 1 and 5 windows
    assert (file.n_windows, file.n_test, file.length, file.shape) == (14, 2, 5, (2, 3))
    assert file.chain.is_reversed == backwards
    assert np.bincount(file.chain.runs).tolist() == [12, 5, 9]
    expected = np.concatenate(runs)
    found = WindowFrames(file)(np.arange(26))
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, expected, atol=1e-3)
    some = np.array([25, 3, 13])
    np.testing.assert_allclose(WindowFrames(file)(some), expected[some], atol=1e-3)


def test_vehicles_are_half_of_the_value_plus_one_times_1292(tmp_path):
    frames = np.zeros((6, 2, 1, 1), dtype=int)
    frames[:, 0, 0, 0] = [0, 646, 1292, 1, 2, 3]
    file = open_windows(write(tmp_path / "dataset.npz", [frames], n_test=1))
    # −1 → 0, 0 → 646, 1 → 1292
    np.testing.assert_allclose(
        WindowFrames(file)(np.arange(6))[:, 0, 0, 0], [0, 646, 1292, 1, 2, 3], atol=1e-9
    )


def test_windows_are_read_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.traffic_npz._BLOCK_BYTES", 1000)
    frames = make_frames(40)
    file = open_windows(write(tmp_path / "dataset.npz", [frames], compress=True))
    np.testing.assert_allclose(WindowFrames(file)(np.arange(40)), frames, atol=1e-3)


def test_values_that_are_not_finite_are_missing_and_counted_once(tmp_path):
    frames = make_frames(8).astype("float64")
    frames[5, 1, 0, :2] = np.nan
    file = open_windows(write(tmp_path / "dataset.npz", [frames]))
    assert np.argwhere(file.not_finite).tolist() == [[5, 1]]
    assert file.not_finite.sum() == 2
    assert np.isnan(WindowFrames(file)(np.arange(8))).sum() == 2


def good_arrays():
    return {
        name: np.full((3, 4, 2, 2, 2), -0.5) for name in ("X_train", "Y_train", "X_test", "Y_test")
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Y_test": None}, "has no Y_test; it has X_train, Y_train, X_test. OpenSTL's file"),
        ({"X_train": np.zeros((3, 4, 2, 2))}, r"X_train has the shape \(3, 4, 2, 2\); it should"),
        (
            {"X_train": np.zeros((3, 4, 2, 2, 1))},
            "Y_train has the shape .* does not go with X_train",
        ),
        ({"X_test": np.zeros((3, 5, 2, 2, 2))}, "X_test has the shape .* does not go with X_train"),
        ({"Y_train": np.zeros((2, 4, 2, 2, 2))}, "X_train has 3 windows, but Y_train has 2; each"),
        ({"X_train": np.zeros((3, 4, 2, 2, 2), "int8")}, "X_train holds int8, but should hold"),
        (
            {"X_train": np.asfortranarray(np.zeros((3, 4, 2, 2, 2)))},
            "X_train holds float64 in column order, but should hold",
        ),
        ({"X_train": np.full((3, 4, 2, 2, 2), 7.0)}, "its values lie between -0.5 and 7, but"),
        (
            dict.fromkeys(good_arrays(), np.full((3, 4, 2, 2, 2), 0.5)),
            "its values lie between 0.5 and 0.5, but OpenSTL's",
        ),
        (dict.fromkeys(good_arrays(), np.zeros((0, 4, 2, 2, 2))), "has no windows; fetch"),
    ],
)
def test_files_of_another_kind_are_refused(tmp_path, change, message):
    path = tmp_path / "dataset.npz"
    arrays = {name: array for name, array in (good_arrays() | change).items() if array is not None}
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=f"dataset.npz:? {message}"):
        open_windows(path)


def test_a_file_without_a_test_part_is_read(tmp_path):
    file = open_windows(write(tmp_path / "dataset.npz", [make_frames(9)], n_test=0))
    assert (file.n_windows, file.n_test) == (5, 0)


def test_damaged_files_are_refused(tmp_path):
    path = tmp_path / "dataset.npz"
    path.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ValueError, match="dataset.npz cannot be read: it is cut short, damaged"):
        open_windows(path)
    for compress, message in [(False, "Bad CRC"), (True, "Error -3|Bad CRC")]:
        content = bytearray(write(path, [make_frames(100)], compress=compress).read_bytes())
        content[5000:5100] = bytes(100)
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"dataset.npz is damaged.*({message})"):
            open_windows(path)


def test_an_array_shorter_than_it_says_is_refused(tmp_path):
    path = tmp_path / "dataset.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in good_arrays().items():
            stream = io.BytesIO()
            np.save(stream, array)
            cut = stream.getvalue()[:-8] if name == "Y_train" else stream.getvalue()
            archive.writestr(f"{name}.npy", cut)
    with pytest.raises(ValueError, match="dataset.npz is cut short; fetch or copy it again"):
        open_windows(path)
    with zipfile.ZipFile(path, "w") as archive:
        for name in good_arrays():
            archive.writestr(f"{name}.npy", b"no array")
    with pytest.raises(ValueError, match="dataset.npz is damaged: X_train: "):
        open_windows(path)
