"""SimVP: encoder → translator → decoder, all steps of the horizon at once.

    (B T C Y X) → encoder, frame by frame → (B T·S y x) → translator → (B T·S y x) → decoder

B: batch, T: history step, H: horizon step, C: channel in, D: channel out, S: spatial width,
Y: row, X: column; y, x: latent row and column.

References:
    SimVP, arXiv 2206.05099; SimVPv2 (gSTA), arXiv 2211.12509; TAU, arXiv 2206.12126.
"""

from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from models.network import ForecastError, Network, NetworkShape, check_whole
from models.spatial import Decoder, Encoder, pad_to_multiple
from models.translators import TRANSLATORS, TranslatorSpec
from models.translators.tau import DIVERGENCE_WEIGHT, difference_divergence

__all__ = ["SimVP", "SimVPConfig"]

_BEYOND_HISTORY = ("rollout", "projection")
_WITHOUT_DROP_PATH = ("incepu", "convmixer")


@dataclass(frozen=True, kw_only=True)
class SimVPConfig:
    """Options of SimVP; the defaults make the published gSTA network of WeatherBench."""

    translator: str = "gsta"
    """One of `TRANSLATORS`: "gsta" (SimVPv2), "incepu" (SimVP), "tau" (TAU); "convmixer",
    "convnext", "hornet", "moganet", "poolformer", "van" (convolutions), "vit" (attention among all
    cells: its cost grows with the square of their number), "swin" (attention in windows of 4×4
    latent cells), "uniformer" (convolutions, and attention among all cells), "mlpmixer". Any but
    "mlpmixer" take any grid: that one is bound to the height and width it is made for."""
    spatial_width: int = 32
    """Channels of a latent frame, hid_S; even."""
    translator_width: int = 256
    """Channels between the translator's first and last layer, hid_T."""
    spatial_layers: int = 2
    """Blocks of the encoder and of the decoder, N_S; even, every second one halves or doubles."""
    translator_layers: int = 8
    """Blocks of the translator, N_T; "incepu" has as many again on its way up."""
    drop_path: int | float = 0.0
    """Drop rate of the translator's last block; the others rise to it evenly from 0.01.
    None drops at 0. "incepu" and "convmixer" have no drop path."""
    encoder_kernel: int = 3
    """Cells along a side of the encoder's kernels; odd."""
    decoder_kernel: int = 3
    """Cells along a side of the decoder's kernels; odd."""
    mlp_ratio: int | float = 8.0
    """Hidden channels of a block's MLP, as a multiple of its channels; "incepu" and "convmixer"
    have no MLP."""
    circular_longitude: bool = False
    """Columns go round the globe: every convolution sees the last column beside the first.
    "mlpmixer" cannot; "swin" shifts its windows across, but they lie fixed in the grid."""
    masked_windows: bool = True
    """"swin" only: windows shifted over an edge of the grid do not see the opposite edge, as in its
    paper; across the columns they do where these go round the globe. False, as in the reference
    code: they see it."""
    beyond_history: str = "rollout"
    """How a horizon other than the history is made. "rollout", as published: blocks as long as the
    history are fed back, gradients go through them, and the last one is cut. "projection": the
    translator puts out the whole horizon, and the skip frames are mixed over time by a learnt 1×1.
    Both are the published network where horizon and history are equal."""

    def __post_init__(self) -> None:
        if self.translator not in TRANSLATORS:
            raise ValueError(
                f"translator {self.translator!r} is unknown; known: {', '.join(TRANSLATORS)}."
            )
        check_whole("spatial_width", self.spatial_width, at_least=2, multiple_of=2)
        check_whole("translator_width", self.translator_width, at_least=2)
        check_whole("spatial_layers", self.spatial_layers, at_least=2, multiple_of=2)
        check_whole("translator_layers", self.translator_layers, at_least=2)
        for name in ("encoder_kernel", "decoder_kernel"):
            kernel = getattr(self, name)
            check_whole(name, kernel, at_least=1)
            if kernel % 2 == 0:
                raise ValueError(f"{name} must be odd, but it is {kernel}.")
        if not 0 <= self.drop_path < 1:
            raise ValueError(
                f"drop_path must be at least 0 and below 1, but it is {self.drop_path}."
            )
        if self.translator in _WITHOUT_DROP_PATH and self.drop_path:
            raise ValueError(
                f"translator {self.translator!r} has no drop path, but drop_path is "
                f"{self.drop_path}; set it to 0."
            )
        if self.translator == "mlpmixer" and self.circular_longitude:
            raise ValueError(
                "translator 'mlpmixer' has weights for each cell of the grid, so its columns cannot "
                "go round the globe; leave circular_longitude out, or take another translator."
            )
        if not self.mlp_ratio > 0:
            raise ValueError(f"mlp_ratio must be above 0, but it is {self.mlp_ratio}.")
        if self.beyond_history not in _BEYOND_HISTORY:
            raise ValueError(
                f"beyond_history must be one of {', '.join(_BEYOND_HISTORY)}, but it is "
                f"{self.beyond_history!r}."
            )


