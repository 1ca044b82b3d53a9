"""MogaNet: neighbourhoods of three sizes, gated, and channels told apart, as a translator.

B: batch, C: channel, Y: row, X: column.

References:
    Li et al. 2022, MogaNet, arXiv 2211.03295, section 4.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from models.convolution import GridConv2d
from models.translators.metaformer import AttentionBlock, MetaTranslator, draw_fan_out
from models.translators.spec import TranslatorSpec

__all__ = ["make_moganet"]

_FIRST_SCALE = 1e-5
"""Weight of a fresh residual branch, and of a fresh contrast, as published."""


class MultiOrderContext(nn.Module):
    """5×5 on all channels, then wider on three eighths of them and widest on half."""

    def __init__(self, channels: int, *, circular: bool) -> None:
        super().__init__()
        # At least one channel each, so that two channels are enough.
        n_middle, n_wide = max(3 * channels // 8, 1), max(channels // 2, 1)
        self.widths = [channels - n_middle - n_wide, n_middle, n_wide]
        self.local = GridConv2d(channels, channels, kernel=5, groups=channels, circular=circular)
        self.middle = GridConv2d(
            n_middle, n_middle, kernel=5, dilation=2, groups=n_middle, circular=circular
        )
        self.wide = GridConv2d(
            n_wide, n_wide, kernel=7, dilation=3, groups=n_wide, circular=circular
        )
        self.mix = nn.Conv2d(channels, channels, 1)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        near, middle, wide = self.local(latent).split(self.widths, dim=1)
        return self.mix(torch.cat([near, self.middle(middle), self.wide(wide)], dim=1))


class GatedAggregation(nn.Module):
    """Context, gated by the cell itself, added to its own input."""

    def __init__(self, channels: int, *, circular: bool) -> None:
        super().__init__()
        self.project_in = nn.Conv2d(channels, channels, 1)
        self.contrast = nn.Parameter(torch.full((1, channels, 1, 1), _FIRST_SCALE))
        self.gate = nn.Conv2d(channels, channels, 1)
        self.context = MultiOrderContext(channels, circular=circular)
        self.project_out = nn.Conv2d(channels, channels, 1)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        projected = self.project_in(latent)
        mean = projected.mean(dim=(2, 3), keepdim=True)  # (B, C, 1, 1)
        told_apart = functional.silu(projected + self.contrast * (projected - mean))
        gated = functional.silu(self.gate(told_apart)) * functional.silu(self.context(told_apart))
        return latent + self.project_out(gated)


class AggregatingMlp(nn.Module):
    """1×1 to the hidden width → depthwise 3×3 → GELU → contrast of the channels → 1×1 back."""

    def __init__(self, channels: int, *, hidden: int, circular: bool) -> None:
        super().__init__()
        self.widen = nn.Conv2d(channels, hidden, 1)
        self.depthwise = GridConv2d(hidden, hidden, kernel=3, groups=hidden, circular=circular)
        self.summary = nn.Conv2d(hidden, 1, 1)
        self.contrast = nn.Parameter(torch.full((1, hidden, 1, 1), _FIRST_SCALE))
        self.narrow = nn.Conv2d(hidden, channels, 1)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        wide = functional.gelu(self.depthwise(self.widen(latent)))
        common = functional.gelu(self.summary(wide))  # (B, 1, Y, X)
        return self.narrow(wide + self.contrast * (wide - common))


def make_moganet(spec: TranslatorSpec) -> MetaTranslator:
    """The blocks of MogaNet."""

    def make_block(channels: int, drop_rate: float, _layer: int) -> AttentionBlock:
        block = AttentionBlock(
            GatedAggregation(channels, circular=spec.circular),
            AggregatingMlp(channels, hidden=int(channels * spec.mlp_ratio), circular=spec.circular),
            channels=channels,
            drop_rate=drop_rate,
            first_scale=torch.full((1, channels, 1, 1), _FIRST_SCALE),
        )
        draw_fan_out(block)
        return block

    return MetaTranslator(spec, make_block)
