import pytest
import torch
from torch import nn

from models.convolution import GridConv2d, wrap_columns


def test_wrapped_columns_are_those_of_the_other_edge():
    frames = torch.tensor([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3)
    wrapped = wrap_columns(frames, left=1, right=2)
    assert wrapped.flatten().tolist() == [3, 1, 2, 3, 1, 2]


def test_columns_can_be_wrapped_more_than_once():
    frames = torch.tensor([1.0, 2.0]).reshape(1, 1, 1, 2)
    wrapped = wrap_columns(frames, left=3, right=4)
    assert wrapped.flatten().tolist() == [2, 1, 2, 1, 2, 1, 2, 1, 2]


@pytest.mark.parametrize(
    ("kernel", "dilation", "stride"), [(1, 1, 1), (3, 1, 1), (5, 1, 2), (7, 3, 1)]
)
@pytest.mark.parametrize("circular", [False, True])
def test_the_grid_keeps_its_size_divided_by_the_stride(kernel, dilation, stride, circular):
    conv = GridConv2d(2, 3, kernel=kernel, dilation=dilation, stride=stride, circular=circular)
    assert conv(torch.zeros(1, 2, 6, 8)).shape == (1, 3, 6 // stride, 8 // stride)


def test_without_longitude_it_is_a_plain_convolution_with_zeros_beyond():
    conv = GridConv2d(2, 4, kernel=5, dilation=2, groups=2)
    frames = torch.randn(2, 2, 9, 11)
    expected = nn.functional.conv2d(
        frames, conv.conv.weight, conv.conv.bias, padding=4, dilation=2, groups=2
    )
    torch.testing.assert_close(conv(frames), expected)


def test_a_sum_over_three_cells_goes_round_in_x_and_ends_in_y():
    conv = GridConv2d(1, 1, kernel=3, circular=True)
    nn.init.ones_(conv.conv.weight)
    nn.init.zeros_(conv.conv.bias)
    frames = torch.tensor([[1.0, 10.0, 100.0, 1000.0], [0.0, 0.0, 0.0, 0.0]]).reshape(1, 1, 2, 4)
    # first column: 1000 + 1 + 10; there is nothing above the first row
    assert conv(frames)[0, 0].tolist() == [[1011, 111, 1110, 1101]] * 2
