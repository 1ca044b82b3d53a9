"""The skeleton that all translators but IncepU share: a row of residual blocks at one resolution.

B: batch, C: channel of a block, D: channel of the next block, Y: row, X: column.

References:
    SimVPv2, arXiv 2211.12509, section 3; VAN, arXiv 2202.09741, for attention by large kernels.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import pairwise
from math import prod, sqrt

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from models.convolution import GridConv2d
from models.drop_path import DropPath
from models.translators.spec import TranslatorSpec

__all__ = [
    "AttentionBlock",
    "MetaTranslator",
    "MixMlp",
    "SpatialAttention",
    "draw_fan_out",
    "draw_truncated",
]

_FIRST_DROP_RATE = 0.01


class MetaTranslator(nn.Module):
    """Blocks one after the other: first from the history's channels, last to the horizon's."""

    def __init__(
        self, spec: TranslatorSpec, make_block: Callable[[int, float, int], nn.Module]
    ) -> None:
        """Of a function that makes a block of (channels, drop rate, layer from 0)."""
        super().__init__()
        widths = [spec.channels_in, *[spec.width] * (spec.layers - 1), spec.channels_out]
        rates = drop_path_rates(spec.drop_path, layers=spec.layers)
        self.blocks = nn.Sequential(
            *(
                MetaBlock(make_block(channels, rate, layer), channels, channels_next)
                for layer, ((channels, channels_next), rate) in enumerate(
                    zip(pairwise(widths), rates, strict=True)
                )
            )
        )
        self.checkpoints_gradients = False
        """In training, keep what goes into each block only, and compute the rest again for gradients."""

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B D Y X"]:
        """The latent future, of the latent past."""
        if not (self.checkpoints_gradients and self.training and torch.is_grad_enabled()):
            return self.blocks(latent)
        for block in self.blocks:
            # The same branches are dropped again: the state of the random numbers is kept.
            latent = checkpoint(
                block, latent, use_reentrant=False, context_fn=lambda block=block: _contexts(block)
            )
        return latent


def _contexts(block: nn.Module) -> tuple[AbstractContextManager, AbstractContextManager]:
    """Where a block is computed first, and where again."""
    return nullcontext(), _without_statistics(block)


@contextmanager
def _without_statistics(block: nn.Module) -> Iterator[None]:
    """Batch normalisations keep their running statistics as they are: the batch has been counted."""
    norms = [
        part for part in block.modules() if isinstance(part, nn.BatchNorm2d | nn.SyncBatchNorm)
    ]
    kept = [(part.momentum, part.num_batches_tracked) for part in norms]
    try:
        for part, (_, count) in zip(norms, kept, strict=True):
            part.momentum = 0.0
            # A copy is counted up in its place: SyncBatchNorm wants something to count.
            part.num_batches_tracked = None if count is None else count.clone()
        yield
    finally:
        for part, (momentum, count) in zip(norms, kept, strict=True):
            part.momentum, part.num_batches_tracked = momentum, count


class MetaBlock(nn.Module):
    """A block at its input width, then a 1×1 convolution where the next width differs."""

    def __init__(self, block: nn.Module, channels: int, channels_next: int) -> None:
        super().__init__()
        self.block = block
        differs = channels != channels_next
        self.projection = nn.Conv2d(channels, channels_next, 1) if differs else nn.Identity()

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B D Y X"]:
        """Latent frames at the next block's width."""
        return self.projection(self.block(latent))


class AttentionBlock(nn.Module):
    """Two residual branches: attention mixes cells, an MLP mixes channels."""

    def __init__(
        self,
        attention: nn.Module,
        mlp: nn.Module,
        *,
        channels: int,
        drop_rate: float,
        norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
        first_scale: Tensor | None = None,
        position: nn.Module | None = None,
    ) -> None:
        """Of what mixes cells and what mixes channels.

        Args:
            attention: any mixer of cells.
            mlp: mixer of channels.
            channels: of a latent frame.
            drop_rate: of both branches.
            norm: makes the normalisation of so many channels before each branch.
            first_scale: a learnt weight of each channel starts so in both branches; None: no weight.
            position: what it says of a cell's place is added before both branches.
        """
        super().__init__()
        self.position = position
        self.attention_norm = norm(channels)
        self.attention = attention
        self.attention_scale = _learnt(first_scale)
        self.mlp_norm = norm(channels)
        self.mlp = mlp
        self.mlp_scale = _learnt(first_scale)
        self.drop_path = DropPath(drop_rate)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        if self.position is not None:
            latent = latent + self.position(latent)
        attended = self.attention(self.attention_norm(latent))
        latent = latent + self.drop_path(_scaled(attended, self.attention_scale))
        mixed = self.mlp(self.mlp_norm(latent))
        return latent + self.drop_path(_scaled(mixed, self.mlp_scale))


def _learnt(first: Tensor | None) -> nn.Parameter | None:
    return None if first is None else nn.Parameter(first.clone())


def _scaled(branch: Float[Tensor, "B C Y X"], scale: Tensor | None) -> Float[Tensor, "B C Y X"]:
    return branch if scale is None else scale.view(-1, 1, 1) * branch


class SpatialAttention(nn.Module):
    """1×1 → GELU → gate → 1×1, added to its own input."""

    def __init__(self, gate: nn.Module, *, channels: int) -> None:
        super().__init__()
        self.project_in = nn.Conv2d(channels, channels, 1)
        self.gate = gate
        self.project_out = nn.Conv2d(channels, channels, 1)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        gated = self.gate(nn.functional.gelu(self.project_in(latent)))
        return latent + self.project_out(gated)


class MixMlp(nn.Module):
    """1×1 to the hidden width → depthwise 3×3 → GELU → 1×1 back."""

    def __init__(self, channels: int, *, hidden: int, circular: bool) -> None:
        super().__init__()
        self.widen = nn.Conv2d(channels, hidden, 1)
        self.depthwise = GridConv2d(hidden, hidden, kernel=3, groups=hidden, circular=circular)
        self.narrow = nn.Conv2d(hidden, channels, 1)
        draw_fan_out(self)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        return self.narrow(nn.functional.gelu(self.depthwise(self.widen(latent))))


def draw_fan_out(module: nn.Module) -> None:
    """Draw all convolution weights within from N(0, 2 / fan-out); biases 0."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            fan_out = prod(part.kernel_size) * part.out_channels // part.groups
            nn.init.normal_(part.weight, std=sqrt(2 / fan_out))
            if part.bias is not None:
                nn.init.zeros_(part.bias)


def draw_truncated(module: nn.Module) -> None:
    """Draw all linear and convolution weights within from N(0, 0.02²), cut off; biases 0."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.trunc_normal_(part.weight, std=0.02)
            if part.bias is not None:
                nn.init.zeros_(part.bias)


def drop_path_rates(drop_path: int | float, *, layers: int) -> list[float]:
    """Drop rate of each block: evenly from 0.01 to `drop_path`, as published.

    Without drop path no block drops. The reference code's first block still drops 1 % then, and
    the next ones a falling rest of it.
    """
    if drop_path == 0:
        return [0.0] * layers
    step = (drop_path - _FIRST_DROP_RATE) / (layers - 1)
    return [_FIRST_DROP_RATE + step * layer for layer in range(layers)]
