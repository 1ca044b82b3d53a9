"""PhyDNet: a physical branch (PhyCell) and a residual one (ConvLSTM), decoded together.

B: batch, T: history step, H: horizon step, S: step forecast, C: channel in, D: channel out, W: latent
width, Y: row, X: column; y, x: latent row and column.

References:
    Le Guen and Thome 2020, arXiv 2003.01460, section 3. In OpenSTL the method takes the network's loss
    for a forecast and lowers its distance from the target, so that the loss itself is raised wherever it
    is below the target's mean; its decoder ends in a sigmoid, which cannot forecast values below 0; and
    its teacher forcing, 1 − 0.003 · epoch, has hardly begun to fall when a training of 50 epochs ends.
    Here the network's loss is what is lowered, the output is linear unless asked otherwise, and teacher
    forcing is a fraction of the training.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from models.network import ForecastError, Network, NetworkShape, check_whole
from models.recurrent.options import check_loop
from models.recurrent.phycell import PhyCell
from models.spatial import pad_to_multiple

__all__ = ["PhyDNet", "PhyDNetConfig"]

State = tuple[Tensor, list[tuple[Tensor, Tensor]]]
"""Hidden state of the PhyCell; hidden state and memory of each residual layer."""

_GROUPS = 16
"""Groups of a normalisation of frames: half the latent width is a multiple of it."""


@dataclass(frozen=True, kw_only=True)
class PhyDNetConfig:
    """Options of PhyDNet; the defaults make the published one for Moving MNIST."""

    width: int = 64
    """Channels of the latent frames and of the PhyCell; a multiple of 32."""
    residual_width: int = 128
    """Channels of the residual ConvLSTM's layers but the last, which has `width`."""
    residual_layers: int = 3
    """Layers of the residual ConvLSTM."""
    physics_kernel: int = 7
    """Cells along a side of the PhyCell's filters; odd. It has as many filters as one has cells."""
    patch: int = 4
    """Cells along a side of a latent cell; even. 2 for TaxiBJ."""
    moment_weight: int | float = 1.0
    """Weight of the moment loss against the sum of the frames' errors."""
    sampling_until: int | float = 0.4
    """Fraction of the training after which no horizon is fed from the truth; until then horizons are,
    as a whole and ever less often."""
    loss_frames: str = "all"
    """"all" but the first, as published, or those of the "forecast"."""
    sigmoid_output: bool = False
    """Forecast values between 0 and 1 only, as OpenSTL's PhyDNet does."""

    def __post_init__(self) -> None:
        check_whole("width", self.width, at_least=1)
        if self.width % (2 * _GROUPS):
            raise ValueError(f"width must be a multiple of {2 * _GROUPS}, but it is {self.width}.")
        check_whole("residual_width", self.residual_width, at_least=1)
        check_whole("residual_layers", self.residual_layers, at_least=1)
        check_whole("physics_kernel", self.physics_kernel, at_least=1)
        if self.physics_kernel % 2 == 0:
            raise ValueError(f"physics_kernel must be odd, but it is {self.physics_kernel}.")
        check_whole("patch", self.patch, at_least=2, multiple_of=2)
        if self.moment_weight < 0:
            raise ValueError(f"moment_weight must be at least 0, but it is {self.moment_weight}.")
        check_loop(
            patch=self.patch,
            sampling="scheduled",
            sampling_until=self.sampling_until,
            loss_frames=self.loss_frames,
        )


class PhyDNet(Network):
    """The two branches in their loop: one frame in, the next one out, forecasts fed back.

    Where more channels come in than go out (extra inputs), a frame that is fed back keeps the extra ones
    of the last frame seen.
    """

    def __init__(self, config: PhyDNetConfig, shape: NetworkShape) -> None:
        super().__init__()
        if shape.channels_out > shape.channels_in:
            raise ValueError(
                f"PhyDNet feeds its forecasts back, but it takes {shape.channels_in} channels and puts "
                f"out {shape.channels_out}; put out at most as many as it takes."
            )
        self.step = PhyDNetStep(config, shape)
        self._config = config
        self._horizon = shape.horizon
        self._channels_out = shape.channels_out

    def forward(self, history: Float[Tensor, "B T C Y X"]) -> Float[Tensor, "B H D Y X"]:
        """Forecast frames, of the history alone."""
        return self._unroll(history)[:, -self._horizon :]

    def training_loss(
        self,
        history: Float[Tensor, "B T C Y X"],
        target: Float[Tensor, "B H D Y X"],
        *,
        error: ForecastError,
        progress: float,
    ) -> Float[Tensor, ""]:
        """The error of the frames, and how far the physical filters are from derivatives.

        Published is the sum of the frames' errors plus the moment loss; this is that sum divided by the
        number of frames, which keeps their ratio, and the size of other networks' losses.
        """
        chance = max(1 - progress / self._config.sampling_until, 0.0)
        forced = torch.rand(len(history), device=history.device) < chance
        forecast = self._unroll(history, target=target, forced=forced)
        truth = torch.cat([history[:, 1:, : self._channels_out], target], dim=1)
        if self._config.loss_frames == "forecast":
            forecast, truth = forecast[:, -self._horizon :], target
        moments = self.step.physics.moment_loss() / forecast.shape[1]
        return error(forecast, truth) + self._config.moment_weight * moments

    def _unroll(
        self,
        history: Float[Tensor, "B T C Y X"],
        *,
        target: Float[Tensor, "B H D Y X"] | None = None,
        forced: Bool[Tensor, " B"] | None = None,
    ) -> Float[Tensor, "B S D Y X"]:
        """The forecasts of frames 2 … T + H.

        Args:
            target: truth of the horizon, NaN where unknown; without it only own forecasts are seen.
            forced: windows whose horizon is fed from the truth.
        """
        state, forecasts = self.step.begin(history[:, 0]), []
        for frame in history.unbind(dim=1):
            made, state = self.step(frame, state)
            forecasts.append(made)
        extra = history[:, -1, self._channels_out :]
        for lead in range(self._horizon - 1):
            frame = forecasts[-1]
            if target is not None and forced is not None:
                truth = target[:, lead]
                frame = torch.where(forced[:, None, None, None] & ~truth.isnan(), truth, frame)
            made, state = self.step(torch.cat([frame, extra], dim=1), state)
            forecasts.append(made)
        return torch.stack(forecasts, dim=1)


