"""A benchmark from its plan to its results; interrupted, it goes on where it stopped."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w
import xarray as xr
from rich.console import Console

from pipelines.atomic import atomic_path
from pipelines.store import fingerprint_of
from stforecast.benchmarking.measure import Cost, cost_of_run
from stforecast.benchmarking.plan import Benchmark, check_networks
from stforecast.benchmarking.results import Results, mean_seconds
from stforecast.benchmarking.scores import score_run, summarise_seeds
from stforecast.benchmarking.trainings import Trainer, Trainings
from stforecast.device import choose_device
from stforecast.errors import TrainingError
from stforecast.experiment import as_tree, read_tree
from stforecast.lead_texts import is_counted

__all__ = ["run_benchmark"]


def run_benchmark(
    benchmark: Benchmark,
    series: xr.DataArray,
    folder: str | Path,
    *,
    device: str = "auto",
    console: Console | None = None,
) -> Results:
    """Train, score and measure all networks; what is there already under the folder is not done again.

    Later calls may add networks, learning rates and seeds; everything else must be as it was.

    Args:
        series: memory-mapped, as `experiment_series` gives it; the experiment's `data` say where it
            came from, for the evaluation.
        device: "auto", "cpu" or "cuda".
        console: where progress is shown; nowhere unless given.

    Raises:
        ValueError: the folder is taken, or a network does not fit the data.
        TrainingError: every network diverged at every learning rate.
        ChildProcessError: a network's cost could not be measured.
    """
    folder = Path(folder)
    device_type = choose_device(device)
    check_networks(benchmark, series)
    _claim(folder, benchmark, series, device_type=device_type)
    console = console or Console(quiet=True)
    trainer = Trainer(benchmark, series, folder, console, device=device_type)
    trainings = {label: trainer.train_network(label) for label in benchmark.networks}
    if not any(trained.runs for trained in trainings.values()):
        raise TrainingError(
            "no network learnt anything at any learning rate. Try smaller ones, or "
            "training.gradient_clip = 1.0."
        )
    console.print("scoring …")
    scores = {
        label: [score_run(run, device=device_type) for run in trained.runs]
        for label, trained in trainings.items()
    }
    console.print("measuring …")
    costs = {
        label: cost_of_run(trained.runs[0], device_type=device_type)
        for label, trained in trainings.items()
        if trained.runs
    }
    first = next(of_seeds[0] for of_seeds in scores.values() if of_seeds)
    return Results(
        benchmark=benchmark,
        trainings=trainings,
        costs=costs,
        scores=summarise_seeds(scores),
        dialect=str(first.attrs["dialect"]),
        split=str(first.attrs["split"]),
        facts=_facts(benchmark, trainings, first),
        notes=(*_notes(benchmark, trainings, first), *_notes_on_costs(costs)),
    )


def _claim(folder: Path, benchmark: Benchmark, series: xr.DataArray, *, device_type: str) -> None:
    """Write down what is compared, or refuse a folder that compares something else."""
    file = folder / "benchmark.toml"
    tree = _record(benchmark, fingerprint_of(series), device_type)
    if file.is_file():
        begun = read_tree(file)
        known = begun.pop("networks", {})
        for label, options in known.items():
            if tree["networks"].setdefault(label, options) != options:
                raise ValueError(
                    f"{folder} was begun with other options of {label}: {options}, now "
                    f"{tree['networks'][label]}. Name another --run."
                )
        changed = _changes(begun, {key: tree[key] for key in tree if key != "networks"})
        if changed:
            raise ValueError(f"{folder} was begun with {'; '.join(changed)}. Name another --run.")
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is no benchmark, and not empty; name another --run.")
    with atomic_path(file) as temporary:
        temporary.write_text(tomli_w.dumps(tree), encoding="utf-8")


def _record(benchmark: Benchmark, fingerprint: str, device_type: str) -> dict[str, Any]:
    experiment = as_tree(benchmark.experiment)
    for key in ("network", "seed", "data"):
        experiment.pop(key, None)
    del experiment["training"]["learning_rate"]
    budget = {} if benchmark.budget is None else {"budget": float(benchmark.budget)}
    return {
        "data_fingerprint": fingerprint,
        "device": device_type,
        **budget,
        "experiment": experiment,
        "networks": {
            label: {"name": network.name, **network.options()}
            for label, network in benchmark.networks.items()
        },
    }


def _changes(before: dict[str, Any], now: dict[str, Any], within: str = "") -> list[str]:
    """What differs between two trees, in words."""
    found = []
    for key in dict.fromkeys([*before, *now]):
        old, new = before.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            found += _changes(old, new, f"{within}{key}.")
        elif old != new:
            shown = ["none" if value is None else value for value in (old, new)]
            found.append(f"{within}{key} = {shown[0]}, now {shown[1]}")
    return found


def _facts(
    benchmark: Benchmark, trainings: dict[str, Trainings], scores: xr.Dataset
) -> dict[str, str]:
    """The conditions, in words."""
    run = next(trained.runs[0] for trained in trainings.values() if trained.runs)
    experiment, attrs = run.experiment(), scores.attrs
    training = experiment.training
    epochs = benchmark.experiment.training.epochs
    length = f"{epochs} epoch{'s' if epochs > 1 else ''} each"
    if benchmark.budget is not None:
        length = f"{benchmark.budget:g} minutes each; epochs by the time of a first one"
    synthetic = " (synthetic)" if attrs.get("synthetic") == "true" else ""
    return {
        "dataset": f"{experiment.dataset}{synthetic}, {attrs['grid'].replace('x', '×')} cells",
        "window": f"{experiment.history} → {experiment.horizon} frames"
        + ("" if is_counted(attrs) else f", every {experiment.time_step}"),
        "train": str(experiment.split.train),
        "validation": f"{experiment.split.validation}: chooses learning rate and epoch",
        "test": f"{experiment.split.test}: {attrs['n_init_times']} forecasts",
        "dialect": str(attrs["dialect"]),
        "rules": f"{attrs['explanation']}; over all lead times together",
        "networks": f"{benchmark.preset} sizes",
        "training": f"{length}, batches of {training.batch_size}, {training.schedule} schedule, loss "
        "over the forecast frames",
        "learning rates": ", ".join(f"{rate:g}" for rate in benchmark.learning_rates)
        + ": tried with seed 0; the best one is trained with all seeds",
        "seeds": f"{benchmark.seeds}; ± is the standard deviation over them",
    }


def _notes(benchmark: Benchmark, trainings: dict[str, Trainings], scores: xr.Dataset) -> list[str]:
    notes = [str(scores.attrs["note"])] if "note" in scores.attrs else []
    rates = sorted(benchmark.learning_rates)
    for label, trained in trainings.items():
        failed = [str(outcome.seed) for outcome in trained.outcomes if outcome.diverged]
        if not trained.runs:
            notes.append(f"{label} diverged at every learning rate")
        elif failed:
            notes.append(f"{label} diverged with seed {', '.join(failed)}, which is left out")
        if trained.runs and len(rates) > 1 and trained.learning_rate in (rates[0], rates[-1]):
            side = "lowest" if trained.learning_rate == rates[0] else "highest"
            notes.append(
                f"{label} was best at the {side} learning rate: it may be better still beyond it"
            )
        if benchmark.budget is not None and trained.outcomes[0].epochs == 1:
            minutes = mean_seconds(trained) / 60
            notes.append(f"{label}: one epoch, the least there is, took {minutes:.1f} minutes")
    return notes


def _notes_on_costs(costs: Mapping[str, Cost]) -> list[str]:
    busy = [label for label, cost in costs.items() if cost.busy]
    if not busy:
        return []
    return [
        f"{', '.join(busy)}: the machine was busy with other work when this was measured; times may "
        "be too long, and are measured anew when the command is given again"
    ]
