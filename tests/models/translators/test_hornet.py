import pytest
import torch

from models.translators import TRANSLATORS, TranslatorSpec
from models.translators.hornet import RecursiveGate


def test_widths_double_from_gate_to_gate():
    gate = RecursiveGate(32, circular=False)
    assert gate.widths == [4, 8, 16, 32]
    assert [part.out_channels for part in gate.widenings] == [8, 16, 32]
    assert gate.neighbourhoods.conv.out_channels == 60


def test_the_latent_frame_is_gated_four_times():
    gate = RecursiveGate(8, circular=False)
    with torch.no_grad():
        for part in gate.modules():
            if isinstance(part, torch.nn.Conv2d):
                part.weight.zero_()
                part.bias.zero_()
        gate.project_in.bias.fill_(2.0)
        gate.neighbourhoods.conv.bias.fill_(3.0)
        for widen in gate.widenings:
            widen.weight.fill_(1.0 / widen.in_channels)  # the mean of the channels
        gate.project_out.weight.copy_(torch.eye(8)[..., None, None])
    # 2, times 3 in each of four gates
    torch.testing.assert_close(gate(torch.randn(1, 8, 4, 4)), torch.full((1, 8, 4, 4), 2.0 * 3**4))


def test_channels_that_cannot_be_halved_three_times_are_refused():
    spec = TranslatorSpec(channels_in=8, channels_out=8, width=12, layers=2)
    message = r"'hornet' halves the channels 3 times, but a block has 12; take a translator_width"
    with pytest.raises(ValueError, match=message):
        TRANSLATORS["hornet"](spec)
