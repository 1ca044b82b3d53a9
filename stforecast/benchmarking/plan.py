"""The plan of a benchmark: networks, what all of them share, and what each is trained with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
import xarray as xr

from models import NETWORKS
from models.translators import TRANSLATORS
from stforecast.benchmarking.small import SMALL
from stforecast.experiment import Experiment, NetworkConfig, load_experiment, read_tree
from stforecast.networks import network_of
from stforecast.presets import base_experiment
from stforecast.training.plan import make_plan

__all__ = ["LEARNING_RATES", "PRESETS", "Benchmark", "check_networks", "make_benchmark"]

PRESETS = ("published", "small")
"""Sizes of the networks: the dataset's presets, or those of `SMALL`."""

LEARNING_RATES = (3e-3, 1e-3, 3e-4)
"""Half a decade to either side of the commonest published one."""

_SAME_FOR_ALL = {
    "network": "give a network its options in a table [networks.NAME]",
    "seed": "say how many with --seeds",
    "training.learning_rate": "name those to try with --learning-rates",
}


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """Networks to be compared under equal conditions."""

    experiment: Experiment
    """What all trainings share; network, learning rate and seed of it stand for nothing."""
    networks: Mapping[str, NetworkConfig]
    """By the name that tables show: "predrnn", "simvp:tau"."""
    learning_rates: tuple[float, ...]
    """Tried by each network."""
    seeds: int
    """Trainings of each network at its best learning rate, with the seeds 0, 1, …"""
    preset: str = "published"
    """One of `PRESETS`."""
    budget: float | None = None
    """Minutes of one training; None: the experiment's epochs."""

    @property
    def n_trainings(self) -> int:
        """How many trainings it takes, less those that follow a rate at which nothing was learnt."""
        pilots = 0 if self.budget is None else 1
        return len(self.networks) * (pilots + len(self.learning_rates) + self.seeds - 1)

    def on(self, data: str) -> "Benchmark":
        """The same benchmark, with the place that the data come from."""
        return replace(self, experiment=self.experiment.model_copy(update={"data": data}))

    def experiment_of(
        self, label: str, *, learning_rate: float, seed: int, epochs: int
    ) -> Experiment:
        """The experiment of one training; its warm-up is the same share of the epochs for all."""
        shared = self.experiment.training
        training = {
            "learning_rate": learning_rate,
            "epochs": epochs,
            "warmup_epochs": round(shared.warmup_epochs * epochs / shared.epochs),
        }
        return self.experiment.model_copy(
            update={
                "network": self.networks[label],
                "seed": seed,
                "training": shared.model_copy(update=training),
            }
        )


def make_benchmark(
    dataset: str,
    networks: Sequence[str],
    *,
    preset: str = "published",
    config: Path | None = None,
    settings: Sequence[str] = (),
    learning_rates: Sequence[float] = LEARNING_RATES,
    seeds: int = 3,
    epochs: int | None = None,
    budget: float | None = None,
) -> Benchmark:
    """A benchmark with the window, normalisation and training of the dataset's first preset.

    Recurrent networks take their loss over the forecast, as all others do, and not over the history.

    Args:
        networks: names of `NETWORKS`; "simvp:tau" is SimVP with another translator.
        preset: one of `PRESETS`.
        config: TOML with the fields of an experiment, and tables [networks.NAME] with options.
        settings: "history=8", "networks.predrnn.width=64".
        epochs: of each training; the preset's, or those of config and settings, unless given.
        budget: minutes of each training, in place of epochs.

    Raises:
        ValueError: a name is unknown, a value is out of its range, or something is said that must be the
            same for all networks.
    """
    _check_numbers(learning_rates, seeds=seeds, epochs=epochs, budget=budget)
    if preset not in PRESETS:
        raise ValueError(f"preset {preset!r} is unknown; known: {', '.join(PRESETS)}.")
    if not networks or len(set(networks)) < len(networks):
        raise ValueError(
            f"networks must be different ones, such as a,b, not {','.join(networks)!r}."
        )
    chosen = read_tree(config, settings=settings)
    own = _tables(chosen.pop("networks", {}))
    unused = ", ".join(name for name in own if name not in networks)
    if unused:
        raise ValueError(f"[networks] has options of {unused}; name it in --networks too.")
    return Benchmark(
        experiment=_shared(dataset, chosen, epochs=epochs, budget=budget),
        networks={
            label: _network(label, dataset=dataset, preset=preset, own=own.get(label, {}))
            for label in networks
        },
        learning_rates=tuple(learning_rates),
        seeds=seeds,
        preset=preset,
        budget=budget,
    )


