import torch
from torch import nn

from models.translators import TRANSLATORS, TranslatorSpec

SPEC = TranslatorSpec(channels_in=16, channels_out=24, width=8, layers=3, mlp_ratio=2.0)


def test_the_order_of_cells_does_not_matter():
    translator = TRANSLATORS["vit"](SPEC)
    latent = torch.randn(2, 16, 4, 6)
    turned = translator(latent.transpose(2, 3)).transpose(2, 3)
    torch.testing.assert_close(turned, translator(latent))


def test_weights_start_small_and_biases_at_zero():
    block = TRANSLATORS["vit"](SPEC).blocks[0].block
    layers = [part for part in block.modules() if isinstance(part, nn.Linear)]
    assert len(layers) == 4
    assert all(layer.weight.abs().max() < 0.2 for layer in layers)
    assert not any(layer.bias.any() for layer in layers)
