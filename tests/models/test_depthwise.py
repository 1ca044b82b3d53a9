import copy

import pytest
import torch
from torch import nn

from models import build_network
from models.depthwise import QuickDepthwise, quicken_depthwise


def plain_of(kernel, dilation, *, padding=None, bias=True):
    torch.manual_seed(0)
    reach = dilation * (kernel - 1) // 2
    padding = (reach, reach) if padding is None else padding
    return nn.Conv2d(6, 6, kernel, padding=padding, dilation=dilation, groups=6, bias=bias).double()


def values_of(conv, frames, above):
    """Output and gradients: of the input, the kernel and the bias."""
    given = frames.clone().requires_grad_()
    conv.zero_grad()
    made = conv(given)
    made.backward(above)
    return made.detach(), given.grad, *(part.grad.clone() for part in conv.parameters())


@pytest.mark.parametrize(
    ("kernel", "dilation", "padding"),
    [(5, 1, None), (7, 3, None), (7, 3, (9, 0)), (5, 2, (0, 2)), (9, 1, (1, 0))],
)
@pytest.mark.parametrize("size", [(20, 21), (23, 19)])
def test_values_and_gradients_are_those_of_the_plain_convolution(kernel, dilation, padding, size):
    plain = plain_of(kernel, dilation, padding=padding)
    quick = QuickDepthwise.of(copy.deepcopy(plain))
    frames = torch.randn(3, 6, *size, dtype=torch.float64)
    above = torch.randn_like(plain(frames))
    for made, wanted in zip(
        values_of(quick, frames, above), values_of(plain, frames, above), strict=True
    ):
        torch.testing.assert_close(made, wanted, rtol=1e-10, atol=1e-10)


def test_a_convolution_without_bias_and_frames_without_gradient_do_as_well():
    plain = plain_of(7, 3, bias=False)
    quick = QuickDepthwise.of(copy.deepcopy(plain))
    frames = torch.randn(2, 6, 8, 9, dtype=torch.float64)
    for conv in (plain, quick):
        conv(frames).square().sum().backward()
    torch.testing.assert_close(quick.weight.grad, plain.weight.grad)


def test_half_precision_is_left_to_torch():
    plain = plain_of(7, 3).float()
    quick = QuickDepthwise.of(copy.deepcopy(plain))
    frames = torch.randn(2, 6, 8, 9)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for conv in (plain, quick):
            conv(frames).float().square().sum().backward()
    torch.testing.assert_close(quick.weight.grad, plain.weight.grad, rtol=0, atol=0)


def test_large_depthwise_kernels_of_a_network_become_quick_and_keep_their_names():
    shape = {"history": 2, "horizon": 2, "channels_in": 1, "channels_out": 1}
    options = {"spatial_width": 4, "translator_width": 8, "translator_layers": 2}
    network = build_network("simvp", options, **shape, height=8, width=8)
    names, parameters = list(network.state_dict()), list(network.parameters())
    quicken_depthwise(network)
    quick = [part.dilation[0] for part in network.modules() if isinstance(part, QuickDepthwise)]
    # Of each of the two blocks the 5×5 and the 7×7 at distance 3; its 3×3 has a quick gradient.
    assert quick == [1, 3, 1, 3]
    assert list(network.state_dict()) == names
    assert all(a is b for a, b in zip(network.parameters(), parameters, strict=True))


@pytest.mark.parametrize(
    "other",
    [
        nn.Conv2d(6, 6, 3, padding=1, groups=6),
        nn.Conv2d(6, 6, 5, padding=2),
        nn.Conv2d(6, 6, 5, padding=2, groups=6, stride=2),
        nn.Conv2d(6, 6, 5, padding=2, groups=6, padding_mode="circular"),
        nn.Conv2d(6, 6, (5, 7), groups=6),
        nn.Conv2d(6, 6, 5, padding=3, groups=6, dilation=2),
        nn.Conv2d(6, 6, 5, padding="same", groups=6),
    ],
)
def test_other_convolutions_stay_as_they_are(other):
    network = nn.Sequential(other)
    quicken_depthwise(network)
    assert network[0] is other
