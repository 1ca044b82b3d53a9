"""The reversible predictor: layers that move the latent halves one step on.

Each layer looks at one half and blends what it remembers into the other. Knowing what it remembers, the
blend can be undone: a forecast holds all that its input held.

B: batch, L: channels of a half, K: frame of a clip; h, w: latent row and column.

References:
    Yu et al. 2019, arXiv 1910.11577, section 2. The two memories are those of PredRNN, Wang et al. 2022,
    arXiv 2103.09504, section 3.2; here the gates of each see it, and those of the second the first.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["PredictorState", "ReversiblePredictor"]

PredictorState = tuple[list[tuple[Tensor, Tensor]], Tensor]
"""Hidden state and own memory of each layer; the memory that runs up all layers and on in time."""


class ReversiblePredictor(nn.Module):
    """Layers that look at one half and change the other, by turns."""

    def __init__(self, channels: int, *, layers: int) -> None:
        """Take the channels of a half: they are those of each layer."""
        super().__init__()
        self.cells = nn.ModuleList(TwoMemoryCell(channels) for _ in range(layers))
        self.attention = nn.ModuleList(nn.Conv3d(channels, channels, 1) for _ in range(layers))

    def begin(self, half: Float[Tensor, "B L K h w"]) -> PredictorState:
        """Zeros: nothing is remembered of other windows."""
        zeros = torch.zeros_like(half)
        return [(zeros, zeros)] * len(self.cells), zeros

    def forward(
        self,
        left: Float[Tensor, "B L K h w"],
        right: Float[Tensor, "B L K h w"],
        state: PredictorState,
    ) -> tuple[Float[Tensor, "B L K h w"], Float[Tensor, "B L K h w"], PredictorState]:
        """The halves of the next clip, and the state after this one."""
        before, memory = state
        after = []
        for cell, attend, (hidden, own) in zip(self.cells, self.attention, before, strict=True):
            hidden, own, memory = cell(left, hidden, own, memory)
            after.append((hidden, own))
            weight = attend(hidden).sigmoid()
            left, right = (1 - weight) * right + weight * hidden, left
        return left, right, (after, memory)


class TwoMemoryCell(nn.Module):
    """An LSTM of 3-D convolutions with two memories: its own, and one from the layer below."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.own_enter = _gate(channels, n_inputs=3)
        self.own_forget = _gate(channels, n_inputs=3)
        self.own_candidate = _gate(channels, n_inputs=3)
        self.memory_enter = _gate(channels, n_inputs=3)
        self.memory_forget = _gate(channels, n_inputs=3)
        self.memory_candidate = _gate(channels, n_inputs=3)
        self.leave = _gate(channels, n_inputs=4)
        self.merge = nn.Conv3d(2 * channels, channels, 1)

    def forward(
        self,
        seen: Float[Tensor, "B L K h w"],
        hidden: Float[Tensor, "B L K h w"],
        own: Float[Tensor, "B L K h w"],
        memory: Float[Tensor, "B L K h w"],
    ) -> tuple[Float[Tensor, "B L K h w"], Float[Tensor, "B L K h w"], Float[Tensor, "B L K h w"]]:
        """Hidden state, own memory and passing memory after the step."""
        inputs = torch.cat([seen, hidden, own], dim=1)
        new = self.own_enter(inputs).sigmoid() * self.own_candidate(inputs).tanh()
        own = self.own_forget(inputs).sigmoid() * own + new
        inputs = torch.cat([seen, memory, own], dim=1)
        new = self.memory_enter(inputs).sigmoid() * self.memory_candidate(inputs).tanh()
        memory = self.memory_forget(inputs).sigmoid() * memory + new
        leave = self.leave(torch.cat([seen, hidden, own, memory], dim=1)).sigmoid()
        return leave * self.merge(torch.cat([own, memory], dim=1)).tanh(), own, memory


def _gate(channels: int, *, n_inputs: int) -> nn.Conv3d:
    return nn.Conv3d(n_inputs * channels, channels, 3, padding=1)
