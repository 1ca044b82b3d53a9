"""Translators: what turns SimVP's latent past into its latent future, steps stacked on channels.

A translator is one file and one line here.
"""

from collections.abc import Callable

from torch import nn

from models.translators.convmixer import make_convmixer
from models.translators.convnext import make_convnext
from models.translators.gsta import make_gsta
from models.translators.hornet import make_hornet
from models.translators.incepu import InceptionTranslator
from models.translators.mlpmixer import make_mlpmixer
from models.translators.moganet import make_moganet
from models.translators.poolformer import make_poolformer
from models.translators.spec import TranslatorSpec
from models.translators.swin import make_swin
from models.translators.tau import make_tau
from models.translators.uniformer import make_uniformer
from models.translators.van import make_van
from models.translators.vit import make_vit

__all__ = ["TRANSLATORS", "TranslatorSpec"]

TRANSLATORS: dict[str, Callable[[TranslatorSpec], nn.Module]] = {
    "gsta": make_gsta,
    "incepu": InceptionTranslator,
    "tau": make_tau,
    "vit": make_vit,
    "swin": make_swin,
    "uniformer": make_uniformer,
    "mlpmixer": make_mlpmixer,
    "convmixer": make_convmixer,
    "poolformer": make_poolformer,
    "convnext": make_convnext,
    "van": make_van,
    "hornet": make_hornet,
    "moganet": make_moganet,
}
