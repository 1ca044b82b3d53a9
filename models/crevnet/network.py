"""CrevNet in its loop: clips of three frames, each one frame on from the last.

B: batch, T: history step, H: horizon step, S: step forecast, C: channel in, D: channel out, K: frame of
a clip, Y: row, X: column.

References:
    Yu et al. 2019, arXiv 1910.11577; Yu et al., "Efficient and information-preserving future frame
    prediction and beyond", ICLR 2020. The reference code takes one channel of 64×64 cells and a fixed
    batch, and forecasts from the last clip alone, with nothing remembered of the clips before it. Here
    channels, sizes and batches are free, and a forecast starts from what the whole history has left in
    the memories. The reference steps autoencoder and predictor with an optimiser each; here they are one
    network with one optimiser. Activations are kept for the backward pass; that they could be computed
    again instead is not made use of.
"""

from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from models.crevnet.autoencoder import COARSENING, TwoWayAutoencoder
from models.crevnet.predictor import ReversiblePredictor
from models.network import ForecastError, Network, NetworkShape, check_whole
from models.recurrent.options import check_loop
from models.recurrent.sampling import draw_truth_fed, truth_chances

__all__ = ["CrevNet", "CrevNetConfig"]


@dataclass(frozen=True, kw_only=True)
class CrevNetConfig:
    """Options of CrevNet; the defaults make the published one for Moving MNIST.

    Rows and columns must be multiples of 8, and are refused otherwise. The predictor's width is no
    option: it is 32 for each channel of a frame, so that ten channels cost a hundred times as much as
    one.
    """

    fine_blocks: int = 4
    """Blocks of the autoencoder on cells of 2×2."""
    middle_blocks: int = 5
    """Blocks on cells of 4×4."""
    coarse_blocks: int = 3
    """Blocks on cells of 8×8."""
    layers: int = 8
    """Layers of the predictor."""
    clip: int = 3
    """Frames that are looked at together; the history has at least as many."""
    sampling: str = "scheduled"
    """One of `models.recurrent.sampling.SAMPLINGS`, for clips in place of frames."""
    sampling_until: int | float = 0.4
    """Fraction of the training after which only own forecasts follow the history."""
    loss_frames: str = "all"
    """"all" frames of all clips but the first, as published, or those of the "forecast"."""
    last_clip_only: bool = False
    """Forecast from the last clip alone, as the reference code does. Training sees the whole history."""

    def __post_init__(self) -> None:
        for name in ("fine_blocks", "middle_blocks", "coarse_blocks", "layers", "clip"):
            check_whole(name, getattr(self, name), at_least=1)
        check_loop(
            patch=1,
            sampling=self.sampling,
            sampling_until=self.sampling_until,
            loss_frames=self.loss_frames,
        )


class CrevNet(Network):
    """A clip is encoded, moved one step on, and decoded; the clip that comes out is the next to go in.

    Where more channels come in than go out (extra inputs), a clip that is fed back has those of its own
    frames as far as they were seen, then those of the last frame seen.
    """

    def __init__(self, config: CrevNetConfig, shape: NetworkShape) -> None:
        super().__init__()
        _check_shape(config, shape)
        self.autoencoder = TwoWayAutoencoder(
            shape.channels_in,
            blocks=(config.fine_blocks, config.middle_blocks, config.coarse_blocks),
        )
        self.predictor = ReversiblePredictor(self.autoencoder.half_channels, layers=config.layers)
        self._config = config
        self._horizon = shape.horizon
        self._channels_out = shape.channels_out

    def forward(self, history: Float[Tensor, "B T C Y X"]) -> Float[Tensor, "B H D Y X"]:
        """Forecast frames, of the history alone: the last of each clip."""
        if self._config.last_clip_only:
            history = history[:, -self._config.clip :]
        return self._unroll(history)[:, -self._horizon :, -1]

    def training_loss(
        self,
        history: Float[Tensor, "B T C Y X"],
        target: Float[Tensor, "B H D Y X"],
        *,
        error: ForecastError,
        progress: float,
    ) -> Float[Tensor, ""]:
        """The error of all clips that follow another, each frame counted in each clip that holds it."""
        config = self._config
        fed = draw_truth_fed(
            truth_chances(config.sampling, progress, until=config.sampling_until),
            batch=history.shape[0],
            history=history.shape[1] - config.clip + 1,
            horizon=self._horizon,
            device=history.device,
        )
        clips = self._unroll(history, target=target, fed=fed)
        if config.loss_frames == "forecast":
            return error(clips[:, -self._horizon :, -1], target)
        frames = torch.cat([history[:, :, : self._channels_out], target], dim=1)
        truth = rearrange(frames.unfold(1, config.clip, 1), "b s d y x k -> b s k d y x")[:, 1:]
        return error(clips.flatten(1, 2), truth.flatten(1, 2))

    def _unroll(
        self,
        history: Float[Tensor, "B T C Y X"],
        *,
        target: Float[Tensor, "B H D Y X"] | None = None,
        fed: Bool[Tensor, "B S"] | None = None,
    ) -> Float[Tensor, "B S K D Y X"]:
        """The forecasts of the clips that begin with frames 2 … T + H − K + 1.

        Args:
            target: truth of the horizon, NaN where unknown; only clips that `fed` names are seen.
            fed: clips that are fed from the truth; without it those of the history.
        """
        n_frames = self._config.clip
        known = history[:, :, : self._channels_out]
        if target is not None:
            known = torch.cat([known, target], dim=1)
        state, clips = None, []
        for step in range(history.shape[1] - n_frames + self._horizon):
            truth = known[:, step : step + n_frames]
            if truth.shape[1] < n_frames:
                clip = clips[-1]
            else:
                clip = _choose(truth, clips, None if fed is None else fed[:, step])
            steps = [min(step + later, history.shape[1] - 1) for later in range(n_frames)]
            clip = torch.cat([clip, history[:, steps, self._channels_out :]], dim=2)
            left, right = self.autoencoder(rearrange(clip, "b k c y x -> b c k y x"))
            state = self.predictor.begin(left) if state is None else state
            left, right, state = self.predictor(left, right, state)
            made = rearrange(self.autoencoder.decode(left, right), "b c k y x -> b k c y x")
            clips.append(made[:, :, : self._channels_out])
        return torch.stack(clips, dim=1)


def _choose(truth: Tensor, clips: list[Tensor], fed: Tensor | None) -> Tensor:
    """The clip to see: the truth where it is known and is to be fed, else the last forecast."""
    if not clips:
        return truth
    from_truth = ~truth.isnan()
    if fed is not None:
        from_truth &= fed[:, None, None, None, None]
    return torch.where(from_truth, truth, clips[-1])


def _check_shape(config: CrevNetConfig, shape: NetworkShape) -> None:
    for name, size in (("height", shape.height), ("width", shape.width)):
        if size % COARSENING:
            raise ValueError(
                f"CrevNet needs rows and columns in multiples of {COARSENING}, but {name} is {size}; "
                f"crop, pad or regrid the frames to such a multiple."
            )
    if shape.history < config.clip:
        raise ValueError(
            f"CrevNet sees clips of {config.clip} frames, but history is {shape.history}; lengthen the "
            f"history, or set clip to at most {shape.history}."
        )
    if shape.channels_out > shape.channels_in:
        raise ValueError(
            f"CrevNet feeds its forecasts back, but it takes {shape.channels_in} channels and puts out "
            f"{shape.channels_out}; put out at most as many as it takes."
        )
