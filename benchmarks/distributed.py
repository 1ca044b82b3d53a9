"""Training in two processes, each with one thread, against one such process with half the batch.

    python -m benchmarks.distributed

Both take as long if the processes do not wait for each other: then the efficiency is 1.
"""

import multiprocessing
import socket
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from rich.console import Console
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from benchmarks.measuring import Row, Work, alternate, machine, show
from benchmarks.training import make_batch, make_module, make_network, step_by
from models.depthwise import quicken_depthwise
from pipelines.windows import Windows
from stforecast.allocator import keep_memory
from stforecast.training.distributed import synchronise_batch_norm
from stforecast.training.module import TrainingModule

PRESET, SHARE = "taxibj-gsta", 8
"""What is trained, and windows a process."""


class LossOf(nn.Module):
    """The training step as a forward pass, which is what torch distributes."""

    def __init__(self, module: TrainingModule) -> None:
        super().__init__()
        self.module = module

    def forward(self, windows: Windows) -> Tensor:
        """The loss of a batch."""
        return self.module.training_step(windows, 0)


def alone() -> Work:
    """A step of one process."""
    return _make_step(distributed=False)


def both() -> Work:
    """A step of two processes; the other one follows this one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # It ends with this process, whatever happens.
    multiprocessing.get_context("spawn").Process(target=_follow, args=(port,), daemon=True).start()
    _meet(0, port)
    step = _make_step(distributed=True)

    def lead() -> Any:
        dist.broadcast(torch.ones(1), 0)
        return step()

    return lead


def _follow(port: int) -> None:
    """Take a step whenever the first process does."""
    _meet(1, port)
    step = _make_step(distributed=True)
    while True:
        dist.broadcast(torch.zeros(1), 0)
        step()


def _meet(rank: int, port: int) -> None:
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)


def _make_step(*, distributed: bool) -> Work:
    torch.set_num_threads(1)
    keep_memory()
    network = make_network(PRESET)
    quicken_depthwise(network)
    if distributed:
        synchronise_batch_norm(network, device_type="cpu")
    module = make_module(network, PRESET)
    loss = LossOf(module)
    loss_of = DistributedDataParallel(loss) if distributed else loss
    windows = make_batch(PRESET, SHARE)
    return partial(step_by, module.make_optimiser(), partial(loss_of, windows))


def rows(console: Console) -> list[Row]:
    """Windows a second of one process and of two, and their efficiency."""
    console.print(f"training step of {PRESET} in two processes …", style="dim")
    timings = alternate({"one process": alone, "two processes": both}, turns=5, warm_up=2)
    one, two = timings["one process"], timings["two processes"]
    what = f"training step of {PRESET}, {SHARE} windows a process, 1 thread each"
    return [
        Row(what, "one process", SHARE / one.median, "windows/s"),
        Row(
            what,
            "two processes",
            2 * SHARE / two.median,
            "windows/s",
            ratio=2 * one.median / two.median,
            against="one process",
            note=f"efficiency {one.median / two.median:.0%}; batch statistics over both",
        ),
    ]


def main() -> None:
    """Measure and print."""
    console = Console()
    show(machine(), rows(console), console=console)


if __name__ == "__main__":
    main()
