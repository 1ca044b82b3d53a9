"""ConvMixer: a large depthwise convolution, then a 1×1, as a translator.

B: batch, C: channel, Y: row, X: column.

References:
    Trockman & Kolter 2022, Patches Are All You Need?, arXiv 2201.09792, section 2.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from models.convolution import GridConv2d
from models.translators.metaformer import MetaTranslator
from models.translators.spec import TranslatorSpec

__all__ = ["make_convmixer"]

_KERNEL = 11


class ConvMixerBlock(nn.Module):
    """Only the mixing of cells is residual, and there is neither MLP nor drop path."""

    def __init__(self, channels: int, *, circular: bool) -> None:
        super().__init__()
        self.neighbourhood = GridConv2d(
            channels, channels, kernel=_KERNEL, groups=channels, circular=circular
        )
        self.neighbourhood_norm = nn.BatchNorm2d(channels)
        self.mix = nn.Conv2d(channels, channels, 1)
        self.mix_norm = nn.BatchNorm2d(channels)

    def forward(self, latent: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:
        """Latent frames at the same width."""
        seen = functional.gelu(self.neighbourhood(latent))
        latent = latent + self.neighbourhood_norm(seen)
        return self.mix_norm(functional.gelu(self.mix(latent)))


def make_convmixer(spec: TranslatorSpec) -> MetaTranslator:
    """The blocks of ConvMixer; they keep torch's own initial weights."""

    def make_block(channels: int, _drop_rate: float, _layer: int) -> ConvMixerBlock:
        return ConvMixerBlock(channels, circular=spec.circular)

    return MetaTranslator(spec, make_block)
