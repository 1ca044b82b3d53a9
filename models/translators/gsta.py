"""gSTA: gated spatiotemporal attention, the translator of SimVPv2.

B: batch, C: channel, Y: row, X: column.

References:
    SimVPv2, arXiv 2211.12509, section 3.3.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.convolution import GridConv2d
from models.translators.gated import make_gated
from models.translators.metaformer import MetaTranslator
from models.translators.spec import TranslatorSpec

__all__ = ["make_gsta"]


class SpatiotemporalGate(nn.Module):
    """A 21×21 neighbourhood of each cell (5×5, then 7×7 at distance 3), gated by itself.

    Unlike the attention of VAN, the result is not multiplied with the input.
    """

    def __init__(self, channels: int, *, circular: bool) -> None:
        super().__init__()
        self.local = GridConv2d(channels, channels, kernel=5, groups=channels, circular=circular)
        self.dilated = GridConv2d(
            channels, channels, kernel=7, dilation=3, groups=channels, circular=circular
        )
        self.mix = nn.Conv2d(channels, 2 * channels, 1)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        values, gate = self.mix(self.dilated(self.local(latent))).chunk(2, dim=1)
        return torch.sigmoid(gate) * values


def make_gsta(spec: TranslatorSpec) -> MetaTranslator:
    """The translator of SimVPv2."""
    return make_gated(
        spec,
        lambda channels: SpatiotemporalGate(channels, circular=spec.circular),
    )
