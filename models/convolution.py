"""Convolution over a grid: zeros beyond its edges, or round the globe in x.

B: batch, C: channel in, D: channel out, Y: row, X: column; y, x: after the stride.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["GridConv2d", "wrap_columns"]


class GridConv2d(nn.Module):
    """A square convolution that keeps the size of the grid (divided by the stride).

    Its parameters, and their names, are the same with and without `circular`.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        *,
        kernel: int,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        circular: bool = False,
    ) -> None:
        super().__init__()
        reach = dilation * (kernel - 1) // 2  # cells on each side; the kernel is odd
        self.columns_wrapped = reach if circular else 0
        self.conv = nn.Conv2d(
            channels_in,
            channels_out,
            kernel,
            stride=stride,
            padding=(reach, reach - self.columns_wrapped),
            dilation=dilation,
            groups=groups,
        )

    def forward(self, frames: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B D y x"]:
        """Filtered frames."""
        if self.columns_wrapped:
            frames = wrap_columns(frames, left=self.columns_wrapped, right=self.columns_wrapped)
        return self.conv(frames)


def wrap_columns(
    frames: Float[Tensor, "B C Y X"], *, left: int, right: int
) -> Float[Tensor, "B C Y wider"]:
    """Frames with further columns left and right: those that come next round the globe."""
    n_columns = frames.shape[-1]
    if max(left, right) <= n_columns:
        return functional.pad(frames, (left, right, 0, 0), mode="circular")
    columns = torch.arange(-left, n_columns + right, device=frames.device) % n_columns
    return frames[..., columns]  # more than once round
