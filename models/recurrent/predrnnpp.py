"""PredRNN++: in each layer two memories one behind the other, and a highway for gradients across time.

B: batch, C: channel of what comes from below, P: channels of a patch in, Q: channels of a patch out,
W: width of a layer; y, x: row and column of patches.

References:
    Wang et al. 2018, arXiv 1804.06300, sections on the causal LSTM and the gradient highway. As in
    OpenSTL gates have no bias, the hidden state takes part in the output gate, and the spatial memory
    does not in its own candidate. OpenSTL's convolution `conv_o`, which nothing uses, is left out.
    Its layer norm of the highway is made for half the channels, and fails: here it is whole.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.network import NetworkShape, check_whole
from models.recurrent.gates import gates_of
from models.recurrent.options import StackConfig
from models.recurrent.sequence import RecurrentCore, RecurrentNetwork, patch_shape
from models.recurrent.spatiotemporal_lstm import FORGET_BIAS

__all__ = ["PredRNNppConfig", "make_predrnnpp"]

State = tuple[list[tuple[Tensor, Tensor]], Tensor, Tensor]
"""Hidden state and temporal memory of each layer, the spatial memory that they share, the highway."""

_HIGHWAY_SPREAD = 1e-3
"""Initial weights of the highway are uniform within ± this; as in OpenSTL."""


@dataclass(frozen=True, kw_only=True)
class PredRNNppConfig(StackConfig):
    """Options of PredRNN++; the defaults are the published ones of Moving MNIST in OpenSTL."""

    layers: int = 4
    """Cells on top of each other, at least 2: the highway lies between the first and the second."""
    layer_norm: bool = False
    """Normalise the gates over channels, rows and columns: then it is bound to one size of grid."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("layers", self.layers, at_least=2)


class CausalLSTMCell(nn.Module):
    """One layer: what enters its temporal memory decides what enters the spatial one."""

    def __init__(
        self, channels: int, width: int, *, kernel: int, norm_size: tuple[int, int] | None
    ) -> None:
        """Take the rows and columns that a layer norm is made for; None: no norm."""
        super().__init__()
        self.of_frame = gates_of(channels, 7 * width, kernel=kernel, norm_size=norm_size)
        self.of_hidden = gates_of(width, 4 * width, kernel=kernel, norm_size=norm_size)
        self.of_temporal = gates_of(width, 3 * width, kernel=kernel, norm_size=norm_size)
        self.of_spatial = gates_of(width, 3 * width, kernel=kernel, norm_size=norm_size)
        self.of_new_temporal = gates_of(width, 4 * width, kernel=kernel, norm_size=norm_size)
        self.of_new_spatial = gates_of(width, width, kernel=kernel, norm_size=norm_size)
        self.merge = nn.Conv2d(2 * width, width, 1, bias=False)

    def forward(
        self,
        frame: Float[Tensor, "B C y x"],
        hidden: Float[Tensor, "B W y x"],
        temporal: Float[Tensor, "B W y x"],
        spatial: Float[Tensor, "B W y x"],
    ) -> tuple[Float[Tensor, "B W y x"], Float[Tensor, "B W y x"], Float[Tensor, "B W y x"]]:
        """Hidden state, temporal and spatial memory after the frame."""
        width = hidden.shape[1]
        of_frame = self.of_frame(frame).split([3 * width, 3 * width, width], dim=1)
        of_hidden = self.of_hidden(hidden).split([3 * width, width], dim=1)

        gates = of_frame[0] + of_hidden[0] + self.of_temporal(temporal)
        enter, forget, candidate = gates.chunk(3, dim=1)
        temporal = _forget(temporal, forget) + enter.sigmoid() * candidate.tanh()

        enter, forget, candidate = of_frame[1].chunk(3, dim=1)
        enter_new, candidate_new, forget_new, leave_new = self.of_new_temporal(temporal).chunk(
            4, dim=1
        )
        enter_old, forget_old, kept = self.of_spatial(spatial).chunk(3, dim=1)
        spatial = _forget(kept.tanh(), forget + forget_new + forget_old) + (
            (enter + enter_new + enter_old).sigmoid() * (candidate + candidate_new).tanh()
        )

        # A tanh where other LSTMs have a sigmoid: so it stands in the paper.
        leave = of_frame[2] + of_hidden[1] + leave_new + self.of_new_spatial(spatial)
        hidden = leave.tanh() * self.merge(torch.cat([temporal, spatial], dim=1)).tanh()
        return hidden, temporal, spatial


