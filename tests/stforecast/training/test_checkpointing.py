import copy

import pytest
import torch

from models import build_network
from models.tendency import TendencyNetwork
from stforecast.training.checkpointing import checkpoint_gradients
from stforecast.training.distributed import GlobalBatchNorm2d, synchronise_batch_norm

SHAPE = {
    "history": 2,
    "horizon": 4,
    "channels_in": 1,
    "channels_out": 1,
    "height": 8,
    "width": 8,
}


def network_with(translator="gsta", **options):
    torch.manual_seed(0)
    sizes = {"spatial_width": 8, "translator_width": 16, "translator_layers": 3}
    return build_network("simvp", {"translator": translator, **sizes, **options}, **SHAPE)


def step(network, *, seed=1):
    """The loss of a step, with its gradients and the state after it."""
    torch.manual_seed(seed)
    history = torch.randn(4, 2, 1, 8, 8)
    loss = network(history).square().mean()
    loss.backward()
    return loss.detach(), [part.grad for part in network.parameters()], network.state_dict()


@pytest.mark.parametrize("translator", ["gsta", "tau", "convmixer", "swin"])
def test_loss_gradients_and_statistics_are_those_of_a_plain_step(translator):
    # A horizon of two blocks: the same translator twice, and drop path, which must drop the same again.
    drops = {} if translator == "convmixer" else {"drop_path": 0.5}
    plain = network_with(translator, **drops)
    thrifty = copy.deepcopy(plain)
    checkpoint_gradients(thrifty)
    torch.testing.assert_close(step(thrifty), step(plain), rtol=1e-5, atol=1e-6)


def test_batches_count_once_over_several_processes_too():
    plain = network_with()
    thrifty = copy.deepcopy(plain)
    synchronise_batch_norm(thrifty, device_type="cpu")
    checkpoint_gradients(thrifty)
    norm = next(part for part in thrifty.modules() if isinstance(part, GlobalBatchNorm2d))
    step(thrifty)
    step(plain)
    assert norm.num_batches_tracked == 2
    torch.testing.assert_close(thrifty.state_dict(), plain.state_dict(), rtol=1e-5, atol=1e-6)


def test_batches_count_once_on_several_gpus():
    plain = network_with()
    thrifty = torch.nn.SyncBatchNorm.convert_sync_batchnorm(copy.deepcopy(plain))
    checkpoint_gradients(thrifty)
    torch.testing.assert_close(step(thrifty), step(plain), rtol=1e-5, atol=1e-6)


def kept_bytes(network):
    """Of the tensors that a step keeps for its gradients."""
    kept = {}
    with torch.autograd.graph.saved_tensors_hooks(
        lambda part: kept.setdefault(part.data_ptr(), part), lambda part: part
    ):
        network(torch.randn(4, 2, 1, 8, 8))
    return sum(part.numel() * part.element_size() for part in kept.values())


def test_a_step_keeps_a_fraction_of_the_memory():
    plain = network_with(translator_layers=8)
    thrifty = copy.deepcopy(plain)
    checkpoint_gradients(TendencyNetwork(thrifty))
    assert kept_bytes(thrifty) < 0.4 * kept_bytes(plain)


def test_outside_training_nothing_is_computed_twice(monkeypatch):
    network = network_with()
    checkpoint_gradients(network)
    monkeypatch.setattr("models.translators.metaformer.checkpoint", None)
    network.eval()(torch.randn(1, 2, 1, 8, 8))
    with torch.no_grad():
        network.train()(torch.randn(2, 2, 1, 8, 8))


def test_a_network_without_such_blocks_is_refused():
    with pytest.raises(ValueError, match=r"checkpoint_gradients .* SimVP here has no such blocks"):
        checkpoint_gradients(network_with("incepu"))
