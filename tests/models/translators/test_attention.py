import pytest
import torch

from models.translators.attention import GlobalAttention, MultiHeadAttention


def take_values_only(heads):
    """Every query and key zero, every value the cell itself: attention is a plain mean."""
    channels = heads.project_out.in_features
    with torch.no_grad():
        for layer in (heads.query_key_value, heads.project_out):
            layer.weight.zero_()
            layer.bias.zero_()
        heads.query_key_value.weight[2 * channels :] = torch.eye(channels)
        heads.project_out.weight.copy_(torch.eye(channels))


def test_equal_queries_take_the_mean_of_their_set():
    heads = MultiHeadAttention(16, translator="vit")
    take_values_only(heads)
    cells = torch.randn(3, 5, 16)
    torch.testing.assert_close(heads(cells), cells.mean(dim=1, keepdim=True).expand(3, 5, 16))


def test_a_bias_of_minus_infinity_hides_a_cell():
    heads = MultiHeadAttention(8, translator="vit")
    take_values_only(heads)
    cells = torch.randn(2, 3, 8)
    bias = torch.zeros(1, 8, 3, 3)
    bias[..., 2] = -torch.inf
    seen = cells[:, :2].mean(dim=1, keepdim=True)
    torch.testing.assert_close(heads(cells, bias=bias), seen.expand(2, 3, 8))


def test_a_better_match_weighs_more():
    heads = MultiHeadAttention(8, translator="vit")
    take_values_only(heads)
    with torch.no_grad():
        heads.query_key_value.weight[:16] = torch.cat([torch.eye(8), torch.eye(8)])
    cells = torch.ones(1, 2, 8)
    cells[:, 1] = 2.0
    # One channel a head: scores 1·1, 1·2 of the first cell; its weights e/(e + e²), e²/(e + e²).
    weight = torch.tensor([1.0, 2.0]).softmax(dim=0)
    torch.testing.assert_close(heads(cells)[0, 0], (weight[0] + 2 * weight[1]).expand(8))


def test_attention_among_all_cells_does_not_know_where_they_are():
    attention = GlobalAttention(8, translator="vit")
    latent = torch.randn(2, 8, 3, 5)
    torch.testing.assert_close(
        attention(latent.flip(2).roll(2, dims=3)), attention(latent).flip(2).roll(2, dims=3)
    )


def test_channels_that_the_heads_do_not_divide_are_refused():
    message = r"'vit' attends with 8 heads, but a block has 20 channels; take a translator_width"
    with pytest.raises(ValueError, match=message):
        GlobalAttention(20, translator="vit")
