"""Several processes: who they are, how they start, and statistics over all of them.

Processes are started by `torchrun`, one a device; without it there is one.
B: batch, C: channel, Y: row, X: column.
"""

import os
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["Processes", "start_processes", "synchronise_batch_norm", "wait_for_all"]


@dataclass(frozen=True)
class Processes:
    """The processes of one training, as torchrun names them in the environment."""

    rank: int = 0
    """This process, from 0."""
    count: int = 1
    """All processes."""
    local_count: int = 1
    """Processes on this machine."""

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    @property
    def n_machines(self) -> int:
        """Machines taking part."""
        return self.count // self.local_count


def start_processes(device_type: str) -> Processes:
    """Meet the other processes that torchrun started, if it did."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        return Processes()
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device_type == "cuda" else "gloo")
    local = int(os.environ.get("LOCAL_WORLD_SIZE", count))
    return Processes(rank=dist.get_rank(), count=count, local_count=local)


def wait_for_all() -> None:
    """Return when every process has come here."""
    if dist.is_initialized():
        dist.barrier()


def synchronise_batch_norm(network: nn.Module, *, device_type: str) -> None:
    """Let the network take batch statistics over all processes: their number then changes nothing."""
    if device_type == "cuda":
        nn.SyncBatchNorm.convert_sync_batchnorm(network)
        return
    for name, child in network.named_children():
        if isinstance(child, nn.BatchNorm2d):
            setattr(network, name, GlobalBatchNorm2d.of(child))
        else:
            synchronise_batch_norm(child, device_type=device_type)


class GlobalBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation over all processes on a CPU, where torch's own needs a GPU."""

    @classmethod
    def of(cls, plain: nn.BatchNorm2d) -> "GlobalBatchNorm2d":
        """One that shares the parameters and running statistics of a plain one."""
        momentum = plain.momentum
        result = cls(plain.num_features, eps=plain.eps, momentum=momentum)
        result.load_state_dict(plain.state_dict())
        return result

    def forward(self, input: Float[Tensor, "B C Y X"]) -> Float[Tensor, "B C Y X"]:  # noqa: A002
        """Normalised by the mean and variance of the global batch while training."""
        if not self.training or not dist.is_initialized():
            return super().forward(input)
        count = input.numel() / input.shape[1] * dist.get_world_size()
        mean = sum_over_processes(input.sum(dim=(0, 2, 3))) / count
        centred = input - mean.view(1, -1, 1, 1)
        # Two passes: the mean of squares minus the square of the mean would lose digits.
        variance = sum_over_processes(centred.square().sum(dim=(0, 2, 3))) / count
        self._update_running(mean.detach(), variance.detach() * count / (count - 1))
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return centred * scale.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)

    def _update_running(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance, self.momentum)


class _SumOverProcesses(torch.autograd.Function):
    """Every process adds to every sum, so every sum's gradient flows back to every process."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone()
        dist.all_reduce(total)
        return total


def sum_over_processes(values: Tensor) -> Tensor:
    """The sum of a tensor over all processes, with its gradient."""
    return _SumOverProcesses.apply(values)  # pyright: ignore[reportReturnType]
