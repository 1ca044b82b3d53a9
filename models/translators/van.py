"""VAN: attention by large kernels, as a translator.

B: batch, C: channel, Y: row, X: column.

References:
    Guo et al. 2022, Visual Attention Network, arXiv 2202.09741, section 3.
"""

from jaxtyping import Float
from torch import Tensor, nn

from models.convolution import GridConv2d
from models.translators.gated import make_gated
from models.translators.metaformer import MetaTranslator
from models.translators.spec import TranslatorSpec

__all__ = ["make_van"]


class LargeKernelGate(nn.Module):
    """A 23×23 neighbourhood of each cell (5×5, then 7×7 at distance 3), times the cell."""

    def __init__(self, channels: int, *, circular: bool) -> None:
        super().__init__()
        self.local = GridConv2d(channels, channels, kernel=5, groups=channels, circular=circular)
        self.dilated = GridConv2d(
            channels, channels, kernel=7, dilation=3, groups=channels, circular=circular
        )
        self.mix = nn.Conv2d(channels, channels, 1)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        return self.mix(self.dilated(self.local(latent))) * latent


def make_van(spec: TranslatorSpec) -> MetaTranslator:
    """The blocks of VAN: gSTA's, with another gate."""
    return make_gated(
        spec,
        lambda channels: LargeKernelGate(channels, circular=spec.circular),
    )
