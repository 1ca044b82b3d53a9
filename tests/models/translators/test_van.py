import math

import pytest
import torch

from models.translators import TRANSLATORS, TranslatorSpec
from models.translators.van import LargeKernelGate


def test_the_neighbourhood_weighs_the_cell():
    gate = LargeKernelGate(2, circular=False)
    with torch.no_grad():
        gate.mix.weight.zero_()
        gate.mix.bias.fill_(3.0)
    latent = torch.randn(1, 2, 5, 5)
    torch.testing.assert_close(gate(latent), 3 * latent)


def test_a_cell_sees_a_square_of_23_cells():
    gate = LargeKernelGate(1, circular=False)
    latent = torch.ones(1, 1, 31, 31, requires_grad=True)
    gate(latent)[0, 0, 15, 15].backward()
    rows = (latent.grad[0, 0] != 0).any(dim=1).nonzero().flatten().tolist()
    # 7 cells at distance 3 reach 9 to each side, 5 cells reach 2 further
    assert (rows[0], rows[-1]) == (15 - 11, 15 + 11)


def test_attention_starts_by_fan_out():
    torch.manual_seed(0)
    spec = TranslatorSpec(channels_in=128, channels_out=128, width=128, layers=2)
    block = TRANSLATORS["van"](spec).blocks[0].block
    gate = block.attention.gate
    # fan-outs: 1×1 to 128 channels; 7×7 depthwise
    assert gate.mix.weight.std().item() == pytest.approx(math.sqrt(2 / 128), rel=0.05)
    assert gate.dilated.conv.weight.std().item() == pytest.approx(math.sqrt(2 / 49), rel=0.05)
    assert torch.equal(block.attention_scale, torch.full((128,), 0.01))
