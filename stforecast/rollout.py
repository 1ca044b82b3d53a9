"""Rollout: forecasts fed back as history, as far as anyone asks.

B: batch, T: history step, H: horizon step, C: channel, Y: row, X: column.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["rollout"]


def rollout(
    network: nn.Module, history: Float[Tensor, "B T C Y X"], *, steps: int
) -> Iterator[Float[Tensor, "B H C Y X"]]:
    """Blocks of forecast frames, normalised, until `steps` frames are out; the last may be shorter.

    Raises:
        ValueError: a further pass is needed, but the network puts out other channels than it takes.
    """
    n_steps, n_channels = history.shape[1], history.shape[2]
    while steps > 0:
        block = network(history)[:, :steps]
        steps -= block.shape[1]
        yield block
        if steps > 0:
            if block.shape[2] != n_channels:
                raise ValueError(
                    f"The network takes {n_channels} channels and puts out {block.shape[2]}: it "
                    "cannot be fed its own forecast. Ask for no more steps than its horizon."
                )
            history = torch.cat([history, block], dim=1)[:, -n_steps:]
