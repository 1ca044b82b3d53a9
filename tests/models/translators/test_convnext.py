import torch

from models.translators import TRANSLATORS, TranslatorSpec

SPEC = TranslatorSpec(channels_in=4, channels_out=6, width=8, layers=3, drop_path=0.1)


def test_a_fresh_block_gives_its_input():
    block = TRANSLATORS["convnext"](SPEC).blocks[0].block.eval()
    latent = torch.randn(2, 4, 9, 9)
    assert torch.equal(block.scale, torch.full((4,), 1e-6))
    torch.testing.assert_close(block(latent), latent, atol=1e-4, rtol=0)


def test_a_cell_sees_a_square_of_7_cells():
    block = TRANSLATORS["convnext"](SPEC).blocks[0].block.eval()
    with torch.no_grad():
        block.scale.fill_(1.0)
    latent = torch.randn(1, 4, 11, 11, requires_grad=True)
    block(latent)[0, 0, 5, 5].backward()
    seen = latent.grad[0].abs().sum(dim=0) > 0
    assert seen.any(dim=1).nonzero().flatten().tolist() == list(range(2, 9))


def test_blocks_drop_more_and_more():
    blocks = TRANSLATORS["convnext"](SPEC).blocks
    assert [round(block.block.drop_path.rate, 3) for block in blocks] == [0.01, 0.055, 0.1]
