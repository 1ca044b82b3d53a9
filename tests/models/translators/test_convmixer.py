import torch

from models.translators import TRANSLATORS, TranslatorSpec
from models.translators.convmixer import ConvMixerBlock


def test_a_cell_sees_a_square_of_11_cells():
    block = ConvMixerBlock(2, circular=False).eval()
    latent = torch.zeros(1, 2, 15, 15, requires_grad=True)
    block(latent)[0, 0, 7, 7].backward()
    seen = latent.grad[0].abs().sum(dim=0) > 0
    assert seen.any(dim=1).nonzero().flatten().tolist() == list(range(2, 13))


def test_only_the_mixing_of_cells_is_residual():
    block = ConvMixerBlock(2, circular=False).eval()
    with torch.no_grad():
        block.neighbourhood_norm.weight.zero_()
        block.mix.weight.copy_(torch.eye(2)[..., None, None])
        block.mix.bias.zero_()
    latent = torch.randn(1, 2, 4, 4)
    expected = torch.nn.functional.gelu(latent) / (1 + 1e-5) ** 0.5  # fresh running statistics
    torch.testing.assert_close(block(latent), expected)


def test_widths_go_from_the_history_to_the_horizon():
    spec = TranslatorSpec(channels_in=6, channels_out=4, width=8, layers=3)
    translator = TRANSLATORS["convmixer"](spec)
    assert [block.block.mix.in_channels for block in translator.blocks] == [6, 8, 8]
    assert translator(torch.randn(2, 6, 5, 5)).shape == (2, 4, 5, 5)
