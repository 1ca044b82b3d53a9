import pytest
import torch
import torch.distributed as dist
from torch import nn

from stforecast.training.distributed import (
    GlobalBatchNorm2d,
    Processes,
    start_processes,
    synchronise_batch_norm,
    wait_for_all,
)
from stforecast.training.loss import SquaredError


@pytest.fixture
def alone():
    """A group of one process: every sum over processes is the process's own."""
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def test_statistics_over_all_processes_are_those_of_the_whole_batch(alone):
    torch.manual_seed(0)
    plain = nn.BatchNorm2d(3)
    nn.init.normal_(plain.weight)
    shared = GlobalBatchNorm2d.of(plain)
    frames = 5 + 2 * torch.randn(4, 3, 6, 5)
    inputs = [frames.clone().requires_grad_() for _ in range(2)]
    weights = torch.randn_like(frames)
    for layer, given in zip((plain, shared), inputs, strict=True):
        (layer(given) * weights).sum().backward()
    torch.testing.assert_close(inputs[1].grad, inputs[0].grad, rtol=1e-4, atol=1e-5)
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(shared.state_dict()[name], value)
    torch.testing.assert_close(shared.eval()(frames), plain.eval()(frames))


def test_every_batch_norm_of_a_network_is_replaced_and_keeps_its_weights():
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.Sequential(nn.BatchNorm2d(2)))
    before = network.state_dict()
    synchronise_batch_norm(network, device_type="cpu")
    assert isinstance(network[1][0], GlobalBatchNorm2d)
    assert network.state_dict().keys() == before.keys()


def test_the_loss_of_one_process_in_a_group_is_its_own(alone):
    forecast, truth = torch.ones(1, 1, 1, 2, 1), torch.zeros(1, 1, 1, 2, 1)
    assert SquaredError()(forecast, truth).item() == 1.0


def test_without_torchrun_there_is_one_process(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    processes = start_processes("cpu")
    assert processes == Processes(rank=0, count=1, local_count=1)
    assert processes.is_first
    assert processes.n_machines == 1
    wait_for_all()


def test_processes_count_their_machines():
    assert Processes(rank=5, count=8, local_count=4).n_machines == 2
    assert not Processes(rank=5, count=8, local_count=4).is_first
