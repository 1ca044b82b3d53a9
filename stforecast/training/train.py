"""The training of one run, from the series to the best forecaster."""

import contextlib
import logging
import platform
import signal
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
import xarray as xr
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger
from rich.console import Console

from models.counting import count_parameters
from models.network import Network
from pipelines.grid import Grid
from pipelines.normalise import fit_normaliser
from pipelines.series import channels_of, name_step, parse_step, time_step_of
from pipelines.split import SPLITS, SplitConfig, resolve_split
from pipelines.store import fingerprint_of
from pipelines.windows import WindowDataset, WindowSpec, window_starts
from stforecast.allocator import keep_memory
from stforecast.experiment import Experiment, save_experiment
from stforecast.forecaster import Forecaster, read_facts
from stforecast.networks import network_of
from stforecast.run import Run, open_run
from stforecast.training.batches import make_loader
from stforecast.training.callbacks import AtomicCheckpointIO, BestForecaster, HistoryFile
from stforecast.training.distributed import (
    Processes,
    start_processes,
    synchronise_batch_norm,
    wait_for_all,
)
from stforecast.training.loss import SquaredError
from stforecast.training.module import TrainingModule
from stforecast.training.progress import TrainingProgress
from stforecast.verification.weights import cell_area_weights

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
    best = _fit(plan, network, forecaster, place, processes, device_type, console)
    if not np.isfinite(best.best_loss):
        raise RuntimeError(
            "The validation loss was never finite: nothing was learnt. Try a smaller "
            "training.learning_rate, or training.gradient_clip = 1.0."
        )
    wait_for_all()
    console.print(
        f"best epoch {best.best_epoch} of {plan.experiment.training.epochs}, validation loss "
        f"{best.best_loss:.4f}: {place.forecaster_file}"
    )
    return place


@dataclass(frozen=True)
class Plan:
    """An experiment with everything about its data resolved."""

    experiment: Experiment
    frames: np.ndarray
    times: np.ndarray
    time_step: np.timedelta64
    split: dict[str, range]
    spec: WindowSpec
    starts: dict[str, np.ndarray]
    fingerprint: str
    row_weights: torch.Tensor | None
    n_channels: int


def make_plan(experiment: Experiment, series: xr.DataArray) -> Plan:
    """What will be trained on what: splits, windows and the resolved experiment."""
    times = series["time"].values.astype("datetime64[ns]")
    step = time_step_of(times) if experiment.time_step is None else parse_step(experiment.time_step)
    config = experiment.training
    spec = WindowSpec(experiment.history, experiment.horizon)
    split = resolve_split(times, experiment.split, window_steps=spec.length, time_step=step)
    starts = {
        name: window_starts(times, spec, time_step=step, within=split[name]) for name in SPLITS
    }
    starts["train"] = starts["train"][:: config.window_stride]
    # Fractions would name other frames when the data grow: the run keeps the times themselves.
    named = {name: _first_and_last(times, split[name]) for name in SPLITS}
    resolved = experiment.model_copy(
        update={
            "variables": tuple(map(str, series["channel"].values)),
            "time_step": name_step(step),
            "split": SplitConfig(**named, gap=experiment.split.gap),
        }
    )
    row_weights = None
    if config.area_weights:
        if "latitude" not in series.coords:
            raise ValueError(
                "training.area_weights needs latitudes, but the data have none; leave it out."
            )
        row_weights = torch.tensor(
            cell_area_weights(series["latitude"].values), dtype=torch.float32
        )
    return Plan(
        experiment=resolved,
        frames=series.data if series.chunks is None else series.values,
        times=times,
        time_step=step,
        split=split,
        spec=spec,
        starts=starts,
        fingerprint=fingerprint_of(series),
        row_weights=row_weights,
        n_channels=series.sizes["channel"],
    )


