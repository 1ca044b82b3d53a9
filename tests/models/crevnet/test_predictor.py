import torch

from models.crevnet.predictor import ReversiblePredictor


def make(*, layers):
    torch.manual_seed(0)
    return ReversiblePredictor(4, layers=layers)


def test_halves_keep_their_shape_and_the_state_is_that_of_each_layer():
    predictor = make(layers=3)
    left, right = torch.randn(2, 2, 4, 3, 2, 5)
    left, right, (layers, memory) = predictor(left, right, predictor.begin(left))
    assert left.shape == right.shape == memory.shape == (2, 4, 3, 2, 5)
    assert [(len(hidden), len(own)) for hidden, own in layers] == [(2, 2)] * 3


def test_a_layer_looks_at_the_left_half_and_changes_the_right_one_and_swaps_them():
    predictor = make(layers=1)
    left, right = torch.randn(2, 1, 4, 3, 2, 2)
    after_left, after_right, (layers, _) = predictor(left, right, predictor.begin(left))
    assert torch.equal(after_right, left)
    hidden = layers[0][0]
    weight = predictor.attention[0](hidden).sigmoid()
    # Knowing what the layer remembers, the step can be undone.
    torch.testing.assert_close((after_left - weight * hidden) / (1 - weight), right)


def test_the_passing_memory_runs_up_the_layers_and_on_in_time():
    predictor = make(layers=2)
    left, right = torch.randn(2, 1, 4, 3, 2, 2)
    layers, memory = predictor.begin(left)
    fresh = predictor(left, right, (layers, memory))
    remembered = predictor(left, right, (layers, memory + 1))
    assert not torch.allclose(fresh[2][0][0][0], remembered[2][0][0][0])
    _, _, through_cells = predictor.cells[0](left, memory, memory, memory)
    half = fresh[2][0][0][0]
    weight = predictor.attention[0](half).sigmoid()
    second = (1 - weight) * right + weight * half
    _, _, expected = predictor.cells[1](second, memory, memory, through_cells)
    torch.testing.assert_close(fresh[2][1], expected)
