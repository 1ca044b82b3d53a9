"""ConvLSTM: stacked LSTMs whose products are convolutions.

B: batch, P: channels of a patch in, Q: channels of a patch out, W: width of a layer; y, x: row and
column of patches.

References:
    Shi et al. 2015, arXiv 1506.04214. As in OpenSTL without peepholes, and gates without bias.
"""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from models.network import NetworkShape
from models.recurrent.gates import gates_of
from models.recurrent.options import StackConfig
from models.recurrent.sequence import RecurrentCore, RecurrentNetwork, patch_shape

__all__ = ["ConvLSTMConfig", "make_convlstm"]

State = list[tuple[Tensor, Tensor]]
"""Hidden state and memory of each layer."""


@dataclass(frozen=True, kw_only=True)
class ConvLSTMConfig(StackConfig):
    """Options of ConvLSTM; the defaults make OpenSTL's ConvLSTM-S, and a width of 192 its ConvLSTM-L."""

    width: int = 128
    """Channels of each layer; 192 in ConvLSTM-L."""
    layer_norm: bool = False
    """Normalise the gates over channels, rows and columns: then it is bound to one size of grid."""


class ConvLSTMCell(nn.Module):
    """One layer: input, forget and output gate, and what may enter the memory."""

    def __init__(
        self, channels: int, width: int, *, kernel: int, norm_size: tuple[int, int] | None
    ) -> None:
        """Take the rows and columns that a layer norm is made for; None: no norm."""
        super().__init__()
        self.of_frame = gates_of(channels, 4 * width, kernel=kernel, norm_size=norm_size)
        self.of_hidden = gates_of(width, 4 * width, kernel=kernel, norm_size=norm_size)

    def forward(
        self,
        frame: Float[Tensor, "B C y x"],
        hidden: Float[Tensor, "B W y x"],
        memory: Float[Tensor, "B W y x"],
    ) -> tuple[Float[Tensor, "B W y x"], Float[Tensor, "B W y x"]]:
        """Hidden state and memory after the frame."""
        gates = self.of_frame(frame) + self.of_hidden(hidden)
        enter, forget, candidate, leave = gates.chunk(4, dim=1)
        memory = forget.sigmoid() * memory + enter.sigmoid() * candidate.tanh()
        return leave.sigmoid() * memory.tanh(), memory


class ConvLSTMCore(RecurrentCore):
    """Layers one above the other; the topmost hidden state becomes the next frame."""

    def __init__(self, config: ConvLSTMConfig, shape: NetworkShape) -> None:
        super().__init__()
        channels_in, channels_out, *size = patch_shape(shape, config.patch)
        norm_size = (size[0], size[1]) if config.layer_norm else None
        inputs = [channels_in, *[config.width] * (config.layers - 1)]
        self.cells = nn.ModuleList(
            ConvLSTMCell(channels, config.width, kernel=config.kernel, norm_size=norm_size)
            for channels in inputs
        )
        self.readout = nn.Conv2d(config.width, channels_out, 1, bias=False)

    def begin(self, frame: Float[Tensor, "B P y x"]) -> State:
        """Zeros."""
        width = self.readout.in_channels
        zeros = frame.new_zeros(frame.shape[0], width, *frame.shape[-2:])
        return [(zeros, zeros)] * len(self.cells)

    def forward(
        self, frame: Float[Tensor, "B P y x"], state: State
    ) -> tuple[Float[Tensor, "B Q y x"], State, Float[Tensor, ""]]:
        """The next frame, the state after this one, and nothing to add to the loss."""
        below, after = frame, []
        for cell, (hidden, memory) in zip(self.cells, state, strict=True):
            below, memory = cell(below, hidden, memory)
            after.append((below, memory))
        return self.readout(below), after, frame.new_zeros(())


def make_convlstm(config: ConvLSTMConfig, shape: NetworkShape) -> RecurrentNetwork:
    """ConvLSTM in its loop."""
    return RecurrentNetwork(ConvLSTMCore(config, shape), shape, config)
