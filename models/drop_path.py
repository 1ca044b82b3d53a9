"""Drop path: in training, a residual branch is left out for some windows of a batch."""

from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["DropPath"]


class DropPath(nn.Module):
    """Zeroes a branch for each window with probability `rate`; scales the others to keep the mean.

    References:
        Huang et al. 2016, Deep Networks with Stochastic Depth, arXiv 1603.09382.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, branch: Float[Tensor, "B *rest"]) -> Float[Tensor, "B *rest"]:
        """The branch, or zero, window by window; the branch itself outside training."""
        if not self.training or self.rate == 0:
            return branch
        keep = 1 - self.rate
        shape = (branch.shape[0],) + (1,) * (branch.ndim - 1)
        return branch * branch.new_empty(shape).bernoulli_(keep).div_(keep)

    def extra_repr(self) -> str:
        """Shown when a network is printed."""
        return f"rate={self.rate:.3g}"
