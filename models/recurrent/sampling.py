"""Scheduled sampling: whether a recurrent network in training is fed the truth or its own forecast.

All lengths are fractions of the training. The literature counts iterations of its Moving MNIST setting
(50,000 of 125,000), which in shorter trainings never come to their end.

References:
    Bengio et al. 2015, arXiv 1506.03099; PredRNNv2, arXiv 2103.09504, section 3.4, for the reverse.
"""

from math import exp

import torch
from torch import Tensor

__all__ = ["SAMPLINGS", "draw_truth_fed", "truth_chances"]

SAMPLINGS = ("scheduled", "reverse", "none")
"""How truth gives way to own forecasts: of the frames to forecast; with those of the history taken
more and more from the truth besides; or never any truth of the frames to forecast."""

_REVERSE_DECAY = 0.2
"""Length of the reverse schedule's exponential, of `until`: 5,000 of 25,000 iterations."""


def truth_chances(sampling: str, progress: float, *, until: float) -> tuple[float, float]:
    """Chances that a frame of the history, and one of the horizon, is fed from the truth.

    Args:
        sampling: one of `SAMPLINGS`.
        progress: fraction of the training that is done.
        until: fraction after which only own forecasts follow the history.
    """
    left = max(1 - progress / until, 0.0)
    if sampling == "none":
        return 1.0, 0.0
    if sampling == "scheduled":
        return 1.0, left
    if progress < until / 2:
        return 0.5, 0.5
    if progress < until:
        since = (progress - until / 2) / (until / 2)
        return 1 - 0.5 * exp(-since / _REVERSE_DECAY), left
    return 1.0, 0.0


def draw_truth_fed(
    chances: tuple[float, float], *, batch: int, history: int, horizon: int, device: torch.device
) -> Tensor:
    """Which frames are fed from the truth, (batch, step) of history + horizon − 1 steps, bool.

    The first frame always is.
    """
    steps = torch.tensor([chances[0]] * history + [chances[1]] * (horizon - 1))
    steps[0] = 1.0
    return torch.rand(batch, len(steps), device=device) < steps.to(device)
