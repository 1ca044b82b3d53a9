"""PhyCell: a step of a learnt partial differential equation, corrected by what is seen.

B: batch, W: width, F: filter (K²), K: cells along a side of a filter; y, x: latent row and column.

References:
    Le Guen and Thome 2020, arXiv 2003.01460, section 3.2; for the moments, PDE-Net, Long et al. 2018,
    arXiv 1710.09668, section 2.2.
"""

from math import factorial

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["PhyCell"]


class PhyCell(nn.Module):
    """Predicts with filters that stand for derivatives, then corrects with a learnt Kalman gain."""

    moments_of: Tensor

    def __init__(self, width: int, *, kernel: int) -> None:
        """Take the cells along a side of a filter: there is one filter for each of their moments."""
        super().__init__()
        self.derivatives = nn.Conv2d(width, kernel**2, kernel, padding=kernel // 2)
        self.norm = nn.GroupNorm(kernel, kernel**2)
        self.combine = nn.Conv2d(kernel**2, width, 1)
        self.gain = nn.Conv2d(2 * width, width, 3, padding=1)
        self.register_buffer("moments_of", _moments_of_cells(kernel), persistent=False)

    def forward(
        self, seen: Float[Tensor, "B W y x"], hidden: Float[Tensor, "B W y x"]
    ) -> Float[Tensor, "B W y x"]:
        """The hidden state after the step, of the one before it and the encoded frame."""
        predicted = hidden + self.combine(self.norm(self.derivatives(hidden)))
        # As in OpenSTL, the gain is of the state before the prediction.
        gain = self.gain(torch.cat([seen, hidden], dim=1)).sigmoid()
        return predicted + gain * (seen - predicted)

    def moment_loss(self) -> Float[Tensor, ""]:
        """How far the filters are from derivatives, 0 for ∂ⁱ⁺ʲ/∂yⁱ∂xʲ as filter number i·K + j.

        Mean of the squared differences of all moments of all filters, summed over the channels that they
        look at.
        """
        moments = torch.einsum(
            "ip,fwpq,jq->fwij", self.moments_of, self.derivatives.weight, self.moments_of
        )
        n_filters, _, kernel, _ = moments.shape
        wanted = torch.eye(n_filters, dtype=moments.dtype, device=moments.device)
        difference = moments - wanted.reshape(n_filters, 1, kernel, kernel)
        return difference.square().mean(dim=(0, 2, 3)).sum()


def _moments_of_cells(kernel: int) -> Float[Tensor, "K K"]:
    """pⁱ / i! in row i, of the cells' distances p from the middle.

    A filter's moment (i, j) is the factor of the derivative ∂ⁱ⁺ʲ/∂yⁱ∂xʲ in its Taylor series.
    """
    distance = torch.arange(kernel) - kernel // 2
    return torch.stack([distance.float() ** order / factorial(order) for order in range(kernel)])
