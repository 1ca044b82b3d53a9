"""The spatiotemporal LSTM: a cell with a memory of its own, and one that visits all layers.

B: batch, C: channel of what comes from below, W: width of a layer; y, x: row and column of patches.

References:
    PredRNN (Wang et al. 2017, NeurIPS) and arXiv 2103.09504, sections on the ST-LSTM. As in OpenSTL
    gates have no bias.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.recurrent.gates import gates_of

__all__ = ["FORGET_BIAS", "CellStep", "SpatiotemporalLSTMCell"]

FORGET_BIAS = 1.0
"""Added to both forget gates, so that a fresh cell remembers; as in OpenSTL."""


class CellStep(NamedTuple):
    """What a cell gives after a frame."""

    hidden: Float[Tensor, "B W y x"]
    """What the layer above sees."""
    temporal: Float[Tensor, "B W y x"]
    """The memory that stays in the layer."""
    spatial: Float[Tensor, "B W y x"]
    """The memory that goes up the layers, and from the topmost to the lowest of the next frame."""
    temporal_gain: Float[Tensor, "B W y x"]
    """What the frame added to the temporal memory."""
    spatial_gain: Float[Tensor, "B W y x"]
    """What the frame added to the spatial memory."""


class SpatiotemporalLSTMCell(nn.Module):
    """One layer: the gates of two memories, and one output gate that looks at both."""

    def __init__(
        self, channels: int, width: int, *, kernel: int, norm_size: tuple[int, int] | None
    ) -> None:
        """Take the rows and columns that a layer norm is made for; None: no norm."""
        super().__init__()
        self.of_frame = gates_of(channels, 7 * width, kernel=kernel, norm_size=norm_size)
        self.of_hidden = gates_of(width, 4 * width, kernel=kernel, norm_size=norm_size)
        self.of_spatial = gates_of(width, 3 * width, kernel=kernel, norm_size=norm_size)
        self.of_memories = gates_of(2 * width, width, kernel=kernel, norm_size=norm_size)
        self.merge = nn.Conv2d(2 * width, width, 1, bias=False)

    def forward(
        self,
        frame: Float[Tensor, "B C y x"],
        hidden: Float[Tensor, "B W y x"],
        temporal: Float[Tensor, "B W y x"],
        spatial: Float[Tensor, "B W y x"],
    ) -> CellStep:
        """Hidden state and memories after the frame."""
        width = hidden.shape[1]
        of_frame = self.of_frame(frame).split([3 * width, 3 * width, width], dim=1)
        of_hidden = self.of_hidden(hidden).split([3 * width, width], dim=1)
        temporal, temporal_gain = _remember(temporal, of_frame[0] + of_hidden[0])
        spatial, spatial_gain = _remember(spatial, of_frame[1] + self.of_spatial(spatial))
        memories = torch.cat([temporal, spatial], dim=1)
        leave = of_frame[2] + of_hidden[1] + self.of_memories(memories)
        hidden = leave.sigmoid() * self.merge(memories).tanh()
        return CellStep(hidden, temporal, spatial, temporal_gain, spatial_gain)


def _remember(memory: Tensor, gates: Tensor) -> tuple[Tensor, Tensor]:
    """The memory after a frame, and what was added to it."""
    enter, forget, candidate = gates.chunk(3, dim=1)
    gain = enter.sigmoid() * candidate.tanh()
    return (forget + FORGET_BIAS).sigmoid() * memory + gain, gain
