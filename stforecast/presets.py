"""Presets: published hyper-parameters as the base of an experiment."""

from dataclasses import replace
from typing import Any

from models.presets import PRESETS, Preset
from pipelines import find_pipeline

__all__ = ["DEFAULT_PRESETS", "base_experiment"]

DEFAULT_PRESETS: dict[str, str] = {
    "weatherbench": "weatherbench-t2m-gsta",
    "taxibj": "taxibj-gsta",
    "mmnist": "mmnist-gsta",
    "mfmnist": "mfmnist-gsta",
    "kth": "kth-gsta",
    "kitticaltech": "kitticaltech-gsta",
    "human": "human-gsta",
    "video": "video-gsta",
}
"""The preset of `train DATASET` when none is named."""


def base_experiment(
    dataset: str, *, preset: str | None = None, network: Any = None
) -> dict[str, Any]:
    """A preset's values, as a base for `load_experiment`; data, split and seed stay open.

    Args:
        preset: its name, or "small" for the default preset's small network; the dataset's first one
            for the network that is asked for unless given.
        network: what the experiment says of its network so far, `name` and `translator` of it count.

    Raises:
        ValueError: dataset or preset is unknown, or the preset is of another dataset.
    """
    find_pipeline(dataset)
    known = {entry.name: entry for entry in PRESETS.values() if entry.dataset == dataset}
    if preset is None:
        asked = network if isinstance(network, dict) else {}
        return {"dataset": dataset, **_tree(_nearest(known[DEFAULT_PRESETS[dataset]], asked))}
    name = f"{DEFAULT_PRESETS[dataset]}-{preset}" if preset == "small" else preset
    if name not in known:
        raise ValueError(f"preset {preset!r} is none of {dataset}'s; known: {', '.join(known)}.")
    return {"dataset": dataset, **_tree(known[name])}


def _nearest(default: Preset, asked: dict[str, Any]) -> Preset:
    """The default preset, or its sibling with the network or the translator that is asked for.

    A network without one gets its own defaults, and the window and training of the default preset.
    """
    own = default.options.get("translator")
    task = default.name.removesuffix(f"{own}")
    network = asked.get("name", default.network)
    if network == default.network:
        wanted = asked.get("translator", own)
        # A drop path is tuned for one translator, and some have none.
        plain = replace(default, options={**default.options, "drop_path": 0.0})
        return PRESETS.get(f"{task}{wanted}", default if wanted == own else plain)
    siblings = (
        preset
        for name, preset in PRESETS.items()
        if name.startswith(task) and preset.network == network
    )
    return next(siblings, replace(default, network=network, options={}))


def _tree(preset: Preset) -> dict[str, Any]:
    return {
        "history": preset.history,
        "horizon": preset.horizon,
        "normalisation": preset.normalisation,
        "network": {"name": preset.network, **preset.options},
        "training": {
            "epochs": preset.epochs,
            "batch_size": preset.batch_size,
            "learning_rate": preset.learning_rate,
            "schedule": preset.schedule,
            "warmup_epochs": preset.warmup_epochs,
            "windows_per_epoch": preset.windows_per_epoch,
        },
    }
