"""Fairness: when a run on video may be compared with what is published, and why not.

Published tables are OpenSTL's. A comparison is fair where data, protocol, network, training and dialect
are those of the tables; whatever differs is a reason against it, and each is told.

References:
    OpenSTL, arXiv 2306.11249, docs/en/model_zoos/video_benchmarks.md and docs/en/user_guides/prepare.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from models.presets import PRESETS, Preset
from models.presets.published import PUBLISHED
from pipelines.clips import PARTS, ClipConfig
from pipelines.time_range import range_between
from stforecast.experiment import Experiment

__all__ = ["Fairness", "judge_fairness"]

_TEST_SEQUENCES = {
    "mmnist": 10_000,
    "mfmnist": 10_000,
    "kth": 3_167,
    "kitticaltech": 1_983,
    "human": 8_582,
}
"""Test sequences that OpenSTL's documents give."""
_EPOCH_WINDOWS = {"mmnist": 10_000, "mfmnist": 10_000}
"""Sequences of an epoch, where they are made on the fly."""
_DIGITS = 60_000
"""Images that published digits for training are drawn from."""
_HARMLESS = ("size", "colour", "sequences")
"""Options of clips that are held against the frames themselves, or touch validation alone."""

_REMARKS = {
    "": "the published epoch was chosen on the test data; here validation chooses, held out of training",
    "mfmnist": "the published test set was made of images for training, which flatters all scores on it",
    "kitticaltech": "the published test frames were in the order blue, green, red, the training's in "
    "red, green, blue; here both are red, green, blue",
    "human": "the published lists test on frames that they also train on, which flatters all scores; "
    "and published training turned and cropped frames at random",
}


@dataclass(frozen=True)
class Fairness:
    """Whether a run's scores may stand beside published ones."""

    published: str
    """The published scores of the nearest preset, labelled; "" where nothing is published."""
    reasons: tuple[str, ...]
    """Why a comparison is not fair; none: it is, but for the remarks."""
    remarks: tuple[str, ...]
    """What differs even where all is as published."""

    @property
    def verdict(self) -> str:
        """In words."""
        if not self.published:
            return f"nothing to compare with: {'; '.join(self.reasons)}"
        if self.reasons:
            return f"not comparable with the published scores: {'; '.join(self.reasons)}"
        return "comparable with the published scores"


def judge_fairness(
    experiment: Experiment, series: xr.DataArray, scores: xr.Dataset, *, epochs: int | None
) -> Fairness:
    """Whether the scores of a video run may stand beside published ones.

    Args:
        experiment: the run's own, resolved.
        series: of video, as the run sees it.
        scores: as `evaluate` gives them, with their split.
        epochs: that training went through; None where that is not known.
    """
    preset = _nearest(experiment)
    if preset is None:
        what = f"{experiment.network.name} on {experiment.dataset}"
        return Fairness("", (f"no scores of {what} are published here",), ())
    reasons = (
        *_reasons_of_scores(experiment, scores),
        *_reasons_of_data(experiment, series, preset),
        *_reasons_of_splits(experiment, series),
        *_reasons_of_training(experiment, preset, epochs),
    )
    remarks = tuple(_REMARKS[key] for key in ("", experiment.dataset) if key in _REMARKS)
    return Fairness(_published_text(preset), reasons, remarks)


def _nearest(experiment: Experiment) -> Preset | None:
    """The published preset of the dataset and network that shares most of the options."""
    options = experiment.network.options()
    known = [
        preset
        for preset in PRESETS.values()
        if preset.name in PUBLISHED
        and (preset.dataset, preset.network) == (experiment.dataset, experiment.network.name)
        and preset.options.get("translator") in (None, options.get("translator", "gsta"))
    ]
    alike = [sum(options.get(key) == value for key, value in p.options.items()) for p in known]
    return known[int(np.argmax(alike))] if known else None


