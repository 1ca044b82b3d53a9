"""The fitting of a network, epoch by epoch, by Lightning's trainer."""

import contextlib
import logging
import pickle
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger
from rich.console import Console

from models.network import Network
from stforecast.forecaster import Forecaster
from stforecast.run import Run
from stforecast.training.batches import make_loader
from stforecast.training.callbacks import AtomicCheckpointIO, BestForecaster, HistoryFile
from stforecast.training.distributed import Processes
from stforecast.training.loss import SquaredError
from stforecast.training.module import TrainingModule
from stforecast.training.plan import Plan
from stforecast.training.progress import TrainingProgress

__all__ = ["fit"]


def fit(
    plan: Plan,
    network: Network,
    forecaster: Forecaster,
    run: Run,
    processes: Processes,
    device_type: str,
    console: Console,
    *,
    resume: bool,
) -> BestForecaster:
    """Train until the last epoch, or until stopped early; what was best, and when.

    Resuming goes on after the last whole epoch, if there is one.

    Raises:
        ValueError: the checkpoint is damaged.
    """
    config = plan.experiment.training
    loaders = {
        name: make_loader(
            plan.windows(name),
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
        planes=plan.extra.planes(),
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
    checkpoint = run.checkpoint_file if resume and run.checkpoint_file.is_file() else None
    if checkpoint is not None and _has_stopped_early(checkpoint, best):
        return best
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
                ckpt_path=checkpoint,
                weights_only=False,
            )
        except SystemExit as stop:
            # Lightning's answer to Ctrl-C; whoever called is to know that it was one.
            raise KeyboardInterrupt from stop
        finally:
            progress.stop()
            signal.signal(signal.SIGINT, interrupt)
    return best


def _has_stopped_early(checkpoint: Path, best: BestForecaster) -> bool:
    """Whether the training ended before its last epoch; `best` then learns what was best."""
    try:
        # The run's own file: it holds the states of callbacks, which are plain values.
        states = torch.load(checkpoint, map_location="cpu", weights_only=False)["callbacks"]
    except (OSError, RuntimeError, KeyError, EOFError, pickle.UnpicklingError) as error:
        raise ValueError(
            f"{checkpoint} is damaged ({error}); it cannot be resumed. Train a new run."
        ) from error
    best.load_state_dict(states[best.state_key])
    stopping = [state for key, state in states.items() if key.startswith("EarlyStopping")]
    return any(state["wait_count"] >= state["patience"] for state in stopping)


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
            # Of a run that was moved: what was best is `BestForecaster`'s to know.
            warnings.filterwarnings("ignore", message=".*dirpath has changed.*")
            warnings.filterwarnings("ignore", message=".*LeafSpec.* is deprecated.*")
            yield
    finally:
        logger.setLevel(level)
