"""The training of one run, from the series to the best forecaster."""

import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import xarray as xr
from rich.console import Console

from models.counting import count_parameters
from models.depthwise import quicken_depthwise
from models.network import Network
from pipelines.atomic import atomic_path
from pipelines.grid import Grid
from pipelines.normalise import fit_normaliser
from pipelines.planes import empty_cells
from pipelines.series import channels_of
from pipelines.split import SPLITS
from stforecast.allocator import keep_memory
from stforecast.baselines.of_dataset import fit_baselines
from stforecast.device import choose_device
from stforecast.errors import TrainingError
from stforecast.experiment import Experiment, save_experiment
from stforecast.exporting import leave_export
from stforecast.figures.curves import plot_history
from stforecast.figures.save import save_figure
from stforecast.forecaster import Forecaster, read_facts
from stforecast.networks import network_of
from stforecast.run import Run, open_run
from stforecast.training.checkpointing import checkpoint_gradients
from stforecast.training.distributed import (
    start_processes,
    synchronise_batch_norm,
    wait_for_all,
)
from stforecast.training.fit import fit
from stforecast.training.plan import Plan, first_and_last, make_plan

__all__ = ["build_planned", "check_place", "claim", "describe", "leave_baselines", "train"]


def train(
    experiment: Experiment,
    series: xr.DataArray,
    run: str | Path,
    *,
    resume: bool = False,
    device: str = "auto",
    console: Console | None = None,
) -> Run:
    """Train the experiment's network on a series and keep the epoch that validates best.

    Started by `torchrun`, several processes share each batch and one run comes out.

    Args:
        series: memory-mapped (as `stored_series` gives it) for speed; in memory or lazy works too.
        run: the run's folder; it must be new, unless `resume`.
        resume: go on after the last whole epoch; the weights at the end are those of an unbroken
            training.
        device: "auto", "cpu" or "cuda".
        console: where progress is shown; nowhere unless given.

    Raises:
        ValueError: the data do not fit the experiment, or the run's folder is taken or foreign.
    """
    kept = keep_memory()
    device_type = choose_device(device)
    processes = start_processes(device_type)
    console = console if console is not None and processes.is_first else Console(quiet=True)
    if kept:
        console.print("the allocator keeps large blocks (STFORECAST_KEEP_MEMORY=0 leaves it alone)")
    plan = make_plan(experiment, series)
    place = Run(Path(run))
    check_place(place, plan, resume=resume)
    network = build_planned(plan)
    forecaster = describe(plan, network, series)
    if experiment.training.checkpoint_gradients:
        checkpoint_gradients(network)
    if device_type == "cpu":
        quicken_depthwise(network)
    if processes.count > 1:
        synchronise_batch_norm(network, device_type=device_type)
    wait_for_all()
    if processes.is_first and not resume:
        claim(place, plan)
    best = fit(plan, network, forecaster, place, processes, device_type, console, resume=resume)
    if not np.isfinite(best.best_loss):
        raise TrainingError(
            "the validation loss was never finite: nothing was learnt. Try a smaller "
            "training.learning_rate, or training.gradient_clip = 1.0."
        )
    if not place.forecaster_file.is_file():
        raise ValueError(
            f"{place.forecaster_file} is gone, and no later epoch was better than the one that it "
            "held; train a new run."
        )
    if processes.is_first:
        _finish(place, plan, series)
        console.print(
            f"best epoch {best.best_epoch} of {plan.experiment.training.epochs}, validation loss "
            f"{best.best_loss:.4g}: {place.forecaster_file}"
        )
    wait_for_all()
    if processes.is_first:  # when nobody waits any more: an export may take a while
        console.print(leave_export(place.folder, progress=console.print))
    return place