def _published_text(preset: Preset) -> str:
    scores = PUBLISHED[preset.name]
    parts = [f"MSE {scores.mse:g}", f"MAE {scores.mae:g}"]
    parts += [] if scores.ssim is None else [f"SSIM {scores.ssim:.4f}"]
    parts += [] if scores.psnr is None else [f"PSNR {scores.psnr:g} dB"]
    return (
        f"{preset.name}, {preset.epochs} epochs: {', '.join(parts)} (copied from OpenSTL's tables, not "
        "computed here)"
    )


def _reasons_of_scores(experiment: Experiment, scores: xr.Dataset) -> Iterator[str]:
    if scores.attrs["dialect"] != "openstl":
        yield f"dialect {scores.attrs['dialect']} (published: openstl, `--dialect openstl`)"
    if scores.attrs["split"] != "test":
        yield f"{scores.attrs['split']} split (published: test)"
    published, count = _TEST_SEQUENCES[experiment.dataset], int(scores.attrs["n_init_times"])
    if scores.attrs["split"] == "test" and count != published:
        yield f"{count} test sequences (published: {published})"


def _reasons_of_data(experiment: Experiment, series: xr.DataArray, preset: Preset) -> Iterator[str]:
    if series.attrs.get("synthetic") == "true":
        yield "synthetic data"
    window = (experiment.history, experiment.horizon)
    if window != (preset.history, preset.horizon):
        yield f"window {_arrow(window)} (published: {_arrow((preset.history, preset.horizon))})"
    shape, wanted = series.shape[1:], (preset.channels, preset.height, preset.width)
    if shape != wanted:
        yield f"frames of {_times(shape)} (published: {_times(wanted)})"
    plain = ClipConfig().model_dump()
    for key, value in experiment.clips.model_dump().items():
        if key not in _HARMLESS and value != plain[key]:
            yield f"clips.{key} = {value} (published: the protocol's own)"
    told = json.loads(str(series.attrs.get("clips", "{}")))
    if told.get("test") == "made":
        yield "a made test set (published: a fixed file)"
    # A tenth may be held out for validation.
    if told.get("images", _DIGITS) < 0.9 * _DIGITS:
        yield f"training digits drawn from {told['images']} images (published: {_DIGITS})"
    if told.get("lists") is False:
        yield "split by subject (published: by lists of windows)"


def _reasons_of_splits(experiment: Experiment, series: xr.DataArray) -> Iterator[str]:
    """Splits that are other frames than the protocol's."""
    times, parts = series["time"].values, series["part"].values
    for number, name in enumerate(PARTS):
        within = range_between(times, str(getattr(experiment.split, name)), name)
        own = parts[within.start : within.stop]
        if name != "validation" and not (
            (own == number).all() and len(own) == (parts == number).sum()
        ):
            yield f"split.{name} is not the protocol's"


def _reasons_of_training(
    experiment: Experiment, preset: Preset, epochs: int | None
) -> Iterator[str]:
    options, training = experiment.network.options(), experiment.training
    pairs = [(f"network.{key}", options.get(key), value) for key, value in preset.options.items()]
    pairs += [
        (f"training.{key}", getattr(training, key), getattr(preset, key))
        for key in ("epochs", "batch_size", "learning_rate", "schedule", "warmup_epochs")
    ]
    made = _EPOCH_WINDOWS.get(experiment.dataset, training.windows_per_epoch)
    pairs += [
        ("training.windows_per_epoch", training.windows_per_epoch, made),
        ("training.window_stride", training.window_stride, 1),
        ("training.weight_decay", training.weight_decay, 0.0),
        ("normalisation", experiment.normalisation, preset.normalisation),
        ("target", experiment.target, "field"),
    ]
    for name, value, published in pairs:
        if value != published:
            yield f"{name} = {value} (published: {published})"
    if epochs is not None and epochs < training.epochs:
        yield f"training ended after {epochs} of {training.epochs} epochs"


def _arrow(window: tuple[int, int]) -> str:
    return f"{window[0]} → {window[1]}"


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
