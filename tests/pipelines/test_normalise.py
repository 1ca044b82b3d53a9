import numpy as np
import pytest
import torch

from pipelines.normalise import Normaliser, fit_normaliser
from pipelines.series import Channel, make_series
from pipelines.store import open_store, write_store


def series_of(*columns, chunk=None):
    frames = np.stack(columns, axis=1)[:, :, None, None].astype("float32")
    times = np.datetime64("2020-01-01", "ns") + np.arange(len(frames)) * np.timedelta64(1, "h")
    channels = [Channel(f"c{number}", f"c{number}") for number in range(frames.shape[1])]
    series = make_series(frames, times=times, channels=channels, attrs={})
    return series if chunk is None else series.chunk(time=chunk)


def test_zscore_is_mean_and_population_standard_deviation():
    # 1, 2, 3, 6: mean 3; deviations 4 + 1 + 0 + 9 = 14; variance 14 / 4 = 3.5
    normaliser = fit_normaliser(series_of([1, 2, 3, 6]))
    assert normaliser.offset == (3.0,)
    assert normaliser.scale[0] == pytest.approx(np.sqrt(3.5))


def test_min_max_goes_to_the_ends_of_its_range():
    values = torch.tensor([2.0, 6.0]).view(2, 1, 1, 1)
    for method, ends in (("minmax01", [0, 1]), ("minmax11", [-1, 1])):
        normaliser = fit_normaliser(series_of([2, 4, 6, 3]), method=method)
        assert normaliser.normalise(values).flatten().tolist() == ends


def test_missing_values_are_left_out():
    normaliser = fit_normaliser(series_of([1, np.nan, 3, np.nan]))
    assert normaliser.offset == (2.0,)
    assert normaliser.scale == (1.0,)


def test_pressures_keep_their_digits_whatever_the_chunks():
    rng = np.random.default_rng(0)
    pressure = 101_325 + rng.normal(0, 5, 5000)
    truth = pressure.astype("float32").astype("float64")
    for chunk in (None, 7, 5000):
        normaliser = fit_normaliser(series_of(pressure, chunk=chunk))
        assert normaliser.offset[0] == pytest.approx(truth.mean(), rel=1e-12)
        assert normaliser.scale[0] == pytest.approx(truth.std(), rel=1e-9)


def test_denormalising_undoes_normalising():
    normaliser = Normaliser((280.0, 5e4), (12.0, 900.0))
    frames = torch.randn(3, 4, 2, 5, 6) * 20 + 270
    again = normaliser.denormalise(normaliser.normalise(frames))
    assert torch.allclose(again, frames, rtol=1e-5)


def test_a_constant_channel_is_refused_by_name():
    with pytest.raises(ValueError, match="Channel c1: every training value is 4"):
        fit_normaliser(series_of([1, 2], [4, 4]))


def test_a_channel_without_values_is_refused_by_name():
    with pytest.raises(ValueError, match="Channel c0: no finite value"):
        fit_normaliser(series_of([np.nan, np.nan]))


def test_a_normaliser_checks_itself():
    with pytest.raises(ValueError, match="as many offsets"):
        Normaliser((1.0,), (1.0, 2.0))
    with pytest.raises(ValueError, match="finite and above 0"):
        Normaliser((1.0,), (0.0,))


def test_a_missing_value_of_a_history_counts_as_the_training_mean():
    frames = torch.tensor([float("nan"), 10.0]).view(2, 1, 1, 1)
    # 0, 1, 2, 9: mean 3, on the range 0 to 9 a third.
    for method, expected in (("minmax01", 3 / 9), ("minmax11", (3 - 4.5) / 4.5), ("zscore", 0)):
        normaliser = fit_normaliser(series_of([0, 1, 2, 9]), method=method)
        assert normaliser.mean == (3.0,)
        seen = normaliser.normalise_history(frames).flatten()
        assert seen[0] == pytest.approx(expected, abs=1e-6)
        assert seen[1] == normaliser.normalise(frames).flatten()[1]


def test_a_normaliser_without_a_mean_takes_its_offset():
    assert Normaliser((2.0,), (4.0,)).mean == (2.0,)


@pytest.mark.parametrize("method", ["zscore", "minmax01", "minmax11"])
def test_a_store_gives_the_same_statistics_as_reading(method, waves, tmp_path, monkeypatch):
    waves = waves.copy()
    waves[:, 1] = waves[:, 1] * 100 + 1e5
    waves[3, 0, 2, 2] = np.nan
    waves[4, 0, 2, 2] = np.inf
    write_store(waves, tmp_path / "store")
    for part in (slice(None), slice(20, 140), slice(0, None, 4)):
        read = fit_normaliser(waves[part], method=method)
        with monkeypatch.context() as patch:
            patch.setattr("pipelines.normalise.blocks_of", None)  # nothing is read
            stored = fit_normaliser(open_store(tmp_path / "store")[part], method=method)
        for name in ("offset", "scale", "mean"):
            assert getattr(stored, name) == pytest.approx(getattr(read, name), rel=1e-12)


def test_progress_is_told_while_reading():
    told = []
    fit_normaliser(series_of([1, 2, 3, 6]), progress=lambda *done: told.append(done))
    assert told == [(4, 4)]
