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
from models.network import Network
from pipelines.grid import Grid
from pipelines.normalise import fit_normaliser
from pipelines.series import channels_of
from pipelines.split import SPLITS
from stforecast.allocator import keep_memory
from stforecast.device import choose_device
from stforecast.experiment import Experiment, save_experiment
from stforecast.figures.curves import plot_history
from stforecast.figures.save import save_figure
from stforecast.forecaster import Forecaster, read_facts
from stforecast.networks import network_of
from stforecast.run import Run, open_run
from stforecast.training.distributed import (
    Processes,
    start_processes,
    synchronise_batch_norm,
    wait_for_all,
)
from stforecast.training.fit import fit
from stforecast.training.plan import Plan, first_and_last, make_plan

__all__ = ["train"]


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
    keep_memory()
    device_type = choose_device(device)
    processes = start_processes(device_type)
    console = console if console is not None and processes.is_first else Console(quiet=True)
    plan = make_plan(experiment, series)
    place = _claim(plan, Path(run), resume=resume, processes=processes)
    network = _build(plan)
    forecaster = _describe(plan, network, series)
    if processes.count > 1:
        synchronise_batch_norm(network, device_type=device_type)
    best = fit(plan, network, forecaster, place, processes, device_type, console)
    if not np.isfinite(best.best_loss):
        raise RuntimeError(
            "The validation loss was never finite: nothing was learnt. Try a smaller "
            "training.learning_rate, or training.gradient_clip = 1.0."
        )
    if processes.is_first:
        save_figure(plot_history(pd.read_csv(place.history_file)), place.figures / "loss.png")
    wait_for_all()
    console.print(
        f"best epoch {best.best_epoch} of {plan.experiment.training.epochs}, validation loss "
        f"{best.best_loss:.4f}: {place.forecaster_file}"
    )
    return place


def _claim(plan: Plan, folder: Path, *, resume: bool, processes: Processes) -> Run:
    """The run's folder, new or to be resumed, with the experiment in it."""
    run = Run(folder)
    if resume:
        run = open_run(folder)
        if _differs(run.experiment(), plan.experiment):
            raise ValueError(
                f"{folder} was begun with another experiment; --resume goes on with its own. Leave "
                "out --config and --set, or train a new run."
            )
        known = read_facts(run.folder) if run.forecaster_file.is_file() else {}
        if known.get("data_fingerprint", plan.fingerprint) != plan.fingerprint:
            raise ValueError(
                f"{folder} was begun on other data (fingerprint {known['data_fingerprint']}, now "
                f"{plan.fingerprint}); resume with those, or train a new run."
            )
    elif run.experiment_file.exists():
        raise ValueError(
            f"{folder} holds a run already; go on with it by --resume, or name another --run."
        )
    wait_for_all()
    if processes.is_first and not resume:
        save_experiment(plan.experiment, run.experiment_file)
    return run


def _differs(before: Experiment, now: Experiment) -> bool:
    moved = {"data": None}  # data may have moved; their fingerprint is compared instead
    return before.model_copy(update=moved) != now.model_copy(update=moved)


def _build(plan: Plan) -> Network:
    shape = (plan.frames.shape[2], plan.frames.shape[3])
    with torch.random.fork_rng():
        torch.manual_seed(plan.experiment.seed)
        return network_of(plan.experiment, n_channels=plan.n_channels, shape=shape)


def _describe(plan: Plan, network: Network, series: xr.DataArray) -> Forecaster:
    train_range = plan.split["train"]
    grid = None
    if "latitude" in series.coords:
        grid = Grid(series["latitude"].values, series["longitude"].values)
    packages = ("stforecast", "torch", "lightning", "numpy", "xarray")
    return Forecaster(
        network=network,
        experiment=plan.experiment,
        channels=channels_of(series),
        normaliser=fit_normaliser(
            series[train_range.start : train_range.stop], method=plan.experiment.normalisation
        ),
        time_step=plan.time_step,
        shape=(plan.frames.shape[2], plan.frames.shape[3]),
        grid=grid,
        facts={
            "parameters": count_parameters(network),
            "windows": {name: len(starts) for name, starts in plan.starts.items()},
            "split": {name: first_and_last(plan.times, plan.split[name]) for name in SPLITS},
            "synthetic": series.attrs.get("synthetic", "false"),
            "source": series.attrs.get("source", ""),
            "data_fingerprint": plan.fingerprint,
            "versions": {
                "python": platform.python_version(),
                **{name: version(name) for name in packages},
            },
        },
    )
