import pytest
import torch

from models.spatial import ConvBlock, Decoder, Encoder, pad_to_multiple


@pytest.mark.parametrize("layers", [2, 4])
@pytest.mark.parametrize("kernel", [3, 5])
def test_the_decoder_undoes_the_encoders_coarsening(layers, kernel):
    encoder = Encoder(3, 4, layers=layers, kernel=kernel, circular=False)
    decoder = Decoder(4, 5, layers=layers, kernel=kernel, circular=False)
    latent, skip = encoder(torch.randn(2, 3, 8, 16))
    factor = 2 ** (layers // 2)
    assert latent.shape == (2, 4, 8 // factor, 16 // factor)
    assert skip.shape == (2, 4, 8, 16)
    assert decoder(latent, skip).shape == (2, 5, 8, 16)


def test_convolutions_start_truncated_normal_without_bias():
    torch.manual_seed(0)
    conv = ConvBlock(32, 64, kernel=3, double=True).convolution.conv
    assert conv.weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert not conv.bias.any()


def test_rows_and_columns_are_repeated_up_to_the_multiple():
    frames = torch.arange(6.0).reshape(1, 1, 2, 3)
    padded = pad_to_multiple(frames, multiple=4, circular=False)
    assert padded[0, 0].tolist() == [[0, 1, 2, 2], [3, 4, 5, 5], [3, 4, 5, 5], [3, 4, 5, 5]]


def test_round_the_globe_the_next_columns_follow():
    frames = torch.arange(6.0).reshape(1, 1, 2, 3)
    padded = pad_to_multiple(frames, multiple=4, circular=True)
    assert padded[0, 0].tolist() == [[0, 1, 2, 0], [3, 4, 5, 3], [3, 4, 5, 3], [3, 4, 5, 3]]


@pytest.mark.parametrize("circular", [False, True])
def test_a_grid_that_fits_is_not_copied(circular):
    frames = torch.zeros(1, 1, 4, 8)
    assert pad_to_multiple(frames, multiple=4, circular=circular) is frames


def test_the_last_block_sees_the_skip_added():
    decoder = Decoder(4, 1, layers=2, kernel=3, circular=False)
    latent, skip = torch.randn(1, 4, 4, 4), torch.randn(1, 4, 8, 8)
    first, last = decoder.blocks
    expected = decoder.readout(last(first(latent) + skip))
    torch.testing.assert_close(decoder(latent, skip), expected)
