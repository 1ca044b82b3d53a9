"""Gates: what a cell computes of its frame or of its state, for all gates at once."""

from torch import nn

__all__ = ["gates_of"]


def gates_of(
    channels: int, width: int, *, kernel: int, norm_size: tuple[int, int] | None
) -> nn.Sequential:
    """A convolution without bias, with a layer norm behind it where a size is given."""
    convolution = nn.Conv2d(channels, width, kernel, padding=kernel // 2, bias=False)
    if norm_size is None:
        return nn.Sequential(convolution)
    return nn.Sequential(convolution, nn.LayerNorm([width, *norm_size]))
