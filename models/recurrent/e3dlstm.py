"""E3D-LSTM: eidetic LSTMs, which see two frames at once and recall all that they have held.

Attention goes from each cell of the window to each cell of all memories so far. Its cost grows with the
square of the frames, and with the square of the patches of a frame: of 10 + 10 frames of 16 × 16 patches
it is a sixth of 299 G multiply-adds; of 20 + 20 frames, 0.29 of 718 G; of 32 × 32 patches, 0.45 of
1,807 G.

OpenSTL (`modules/e3dlstm_modules.py`) and the authors' code (google/e3d_lstm, `layers/rnn_cell.py`) hand
on the spatial memory as it came: it is zero for ever, and a quarter of the weights never learns. Their
output gate goes through tanh and then sigmoid, and so stays between 0.27 and 0.73. OpenSTL's attention
mixes up channels and cells besides. Here the memory is updated, the gate is a sigmoid and attention has
its axes, as in the paper. OpenSTL's weights fit, but forecast something else than they did there.

Two things are not as in the paper. The spatial memory enters as the tanh of a convolution of itself, as
in both codes. A convolution over the two steps of the window gives one, which is repeated, as in
OpenSTL; `pad_window` makes it give two.

B: batch, K: step of the window, C: channel in, D: channel out, P: channels of a patch in, Q: channels of
a patch out, W: width of a layer, N: cell of the window, M: cell of all memories, T: history step,
H: horizon step, Y: row, X: column; y, x: row and column of patches.

References:
    Wang et al. 2019, "Eidetic 3D LSTM: A Model for Video Prediction and Beyond", ICLR, section 3.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from models.network import ForecastError, Network, NetworkShape
from models.recurrent.grid import check_grid
from models.recurrent.options import StackConfig
from models.recurrent.sequence import RecurrentCore, RecurrentNetwork, patch_shape
from models.recurrent.spatiotemporal_lstm import FORGET_BIAS

__all__ = ["E3DLSTM", "E3DLSTMConfig", "mean_absolute"]

_WINDOW = 2
"""Frames that are seen at once."""
_LEAST_APART = 1e-8
"""Added to the absolute error, in normalised units."""


@dataclass(frozen=True, kw_only=True)
class E3DLSTMConfig(StackConfig):
    """Options of E3D-LSTM; the defaults are the published ones of Moving MNIST in OpenSTL.

    Its memories are normalised with weights of each cell: it is bound to one size of grid.
    """

    patch: int = 4
    """Cells along a side that are folded into channels; 8 on KTH and Human3.6M."""
    layer_norm: bool = False
    """Normalise the gates over channels, window, rows and columns."""
    pad_window: bool = False
    """Convolve the window and a step of zeros behind it, as the authors' code does; twice the cost."""


class LayerState(NamedTuple):
    """What a layer remembers."""

    hidden: Float[Tensor, "B W K y x"]
    cell: Float[Tensor, "B W K y x"]
    """The memory that stays in the layer."""
    past: Float[Tensor, "B M W"]
    """The cells of all memories before this one, beginning with the zeros that were first."""


