"""MIM: memories in the memory, one for what changes from frame to frame and one for what stays.

The lowest layer is a spatiotemporal LSTM. In each layer above, two LSTMs in a row stand for the forget
gate of its temporal memory: MIM-N is fed the change of the layer below since the last frame, and what it
makes of it is fed to MIM-S, whose hidden state is the temporal memory itself.

Three things are as in OpenSTL. Gates have no bias. From the third layer on, MIM-N sees what MIM-N of the
layer below puts out, and not the change of that layer's hidden state. MIM-N rests at the first frame.

What MIM-S remembers belongs to a window. OpenSTL (`modules/mim_modules.py`, `convlstm_c`) hands it on to
the next batch, so that a forecast depends on those before it, and lets no gradient through it.

B: batch, P: channels of a patch in, Q: channels of a patch out, W: width of a layer;
y, x: row and column of patches.

References:
    Wang et al. 2019, arXiv 1811.07490, section 3.2.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.network import NetworkShape, check_whole
from models.recurrent.gates import gates_of
from models.recurrent.grid import check_grid
from models.recurrent.options import StackConfig
from models.recurrent.sequence import RecurrentCore, RecurrentNetwork, patch_shape
from models.recurrent.spatiotemporal_lstm import FORGET_BIAS, SpatiotemporalLSTMCell

__all__ = ["MIMConfig", "make_mim"]


@dataclass(frozen=True, kw_only=True)
class MIMConfig(StackConfig):
    """Options of MIM; the defaults are the published ones of Moving MNIST in OpenSTL.

    Its gates look at the memories through weights of each cell: it is bound to one size of grid.
    """

    layers: int = 4
    """Cells on top of each other, at least 2: the lowest is a spatiotemporal LSTM."""
    layer_norm: bool = False
    """Normalise the gates over channels, rows and columns."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("layers", self.layers, at_least=2)


class LayerState(NamedTuple):
    """What a layer above the lowest remembers."""

    hidden: Float[Tensor, "B W y x"]
    temporal: Float[Tensor, "B W y x"]
    """Also the hidden state of MIM-S."""
    staying: Float[Tensor, "B W y x"]
    """Memory of MIM-S."""
    difference: Float[Tensor, "B W y x"]
    """Hidden state of MIM-N."""
    changing: Float[Tensor, "B W y x"]
    """Memory of MIM-N."""


class MIMState(NamedTuple):
    """What all layers remember."""

    lowest: tuple[Tensor, Tensor]
    """Hidden state and temporal memory of the lowest layer."""
    above: list[LayerState]
    spatial: Tensor
    """The memory that goes up the layers, and from the topmost to the lowest of the next frame."""
    is_new: bool
    """No frame has been seen."""


class PeepholeLSTMCell(nn.Module):
    """A convolutional LSTM whose gates look at its memory, each cell of the grid by its own weight."""

    def __init__(
        self, width: int, *, kernel: int, size: tuple[int, int], norm_size: tuple[int, int] | None
    ) -> None:
        """Take rows and columns, and those that a layer norm is made for; None: no norm."""
        super().__init__()
        self.of_frame = gates_of(width, 4 * width, kernel=kernel, norm_size=norm_size)
        self.of_hidden = gates_of(width, 4 * width, kernel=kernel, norm_size=norm_size)
        self.of_memory = nn.Parameter(torch.zeros(2 * width, *size))
        """Peepholes of the input and the forget gate."""
        self.of_new_memory = nn.Parameter(torch.zeros(width, *size))
        """Peephole of the output gate."""

    def forward(
        self,
        frame: Float[Tensor, "B W y x"] | None,
        hidden: Float[Tensor, "B W y x"],
        memory: Float[Tensor, "B W y x"],
    ) -> tuple[Float[Tensor, "B W y x"], Float[Tensor, "B W y x"]]:
        """Hidden state and memory after the frame, or after none."""
        gates = self.of_hidden(hidden)
        if frame is not None:
            gates = gates + self.of_frame(frame)
        enter, candidate, forget, leave = gates.chunk(4, dim=1)
        see_enter, see_forget = self.of_memory.chunk(2)
        enter = (enter + see_enter * memory).sigmoid()
        forget = (forget + see_forget * memory + FORGET_BIAS).sigmoid()
        memory = forget * memory + enter * candidate.tanh()
        leave = (leave + self.of_new_memory * memory).sigmoid()
        return leave * memory.tanh(), memory