def check_networks(benchmark: Benchmark, series: xr.DataArray) -> None:
    """Raise ValueError unless each network can be built for these data; nothing is computed."""
    plan = make_plan(benchmark.experiment, series)
    for label, network in benchmark.networks.items():
        try:
            with torch.device("meta"):
                network_of(
                    plan.experiment.model_copy(update={"network": network}),
                    n_channels=plan.n_channels,
                    shape=(plan.frames.shape[2], plan.frames.shape[3]),
                    n_inputs=plan.extra.n_planes,
                )
        except ValueError as error:
            raise ValueError(f"{label}: {error}") from error


def _check_numbers(
    rates: Sequence[float], *, seeds: int, epochs: int | None, budget: float | None
) -> None:
    if not rates or not all(rate > 0 for rate in rates) or len(set(rates)) < len(rates):
        shown = ", ".join(f"{rate:g}" for rate in rates)
        raise ValueError(f"learning_rates must be different ones above 0, but they are {shown!r}.")
    if seeds < 1:
        raise ValueError(f"seeds must be at least 1, but it is {seeds}.")
    if epochs is not None and budget is not None:
        raise ValueError("epochs and budget are two ways to say one thing; leave one of them out.")
    if budget is not None and not budget > 0:
        raise ValueError(f"budget must be above 0 minutes, but it is {budget:g}.")


def _shared(
    dataset: str, chosen: dict[str, Any], *, epochs: int | None, budget: float | None
) -> Experiment:
    """What all trainings share: the preset's values, then those that are chosen."""
    own = chosen.get("training", {})
    own = dict(own) if isinstance(own, dict) else {"": own}
    for key, way_out in _SAME_FOR_ALL.items():
        table, _, name = key.rpartition(".")
        if name in (own if table else chosen):
            raise ValueError(f"{key} cannot be set for a benchmark: {way_out}.")
    if "epochs" in own and (epochs is not None or budget is not None):
        raise ValueError(
            f"training.epochs = {own['epochs']} is set beside --epochs or --budget; leave one out."
        )
    if epochs is not None:
        own["epochs"] = epochs
    base = base_experiment(dataset)
    published = base["training"]
    training = {**published, **own}
    if "warmup_epochs" not in own and isinstance(training["epochs"], int):
        share = published["warmup_epochs"] / published["epochs"]
        training["warmup_epochs"] = round(share * training["epochs"])
    experiment = load_experiment(base={**base, **chosen, "training": training})
    if experiment.dataset != dataset:
        raise ValueError(f"the experiment is of {experiment.dataset}, not of {dataset}.")
    return experiment


def _tables(networks: Any) -> dict[str, dict[str, Any]]:
    """Options by network, as [networks.NAME] tables say them."""
    wrong = [networks] if not isinstance(networks, dict) else list(networks.values())
    wrong = [value for value in wrong if not isinstance(value, dict)]
    if wrong:
        raise ValueError(
            f"networks holds tables [networks.NAME] with options, but here it holds {wrong[0]!r}; "
            "the networks themselves are named by --networks."
        )
    return networks


def _network(label: str, *, dataset: str, preset: str, own: dict[str, Any]) -> NetworkConfig:
    """A network's options: the preset's, then its own."""
    name, _, translator = label.partition(":")
    if name not in NETWORKS:
        raise ValueError(f"network {name!r} is unknown; known: {', '.join(NETWORKS)}.")
    if ":" in label and (name != "simvp" or translator not in TRANSLATORS):
        raise ValueError(
            f"network {label!r}: a name behind a colon is a translator of simvp: "
            f"{', '.join(TRANSLATORS)}."
        )
    for key in ("name", "loss_frames", *(["translator"] if translator else [])):
        if key in own:
            raise ValueError(
                f"networks.{label}.{key} = {own[key]!r} cannot be set: the benchmark decides it."
            )
    asked = {"name": name} | ({"translator": translator} if translator else {})
    if preset == "small":
        options = dict(SMALL[name])
    else:
        options = dict(base_experiment(dataset, network=asked)["network"])
    if "loss_frames" in {field.name for field in fields(NETWORKS[name].config)}:
        options["loss_frames"] = "forecast"
    return NetworkConfig(**{**options, **asked, **own})
