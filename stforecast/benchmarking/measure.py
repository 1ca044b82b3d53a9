"""What a forecast costs: parameters, multiply-adds, time and memory, measured in a process of its own.

Measured is the network alone, on random frames: one pass to its horizon in evaluation mode and in
float32, as forecasts are made. Reading and normalising data is the same for all networks.
"""

import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.counting import count_macs, count_parameters
from models.network import Network
from pipelines.atomic import atomic_path
from stforecast.allocator import keep_memory
from stforecast.forecaster import Forecaster, load_forecaster
from stforecast.run import Run

__all__ = ["MEASURED_BATCH", "Cost", "cost_of_run", "device_name"]

MEASURED_BATCH = 16
"""Windows at once, for throughput and memory."""
_BUSY = 1.5
"""Load per core above which others must be at work: a training of one's own makes 1."""
_WARM_UP = 3
"""Passes before the clock starts: libraries choose their algorithms in the first ones."""
_PASSES = (5, 100)
"""At least and at most so many passes, …"""
_SECONDS = 3.0
"""… for about so long."""


@dataclass(frozen=True)
class Cost:
    """What one forecast of a network costs."""

    parameters: int
    """Trainable values."""
    macs: int
    """Multiply-adds of one window."""
    latency: float
    """Seconds of one window alone, median."""
    throughput: float
    """Windows a second, `MEASURED_BATCH` at once, median."""
    forecast_memory: int | None
    """Bytes at the peak of a forecast, weights included; None where the system does not tell."""
    training_memory: int | None
    """Bytes at the peak of a training step, weights and optimiser included."""
    device: str
    """Name of processor or GPU."""
    threads: int
    """Of torch on the processor."""
    load: float
    """Mean number of processes that wanted a core in the minute before, per core."""

    @property
    def busy(self) -> bool:
        """Whether others used the machine at the same time: then times are too long."""
        return self.load > _BUSY


def cost_of_run(run: Run, *, device_type: str) -> Cost:
    """Cost of a run's network, read where it was measured before on this device and with these threads.

    Raises:
        ChildProcessError: the measurement failed, for want of memory perhaps.
    """
    file = run.folder / "cost.json"
    here = {"device": device_name(device_type), "threads": torch.get_num_threads()}
    if file.is_file():
        known = json.loads(file.read_text())
        if here.items() <= known.items() and not Cost(**known).busy:
            return Cost(**known)
    # Before the process starts: it would count itself.
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    command = [sys.executable, "-m", __name__, str(run.folder), device_type, f"{load:.2f}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ChildProcessError(f"the cost of {run.folder} could not be measured: {last}")
    cost = Cost(**json.loads(done.stdout.splitlines()[-1]))
    with atomic_path(file) as temporary:
        temporary.write_text(json.dumps(asdict(cost)) + "\n")
    return cost


def measure(folder: Path, device_type: str, *, load: float) -> Cost:
    """Cost of the network of a run; right in a process that has done nothing else."""
    keep_memory()
    _load_libraries(device_type)
    memory = _Memory(device_type)
    forecaster = load_forecaster(folder, device=device_type)
    network, shape = forecaster.network, forecaster.shape
    channels = len(forecaster.channels) + forecaster.inputs.n_planes
    window = (forecaster.experiment.history, channels, *shape)
    alone = torch.randn(1, *window, device=device_type)
    batch = torch.randn(MEASURED_BATCH, *window, device=device_type)
    network.eval()
    with torch.inference_mode():
        latency = _median_seconds(lambda: network(alone), device_type)
        in_batch = _median_seconds(lambda: network(batch), device_type)
    forecast_memory = memory.peak()
    _train_two_steps(network, batch.clone(), forecaster)
    return Cost(
        parameters=count_parameters(network),
        macs=count_macs(
            network, history=window[0], channels=channels, height=shape[0], width=shape[1]
        ),
        latency=latency,
        throughput=MEASURED_BATCH / in_batch,
        forecast_memory=forecast_memory,
        training_memory=memory.peak(),
        device=device_name(device_type),
        threads=torch.get_num_threads(),
        load=load,
    )


def device_name(device_type: str) -> str:
    """The name of the processor or GPU, as its maker gives it."""
    if device_type == "cuda":
        return torch.cuda.get_device_name()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _median_seconds(work: Callable[[], Any], device_type: str) -> float:
    """Median time of one pass, after a warm-up."""

    def timed() -> float:
        start = time.perf_counter()
        work()
        if device_type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    for _ in range(_WARM_UP):
        timed()
    times: list[float] = []
    least, most = _PASSES
    while len(times) < least or (len(times) < most and sum(times) < _SECONDS):
        times.append(timed())
    return statistics.median(times)


def _load_libraries(device_type: str) -> None:
    """One step of a network of one cell: what torch loads at its first step is nobody's cost."""
    layer = torch.nn.Conv2d(1, 1, 3, padding=1, device=device_type)
    optimiser = torch.optim.Adam(layer.parameters())
    layer(torch.zeros(1, 1, 8, 8, device=device_type)).sum().backward()
    optimiser.step()


def _train_two_steps(network: Network, history: Tensor, forecaster: Forecaster) -> None:
    """Two steps as training makes them: Adam's own memory is there from the first one on."""
    size = (len(history), forecaster.experiment.horizon, len(forecaster.channels))
    target = torch.randn(*size, *forecaster.shape, device=history.device)
    optimiser = torch.optim.Adam(network.parameters())
    network.train()
    for _ in range(2):
        loss = network.training_loss(history, target, error=_mean_squared_error, progress=0.0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def _mean_squared_error(forecast: Tensor, target: Tensor) -> Tensor:
    return (forecast - target).square().mean()


class _Memory:
    """Peak of memory since it was made: of the GPU, or what this process has in use."""

    def __init__(self, device_type: str) -> None:
        self._on_gpu = device_type == "cuda"
        if not self._on_gpu:
            with contextlib.suppress(OSError):
                Path("/proc/self/clear_refs").write_text("5")  # proc(5): begins a new peak
            self._before = _status("VmRSS")

    def peak(self) -> int | None:
        """Bytes; None where the system does not tell."""
        if self._on_gpu:
            return torch.cuda.max_memory_allocated()
        peak = _status("VmHWM")
        return None if peak is None or self._before is None else max(0, peak - self._before)


def _status(name: str) -> int | None:
    """Bytes of an entry in Linux's status of this process."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    sizes = (int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
    return next(sizes, None)


if __name__ == "__main__":
    measured = measure(Path(sys.argv[1]), sys.argv[2], load=float(sys.argv[3]))
    sys.stdout.write(json.dumps(asdict(measured)) + "\n")
