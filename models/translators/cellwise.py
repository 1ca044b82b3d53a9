"""What is done in each cell for itself: normalise its channels, or mix them.

B: batch, C: channel, Y: row, X: column.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["ChannelNorm", "ConvMlp", "LinearMlp"]


class ChannelNorm(nn.Module):
    """Layer normalisation over the channels of each cell."""

    def __init__(self, channels: int, *, epsilon: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.epsilon = epsilon

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames with mean 0 and variance 1 in each cell, then scaled and shifted."""
        cells = latent.movedim(1, -1)  # (B, Y, X, C)
        normed = functional.layer_norm(
            cells, self.weight.shape, self.weight, self.bias, self.epsilon
        )
        return normed.movedim(-1, 1)


class ConvMlp(nn.Module):
    """Two 1×1 convolutions with GELU between."""

    def __init__(self, channels: int, *, hidden: int) -> None:
        super().__init__()
        self.widen = nn.Conv2d(channels, hidden, 1)
        self.narrow = nn.Conv2d(hidden, channels, 1)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        return self.narrow(functional.gelu(self.widen(latent)))


class LinearMlp(nn.Module):
    """Two linear layers with GELU between, along the first axis after the batch.

    On channels it is `ConvMlp`, but its weights have two axes, as they are published.
    """

    def __init__(self, channels: int, *, hidden: int) -> None:
        super().__init__()
        self.widen = nn.Linear(channels, hidden)
        self.narrow = nn.Linear(hidden, channels)

    def forward(self, latent: Float[Tensor, "B C *cells"]) -> Float[Tensor, "B C *cells"]:
        """Latent frames at the same width."""
        cells = latent.movedim(1, -1)  # (B, cells, C)
        return self.narrow(functional.gelu(self.widen(cells))).movedim(-1, 1)
