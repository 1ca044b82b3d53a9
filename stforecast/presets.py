"""Presets: published hyper-parameters as the base of an experiment."""

from typing import Any

from models.presets import PRESETS, Preset
from pipelines import find_pipeline

__all__ = ["DEFAULT_PRESETS", "base_experiment"]

DEFAULT_PRESETS: dict[str, str] = {"weatherbench": "weatherbench-t2m-gsta"}
"""The preset of `train DATASET` when none is named."""


def base_experiment(dataset: str, *, preset: str | None = None) -> dict[str, Any]:
    """A preset's values, as a base for `load_experiment`; data, split and seed stay open.

    Raises:
        ValueError: dataset or preset is unknown, or the preset is of another dataset.
    """
    find_pipeline(dataset)
    name = preset if preset is not None else DEFAULT_PRESETS[dataset]
    known = {entry.name: entry for entry in PRESETS.values() if entry.dataset == dataset}
    if name not in known:
        raise ValueError(f"preset {name!r} is none of {dataset}'s; known: {', '.join(known)}.")
    return {"dataset": dataset, **_tree(known[name])}


def _tree(preset: Preset) -> dict[str, Any]:
    return {
        "history": preset.history,
        "horizon": preset.horizon,
        "network": {"name": preset.network, **preset.options},
        "training": {
            "epochs": preset.epochs,
            "batch_size": preset.batch_size,
            "learning_rate": preset.learning_rate,
            "schedule": preset.schedule,
            "warmup_epochs": preset.warmup_epochs,
        },
    }
