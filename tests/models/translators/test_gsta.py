import math

import pytest
import torch

from models.translators import TRANSLATORS, TranslatorSpec
from models.translators.gsta import SpatiotemporalGate


def test_a_cell_sees_a_square_of_23_cells():
    gate = SpatiotemporalGate(2, circular=False)
    latent = torch.zeros(1, 2, 31, 31, requires_grad=True)
    gate(latent)[0, 0, 15, 15].backward()
    seen = latent.grad[0].abs().sum(dim=0) > 0
    rows = seen.any(dim=1).nonzero().flatten().tolist()
    # 7 cells at distance 3 reach 9 to each side, 5 cells reach 2 further
    assert (rows[0], rows[-1]) == (15 - 11, 15 + 11)


def test_values_are_gated_by_a_sigmoid():
    gate = SpatiotemporalGate(1, circular=False)
    with torch.no_grad():
        gate.mix.weight.zero_()
        gate.mix.bias.copy_(torch.tensor([3.0, 0.0]))
    # 3 × sigmoid(0) = 1.5
    torch.testing.assert_close(gate(torch.randn(1, 1, 4, 4)), torch.full((1, 1, 4, 4), 1.5))


def test_attention_starts_by_fan_out():
    torch.manual_seed(0)
    spec = TranslatorSpec(channels_in=128, channels_out=128, width=128, layers=2)
    attention = TRANSLATORS["gsta"](spec).blocks[0].block.attention
    # fan-outs: 1×1 to 256 channels; 5×5 and 7×7 depthwise
    assert attention.gate.mix.weight.std().item() == pytest.approx(math.sqrt(2 / 256), rel=0.05)
    assert attention.gate.local.conv.weight.std().item() == pytest.approx(
        math.sqrt(2 / 25), rel=0.05
    )
    assert attention.gate.dilated.conv.weight.std().item() == pytest.approx(
        math.sqrt(2 / 49), rel=0.05
    )
