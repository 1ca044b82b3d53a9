"""When a run may be compared with published scores, and each reason why not."""

import json

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from pipelines.clips import GREY, RGB, Clip, clip_series
from stforecast.experiment import load_experiment
from stforecast.fairness import judge_fairness
from stforecast.presets import base_experiment

TOLD = {"mmnist": {"test": "published", "images": 54_000}, "human": {"lists": True}}
COUNTS = {"mmnist": 10_000, "kth": 3_167, "kitticaltech": 1_983, "human": 8_582}


def series_of(dataset, *, size=(64, 64), channels=GREY, told=None, **attrs):
    clips = [Clip(part, 40, part) for part in ("train", "validation", "test")]
    frames = da.zeros((120, len(channels), *size), dtype="uint8")
    told = TOLD.get(dataset, {}) if told is None else told
    described = {"dataset": dataset, "source": "x", "clips": json.dumps(told), **attrs}
    return clip_series(frames, clips, channels=channels, attrs=described)


def judged(
    dataset="mmnist",
    *settings,
    preset=None,
    series=None,
    dialect="openstl",
    split="test",
    count=None,
    epochs=None,
):
    """A run as published, but for what is said."""
    series = series_of(dataset) if series is None else series
    tree = base_experiment(dataset, preset=preset)
    times = np.datetime_as_string(series["time"].values, unit="m")
    parts = dict(zip(("train", "validation", "test"), (0, 40, 80), strict=True))
    tree["split"] = {name: f"{times[at]}/{times[at + 39]}" for name, at in parts.items()}
    count = COUNTS.get(dataset, 1) if count is None else count
    scores = xr.Dataset(attrs={"dialect": dialect, "split": split, "n_init_times": count})
    experiment = load_experiment(base=tree, settings=settings)
    return judge_fairness(experiment, series, scores, epochs=epochs)


def test_a_run_as_published_is_comparable_with_remarks():
    one = judged(epochs=200)
    assert one.reasons == ()
    assert one.verdict == "comparable with the published scores"
    assert "chosen on the test data" in one.remarks[0]


def test_published_scores_are_labelled_as_copied():
    published = judged().published
    assert published.startswith("mmnist-gsta, 200 epochs: MSE 26.69, MAE 77.19, SSIM 0.9402, PSNR")
    assert "copied from OpenSTL's tables, not computed here" in published


@pytest.mark.parametrize(
    ("dataset", "size", "channels"),
    [
        ("kth", (128, 128), GREY),
        ("kitticaltech", (128, 160), RGB),
        ("human", (256, 256), RGB),
    ],
)
def test_each_protocol_can_be_met(dataset, size, channels):
    one = judged(dataset, series=series_of(dataset, size=size, channels=channels))
    assert one.reasons == ()
    assert one.published.startswith(f"{dataset}-gsta")


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("history=8", "window 8 → 10 (published: 10 → 10)"),
        ("network.translator_width=256", "network.translator_width = 256 (published: 512)"),
        ("training.epochs=20", "training.epochs = 20 (published: 200)"),
        ("training.batch_size=8", "training.batch_size = 8 (published: 16)"),
        ("training.learning_rate=1e-2", "training.learning_rate = 0.01 (published: 0.001)"),
        ("training.schedule=cosine", "training.schedule = cosine (published: onecycle)"),
        ("training.windows_per_epoch=99", "training.windows_per_epoch = 99 (published: 10000)"),
        ("clips.digits=3", "clips.digits = 3 (published: the protocol's own)"),
        ("normalisation=zscore", "normalisation = zscore (published: minmax01)"),
        ("target=tendency", "target = tendency (published: field)"),
    ],
)
def test_each_setting_that_differs_is_a_reason(setting, reason):
    one = judged("mmnist", setting)
    assert one.reasons == (reason,)
    assert one.verdict == f"not comparable with the published scores: {reason}"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"dialect": "video"}, "dialect video (published: openstl, `--dialect openstl`)"),
        ({"split": "validation"}, "validation split (published: test)"),
        ({"count": 12}, "12 test sequences (published: 10000)"),
        ({"epochs": 150}, "training ended after 150 of 200 epochs"),
        (
            {"series": series_of("mmnist", size=(96, 96))},
            "frames of 1×96×96 (published: 1×64×64)",
        ),
        ({"series": series_of("mmnist", synthetic="true")}, "synthetic data"),
        (
            {"series": series_of("mmnist", told={"test": "made"})},
            "a made test set (published: a fixed file)",
        ),
        (
            {"series": series_of("mmnist", told={"images": 7000})},
            "training digits drawn from 7000 images (published: 60000)",
        ),
    ],
)
def test_data_and_scores_that_differ_are_reasons(told, reason):
    assert judged(**told).reasons == (reason,)


def test_lists_of_windows_that_are_not_there_are_a_reason():
    series = series_of("human", size=(256, 256), channels=RGB, told={"lists": False})
    assert judged("human", series=series).reasons == (
        "split by subject (published: by lists of windows)",
    )


def test_a_test_split_of_ones_own_is_a_reason():
    times = np.datetime_as_string(series_of("mmnist")["time"].values, unit="m")
    one = judged("mmnist", f"split.test={times[80]}/{times[99]}")
    assert one.reasons == ("split.test is not the protocol's",)


def test_validation_frames_that_are_trained_on_are_a_reason():
    times = np.datetime_as_string(series_of("mmnist")["time"].values, unit="m")
    one = judged("mmnist", f"split.train={times[0]}/{times[50]}")
    assert one.reasons == ("split.train is not the protocol's",)


def test_how_many_sequences_validation_has_is_no_reason():
    assert judged("mmnist", "clips.sequences=500").reasons == ()


def test_scores_of_another_translator_are_held_against_its_own_preset():
    one = judged("mmnist", preset="mmnist-tau")
    assert one.published.startswith("mmnist-tau")
    assert one.reasons == ()


def test_forty_frames_of_kth_have_no_row_of_their_own():
    series = series_of("kth", size=(128, 128))
    one = judged("kth", preset="kth40-gsta", series=series)
    assert one.reasons == ("window 10 → 40 (published: 10 → 20)",)


def test_clips_of_ones_own_have_nothing_to_be_compared_with():
    one = judged("video", series=series_of("video"))
    assert one.published == ""
    assert one.verdict == "nothing to compare with: no scores of simvp on video are published here"
