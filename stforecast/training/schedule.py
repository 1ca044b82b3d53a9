"""Learning rates over a training, as the published configurations set them."""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from stforecast.experiment import TrainingConfig

__all__ = ["make_schedule"]

# The reference's cosine schedule (OpenSTL, core/optim_scheduler.py).
LOWEST = 1e-6
WARMUP_START = 1e-5


def make_schedule(
    optimiser: Optimizer, config: TrainingConfig, *, steps_an_epoch: int
) -> tuple[LRScheduler, str]:
    """The schedule and when it steps: each "step" (one-cycle) or each "epoch"."""
    if config.schedule == "onecycle":
        schedule = OneCycleLR(
            optimiser,
            max_lr=config.learning_rate,
            total_steps=config.epochs * steps_an_epoch,
            final_div_factor=1e4,
        )
        return schedule, "step"
    return LambdaLR(optimiser, lambda epoch: _factor(epoch, config)), "epoch"


def _factor(epoch: int, config: TrainingConfig) -> float:
    """Learning rate of an epoch, as a fraction of the highest."""
    if config.schedule == "constant":
        return 1.0
    highest = config.learning_rate
    if epoch < config.warmup_epochs:
        return (WARMUP_START + (highest - WARMUP_START) * epoch / config.warmup_epochs) / highest
    if epoch >= config.epochs:
        return LOWEST / highest
    wave = 1 + math.cos(math.pi * epoch / config.epochs)
    return (LOWEST + 0.5 * (highest - LOWEST) * wave) / highest
