import torch

from models.translators import TRANSLATORS, TranslatorSpec
from models.translators.poolformer import Pooling


def test_equal_cells_do_not_differ_from_what_is_around_them():
    assert not Pooling(circular=False)(torch.full((1, 2, 4, 5), 3.0)).any()
    assert not Pooling(circular=True)(torch.full((1, 2, 4, 5), 3.0)).any()


def test_the_mean_is_over_the_cells_that_are_there():
    latent = torch.zeros(1, 1, 4, 4)
    latent[..., 0, 3] = 36.0
    pooled = Pooling(circular=False)(latent)[0, 0]
    # In the corner 4 cells are there, at the edge 6, within 9.
    assert pooled[0, 3] == 36 / 4 - 36
    assert pooled[0, 2] == 36 / 6
    assert pooled[1, 2] == 36 / 9
    assert pooled[0, 0] == 0


def test_round_the_globe_the_first_column_sees_the_last():
    latent = torch.zeros(1, 1, 4, 4)
    latent[..., 0, 3] = 36.0
    pooled = Pooling(circular=True)(latent)[0, 0]
    assert pooled[0].tolist() == [6.0, 0.0, 6.0, 6.0 - 36]
    assert pooled[1].tolist() == [4.0, 0.0, 4.0, 4.0]


def test_a_fresh_residual_branch_counts_little():
    spec = TranslatorSpec(channels_in=4, channels_out=4, width=4, layers=2)
    latent = torch.randn(1, 4, 5, 5)
    block = TRANSLATORS["poolformer"](spec).blocks[0].block
    assert torch.equal(block.attention_scale, torch.full((4,), 1e-5))
    torch.testing.assert_close(block(latent), latent, atol=1e-3, rtol=0)
