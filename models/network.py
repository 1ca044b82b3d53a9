"""The contract of all networks, and the shape of what they take and give.

B: batch, T: history step, H: horizon step, C: channel in, D: channel out, Y: row, X: column.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["ForecastError", "Network", "NetworkShape", "check_whole"]

ForecastError = Callable[[Tensor, Tensor], Tensor]
"""(forecast, target) → mean squared error, a scalar; NaN in the target is left out."""


class Network(nn.Module, ABC):
    """A torch module that forecasts and knows its own training loss; purely abstract."""

    @abstractmethod
    def forward(self, history: Float[Tensor, "B T C Y X"]) -> Float[Tensor, "B H D Y X"]:
        """Forecast frames, of the history alone."""

    @abstractmethod
    def training_loss(
        self,
        history: Float[Tensor, "B T C Y X"],
        target: Float[Tensor, "B H D Y X"],
        *,
        error: ForecastError,
        progress: float,
    ) -> Float[Tensor, ""]:
        """What training lowers.

        Args:
            history: frames seen, without NaN.
            target: frames to forecast; NaN where unknown. A network may see them here (scheduled
                sampling), never in `forward`.
            error: compares frames with the target; leaves out NaN, may weigh cells.
            progress: fraction of the training that is done, from 0 to 1.
        """


@dataclass(frozen=True, kw_only=True)
class NetworkShape:
    """What a network takes and gives."""

    history: int
    """Steps seen."""
    horizon: int
    """Steps forecast in one call."""
    channels_in: int
    """Channels of a frame seen: first those that are forecast, then extra inputs."""
    channels_out: int
    """Channels of a frame forecast."""
    height: int
    """Rows of a frame."""
    width: int
    """Columns of a frame."""

    def __post_init__(self) -> None:
        for field in fields(self):
            check_whole(field.name, getattr(self, field.name), at_least=1)


def check_whole(name: str, value: Any, *, at_least: int, multiple_of: int = 1) -> None:
    """Raise ValueError unless the value is a whole number in its range."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or value < at_least or value % multiple_of:
        kind = {1: "a whole number", 2: "an even number"}[multiple_of]
        raise ValueError(f"{name} must be {kind} of at least {at_least}, but it is {value!r}.")
