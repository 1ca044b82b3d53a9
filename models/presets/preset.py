"""A published configuration: network, window and training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

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
    parameters: int | None
    """Trainable values; rounds to the published number. None where none is published."""
    macs: float | None
    """Multiply-adds of one pass from `history` to as many steps, one window, as published (there
    a normalisation counts as well). None where none is published."""
    note: str = ""
    """Where published and shipped configurations differ, and what is not published."""


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
