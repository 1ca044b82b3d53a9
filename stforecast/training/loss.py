"""The loss: masked mean squared error in normalised space, the same for every number of processes.

B: batch, H: horizon step, C: channel, Y: row, X: column.
"""

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor

__all__ = ["SquaredError"]


class SquaredError:
    """Mean squared error over the values that are there; a missing (NaN) target costs nothing."""

    def __init__(self, row_weights: Float[Tensor, " Y"] | None = None) -> None:
        """Take the weight of each row, mean 1; none for all rows alike."""
        self._row_weights = row_weights

    def __call__(self, forecast: Tensor, target: Tensor) -> Tensor:
        """The loss whose gradient, averaged over processes, is that of the mean over all of them."""
        total, count = self.sums(forecast, target)
        if dist.is_initialized() and dist.get_world_size() > 1:
            # Masks differ between processes: a mean of means would weigh their values unequally.
            dist.all_reduce(count)
            total = total * dist.get_world_size()
        return total / count.clamp(min=1.0)

    def sums(
        self, forecast: Float[Tensor, "B H C Y X"], target: Float[Tensor, "B H C Y X"]
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Weighted sum of squared errors and sum of weights: they add up over batches."""
        present = ~torch.isnan(target)
        error = torch.where(present, forecast - torch.nan_to_num(target), 0.0).float().square()
        if self._row_weights is None:
            return error.sum(), present.sum(dtype=torch.float32)
        weights = self._row_weights.to(error.device)[:, None]
        return (error * weights).sum(), (present * weights).sum()
