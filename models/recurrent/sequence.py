"""The loop of the recurrent networks: one frame in, the next one out, forecasts fed back.

B: batch, T: history step, H: horizon step, S: step forecast, C: channel in, D: channel out, P: channels
of a patch in, Q: channels of a patch out, Y: row, X: column; y, x: row and column of patches.
"""

from abc import ABC, abstractmethod
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.network import ForecastError, Network, NetworkShape
from models.recurrent.options import StackConfig
from models.recurrent.patches import fold, unfold
from models.recurrent.sampling import draw_truth_fed, truth_chances

__all__ = ["RecurrentCore", "RecurrentNetwork", "patch_shape"]


class RecurrentCore(nn.Module, ABC):
    """Cells that take one frame of patches after another; purely abstract."""

    @abstractmethod
    def begin(self, frame: Float[Tensor, "B P y x"]) -> Any:
        """The state before the first frame, with nothing remembered of other windows."""

    @abstractmethod
    def forward(
        self, frame: Float[Tensor, "B P y x"], state: Any
    ) -> tuple[Float[Tensor, "B Q y x"], Any, Float[Tensor, ""]]:
        """The next frame, the state after this one, and what the step adds to the loss (0 for most)."""


class RecurrentNetwork(Network):
    """A core in its loop, trained with scheduled sampling.

    Where more channels come in than go out (extra inputs), a frame that is fed back keeps the extra ones
    of the last frame seen.
    """

    def __init__(
        self,
        core: RecurrentCore,
        shape: NetworkShape,
        config: StackConfig,
    ) -> None:
        """Take the core, which sees patches of `config.patch`² cells, and how it is trained."""
        super().__init__()
        self.core = core
        self.horizon = shape.horizon
        self._patch = config.patch
        self._channels_out = shape.channels_out
        self._config = config

    def forward(self, history: Float[Tensor, "B T C Y X"]) -> Float[Tensor, "B H D Y X"]:
        """Forecast frames, of the history alone."""
        return self._unroll(history, fed=None, target=None)[0][:, -self.horizon :]

    def training_loss(
        self,
        history: Float[Tensor, "B T C Y X"],
        target: Float[Tensor, "B H D Y X"],
        *,
        error: ForecastError,
        progress: float,
    ) -> Float[Tensor, ""]:
        """The error of all frames that follow another, and what the core adds at each step."""
        fed = draw_truth_fed(
            truth_chances(self._config.sampling, progress, until=self._config.sampling_until),
            batch=history.shape[0],
            history=history.shape[1],
            horizon=self.horizon,
            device=history.device,
        )
        forecast, penalty = self._unroll(history, fed=fed, target=target)
        truth = torch.cat([history[:, 1:, : self._channels_out], target], dim=1)
        if self._config.loss_frames == "forecast":
            forecast, truth = forecast[:, -self.horizon :], target
        return error(forecast, truth) + penalty

    def _unroll(
        self, history: Tensor, *, fed: Tensor | None, target: Tensor | None
    ) -> tuple[Float[Tensor, "B S D Y X"], Tensor]:
        """The forecasts of frames 2 … T + H, and the mean of what the steps add to the loss.

        Args:
            fed: frames that are fed from the truth, (batch, step); without it those of the history.
            target: truth of the horizon, NaN where unknown; only frames that `fed` names are seen.
        """
        n_seen, (height, width) = history.shape[1], history.shape[-2:]
        known = history[:, :, : self._channels_out]
        if target is not None:
            known = torch.cat([known, target], dim=1)
        state, forecasts, penalties = None, [], []
        for step in range(n_seen + self.horizon - 1):
            truth = known[:, step : step + 1] if step < known.shape[1] else None
            frame = _choose(truth, forecasts, None if fed is None else fed[:, step])
            extra = history[:, min(step, n_seen - 1), self._channels_out :]
            frame = torch.cat([frame, extra[:, None]], dim=2)
            patches = fold(frame, patch=self._patch)[:, 0]
            state = self.core.begin(patches) if state is None else state
            made, state, penalty = self.core(patches, state)
            forecasts.append(unfold(made[:, None], patch=self._patch, height=height, width=width))
            penalties.append(penalty)
        return torch.cat(forecasts, dim=1), torch.stack(penalties).mean()


def _choose(truth: Tensor | None, forecasts: list[Tensor], fed: Tensor | None) -> Tensor:
    """The frame to see: the truth where there is one and it is to be fed, else the last forecast."""
    if truth is None:
        return forecasts[-1]
    if not forecasts:
        return truth
    from_truth = ~torch.isnan(truth)
    if fed is not None:
        from_truth &= fed[:, None, None, None, None]
    return torch.where(from_truth, truth, forecasts[-1])


def patch_shape(shape: NetworkShape, patch: int) -> tuple[int, int, int, int]:
    """Channels in and out of a patch, rows and columns of patches."""
    cells = patch**2
    rows, columns = -(-shape.height // patch), -(-shape.width // patch)
    return cells * shape.channels_in, cells * shape.channels_out, rows, columns
