"""One training step and one validation step, as Lightning runs them."""

import lightning.pytorch as pl
import torch
import torch.distributed as dist
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from models.network import Network
from pipelines.normalise import Normaliser
from pipelines.planes import Planes
from pipelines.windows import Windows
from stforecast.experiment import TrainingConfig
from stforecast.rollout import join_inputs
from stforecast.training.batches import step_seed
from stforecast.training.loss import SquaredError
from stforecast.training.schedule import make_schedule

__all__ = ["TrainingModule"]


class TrainingModule(pl.LightningModule):
    """Trains a network on windows in physical units by its own loss in normalised space."""

    def __init__(
        self,
        network: Network,
        normaliser: Normaliser,
        error: SquaredError,
        config: TrainingConfig,
        *,
        planes: Planes,
        seed: int,
        steps_an_epoch: int,
    ) -> None:
        super().__init__()
        self.network = network
        self._normaliser = normaliser
        self._error = error
        self._planes = planes
        self._config = config
        self._seed = seed
        self._steps_an_epoch = steps_an_epoch
        self.train_loss = RunningMean()
        self.validation_loss = RunningMean()

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Adam, as published, with the experiment's schedule."""
        optimiser = self.make_optimiser()
        schedule, interval = make_schedule(
            optimiser, self._config, steps_an_epoch=self._steps_an_epoch
        )
        return {
            "optimizer": optimiser,
            "lr_scheduler": {"scheduler": schedule, "interval": interval},
        }

    def make_optimiser(self) -> torch.optim.Adam:
        """Adam, without its schedule."""
        return torch.optim.Adam(
            self.network.parameters(),
            lr=self._config.learning_rate,
            weight_decay=self._config.weight_decay,
            # One pass over each parameter in place of ten. Lightning does not clip the gradients of such
            # an optimiser under mixed precision.
            fused=True if self._config.gradient_clip is None else None,
        )

    def on_train_epoch_start(self) -> None:
        """Begin a new mean of the loss."""
        self.train_loss.reset()

    def on_train_batch_start(self, batch: Windows, batch_idx: int) -> None:
        """Draw this step's random numbers anew, whatever came before it."""
        epoch, rank = self.current_epoch, self.global_rank
        torch.manual_seed(step_seed(self._seed, epoch=epoch, batch=batch_idx, rank=rank))

    def training_step(self, batch: Windows, batch_idx: int) -> Tensor:
        """The loss of one batch."""
        history, target = self._normalise(batch)
        done = self.global_step / (self._config.epochs * self._steps_an_epoch)
        loss = self.network.training_loss(
            history, target, error=self._error, progress=min(done, 1.0)
        )
        self.train_loss.add(loss.detach(), torch.ones_like(loss))
        return loss

    def on_validation_epoch_start(self) -> None:
        """Begin a new mean of the loss."""
        self.validation_loss.reset()

    def validation_step(self, batch: Windows, batch_idx: int) -> None:
        """Add one batch to the validation loss."""
        history, target = self._normalise(batch)
        self.validation_loss.add(*self._error.sums(self.network(history), target))

    def on_validation_epoch_end(self) -> None:
        """Report both losses of the epoch, over all processes."""
        self.log("train_loss", self.train_loss.value())
        self.log("validation_loss", self.validation_loss.value())

    def _normalise(self, batch: Windows) -> tuple[Tensor, Tensor]:
        """What the network takes, and what it is to forecast."""
        history = self._normaliser.normalise_history(batch.history)
        # Not buffers: DistributedDataParallel would send those around before every step.
        self._planes = self._planes.to(history.device)
        present = ~torch.isnan(batch.history)
        seen = join_inputs(history, batch.inputs, planes=self._planes, present=present)
        return seen, self._normaliser.normalise(batch.target)


class RunningMean:
    """A mean that is added to batch by batch, over all processes."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget what was added."""
        self._total = torch.zeros((), dtype=torch.float64)
        self._count = torch.zeros((), dtype=torch.float64)

    def add(self, total: Tensor, count: Tensor) -> None:
        """Take in a sum and how much it is a sum of."""
        self._total = self._total.to(total.device) + total
        self._count = self._count.to(count.device) + count

    def local(self) -> float:
        """The mean over what this process has added; NaN of nothing."""
        return float(self._total / self._count)

    def value(self) -> Tensor:
        """The mean over what all processes have added; NaN of nothing."""
        sums = torch.stack([self._total, self._count])
        if dist.is_initialized() and dist.get_world_size() > 1:
            dist.all_reduce(sums)
        return (sums[0] / sums[1]).float()
