import math

import pytest
import torch
from torch import nn

from models.translators import TRANSLATORS, TranslatorSpec
from models.translators.metaformer import (
    AttentionBlock,
    MixMlp,
    draw_fan_out,
    draw_truncated,
    drop_path_rates,
)

SPEC = TranslatorSpec(channels_in=12, channels_out=20, width=16, layers=4, drop_path=0.1)


def test_drop_rates_rise_evenly_from_a_hundredth():
    assert drop_path_rates(0.1, layers=4) == pytest.approx([0.01, 0.04, 0.07, 0.1])


def test_no_block_drops_without_drop_path():
    assert drop_path_rates(0.0, layers=3) == [0, 0, 0]


@pytest.mark.parametrize("name", ["gsta", "tau"])
def test_blocks_keep_their_width_and_project_where_the_next_differs(name):
    translator = TRANSLATORS[name](SPEC)
    widths = [block.block.attention_norm.num_features for block in translator.blocks]
    assert widths == [12, 16, 16, 16]
    projects = [isinstance(block.projection, nn.Conv2d) for block in translator.blocks]
    assert projects == [True, False, False, True]
    rates = [block.block.drop_path.rate for block in translator.blocks]
    assert rates == pytest.approx([0.01, 0.04, 0.07, 0.1])


@pytest.mark.parametrize("name", ["gsta", "tau"])
def test_equal_widths_need_no_projection(name):
    spec = TranslatorSpec(channels_in=16, channels_out=16, width=16, layers=2)
    translator = TRANSLATORS[name](spec)
    assert not any(isinstance(block.projection, nn.Conv2d) for block in translator.blocks)


@pytest.mark.parametrize("name", ["gsta", "tau"])
def test_a_fresh_residual_branch_counts_a_hundredth(name):
    block = TRANSLATORS[name](SPEC).blocks[0].block
    assert torch.equal(block.attention_scale, torch.full((12,), 0.01))
    assert torch.equal(block.mlp_scale, torch.full((12,), 0.01))


def test_weights_are_drawn_by_what_they_fan_out_to():
    torch.manual_seed(0)
    conv = nn.Conv2d(64, 128, 3, groups=4)
    draw_fan_out(conv)
    # fan-out: 3 × 3 × 128 / 4 = 288
    assert conv.weight.std().item() == pytest.approx(math.sqrt(2 / 288), rel=0.02)
    assert not conv.bias.any()


def test_weights_without_a_bias_are_drawn_too():
    torch.manual_seed(0)
    conv = nn.Conv2d(64, 64, 1, bias=False)
    draw_fan_out(conv)
    assert conv.weight.std().item() == pytest.approx(math.sqrt(2 / 64), rel=0.05)


def test_the_mlp_starts_by_fan_out():
    torch.manual_seed(0)
    mlp = MixMlp(32, hidden=256, circular=False)
    assert mlp.widen.weight.std().item() == pytest.approx(math.sqrt(2 / 256), rel=0.05)
    assert mlp.depthwise.conv.weight.std().item() == pytest.approx(math.sqrt(2 / 9), rel=0.05)
    assert mlp.narrow.weight.std().item() == pytest.approx(math.sqrt(2 / 32), rel=0.05)


@pytest.mark.parametrize("layer", [nn.Linear(64, 64), nn.Conv2d(64, 64, 1, bias=False)])
def test_weights_are_drawn_narrow(layer):
    torch.manual_seed(0)
    draw_truncated(layer)
    assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert layer.bias is None or not layer.bias.any()


def test_a_block_without_scales_adds_whole_branches():
    block = AttentionBlock(
        nn.Identity(), nn.Identity(), channels=4, drop_rate=0.0, norm=lambda _: nn.Identity()
    )
    latent = torch.randn(2, 4, 3, 3)
    # twice after attention, four times after the MLP
    torch.testing.assert_close(block(latent), 4 * latent)
    assert not list(block.parameters())


@pytest.mark.parametrize("shape", [(4,), (1, 4, 1, 1)])
def test_scales_weigh_the_branches_by_channel_and_the_place_comes_before(shape):
    scale = torch.tensor([0.0, 1.0, 2.0, 3.0]).reshape(shape)
    block = AttentionBlock(
        nn.Identity(),
        nn.Identity(),
        channels=4,
        drop_rate=0.0,
        norm=lambda _: nn.Identity(),
        first_scale=scale,
        position=nn.Identity(),
    )
    # position doubles; each branch adds 0, 1, 2 or 3 of it: 2 · (1 + scale)²
    expected = torch.tensor([2.0, 8.0, 18.0, 32.0])[:, None, None].expand(1, 4, 2, 2)
    torch.testing.assert_close(block(torch.ones(1, 4, 2, 2)), expected)
    assert block.mlp_scale.shape == shape
