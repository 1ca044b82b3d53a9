"""Translators: what turns SimVP's latent past into its latent future, steps stacked on channels.

A translator is one file and one line here.
"""

from collections.abc import Callable

from torch import nn

from models.translators.gsta import make_gsta
from models.translators.incepu import InceptionTranslator
from models.translators.spec import TranslatorSpec
from models.translators.tau import make_tau

__all__ = ["TRANSLATORS", "TranslatorSpec"]

TRANSLATORS: dict[str, Callable[[TranslatorSpec], nn.Module]] = {
    "gsta": make_gsta,
    "incepu": InceptionTranslator,
    "tau": make_tau,
}
