import pytest
import torch

from models.translators import TRANSLATORS, TranslatorSpec
from models.translators.swin import WindowAttention


def cells_seen(attention, row, column, *, height=8, width=8):
    """Which rows and columns the attended cell depends on."""
    latent = torch.randn(1, 8, height, width, requires_grad=True)
    attention(latent)[0, :, row, column].sum().backward()
    seen = latent.grad[0].abs().sum(dim=0) > 0
    return [seen.any(dim=other).nonzero().flatten().tolist() for other in (1, 0)]


def make_attention(*, shifted=False, masked=True, circular=False):
    torch.manual_seed(0)
    return WindowAttention(8, shifted=shifted, masked=masked, circular=circular)


def test_a_cell_sees_its_window():
    assert cells_seen(make_attention(), 1, 5) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_a_shifted_window_lies_across_four():
    assert cells_seen(make_attention(shifted=True), 3, 4) == [[2, 3, 4, 5], [2, 3, 4, 5]]


@pytest.mark.parametrize(
    ("options", "rows", "columns"),
    [
        ({}, [0, 1], [6, 7]),
        ({"circular": True}, [0, 1], [0, 1, 6, 7]),
        ({"masked": False}, [0, 1, 6, 7], [0, 1, 6, 7]),
    ],
)
def test_what_a_shifted_window_sees_beyond_the_edges(options, rows, columns):
    assert cells_seen(make_attention(shifted=True, **options), 0, 7) == [rows, columns]


def test_a_single_window_is_not_shifted():
    assert cells_seen(make_attention(shifted=True), 0, 0, height=3, width=8)[0] == [0, 1, 2]


@pytest.mark.parametrize("shifted", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("circular", [False, True])
@pytest.mark.parametrize(("height", "width"), [(6, 9), (1, 1), (2, 8)])
def test_nobody_attends_to_the_padding(shifted, masked, circular, height, width):
    attention = make_attention(shifted=shifted, masked=masked, circular=circular)
    latent = torch.randn(8)[None, :, None, None].expand(2, 8, height, width)
    attended = attention(latent)
    # Where all cells are equal, any weighted mean of them is the same; padding would change it.
    torch.testing.assert_close(attended, attended[..., :1, :1].expand_as(attended))


def test_each_distance_has_its_own_bias():
    distances = make_attention().distances
    # Seven distances along each axis, from -3 to 3: itself in the middle, corners at the ends.
    assert distances[0, 0] == distances[15, 15] == 3 * 7 + 3
    assert distances[15, 0] == 6 * 7 + 6
    assert distances[0, 15] == 0
    assert distances[0, 3] == distances[4, 7] == 3 * 7
    assert distances.unique().tolist() == list(range(49))


def test_the_bias_of_a_distance_weighs_the_cells():
    attention = make_attention()
    with torch.no_grad():
        attention.bias_table.fill_(-1e4)
        attention.bias_table[3 * 7 + 3] = 0.0  # a cell sees itself alone
    assert cells_seen(attention, 2, 5) == [[2], [5]]


def test_every_second_block_is_shifted():
    spec = TranslatorSpec(channels_in=16, channels_out=16, width=8, layers=4)
    blocks = TRANSLATORS["swin"](spec).blocks
    assert [block.block.attention.shift for block in blocks] == [0, 2, 0, 2]


def test_windows_of_a_batch_do_not_mix():
    attention = make_attention(shifted=True)
    latent = torch.randn(3, 8, 6, 12)
    torch.testing.assert_close(attention(latent)[1:2], attention(latent[1:2]))


def test_channels_that_the_heads_do_not_divide_are_refused():
    with pytest.raises(ValueError, match=r"'swin' attends with 8 heads, but a block has 12"):
        TRANSLATORS["swin"](TranslatorSpec(channels_in=12, channels_out=16, width=8, layers=2))
