"""TAU: temporal attention unit, a translator with a gate per channel and a loss of its own.

B: batch, H: horizon step, C: channel, Y: row, X: column.

References:
    TAU, arXiv 2206.12126, sections 3.2 and 3.3.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from models.convolution import GridConv2d
from models.translators.gated import make_gated
from models.translators.metaformer import MetaTranslator
from models.translators.spec import TranslatorSpec

__all__ = ["DIVERGENCE_WEIGHT", "difference_divergence", "make_tau"]

DIVERGENCE_WEIGHT = 0.1
"""Of the divergence in the training loss, as published."""
_TEMPERATURE = 0.1
_MASKED = -1e4  # exp gives exactly 0


class TemporalGate(nn.Module):
    """A 21×21 neighbourhood of each cell, times a weight of each channel, times the input."""

    def __init__(self, channels: int, *, circular: bool) -> None:
        super().__init__()
        self.local = GridConv2d(channels, channels, kernel=5, groups=channels, circular=circular)
        self.dilated = GridConv2d(
            channels, channels, kernel=7, dilation=3, groups=channels, circular=circular
        )
        self.mix = nn.Conv2d(channels, channels, 1)
        # The published code divides by channels // 16, so that about 16 channels are left.
        squeezed = channels // max(channels // 16, 4)
        self.squeeze = nn.Linear(channels, squeezed, bias=False)
        self.expand = nn.Linear(squeezed, channels, bias=False)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        means = latent.mean(dim=(2, 3))  # (B, C)
        weights = torch.sigmoid(self.expand(functional.relu(self.squeeze(means))))  # (B, C)
        return weights[:, :, None, None] * self.mix(self.dilated(self.local(latent))) * latent


def make_tau(spec: TranslatorSpec) -> MetaTranslator:
    """The translator of TAU; its attention keeps torch's own initial weights, as published."""
    return make_gated(
        spec,
        lambda channels: TemporalGate(channels, circular=spec.circular),
        draw_attention=False,
    )


def difference_divergence(
    forecast: Float[Tensor, "B H C Y X"], target: Float[Tensor, "B H C Y X"]
) -> Float[Tensor, ""]:
    """How differently forecast and target spread their changes from step to step.

    The Kullback-Leibler divergence between softmax(change / 0.1) of both, over all cells and
    channels of a step; its terms are averaged, not summed, as in the published code. Cells whose
    change is unknown (NaN in the target) are left out. 0 for a single step.
    """
    if forecast.shape[1] < 2:
        return forecast.new_zeros(())
    target_change = target.diff(dim=1).flatten(2)  # (B, H-1, C·Y·X)
    unknown = target_change.isnan()
    log_forecast, log_target = (
        functional.log_softmax((change / _TEMPERATURE).masked_fill(unknown, _MASKED), dim=-1)
        for change in (forecast.diff(dim=1).flatten(2), target_change)
    )
    return (log_forecast.exp() * (log_forecast - log_target)).mean()