def choose_device(device: str) -> str:
    """The type of device that "auto", "cpu" or "cuda" names here.

    Raises:
        ValueError: there is no such device.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device not in ("cpu", "cuda"):
        raise ValueError(f"device {device!r} is unknown; known: auto, cpu, cuda.")
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("device cuda: torch sees no GPU here; use --device cpu.")
    return device


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
            "split": {name: _first_and_last(plan.times, plan.split[name]) for name in SPLITS},
            "synthetic": series.attrs.get("synthetic", "false"),
            "source": series.attrs.get("source", ""),
            "data_fingerprint": plan.fingerprint,
            "versions": {
                "python": platform.python_version(),
                **{name: version(name) for name in packages},
            },
        },
    )


def _fit(
    plan: Plan,
    network: Network,
    forecaster: Forecaster,
    run: Run,
    processes: Processes,
    device_type: str,
    console: Console,
) -> BestForecaster:
    config = plan.experiment.training
    loaders = {
        name: make_loader(
            WindowDataset(plan.frames, plan.starts[name], plan.spec),
            batch_size=config.batch_size,
            seed=plan.experiment.seed if name == "train" else None,
            rank=processes.rank,
            n_processes=processes.count,
            pin_memory=device_type == "cuda",
        )
        for name in ("train", "validation")
    }
    module = TrainingModule(
        network,
        forecaster.normaliser,
        SquaredError(plan.row_weights),
        config,
        seed=plan.experiment.seed,
        steps_an_epoch=len(loaders["train"]),
    )
    progress = TrainingProgress(console)
    best = BestForecaster(forecaster, run.forecaster_file)
    callbacks: list[pl.Callback] = [
        best,
        HistoryFile(run.history_file, told=progress.tell),
        progress,
    ]
    if config.early_stopping is not None:
        callbacks.append(EarlyStopping("validation_loss", patience=config.early_stopping))
    # Last, so that the checkpoint holds what the others know of this epoch.
    callbacks.append(
        ModelCheckpoint(
            run.training,
            filename="last",
            save_on_train_epoch_end=True,
            enable_version_counter=False,
        )
    )
    resumable = run.checkpoint_file.is_file()
    interrupt = signal.getsignal(signal.SIGINT)  # Lightning switches it off when interrupted
    with _without_advice():
        trainer = pl.Trainer(
            max_epochs=config.epochs,
            callbacks=callbacks,
            logger=TensorBoardLogger(run.training, name="tensorboard", version=""),
            plugins=[AtomicCheckpointIO()],
            gradient_clip_val=config.gradient_clip,
            **_hardware(processes, device_type, config.precision),
        )
        try:
            trainer.fit(
                module,
                loaders["train"],
                loaders["validation"],
                ckpt_path=run.checkpoint_file if resumable else None,
                weights_only=False,
            )
        except SystemExit as stop:
            # Lightning's answer to Ctrl-C; whoever called is to know that it was one.
            raise KeyboardInterrupt from stop
        finally:
            progress.stop()
            signal.signal(signal.SIGINT, interrupt)
    return best


def _hardware(processes: Processes, device_type: str, precision: str) -> dict[str, Any]:
    if precision == "auto":
        fast = device_type == "cuda" and torch.cuda.is_bf16_supported()
        precision = "bfloat16" if fast else "float32"
    return {
        "accelerator": "gpu" if device_type == "cuda" else "cpu",
        "devices": processes.local_count,
        "num_nodes": processes.n_machines,
        "strategy": "ddp" if processes.count > 1 else "auto",
        "precision": "bf16-mixed" if precision == "bfloat16" else "32-true",
        "use_distributed_sampler": False,
        "num_sanity_val_steps": 0,
        "log_every_n_steps": 1,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }


def _first_and_last(times: np.ndarray, frames: range) -> str:
    first, last = np.datetime_as_string(times[[frames.start, frames.stop - 1]], unit="m")
    return f"{first}/{last}"


@contextlib.contextmanager
def _without_advice() -> Iterator[None]:
    """Quiet about what is taken care of: worker processes, reduced losses, torch's renamed types."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings("ignore", message=".*exists and is not empty.*")
            warnings.filterwarnings("ignore", message=".*sync_dist=True.*")
            warnings.filterwarnings("ignore", message=".*LeafSpec.* is deprecated.*")
            yield
    finally:
        logger.setLevel(level)
