"""PredRNN and PredRNNv2: a memory that zigzags through the layers, from one frame to the next.

PredRNNv2 is PredRNN trained otherwise: the gains of its two memories are driven apart (`decouple`), and
at first half the frames of the history are its own forecasts (`sampling = "reverse"`). With the same
weights both forecast the same.

B: batch, P: channels of a patch in, Q: channels of a patch out, W: width of a layer; y, x: row and
column of patches.

References:
    PredRNN (Wang et al. 2017, NeurIPS), section on the spatiotemporal memory flow; PredRNNv2, arXiv
    2103.09504, section on memory decoupling. The paper sums the decoupling over steps, layers and
    channels; the published weights of 0.1 and 0.01 are those of the mean that OpenSTL takes.
"""

from dataclasses import dataclass
from math import isfinite

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from models.network import NetworkShape
from models.recurrent.options import StackConfig
from models.recurrent.sequence import RecurrentCore, RecurrentNetwork, patch_shape
from models.recurrent.spatiotemporal_lstm import CellStep, SpatiotemporalLSTMCell

__all__ = ["PredRNNConfig", "PredRNNv2Config", "decoupling", "make_predrnn"]

State = tuple[list[tuple[Tensor, Tensor]], Tensor]
"""Hidden state and temporal memory of each layer, and the spatial memory that they share."""


@dataclass(frozen=True, kw_only=True)
class PredRNNConfig(StackConfig):
    """Options of PredRNN; the defaults are the published ones of Moving MNIST in OpenSTL."""

    layer_norm: bool = False
    """Normalise the gates over channels, rows and columns: then it is bound to one size of grid."""
    decouple: int | float = 0.0
    """Weight in the loss of the likeness of what the two memories add; 0 leaves it out."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (isfinite(self.decouple) and self.decouple >= 0):
            raise ValueError(f"decouple must be 0 or above, but it is {self.decouple}.")


@dataclass(frozen=True, kw_only=True)
class PredRNNv2Config(PredRNNConfig):
    """Options of PredRNNv2: PredRNN's, two of them with another default."""

    decouple: int | float = 0.1
    """Weight in the loss of the likeness of what the two memories add; 0.01 on KTH."""
    sampling: str = "reverse"
    """One of `models.recurrent.sampling.SAMPLINGS`."""


class PredRNNCore(RecurrentCore):
    """Layers one above the other; the topmost hidden state becomes the next frame."""

    def __init__(self, config: PredRNNConfig, shape: NetworkShape) -> None:
        super().__init__()
        channels_in, channels_out, *size = patch_shape(shape, config.patch)
        norm_size = (size[0], size[1]) if config.layer_norm else None
        inputs = [channels_in, *[config.width] * (config.layers - 1)]
        self.cells = nn.ModuleList(
            SpatiotemporalLSTMCell(
                channels, config.width, kernel=config.kernel, norm_size=norm_size
            )
            for channels in inputs
        )
        self.readout = nn.Conv2d(config.width, channels_out, 1, bias=False)
        self.adapter = None
        if config.decouple:
            self.adapter = nn.Conv2d(config.width, config.width, 1, bias=False)
        self._decouple = config.decouple

    def begin(self, frame: Float[Tensor, "B P y x"]) -> State:
        """Zeros."""
        width = self.readout.in_channels
        zeros = frame.new_zeros(frame.shape[0], width, *frame.shape[-2:])
        return [(zeros, zeros)] * len(self.cells), zeros

    def forward(
        self, frame: Float[Tensor, "B P y x"], state: State
    ) -> tuple[Float[Tensor, "B Q y x"], State, Float[Tensor, ""]]:
        """The next frame, the state after this one, and the weighted likeness of the memories' gains."""
        layers, spatial = state
        steps: list[CellStep] = []
        for cell, (hidden, temporal) in zip(self.cells, layers, strict=True):
            below = steps[-1].hidden if steps else frame
            steps.append(cell(below, hidden, temporal, spatial))
            spatial = steps[-1].spatial
        after = [(step.hidden, step.temporal) for step in steps], spatial
        return self.readout(steps[-1].hidden), after, self._penalty(steps, frame)

    def _penalty(self, steps: list[CellStep], frame: Tensor) -> Float[Tensor, ""]:
        adapter = self.adapter
        if adapter is None:
            return frame.new_zeros(())
        likenesses = [
            decoupling(adapter(step.temporal_gain), adapter(step.spatial_gain)) for step in steps
        ]
        return self._decouple * torch.stack(likenesses).mean()


def decoupling(
    temporal_gain: Float[Tensor, "B W y x"], spatial_gain: Float[Tensor, "B W y x"]
) -> Float[Tensor, ""]:
    """Mean likeness of the patterns that a frame adds to the two memories: |cosine| over the cells.

    1: each channel adds the same pattern to both, but for its scale and sign; 0: orthogonal ones.
    """
    cosine = functional.cosine_similarity(temporal_gain.flatten(2), spatial_gain.flatten(2), dim=2)
    return cosine.abs().mean()


def make_predrnn(config: PredRNNConfig, shape: NetworkShape) -> RecurrentNetwork:
    """PredRNN or, with the options of `PredRNNv2Config`, PredRNNv2 in its loop."""
    return RecurrentNetwork(PredRNNCore(config, shape), shape, config)
