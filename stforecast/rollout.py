"""Rollout: forecasts fed back as history, as far as anyone asks.

B: batch, T: history step, H: horizon step, S: step of history and forecast, C: channel, K: number of the
extra inputs, Y: row, X: column.
"""

from collections.abc import Callable, Iterator

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pipelines.planes import Planes

__all__ = ["join_inputs", "rollout"]

_SPREAD = Planes()
"""Spreads numbers over the grid, and nothing else."""


def rollout(
    network: Callable[[Tensor], Tensor],
    history: Float[Tensor, "B T C Y X"],
    *,
    steps: int,
    inputs: Float[Tensor, "B S K"] | None = None,
    planes: Planes = _SPREAD,
    present: Bool[Tensor, "B T C Y X"] | None = None,
    empty: Bool[Tensor, "C Y X"] | None = None,
    clip: Callable[[Tensor], Tensor] = lambda frames: frames,
) -> Iterator[Float[Tensor, "B H C Y X"]]:
    """Blocks of forecast frames, normalised, until `steps` frames are out; the last may be shorter.

    Args:
        network: makes of a history, with its inputs, the frames of its horizon.
        inputs: numbers of the history's frames and then of the forecast's, T + steps of them.
        planes: what makes planes of them.
        present: which values of the history are there; all unless given.
        empty: cells that never hold a value, and so hold none in what is fed back either.
        clip: takes impossible values out of a block, before anyone sees it or it is fed back.

    Raises:
        ValueError: a further pass is needed, but the network puts out other channels than it takes.
    """
    n_steps, n_channels = history.shape[1], history.shape[2]
    done = 0
    while done < steps:
        seen = history
        if inputs is not None:
            numbers = inputs[:, done : done + n_steps]
            seen = join_inputs(history, numbers, planes=planes, present=present)
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
            if present is not None:
                made = torch.ones_like(block, dtype=torch.bool)
                made = made if empty is None else made & ~empty
                present = torch.cat([present, made], dim=1)[:, -n_steps:]


def join_inputs(
    history: Float[Tensor, "B T C Y X"],
    inputs: Float[Tensor, "B T K"],
    *,
    planes: Planes = _SPREAD,
    present: Bool[Tensor, "B T C Y X"] | None = None,
) -> Float[Tensor, "B T CP Y X"]:
    """Frames with the planes of their extra inputs behind the channels.

    Args:
        history: frames without NaN.
        inputs: numbers of each frame, the same in every cell unless `planes` says what they are.
        planes: what makes planes of them.
        present: which values of the history are there; all unless given.
    """
    if present is None:
        present = torch.ones_like(history, dtype=torch.bool)
    made = planes.beside(history, inputs, present)
    return torch.cat([history, *made], dim=2) if made else history