def check_place(run: Run, plan: Plan, *, resume: bool) -> None:
    """Refuse a folder that is taken, or that cannot be resumed with this experiment and these data."""
    if not resume:
        taken = (run.experiment_file, run.forecaster_file, run.checkpoint_file)
        if any(file.exists() for file in taken):
            raise ValueError(
                f"{run.folder} holds a run already; go on with it by --resume, or name another "
                "--run."
            )
        if run.folder.exists() and not run.folder.is_dir():
            raise ValueError(f"{run.folder} is a file; name a folder with --run.")
        return
    open_run(run.folder)
    if run.forecaster_file.is_file() and "imported" in read_facts(run.forecaster_file):
        raise ValueError(
            f"{run.folder} holds imported weights: there is no training to go on with. Train a new "
            "run."
        )
    if _differs(run.experiment(), plan.experiment):
        raise ValueError(
            f"{run.folder} was begun with another experiment; --resume goes on with its own. Leave "
            "out --config and --set, or train a new run."
        )
    begun = run.fingerprint_file.read_text().strip() if run.fingerprint_file.is_file() else ""
    if begun != plan.fingerprint:
        raise ValueError(
            f"{run.folder} was begun on other data (fingerprint {begun or 'unknown'}, now "
            f"{plan.fingerprint}); resume with those, or train a new run."
        )


def claim(run: Run, plan: Plan) -> None:
    """Begin the run: nothing can be wrong any more with experiment and data."""
    with atomic_path(run.fingerprint_file) as temporary:
        temporary.write_text(plan.fingerprint + "\n")
    save_experiment(plan.experiment, run.experiment_file)


def _finish(run: Run, plan: Plan, series: xr.DataArray) -> None:
    """Leave beside the forecaster the losses of its training, and its baselines."""
    save_figure(plot_history(pd.read_csv(run.history_file)), run.figures / "loss.png")
    leave_baselines(run, plan, series)


def leave_baselines(run: Run, plan: Plan, series: xr.DataArray) -> None:
    """Leave beside the forecaster the baselines that are fitted on the training split."""
    frames = plan.split["train"]
    fit_baselines(
        run,
        series[frames.start : frames.stop],
        dataset=plan.experiment.dataset,
        time_step=plan.time_step,
    )


def _differs(before: Experiment, now: Experiment) -> bool:
    return _in_essence(before) != _in_essence(now)


def _in_essence(experiment: Experiment) -> Experiment:
    """Without what a resumed training may change: where the data lie, and how memory is saved."""
    training = experiment.training.model_copy(update={"checkpoint_gradients": False})
    return experiment.model_copy(update={"data": None, "training": training})


def build_planned(plan: Plan) -> Network:
    """The network with fresh weights, drawn from the experiment's seed."""
    shape = (plan.frames.shape[2], plan.frames.shape[3])
    with torch.random.fork_rng():
        torch.manual_seed(plan.experiment.seed)
        return network_of(
            plan.experiment,
            n_channels=plan.n_channels,
            shape=shape,
            n_inputs=plan.extra.n_planes,
        )


def describe(plan: Plan, network: Network, series: xr.DataArray) -> Forecaster:
    """The network with all that it takes to forecast; the normaliser is fitted on the training split."""
    train_range = plan.split["train"]
    trained = series[train_range.start : train_range.stop]
    grid = None
    if "latitude" in series.coords:
        grid = Grid(series["latitude"].values, series["longitude"].values)
    empty = empty_cells(trained)
    packages = ("stforecast", "torch", "lightning", "numpy", "xarray")
    return Forecaster(
        network=network,
        experiment=plan.experiment,
        channels=channels_of(series),
        normaliser=fit_normaliser(trained, method=plan.experiment.normalisation),
        time_step=plan.time_step,
        shape=(plan.frames.shape[2], plan.frames.shape[3]),
        grid=grid,
        inputs=plan.extra,
        empty=empty if empty.any() else None,
        facts={
            "parameters": count_parameters(network),
            "windows": {name: len(starts) for name, starts in plan.starts.items()},
            "split": {name: first_and_last(plan.times, plan.split[name]) for name in SPLITS},
            "synthetic": series.attrs.get("synthetic", "false"),
            "source": series.attrs.get("source", ""),
            "note": series.attrs.get("note", ""),
            "data_fingerprint": plan.fingerprint,
            "versions": {
                "python": platform.python_version(),
                **{name: version(name) for name in packages},
            },
        },
    )
