"""Rollout: forecasts fed back as history, as far as anyone asks.

B: batch, T: history step, H: horizon step, S: step of history and forecast, C: channel, K: plane of an
extra input, Y: row, X: column.
"""

from collections.abc import Callable, Iterator

import torch
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["join_inputs", "rollout"]


def rollout(
    network: nn.Module,
    history: Float[Tensor, "B T C Y X"],
    *,
    steps: int,
    inputs: Float[Tensor, "B S K"] | None = None,
    clip: Callable[[Tensor], Tensor] = lambda frames: frames,
) -> Iterator[Float[Tensor, "B H C Y X"]]:
    """Blocks of forecast frames, normalised, until `steps` frames are out; the last may be shorter.

    Args:
        inputs: extra inputs of the history's frames and then of the forecast's, T + steps of them.
        clip: takes impossible values out of a block, before anyone sees it or it is fed back.

    Raises:
        ValueError: a further pass is needed, but the network puts out other channels than it takes.
    """
    n_steps, n_channels = history.shape[1], history.shape[2]
    done = 0
    while done < steps:
        seen = history if inputs is None else join_inputs(history, inputs[:, done : done + n_steps])
        block = clip(network(seen)[:, : steps - done])
        done += block.shape[1]
        yield block
        if done < steps:
            if block.shape[2] != n_channels:
                raise ValueError(
                    f"The network takes {n_channels} channels and puts out {block.shape[2]}: it "
                    "cannot be fed its own forecast. Ask for no more steps than its horizon."
                )
            history = torch.cat([history, block], dim=1)[:, -n_steps:]


def join_inputs(
    history: Float[Tensor, "B T C Y X"], inputs: Float[Tensor, "B T K"]
) -> Float[Tensor, "B T CK Y X"]:
    """Frames with their extra inputs as planes behind the channels, each the same in every cell."""
    if inputs.shape[-1] == 0:
        return history
    planes = inputs[..., None, None].expand(*inputs.shape, *history.shape[-2:])
    return torch.cat([history, planes], dim=2)
