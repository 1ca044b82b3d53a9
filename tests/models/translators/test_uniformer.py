import pytest
import torch

from models.translators import TRANSLATORS, TranslatorSpec
from models.translators.attention import GlobalAttention
from models.translators.uniformer import LocalAttention


@pytest.mark.parametrize(
    ("channels_in", "channels_out", "attends"),
    [(16, 16, [False, True, True, False]), (16, 8, [False, True, True, True])],
)
def test_blocks_that_keep_their_width_attend_to_all_cells_but_for_the_first(
    channels_in, channels_out, attends
):
    spec = TranslatorSpec(channels_in=channels_in, channels_out=channels_out, width=8, layers=4)
    blocks = [block.block for block in TRANSLATORS["uniformer"](spec).blocks]
    assert [isinstance(block.attention, GlobalAttention) for block in blocks] == attends
    assert [block.attention_scale is not None for block in blocks] == attends


def test_the_first_block_is_local_at_equal_widths_too():
    spec = TranslatorSpec(channels_in=8, channels_out=8, width=8, layers=2)
    first, last = TRANSLATORS["uniformer"](spec).blocks
    assert isinstance(first.block.attention, LocalAttention)
    assert isinstance(last.block.attention, GlobalAttention)


def test_a_local_cell_sees_five_by_five():
    latent = torch.zeros(1, 2, 9, 9, requires_grad=True)
    LocalAttention(2, circular=False)(latent)[0, 0, 4, 4].backward()
    seen = latent.grad[0].abs().sum(dim=0) > 0
    assert seen.any(dim=1).nonzero().flatten().tolist() == [2, 3, 4, 5, 6]


def test_a_cell_is_told_its_place_before_it_attends():
    spec = TranslatorSpec(channels_in=8, channels_out=8, width=8, layers=2)
    block = TRANSLATORS["uniformer"](spec).blocks[1].block
    latent = torch.randn(1, 8, 4, 4)
    # A fresh residual branch of it counts a millionth.
    torch.testing.assert_close(block(latent), latent + block.position(latent), atol=1e-4, rtol=0)


def test_channels_that_the_heads_do_not_divide_are_refused():
    spec = TranslatorSpec(channels_in=8, channels_out=8, width=12, layers=3)
    with pytest.raises(ValueError, match=r"'uniformer' attends with 8 heads, but a block has 12"):
        TRANSLATORS["uniformer"](spec)
