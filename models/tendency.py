"""A network that forecasts the change from the last seen frame instead of the frame itself.

B: batch, T: history step, H: horizon step, C: channel in, D: channel out, Y: row, X: column.
"""

from jaxtyping import Float
from torch import Tensor

from models.network import ForecastError, Network

__all__ = ["TendencyNetwork"]


class TendencyNetwork(Network):
    """Adds the last frame of the history to what another network puts out.

    A network that puts out nothing is persistence: all that is left to learn is what changes.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, history: Float[Tensor, "B T C Y X"]) -> Float[Tensor, "B H D Y X"]:
        """Forecast frames: the last one seen and the changes since."""
        changes = self.network(history)
        return history[:, -1:, : changes.shape[2]] + changes

    def training_loss(
        self,
        history: Float[Tensor, "B T C Y X"],
        target: Float[Tensor, "B H D Y X"],
        *,
        error: ForecastError,
        progress: float,
    ) -> Float[Tensor, ""]:
        """The other network's own loss, of the changes."""
        changes = target - history[:, -1:, : target.shape[2]]
        return self.network.training_loss(history, changes, error=error, progress=progress)
