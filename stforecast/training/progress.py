"""Progress of a training: one bar over all epochs with losses and the time left."""

import lightning.pytorch as pl
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from stforecast.training.callbacks import HistoryRow
from stforecast.training.module import TrainingModule

__all__ = ["TrainingProgress"]


class TrainingProgress(pl.Callback):
    """A bar on a terminal; in a log file a line an epoch."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("[bold]epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]}  validation {task.fields[validation]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(
            "train", epoch=0, epochs=0, loss="–", validation="–", total=None
        )

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Show the bar."""
        total = trainer.num_training_batches * (trainer.max_epochs or 0)
        self._bar.update(
            self._task,
            total=total,
            completed=trainer.global_step,
            epoch=trainer.current_epoch + 1,
            epochs=trainer.max_epochs,
        )
        self._bar.start()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
    ) -> None:
        """Move the bar; the loss is looked at now and then, as that waits for a GPU."""
        self._bar.update(self._task, advance=1, epoch=trainer.current_epoch + 1)
        if trainer.global_step % 10 == 0 and isinstance(pl_module, TrainingModule):
            self._bar.update(self._task, loss=f"{pl_module.train_loss.local():.4g}")

    def tell(self, row: HistoryRow) -> None:
        """Show the losses of a finished epoch."""
        validation = f"{row['validation_loss']:.4g}"
        self._bar.update(self._task, validation=validation)
        self._console.print(
            f"epoch {row['epoch']:.0f}: loss {row['train_loss']:.4g}, validation {validation}, "
            f"learning rate {row['learning_rate']:.1e}, {row['seconds']:.1f} s",
            style="dim",
            highlight=False,
        )

    def stop(self) -> None:
        """Leave the terminal as it was, also after Ctrl-C or an error."""
        self._bar.stop()