class PhyDNetStep(nn.Module):
    """Encoder, two branches and decoder: one frame to the next."""

    def __init__(self, config: PhyDNetConfig, shape: NetworkShape) -> None:
        super().__init__()
        width, coarsen = config.width, config.patch // 2
        self.encoder = nn.Sequential(
            _block(shape.channels_in, width // 2, stride=2),
            _block(width // 2, width // 2),
            _block(width // 2, width, stride=coarsen),
        )
        self.physics_encoder = nn.Sequential(_block(width, width), _block(width, width))
        self.residual_encoder = nn.Sequential(_block(width, width), _block(width, width))
        self.physics = PhyCell(width, kernel=config.physics_kernel)
        widths = [width, *[config.residual_width] * (config.residual_layers - 1), width]
        self.residual = nn.ModuleList(ResidualCell(below, own) for below, own in pairwise(widths))
        self.physics_decoder = nn.Sequential(_block_up(width, width), _block_up(width, width))
        self.residual_decoder = nn.Sequential(_block_up(width, width), _block_up(width, width))
        self.decoder = nn.Sequential(
            _block_up(width, width // 2, stride=2),
            _block_up(width // 2, width // 2),
            _transposed(width // 2, shape.channels_out, stride=coarsen),
            nn.Sigmoid() if config.sigmoid_output else nn.Identity(),
        )
        self._patch = config.patch

    def begin(self, frame: Float[Tensor, "B C Y X"]) -> State:
        """Zeros: nothing is remembered of other windows."""
        rows, columns = (-(-size // self._patch) for size in frame.shape[-2:])

        def zeros(width: int) -> Tensor:
            return frame.new_zeros(len(frame), width, rows, columns)

        widths = [cell.width for cell in self.residual if isinstance(cell, ResidualCell)]
        physical = zeros(self.physics.combine.out_channels)
        return physical, [(zeros(width), zeros(width)) for width in widths]

    def forward(
        self, frame: Float[Tensor, "B C Y X"], state: State
    ) -> tuple[Float[Tensor, "B D Y X"], State]:
        """The next frame, and the state after this one."""
        height, width = frame.shape[-2:]
        latent = self.encoder(pad_to_multiple(frame, multiple=self._patch, circular=False))
        physical = self.physics(self.physics_encoder(latent), state[0])
        below, after = self.residual_encoder(latent), []
        for cell, (hidden, memory) in zip(self.residual, state[1], strict=True):
            below, memory = cell(below, hidden, memory)
            after.append((below, memory))
        forecast = self.decoder(self.physics_decoder(physical) + self.residual_decoder(below))
        return forecast[..., :height, :width], (physical, after)


class ResidualCell(nn.Module):
    """A ConvLSTM layer whose gates are one convolution of the frame and the hidden state, with bias."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.gates = nn.Conv2d(channels + width, 4 * width, 3, padding=1)

    def forward(
        self,
        frame: Float[Tensor, "B C y x"],
        hidden: Float[Tensor, "B W y x"],
        memory: Float[Tensor, "B W y x"],
    ) -> tuple[Float[Tensor, "B W y x"], Float[Tensor, "B W y x"]]:
        """Hidden state and memory after the frame."""
        gates = self.gates(torch.cat([frame, hidden], dim=1))
        enter, forget, leave, candidate = gates.chunk(4, dim=1)
        memory = forget.sigmoid() * memory + enter.sigmoid() * candidate.tanh()
        return leave.sigmoid() * memory.tanh(), memory


def _block(channels_in: int, channels_out: int, *, stride: int = 1) -> nn.Sequential:
    """A convolution that makes frames `stride` times coarser, a normalisation and an activation."""
    convolution = nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1)
    return _normalised(convolution, channels_out)


def _block_up(channels_in: int, channels_out: int, *, stride: int = 1) -> nn.Sequential:
    """The way back of a block: frames `stride` times finer."""
    return _normalised(_transposed(channels_in, channels_out, stride=stride), channels_out)


def _transposed(channels_in: int, channels_out: int, *, stride: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(
        channels_in, channels_out, 3, stride=stride, padding=1, output_padding=stride - 1
    )


def _normalised(convolution: nn.Module, channels: int) -> nn.Sequential:
    return nn.Sequential(convolution, nn.GroupNorm(_GROUPS, channels), nn.LeakyReLU(0.2))
