"""MAU: motion-aware units, whose memory of motion looks back at several frames.

An encoder halves rows and columns, the units work on the small grid, and a decoder doubles them again.
A unit weighs the motions of the last `attended` frames by how alike their appearance is to the present.

What is decoded is the appearance that leaves the topmost unit. OpenSTL (`models/mau_model.py`) also
holds a convolution that would merge it with the motion, and a second readout (8,259 parameters on
Moving MNIST); it uses neither, and neither is here.

B: batch, A: frame attended to, P: channels of a patch in, Q: channels of a patch out, W: width;
y, x: row and column of patches, and in units of the shrunk grid.

References:
    Chang et al. 2021, "MAU: A Motion-Aware Unit for Video Prediction and Beyond", NeurIPS, section 3.
"""

from dataclasses import dataclass
from math import sqrt

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from models.network import NetworkShape, check_whole
from models.recurrent.grid import check_grid
from models.recurrent.options import StackConfig
from models.recurrent.sequence import RecurrentCore, RecurrentNetwork, patch_shape
from models.spatial import pad_to_multiple

__all__ = ["MAUConfig", "make_mau"]

_SLOPE = 0.2
"""Of a leaky ReLU below zero."""

State = list[tuple[Tensor, Tensor]]
"""Past motions and appearances of each unit, (batch, frame, channel, row, column), oldest first."""


