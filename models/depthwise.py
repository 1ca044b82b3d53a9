"""Depthwise convolutions with large kernels on a CPU, several times faster: the same values to rounding.

oneDNN has quick routines for the forward pass and the gradient of the input of a depthwise convolution
without dilation, and none for a dilated one or for the gradient of kernels above 3×3: these come out of
a matrix product for each channel, at a fiftieth of the processor's rate. Both can be put as what is
quick.

- Dilation d: cells that are d apart see each other alone, so the grid falls into d² coarser grids, each
  convolved without dilation.
- The gradient of the kernel is itself a depthwise convolution: of the input with the output's gradient
  as a kernel as large as the grid, for each window and channel, summed over the windows.

B: batch, C: channel, Y: row, X: column, K: cell along a side of the kernel, G: coarser grids × batch.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

__all__ = ["QuickDepthwise", "quicken_depthwise"]

_QUICK_KERNEL = 3
"""Cells along a side up to which oneDNN has a quick gradient of the kernel."""


def quicken_depthwise(network: nn.Module) -> None:
    """Put a `QuickDepthwise` for each convolution of a network that it is faster than.

    It takes over the parameters, and their names in the state stay as they are.
    """
    for name, child in network.named_children():
        if isinstance(child, nn.Conv2d) and _gains(child):
            setattr(network, name, QuickDepthwise.of(child))
        else:
            quicken_depthwise(child)


def _gains(conv: nn.Conv2d) -> bool:
    square = conv.kernel_size[0] == conv.kernel_size[1] and conv.dilation[0] == conv.dilation[1]
    return (
        conv.groups == conv.in_channels == conv.out_channels
        and conv.groups > 1
        and square
        and conv.kernel_size[0] % 2 == 1
        and conv.kernel_size[0] > _QUICK_KERNEL
        and conv.stride == (1, 1)
        and conv.padding_mode == "zeros"
        and not isinstance(conv.padding, str)
        and all(wide % step == 0 for wide, step in zip(conv.padding, conv.dilation, strict=True))
    )


class QuickDepthwise(nn.Conv2d):
    """A depthwise convolution with a large, perhaps dilated, square kernel, for a CPU."""

    @classmethod
    def of(cls, plain: nn.Conv2d) -> "QuickDepthwise":
        """One that shares the parameters of a plain one."""
        quick = cls(
            plain.in_channels,
            plain.out_channels,
            plain.kernel_size,  # pyright: ignore[reportArgumentType]
            padding=plain.padding,  # pyright: ignore[reportArgumentType]
            dilation=plain.dilation,  # pyright: ignore[reportArgumentType]
            groups=plain.groups,
            bias=plain.bias is not None,
            device="meta",
        )
        quick.weight, quick.bias = plain.weight, plain.bias
        return quick.train(plain.training)

    def forward(self, input: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C y x"]:  # noqa: A002
        """Filtered frames."""
        elsewhere = input.device.type != "cpu" or torch.is_autocast_enabled("cpu")
        if elsewhere or torch.compiler.is_exporting():
            return super().forward(input)
        step, reach = self.dilation[0], self.kernel_size[0] - 1
        rows, columns = int(self.padding[0]) // step, int(self.padding[1]) // step
        height = input.shape[2] + step * (2 * rows - reach)
        width = input.shape[3] + step * (2 * columns - reach)
        coarse = _to_coarse(input, step)
        filtered = _Depthwise.apply(coarse, self.weight, self.bias, (rows, columns))
        assert isinstance(filtered, Tensor)
        return _from_coarse(filtered, step)[..., :height, :width]


def _to_coarse(frames: Float[Tensor, "B C Y X"], step: int) -> Float[Tensor, "G C y x"]:
    """The coarser grids of each frame, filled up with zeros below and on the right."""
    if step == 1:
        return frames
    below, right = -frames.shape[2] % step, -frames.shape[3] % step
    frames = functional.pad(frames, (0, right, 0, below))
    parts = frames.unflatten(3, (-1, step)).unflatten(2, (-1, step))  # (B, C, y, step, x, step)
    return parts.permute(0, 3, 5, 1, 2, 4).flatten(0, 2)


def _from_coarse(coarse: Float[Tensor, "G C y x"], step: int) -> Float[Tensor, "B C Y X"]:
    """The frames that coarser grids were taken from."""
    if step == 1:
        return coarse
    parts = coarse.unflatten(0, (-1, step, step))  # (B, step, step, C, y, x)
    return parts.permute(0, 3, 4, 1, 5, 2).flatten(4, 5).flatten(2, 3)


class _Depthwise(torch.autograd.Function):
    """A depthwise convolution whose gradients are all depthwise convolutions.

    In single precision the gradient of the kernel over 721×1440 cells is within 2e-5 of torch's.
    """

    @staticmethod
    def forward(
        ctx: Any, frames: Tensor, weight: Tensor, bias: Tensor | None, padding: tuple[int, int]
    ) -> Tensor:
        ctx.save_for_backward(frames, weight)
        ctx.padding = padding
        ctx.has_bias = bias is not None
        return functional.conv2d(frames, weight, bias, padding=padding, groups=len(weight))

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]  (a name that the decorator hides)
        ctx: Any, *gradients: Tensor
    ) -> tuple[Tensor | None, ...]:
        frames, weight = ctx.saved_tensors
        (above,) = gradients
        of_frames = None
        if ctx.needs_input_grad[0]:
            of_frames = torch.ops.aten.convolution_backward(
                *(above, frames, weight, None, [1, 1], ctx.padding, [1, 1], False, [0, 0]),
                *(len(weight), [True, False, False]),
            )[0]
        n_frames, n_channels = above.shape[:2]
        each = functional.conv2d(
            frames.reshape(1, n_frames * n_channels, *frames.shape[2:]),
            above.reshape(n_frames * n_channels, 1, *above.shape[2:]),
            padding=ctx.padding,
            groups=n_frames * n_channels,
        )
        of_weight = each.view(n_frames, *weight.shape).sum(0)
        of_bias = above.sum((0, 2, 3)) if ctx.has_bias else None
        return of_frames, of_weight, of_bias, None