def _forget(memory: Tensor, gate: Tensor) -> Tensor:
    return (gate + FORGET_BIAS).sigmoid() * memory


class GradientHighway(nn.Module):
    """A state that a gate lets through unchanged, so that gradients reach far back."""

    def __init__(self, width: int, *, kernel: int, norm_size: tuple[int, int] | None) -> None:
        """Take the rows and columns that a layer norm is made for; None: no norm."""
        super().__init__()
        self.of_hidden = gates_of(width, 2 * width, kernel=kernel, norm_size=norm_size)
        self.of_highway = gates_of(width, 2 * width, kernel=kernel, norm_size=norm_size)
        for gates in (self.of_hidden, self.of_highway):
            weights = gates.get_parameter("0.weight")
            nn.init.uniform_(weights, -_HIGHWAY_SPREAD, _HIGHWAY_SPREAD)

    def forward(
        self, hidden: Float[Tensor, "B W y x"], highway: Float[Tensor, "B W y x"]
    ) -> Float[Tensor, "B W y x"]:
        """The highway after the frame whose hidden state this is."""
        gates = self.of_hidden(hidden) + self.of_highway(highway)
        candidate, switch = gates.chunk(2, dim=1)
        return switch.sigmoid() * candidate.tanh() + (1 - switch.sigmoid()) * highway


class PredRNNppCore(RecurrentCore):
    """Layers one above the other; the topmost hidden state becomes the next frame."""

    def __init__(self, config: PredRNNppConfig, shape: NetworkShape) -> None:
        super().__init__()
        channels_in, channels_out, *size = patch_shape(shape, config.patch)
        norm_size = (size[0], size[1]) if config.layer_norm else None
        inputs = [channels_in, *[config.width] * (config.layers - 1)]
        self.cells = nn.ModuleList(
            CausalLSTMCell(channels, config.width, kernel=config.kernel, norm_size=norm_size)
            for channels in inputs
        )
        self.highway = GradientHighway(config.width, kernel=config.kernel, norm_size=norm_size)
        self.readout = nn.Conv2d(config.width, channels_out, 1, bias=False)

    def begin(self, frame: Float[Tensor, "B P y x"]) -> State:
        """Zeros."""
        width = self.readout.in_channels
        zeros = frame.new_zeros(frame.shape[0], width, *frame.shape[-2:])
        return [(zeros, zeros)] * len(self.cells), zeros, zeros

    def forward(
        self, frame: Float[Tensor, "B P y x"], state: State
    ) -> tuple[Float[Tensor, "B Q y x"], State, Float[Tensor, ""]]:
        """The next frame, the state after this one, and nothing to add to the loss."""
        layers, spatial, highway = state
        below, after = frame, []
        for cell, (hidden, temporal) in zip(self.cells, layers, strict=True):
            hidden, temporal, spatial = cell(below, hidden, temporal, spatial)
            after.append((hidden, temporal))
            below = hidden
            if len(after) == 1:  # the highway runs between the lowest layer and the rest
                below = highway = self.highway(hidden, highway)
        return self.readout(below), (after, spatial, highway), frame.new_zeros(())


def make_predrnnpp(config: PredRNNppConfig, shape: NetworkShape) -> RecurrentNetwork:
    """PredRNN++ in its loop."""
    return RecurrentNetwork(PredRNNppCore(config, shape), shape, config)
