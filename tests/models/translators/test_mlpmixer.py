import pytest
import torch

from models import build_network
from models.translators import TRANSLATORS, TranslatorSpec

SPEC = TranslatorSpec(channels_in=6, channels_out=4, width=8, layers=3, rows=3, columns=5)


def test_a_mixer_of_cells_is_half_as_wide_as_the_channels():
    translator = TRANSLATORS["mlpmixer"](SPEC)
    shapes = [tuple(block.block.attention.mlp.widen.weight.shape) for block in translator.blocks]
    assert shapes == [(3, 15), (4, 15), (4, 15)]
    assert translator(torch.randn(2, 6, 3, 5)).shape == (2, 4, 3, 5)


def test_a_cell_sees_all_cells_of_its_channel_in_the_first_branch():
    mixer = TRANSLATORS["mlpmixer"](SPEC).blocks[0].block.attention
    latent = torch.randn(1, 6, 3, 5, requires_grad=True)
    mixer(latent)[0, 2, 1, 1].backward()
    seen = latent.grad[0].abs().sum(dim=(1, 2)) > 0
    assert seen.nonzero().flatten().tolist() == [2]
    assert (latent.grad[0, 2] != 0).all()


def test_another_grid_is_refused():
    message = r"'mlpmixer' is bound to latent frames of 3×5, but these have 5×3; build the network"
    with pytest.raises(ValueError, match=message):
        TRANSLATORS["mlpmixer"](SPEC)(torch.randn(1, 6, 5, 3))


def test_it_must_know_its_grid():
    spec = TranslatorSpec(channels_in=6, channels_out=4, width=8, layers=3, rows=3)
    with pytest.raises(ValueError, match=r"needs the rows and columns.*they are 3 and None"):
        TRANSLATORS["mlpmixer"](spec)


def test_simvp_says_how_large_a_padded_latent_frame_is():
    network = build_network(
        "simvp",
        {"translator": "mlpmixer", "spatial_width": 4, "translator_width": 8, "spatial_layers": 4},
        history=2,
        horizon=3,
        channels_in=1,
        channels_out=1,
        height=13,
        width=9,
    )
    # 13×9 is padded to 16×12, and halved twice.
    assert network.translator.blocks[0].block.attention.mlp.widen.in_features == 4 * 3
    assert network(torch.randn(1, 2, 1, 13, 9)).shape == (1, 3, 1, 13, 9)
    with pytest.raises(ValueError, match=r"bound to latent frames of 4×3, but these have 4×4"):
        network(torch.randn(1, 2, 1, 13, 13))