@dataclass(frozen=True, kw_only=True)
class MAUConfig(StackConfig):
    """Options of MAU; the defaults are the published ones of Moving MNIST in OpenSTL.

    Its normalisations have weights of each cell: it is bound to one size of grid.
    """

    width: int = 64
    """Channels of encoder, units and decoder."""
    layers: int = 4
    """Units on top of each other."""
    kernel: int = 5
    """Cells along a side of the units' convolutions; odd."""
    patch: int = 1
    """Cells along a side that are folded into channels."""
    shrink: int = 4
    """How many times smaller the units' grid is along each side; a power of 2. 2 on TaxiBJ."""
    attended: int = 5
    """Frames that a unit looks back at; those before the first are zeros."""
    residual: bool = False
    """Add to the appearance that leaves a unit the one that came in."""
    recall: bool = False
    """Add to what the decoder makes at each size what the encoder made at that size."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("shrink", self.shrink, at_least=1)
        check_whole("attended", self.attended, at_least=1)
        if self.shrink.bit_count() != 1:
            raise ValueError(f"shrink must be a power of 2, but it is {self.shrink}.")


class MotionAwareUnit(nn.Module):
    """One layer: attention to past motions, and gates between motion and appearance."""

    def __init__(self, width: int, *, kernel: int, size: tuple[int, int], residual: bool) -> None:
        """Take the rows and columns that it is made for."""
        super().__init__()
        self.of_motion = _normed(width, 3 * width, kernel=kernel, size=size)
        self.of_appearance = _normed(width, 3 * width, kernel=kernel, size=size)
        self.keep_motion = _normed(width, width, kernel=kernel, size=size)
        self.query = _normed(width, width, kernel=kernel, size=size)
        self._residual = residual

    def forward(
        self,
        appearance: Float[Tensor, "B W y x"],
        past_motions: Float[Tensor, "B A W y x"],
        past_appearances: Float[Tensor, "B A W y x"],
    ) -> tuple[Float[Tensor, "B W y x"], Float[Tensor, "B W y x"]]:
        """Motion and appearance after the frame."""
        query = self.query(appearance)
        likeness = torch.einsum("bwyx,bawyx->ba", query, past_appearances)
        attention = (likeness / sqrt(query[0].numel())).softmax(dim=1)
        trend = torch.einsum("ba,bawyx->bwyx", attention, past_motions)
        motion = past_motions[:, -1]
        motion = _mix(motion, trend, gate=self.keep_motion(motion))

        gate, motion, motion_seen = self.of_motion(motion).chunk(3, dim=1)
        gate_seen, seen_motion, seen = self.of_appearance(appearance).chunk(3, dim=1)
        motion = _mix(motion, seen_motion, gate=gate)
        made = _mix(seen, motion_seen, gate=gate_seen)
        return motion, made + appearance if self._residual else made


class MAUCore(RecurrentCore):
    """Encoder, units, decoder; the appearance that leaves the last unit becomes the next frame."""

    def __init__(self, config: MAUConfig, shape: NetworkShape) -> None:
        super().__init__()
        channels_in, channels_out, rows, columns = patch_shape(shape, config.patch)
        width, shrink = config.width, config.shrink
        n_halvings = shrink.bit_length() - 1
        self.enter = nn.Conv2d(channels_in, width, 1)
        self.halvings = nn.ModuleList(
            nn.Conv2d(width, width, 3, stride=2, padding=1) for _ in range(n_halvings)
        )
        self.units = nn.ModuleList(
            MotionAwareUnit(
                width,
                kernel=config.kernel,
                size=(-(-rows // shrink), -(-columns // shrink)),
                residual=config.residual,
            )
            for _ in range(config.layers)
        )
        self.doublings = nn.ModuleList(
            nn.ConvTranspose2d(width, width, 3, stride=2, padding=1, output_padding=1)
            for _ in range(n_halvings)
        )
        self.readout = nn.Conv2d(width, channels_out, 1)
        self._rows, self._columns = rows, columns
        self._shrink = shrink
        self._attended = config.attended
        self._recall = config.recall

    def begin(self, frame: Float[Tensor, "B P y x"]) -> State:
        """Zeros for the frames before the first.

        Raises:
            ValueError: the frame is of another grid than the network.
        """
        check_grid(frame, rows=self._rows, columns=self._columns)
        size = (-(-self._rows // self._shrink), -(-self._columns // self._shrink))
        width = self.readout.in_channels
        zeros = frame.new_zeros(frame.shape[0], self._attended, width, *size)
        return [(zeros, zeros)] * len(self.units)

    def forward(
        self, frame: Float[Tensor, "B P y x"], state: State
    ) -> tuple[Float[Tensor, "B Q y x"], State, Float[Tensor, ""]]:
        """The next frame, the state after this one, and nothing to add to the loss."""
        encoded = self._encode(frame)
        appearance, after = encoded[-1], []
        for unit, (motions, appearances) in zip(self.units, state, strict=True):
            entering = appearance
            motion, appearance = unit(entering, motions, appearances)
            after.append((_append(motions, motion), _append(appearances, entering)))
        made = self.readout(self._decode(appearance, encoded))
        return made[..., : self._rows, : self._columns], after, frame.new_zeros(())

    def _encode(self, frame: Tensor) -> list[Tensor]:
        """The frame at each size, largest first."""
        frame = pad_to_multiple(frame, multiple=self._shrink, circular=False)
        encoded = [functional.leaky_relu(self.enter(frame), _SLOPE)]
        for halve in self.halvings:
            encoded.append(functional.leaky_relu(halve(encoded[-1]), _SLOPE))
        return encoded

    def _decode(self, appearance: Tensor, encoded: list[Tensor]) -> Tensor:
        """The appearance at the largest size."""
        sizes = list(reversed(encoded[:-1]))
        for number, (double, same_size) in enumerate(zip(self.doublings, sizes, strict=True), 1):
            appearance = double(appearance)
            if number < len(sizes):
                appearance = functional.leaky_relu(appearance, _SLOPE)
            if self._recall:
                appearance = appearance + same_size
        return appearance


def _mix(first: Tensor, second: Tensor, *, gate: Tensor) -> Tensor:
    """The first where the gate is open, the second where it is closed."""
    opened = gate.sigmoid()
    return opened * first + (1 - opened) * second


def _append(past: Float[Tensor, "B A W y x"], newest: Float[Tensor, "B W y x"]) -> Tensor:
    """As many past frames as before: the oldest makes room for the newest."""
    return torch.cat([past[:, 1:], newest[:, None]], dim=1)


def _normed(channels: int, width: int, *, kernel: int, size: tuple[int, int]) -> nn.Sequential:
    """A convolution, normalised over channels, rows and columns."""
    return nn.Sequential(
        nn.Conv2d(channels, width, kernel, padding=kernel // 2), nn.LayerNorm([width, *size])
    )


def make_mau(config: MAUConfig, shape: NetworkShape) -> RecurrentNetwork:
    """MAU in its loop."""
    return RecurrentNetwork(MAUCore(config, shape), shape, config)