class SimVP(Network):
    """Encoder, translator and decoder, with one skip from the encoder's first block."""

    def __init__(self, config: SimVPConfig, shape: NetworkShape) -> None:
        """With fresh weights.

        Raises:
            ValueError: a horizon beyond the history needs a rollout, but the network puts out other
                channels than it takes.
        """
        super().__init__()
        self.config = config
        self.horizon = shape.horizon
        rolls_out = config.beyond_history == "rollout"
        if rolls_out and shape.horizon > shape.history and shape.channels_in != shape.channels_out:
            raise ValueError(
                f"A horizon of {shape.horizon} from a history of {shape.history} feeds forecasts "
                f"back, but the network takes {shape.channels_in} channels and puts out "
                f"{shape.channels_out}; set beyond_history = 'projection', or a horizon of at most "
                f"{shape.history}."
            )
        self.block_steps = shape.history if rolls_out else shape.horizon
        # Frames are padded until they halve without a rest.
        coarser = 2 ** (config.spatial_layers // 2)
        self.encoder = Encoder(
            shape.channels_in,
            config.spatial_width,
            layers=config.spatial_layers,
            kernel=config.encoder_kernel,
            circular=config.circular_longitude,
        )
        self.translator = TRANSLATORS[config.translator](
            TranslatorSpec(
                channels_in=shape.history * config.spatial_width,
                channels_out=self.block_steps * config.spatial_width,
                width=config.translator_width,
                layers=config.translator_layers,
                mlp_ratio=config.mlp_ratio,
                drop_path=config.drop_path,
                circular=config.circular_longitude,
                rows=-(-shape.height // coarser),
                columns=-(-shape.width // coarser),
                masked_windows=config.masked_windows,
            )
        )
        self.skip_mixer = (
            nn.Identity()
            if self.block_steps == shape.history
            else _skip_mixer(shape.history, self.block_steps)
        )
        self.decoder = Decoder(
            config.spatial_width,
            shape.channels_out,
            layers=config.spatial_layers,
            kernel=config.decoder_kernel,
            circular=config.circular_longitude,
        )

    def forward(self, history: Float[Tensor, "B T C Y X"]) -> Float[Tensor, "B H D Y X"]:
        """Forecast frames, of the history alone."""
        blocks = []
        for start in range(0, self.horizon, self.block_steps):
            history = self._forecast_block(
                history, steps=min(self.block_steps, self.horizon - start)
            )
            blocks.append(history)
        return blocks[0] if len(blocks) == 1 else torch.cat(blocks, dim=1)

    def training_loss(
        self,
        history: Float[Tensor, "B T C Y X"],
        target: Float[Tensor, "B H D Y X"],
        *,
        error: ForecastError,
        progress: float,
    ) -> Float[Tensor, ""]:
        """The error of the forecast; TAU adds 0.1 × the divergence of its changes."""
        forecast = self(history)
        loss = error(forecast, target)
        if self.config.translator == "tau":
            loss = loss + DIVERGENCE_WEIGHT * difference_divergence(forecast, target)
        return loss

    def _forecast_block(
        self, history: Float[Tensor, "B T C Y X"], *, steps: int
    ) -> Float[Tensor, "B steps D Y X"]:
        n_batch, _, _, n_rows, n_columns = history.shape
        frames = pad_to_multiple(
            history.flatten(0, 1),  # (B·T, C, Y, X)
            multiple=2 ** (self.config.spatial_layers // 2),
            circular=self.config.circular_longitude,
        )
        latent, skip = self.encoder(frames)  # (B·T, S, y, x), (B·T, S, Y, X)
        latent = self.translator(rearrange(latent, "(b t) s y x -> b (t s) y x", b=n_batch))
        latent = latent.unflatten(1, (self.block_steps, -1))  # (B, steps of a block, S, y, x)
        skip = self._mix_skip(skip.unflatten(0, (n_batch, -1)))  # (B, steps of a block, S, Y, X)
        # Frames are decoded each for itself, so those that nobody wants are cut before.
        forecast = self.decoder(latent[:, :steps].flatten(0, 1), skip[:, :steps].flatten(0, 1))
        return forecast[..., :n_rows, :n_columns].unflatten(0, (n_batch, steps))

    def _mix_skip(self, skip: Float[Tensor, "B T S Y X"]) -> Float[Tensor, "B steps S Y X"]:
        return self.skip_mixer(skip.flatten(2)).unflatten(2, skip.shape[2:])


def _skip_mixer(history: int, steps: int) -> nn.Conv1d:
    """A mix over time that starts as step t of the skip for step t, the last one beyond."""
    mixer = nn.Conv1d(history, steps, 1, bias=False)
    with torch.no_grad():
        mixer.weight.zero_()
        for step in range(steps):
            mixer.weight[step, min(step, history - 1)] = 1
    return mixer