class WindowConv(nn.Module):
    """A convolution over window, rows and columns that keeps their size; normalised where wanted."""

    def __init__(
        self,
        channels: int,
        width: int,
        *,
        kernel: int,
        pad_window: bool,
        norm_size: tuple[int, int] | None,
    ) -> None:
        """Take the rows and columns that a layer norm is made for; None: no norm."""
        super().__init__()
        self.conv = nn.Conv3d(
            channels,
            width,
            (_WINDOW, kernel, kernel),
            padding=(0, kernel // 2, kernel // 2),
            bias=False,
        )
        self.norm = nn.LayerNorm([width, _WINDOW, *norm_size]) if norm_size else nn.Identity()
        self._pad_window = pad_window

    def forward(self, frames: Float[Tensor, "B C K y x"]) -> Float[Tensor, "B D K y x"]:
        """Filtered frames."""
        n_steps = frames.shape[2]
        if self._pad_window:
            frames = functional.pad(frames, (0, 0, 0, 0, 0, _WINDOW - 1))
        filtered = self.conv(frames)
        return self.norm(filtered.expand(-1, -1, n_steps, -1, -1))


class EideticCell(nn.Module):
    """One layer: a memory that recalls all its past, one that the layers share, and their gates."""

    def __init__(self, channels: int, config: E3DLSTMConfig, *, size: tuple[int, int]) -> None:
        """Take the rows and columns that it is made for."""
        super().__init__()
        width = config.width

        def convolve(channels: int, width: int) -> WindowConv:
            return WindowConv(
                channels,
                width,
                kernel=config.kernel,
                pad_window=config.pad_window,
                norm_size=size if config.layer_norm else None,
            )

        self.of_frame = convolve(channels, 7 * width)
        self.of_hidden = convolve(width, 4 * width)
        self.of_spatial = convolve(width, 4 * width)
        self.of_new_cell = convolve(width, width)
        self.of_new_spatial = convolve(width, width)
        self.norm = nn.LayerNorm([width, _WINDOW, *size])
        self.merge = nn.Conv3d(2 * width, width, 1, bias=False)

    def forward(
        self,
        frames: Float[Tensor, "B C K y x"],
        spatial: Float[Tensor, "B W K y x"],
        state: LayerState,
    ) -> tuple[Float[Tensor, "B W K y x"], LayerState]:
        """The spatial memory and the state after the frames."""
        enter, candidate, query, leave, *of_frame = self.of_frame(frames).chunk(7, dim=1)
        of_hidden = self.of_hidden(state.hidden).chunk(4, dim=1)
        past = torch.cat([state.past, _flatten(state.cell)], dim=1)
        kept = self.norm(state.cell + recall((query + of_hidden[2]).sigmoid(), past))
        gain = (enter + of_hidden[0]).sigmoid() * (candidate + of_hidden[1]).tanh()
        cell = kept + gain

        enter, candidate, forget = of_frame
        of_spatial = self.of_spatial(spatial).chunk(4, dim=1)
        kept = (forget + of_spatial[1] + FORGET_BIAS).sigmoid() * of_spatial[3].tanh()
        gain = (enter + of_spatial[0]).sigmoid() * (candidate + of_spatial[2]).tanh()
        spatial = kept + gain

        of_memories = self.of_new_cell(cell) + self.of_new_spatial(spatial)
        leave = (leave + of_hidden[3] + of_memories).sigmoid()
        hidden = leave * self.merge(torch.cat([cell, spatial], dim=1)).tanh()
        return spatial, LayerState(hidden, cell, past)


class E3DState(NamedTuple):
    """What all layers remember."""

    last_frame: Tensor
    """The first frame of the window to come; zeros before the first."""
    layers: list[LayerState]
    spatial: Tensor
    """The memory that goes up the layers, and from the topmost to the lowest of the next frame."""


class E3DLSTMCore(RecurrentCore):
    """Layers one above the other; the window of topmost hidden states becomes the next frame."""

    def __init__(self, config: E3DLSTMConfig, shape: NetworkShape) -> None:
        super().__init__()
        channels_in, channels_out, rows, columns = patch_shape(shape, config.patch)
        inputs = [channels_in, *[config.width] * (config.layers - 1)]
        self.cells = nn.ModuleList(
            EideticCell(channels, config, size=(rows, columns)) for channels in inputs
        )
        self.readout = nn.Conv3d(config.width, channels_out, (_WINDOW, 1, 1), bias=False)
        self._rows, self._columns = rows, columns

    def begin(self, frame: Float[Tensor, "B P y x"]) -> E3DState:
        """Zeros.

        Raises:
            ValueError: the frame is of another grid than the network.
        """
        check_grid(frame, rows=self._rows, columns=self._columns)
        width, batch = self.readout.in_channels, frame.shape[0]
        zeros = frame.new_zeros(batch, width, _WINDOW, *frame.shape[-2:])
        layer = LayerState(zeros, zeros, frame.new_zeros(batch, 0, width))
        return E3DState(torch.zeros_like(frame), [layer] * len(self.cells), zeros)

    def forward(
        self, frame: Float[Tensor, "B P y x"], state: E3DState
    ) -> tuple[Float[Tensor, "B Q y x"], E3DState, Float[Tensor, ""]]:
        """The next frame, the state after this one, and nothing to add to the loss."""
        below, spatial = torch.stack([state.last_frame, frame], dim=2), state.spatial
        after = []
        for cell, layer in zip(self.cells, state.layers, strict=True):
            spatial, layer_after = cell(below, spatial, layer)
            below = layer_after.hidden
            after.append(layer_after)
        made = self.readout(below)[:, :, 0]
        return made, E3DState(frame, after, spatial), frame.new_zeros(())


class E3DLSTM(Network):
    """E3D-LSTM in its loop, trained with the absolute error beside the squared one."""

    def __init__(self, config: E3DLSTMConfig, shape: NetworkShape) -> None:
        super().__init__()
        self.loop = RecurrentNetwork(E3DLSTMCore(config, shape), shape, config)

    def forward(self, history: Float[Tensor, "B T C Y X"]) -> Float[Tensor, "B H D Y X"]:
        """Forecast frames, of the history alone."""
        return self.loop(history)

    def training_loss(
        self,
        history: Float[Tensor, "B T C Y X"],
        target: Float[Tensor, "B H D Y X"],
        *,
        error: ForecastError,
        progress: float,
    ) -> Float[Tensor, ""]:
        """Mean squared and mean absolute error of all frames that follow another."""

        def both(forecast: Tensor, truth: Tensor) -> Tensor:
            return error(forecast, truth) + mean_absolute(forecast, truth, error=error)

        return self.loop.training_loss(history, target, error=both, progress=progress)


def mean_absolute(forecast: Tensor, truth: Tensor, *, error: ForecastError) -> Float[Tensor, ""]:
    """Mean absolute error that weighs cells, and leaves out NaN of the truth, as `error` does.

    It is the mean square of the root of the absolute error.
    """
    apart = (forecast - truth.nan_to_num()).abs().float()
    nothing = torch.where(truth.isnan(), truth, 0.0)
    # The slope of a root is infinite at 0.
    return error((apart + _LEAST_APART).sqrt(), nothing)


def recall(
    query: Float[Tensor, "B W K y x"], past: Float[Tensor, "B M W"]
) -> Float[Tensor, "B W K y x"]:
    """Each cell's mean of past memories, weighed by how well they match the query."""
    found = functional.scaled_dot_product_attention(
        _flatten(query)[:, None], past[:, None], past[:, None], scale=1.0
    )
    _, _, steps, rows, columns = query.shape
    return rearrange(found[:, 0], "b (k y x) w -> b w k y x", k=steps, y=rows, x=columns)


def _flatten(frames: Float[Tensor, "B W K y x"]) -> Float[Tensor, "B N W"]:
    """The cells of all steps in a row."""
    return rearrange(frames, "b w k y x -> b (k y x) w")
