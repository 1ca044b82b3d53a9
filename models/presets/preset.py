"""A published configuration: network, window and training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from models import build_network
from models.network import Network

__all__ = ["Preset", "simvp_options"]


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A network on a dataset, as published."""

    name: str
    """Dataset, its variable or kind, network."""
    dataset: str
    """Name of the dataset, as in `stforecast train NAME`."""
    network: str
    """One of `models.NETWORKS`."""
    options: Mapping[str, Any]
    """The network's options."""
    history: int
    """Steps seen."""
    horizon: int
    """Steps forecast."""
    channels: int
    """Channels of a frame, in and out."""
    height: int
    """Rows of a frame."""
    width: int
    """Columns of a frame."""
    learning_rate: float
    """Highest learning rate of the schedule; Adam without weight decay."""
    schedule: Literal["cosine", "onecycle"]
    """"cosine": a step an epoch, down to 1e-6; "onecycle": a step a batch."""
    epochs: int
    """Passes over the training windows."""
    normalisation: Literal["zscore", "minmax01"] = "zscore"
    """Of each channel: mean 0 and deviation 1, or the range 0 to 1."""
    warmup_epochs: int = 0
    """Cosine only: epochs of a linear rise from 1e-5."""
    batch_size: int = 16
    """Windows a step, over all processes together."""
    windows_per_epoch: int = 10_000
    """Of training windows that are made on the fly, how many an epoch has."""
    parameters: int | None
    """Trainable values of the reference code; rounds to the published number. None where none is
    published."""
    unused: int = 0
    """Values among `parameters` that the reference code holds and never uses; the network here has none
    of them."""
    macs: float | None
    """Multiply-adds of one pass to `counted_horizon`, one window, as published (there a normalisation
    counts as well). None where none is published."""
    variables: tuple[str, ...] | None = None
    """What the channels are; None where the dataset leaves no choice."""
    time_step: str | None = None
    """Between frames; None where the dataset leaves no choice."""
    note: str = ""
    """Where published and shipped configurations differ, and what is not published."""

    @property
    def counted_horizon(self) -> int:
        """Steps of the pass that the tables count.

        SimVP puts out a block as long as its history, and further ones by rollout; all others go on,
        frame by frame, to their horizon.
        """
        return self.history if self.network == "simvp" else self.horizon

    def build(self, *, horizon: int | None = None) -> Network:
        """The network in the preset's own sizes, with fresh weights.

        Args:
            horizon: steps forecast in one call; the preset's own unless given.
        """
        return build_network(
            self.network,
            self.options,
            history=self.history,
            horizon=self.horizon if horizon is None else horizon,
            channels_in=self.channels,
            channels_out=self.channels,
            height=self.height,
            width=self.width,
        )


def simvp_options(
    translator: str,
    spatial_width: int,
    translator_width: int,
    spatial_layers: int,
    translator_layers: int,
    *,
    drop_path: float = 0.0,
) -> dict[str, Any]:
    """Options of SimVP in the order of the papers' tables: hid_S, hid_T, N_S, N_T."""
    return {
        "translator": translator,
        "spatial_width": spatial_width,
        "translator_width": translator_width,
        "spatial_layers": spatial_layers,
        "translator_layers": translator_layers,
        "drop_path": drop_path,
    }
