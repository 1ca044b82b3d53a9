"""Options that all stacks of recurrent cells share; each network's config adds its own."""

from dataclasses import dataclass

from models.network import check_whole
from models.recurrent.sampling import SAMPLINGS

__all__ = ["LOSS_FRAMES", "StackConfig", "check_loop"]

LOSS_FRAMES = ("all", "forecast")
"""Frames that the loss is taken over: all but the first, as published, or those of the horizon."""


@dataclass(frozen=True, kw_only=True)
class StackConfig:
    """Cells on top of each other in their loop; the defaults are OpenSTL's for Moving MNIST."""

    width: int = 128
    """Channels of each layer."""
    layers: int = 4
    """Cells on top of each other."""
    kernel: int = 5
    """Cells along a side of the convolutions; odd."""
    patch: int = 4
    """Cells along a side that are folded into channels."""
    sampling: str = "scheduled"
    """One of `models.recurrent.sampling.SAMPLINGS`."""
    sampling_until: int | float = 0.4
    """Fraction of the training after which only own forecasts follow the history."""
    loss_frames: str = "all"
    """"all" but the first, as published, or those of the "forecast"."""

    def __post_init__(self) -> None:
        check_whole("width", self.width, at_least=1)
        check_whole("layers", self.layers, at_least=1)
        check_whole("kernel", self.kernel, at_least=1)
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, but it is {self.kernel}.")
        check_loop(
            patch=self.patch,
            sampling=self.sampling,
            sampling_until=self.sampling_until,
            loss_frames=self.loss_frames,
        )


def check_loop(*, patch: int, sampling: str, sampling_until: float, loss_frames: str) -> None:
    """Raise ValueError unless the options that all recurrent networks have are in their ranges."""
    check_whole("patch", patch, at_least=1)
    if sampling not in SAMPLINGS:
        raise ValueError(f"sampling {sampling!r} is unknown; known: {', '.join(SAMPLINGS)}.")
    if not 0 < sampling_until <= 1:
        raise ValueError(
            f"sampling_until is a fraction of the training, above 0 and up to 1, but it is "
            f"{sampling_until}."
        )
    if loss_frames not in LOSS_FRAMES:
        raise ValueError(
            f"loss_frames {loss_frames!r} is unknown; known: {', '.join(LOSS_FRAMES)}."
        )
