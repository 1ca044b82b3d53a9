import pytest
import torch

from models.crevnet.autoencoder import TwoWayAutoencoder


def make(*, channels=2, blocks=(2, 1, 2)):
    torch.manual_seed(0)
    return TwoWayAutoencoder(channels, blocks=blocks)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_latent_half_has_32_channels_for_each_of_a_frame(channels):
    autoencoder = make(channels=channels)
    left, right = autoencoder(torch.randn(2, channels, 3, 16, 24))
    assert left.shape == right.shape == (2, 32 * channels, 3, 2, 3)
    assert autoencoder.half_channels == 32 * channels


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("blocks", [(1, 1, 1), (4, 5, 3)])
def test_decoding_undoes_encoding(blocks, training):
    autoencoder = make(blocks=blocks).train(training)
    clip = torch.randn(2, 2, 3, 16, 24)
    with torch.no_grad():
        decoded = autoencoder.decode(*autoencoder(clip))
    torch.testing.assert_close(decoded, clip, rtol=0, atol=1e-4)


def test_encoding_undoes_decoding():
    autoencoder = make().eval()
    left, right = torch.randn(2, 1, 64, 3, 2, 3)
    with torch.no_grad():
        encoded = autoencoder(autoencoder.decode(left, right))
    torch.testing.assert_close(encoded, (left, right), rtol=0, atol=1e-4)


def test_each_block_changes_one_half_and_swaps_them():
    block = make(blocks=(2, 1, 1)).blocks[1]
    left, right = torch.randn(2, 1, 4, 3, 4, 4)
    after_left, after_right = block(left, right)
    assert torch.equal(after_left, right)
    # What is added depends on the right half alone.
    other = torch.randn_like(left)
    torch.testing.assert_close(block(other, right)[1] - other, after_right - left)
