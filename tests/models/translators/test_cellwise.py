import torch
from torch import nn

from models.translators.cellwise import ChannelNorm, ConvMlp, LinearMlp


def test_each_cell_is_normalised_over_its_channels():
    normed = ChannelNorm(6)(5 + 3 * torch.randn(2, 6, 3, 4))
    torch.testing.assert_close(normed.mean(dim=1), torch.zeros(2, 3, 4), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        normed.std(dim=1, correction=0), torch.ones(2, 3, 4), atol=1e-3, rtol=0
    )


def test_normalised_cells_are_scaled_and_shifted_by_channel():
    ours, theirs = ChannelNorm(6, epsilon=1e-2), nn.LayerNorm(6, eps=1e-2)
    with torch.no_grad():
        ours.weight.copy_(torch.randn(6))
        ours.bias.copy_(torch.randn(6))
    theirs.load_state_dict(ours.state_dict())
    latent = torch.randn(2, 6, 3, 4)
    torch.testing.assert_close(ours(latent), theirs(latent.movedim(1, -1)).movedim(-1, 1))


def test_linear_layers_are_convolutions_of_single_cells():
    of_layers, of_convolutions = LinearMlp(4, hidden=8), ConvMlp(4, hidden=8)
    of_convolutions.load_state_dict(
        {
            name: values.reshape(of_convolutions.state_dict()[name].shape)
            for name, values in of_layers.state_dict().items()
        }
    )
    latent = torch.randn(2, 4, 3, 5)
    torch.testing.assert_close(of_layers(latent), of_convolutions(latent))