class MIMCell(nn.Module):
    """A layer above the lowest: MIM-S, and the gates of a spatiotemporal LSTM around it."""

    def __init__(
        self, width: int, *, kernel: int, size: tuple[int, int], norm_size: tuple[int, int] | None
    ) -> None:
        """Take rows and columns, and those that a layer norm is made for; None: no norm."""
        super().__init__()
        self.staying = PeepholeLSTMCell(width, kernel=kernel, size=size, norm_size=norm_size)
        self.of_frame = gates_of(width, 4 * width, kernel=kernel, norm_size=norm_size)
        self.of_hidden = gates_of(width, 3 * width, kernel=kernel, norm_size=norm_size)
        self.of_spatial = gates_of(width, 4 * width, kernel=kernel, norm_size=norm_size)
        self.merge = nn.Conv2d(2 * width, width, 1, bias=False)

    def forward(
        self,
        below: Float[Tensor, "B W y x"],
        difference: Float[Tensor, "B W y x"] | None,
        spatial: Float[Tensor, "B W y x"],
        state: LayerState,
    ) -> tuple[Float[Tensor, "B W y x"], LayerState]:
        """The spatial memory and the state after the frame.

        Args:
            below: hidden state of the layer below.
            difference: what MIM-N puts out; None at the first frame.
            spatial: the spatial memory as the layer below has left it.
            state: the state before the frame.
        """
        enter, candidate, forget, leave = self.of_frame(below).chunk(4, dim=1)
        of_hidden = self.of_hidden(state.hidden).chunk(3, dim=1)
        of_spatial = self.of_spatial(spatial).chunk(4, dim=1)

        kept, staying = self.staying(difference, state.temporal, state.staying)
        gain = (enter + of_hidden[0]).sigmoid() * (candidate + of_hidden[1]).tanh()
        temporal = kept + gain

        kept = (forget + of_spatial[2] + FORGET_BIAS).sigmoid() * spatial
        gain = (enter + of_spatial[0]).sigmoid() * (candidate + of_spatial[1]).tanh()
        spatial = kept + gain

        leave = (leave + of_hidden[2] + of_spatial[3]).sigmoid()
        hidden = leave * self.merge(torch.cat([temporal, spatial], dim=1)).tanh()
        return spatial, state._replace(hidden=hidden, temporal=temporal, staying=staying)


class MIMCore(RecurrentCore):
    """A spatiotemporal LSTM and the layers above it; the topmost hidden state becomes the next frame."""

    def __init__(self, config: MIMConfig, shape: NetworkShape) -> None:
        super().__init__()
        channels_in, channels_out, rows, columns = patch_shape(shape, config.patch)
        width, kernel, size = config.width, config.kernel, (rows, columns)
        norm_size = size if config.layer_norm else None
        above = range(config.layers - 1)
        self.cells = nn.ModuleList(
            [
                SpatiotemporalLSTMCell(channels_in, width, kernel=kernel, norm_size=norm_size),
                *(MIMCell(width, kernel=kernel, size=size, norm_size=norm_size) for _ in above),
            ]
        )
        self.changing = nn.ModuleList(
            PeepholeLSTMCell(width, kernel=kernel, size=size, norm_size=norm_size) for _ in above
        )
        self.readout = nn.Conv2d(width, channels_out, 1, bias=False)
        self._rows, self._columns = size

    def begin(self, frame: Float[Tensor, "B P y x"]) -> MIMState:
        """Zeros.

        Raises:
            ValueError: the frame is of another grid than the network.
        """
        check_grid(frame, rows=self._rows, columns=self._columns)
        zeros = frame.new_zeros(frame.shape[0], self.readout.in_channels, *frame.shape[-2:])
        layer = LayerState(*[zeros] * len(LayerState._fields))
        return MIMState((zeros, zeros), [layer] * len(self.changing), zeros, is_new=True)

    def forward(
        self, frame: Float[Tensor, "B P y x"], state: MIMState
    ) -> tuple[Float[Tensor, "B Q y x"], MIMState, Float[Tensor, ""]]:
        """The next frame, the state after this one, and nothing to add to the loss."""
        lowest, *cells = self.cells
        step = lowest(frame, *state.lowest, state.spatial)
        below, spatial = step.hidden, step.spatial
        change = None if state.is_new else below - state.lowest[0]
        above = []
        for cell, lstm, layer in zip(cells, self.changing, state.above, strict=True):
            if change is not None:
                change, changing = lstm(change, layer.difference, layer.changing)
                layer = layer._replace(difference=change, changing=changing)
            spatial, layer = cell(below, change, spatial, layer)
            above.append(layer)
            below = layer.hidden
        after = MIMState((step.hidden, step.temporal), above, spatial, is_new=False)
        return self.readout(below), after, frame.new_zeros(())


def make_mim(config: MIMConfig, shape: NetworkShape) -> RecurrentNetwork:
    """MIM in its loop."""
    return RecurrentNetwork(MIMCore(config, shape), shape, config)
