import pytest
import torch

from models.translators.moganet import AggregatingMlp, GatedAggregation, MultiOrderContext


@pytest.mark.parametrize(
    ("channels", "widths"), [(32, [4, 12, 16]), (16, [2, 6, 8]), (3, [1, 1, 1]), (2, [0, 1, 1])]
)
def test_channels_are_split_by_how_far_they_see(channels, widths):
    context = MultiOrderContext(channels, circular=False)
    assert context.widths == widths
    assert context(torch.randn(1, channels, 5, 5)).shape == (1, channels, 5, 5)


@pytest.mark.parametrize(("channel", "reach"), [(0, 2), (1, 2 + 4), (7, 2 + 9)])
def test_a_channel_sees_as_far_as_its_kernels(channel, reach):
    context = MultiOrderContext(8, circular=False)  # 1 near, 3 middle, 4 wide
    with torch.no_grad():
        context.mix.weight.copy_(torch.eye(8)[..., None, None])
    latent = torch.zeros(1, 8, 31, 31, requires_grad=True)
    context(latent)[0, channel, 15, 15].backward()
    rows = (latent.grad[0, channel] != 0).any(dim=1).nonzero().flatten().tolist()
    assert (rows[0], rows[-1]) == (15 - reach, 15 + reach)


def test_the_contrast_takes_a_frame_from_its_mean():
    aggregation = GatedAggregation(4, circular=False)
    with torch.no_grad():
        aggregation.project_in.weight.copy_(torch.eye(4)[..., None, None])
        aggregation.project_in.bias.zero_()
    told_apart = []
    aggregation.gate.register_forward_pre_hook(lambda _, values: told_apart.append(values[0]))
    latent = torch.randn(1, 4, 6, 6)
    with torch.no_grad():
        aggregation.contrast.fill_(-1.0)  # what is left is the mean
    aggregation(latent)
    mean = latent.mean(dim=(2, 3), keepdim=True)
    torch.testing.assert_close(told_apart[0], torch.nn.functional.silu(mean).expand(1, 4, 6, 6))


def test_the_contrast_takes_channels_from_what_they_have_in_common():
    mlp = AggregatingMlp(2, hidden=2, circular=False)
    with torch.no_grad():
        for conv in (mlp.widen, mlp.narrow):
            conv.weight.copy_(torch.eye(2)[..., None, None])
            conv.bias.zero_()
        mlp.depthwise.conv.weight.zero_()
        mlp.depthwise.conv.bias.copy_(torch.tensor([100.0, 50.0]))
        mlp.summary.weight.zero_()
        mlp.summary.bias.fill_(20.0)
        mlp.contrast.fill_(0.5)
    # 100 + 0.5 · (100 − 20) and 50 + 0.5 · (50 − 20); GELU leaves such values as they are
    assert mlp(torch.zeros(1, 2, 1, 1)).flatten().tolist() == [140.0, 65.0]
