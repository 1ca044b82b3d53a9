"""What happens beside the steps: the best forecaster is kept, the history written, progress shown."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pandas as pd
from lightning.pytorch.plugins.io import TorchCheckpointIO

from pipelines.atomic import atomic_path
from stforecast.forecaster import Forecaster

__all__ = ["AtomicCheckpointIO", "BestForecaster", "HistoryFile", "HistoryRow"]

HistoryRow = dict[str, int | float]


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes a checkpoint whole or not at all: a kill in the middle leaves the one before."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        """Write to a temporary sibling, then rename."""
        with atomic_path(Path(path)) as temporary:
            super().save_checkpoint(checkpoint, temporary, storage_options)


class BestForecaster(pl.Callback):
    """Writes `forecaster.safetensors` whenever the validation loss is the lowest so far."""

    def __init__(self, forecaster: Forecaster, file: Path) -> None:
        self._forecaster = forecaster
        self._file = file
        self.best_loss = float("inf")
        self.best_epoch = 0

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Compare and, if better, write."""
        if trainer.sanity_checking:
            return
        loss = float(trainer.callback_metrics["validation_loss"])
        # Not-a-number compares false: a training that diverges keeps the epochs before.
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, trainer.current_epoch + 1
            if trainer.is_global_zero:
                facts = {
                    **self._forecaster.facts,
                    "epoch": self.best_epoch,
                    "validation_loss": loss,
                }
                replace(self._forecaster, facts=facts).save(self._file)

    def state_dict(self) -> dict[str, Any]:
        """For resuming."""
        return {"best_loss": self.best_loss, "best_epoch": self.best_epoch}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from the best of the interrupted training."""
        self.best_loss, self.best_epoch = state_dict["best_loss"], state_dict["best_epoch"]


class HistoryFile(pl.Callback):
    """Writes `history.csv`: one row an epoch, each once, also after resuming."""

    def __init__(self, file: Path, *, told: Callable[[HistoryRow], None]) -> None:
        """Take a function that is told each new row."""
        self._file = file
        self._told = told
        self._rows: list[HistoryRow] = []
        self._started = time.monotonic()
        self._learning_rate = 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock; the schedule has moved on by the end of the epoch."""
        self._started = time.monotonic()
        self._learning_rate = trainer.optimizers[0].param_groups[0]["lr"]

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add a row."""
        row: HistoryRow = {
            "epoch": trainer.current_epoch + 1,
            "step": trainer.global_step,
            "train_loss": float(trainer.callback_metrics["train_loss"]),
            "validation_loss": float(trainer.callback_metrics["validation_loss"]),
            "learning_rate": self._learning_rate,
            "seconds": round(time.monotonic() - self._started, 3),
        }
        self._rows.append(row)
        if trainer.is_global_zero:
            with atomic_path(self._file) as temporary:
                pd.DataFrame(self._rows).to_csv(temporary, index=False)
            self._told(row)

    def state_dict(self) -> dict[str, Any]:
        """For resuming."""
        return {"rows": self._rows}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on after the rows of the interrupted training."""
        self._rows = list(state_dict["rows"])
