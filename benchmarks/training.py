"""A training step: the published way against ours, and what gradient checkpointing saves and costs.

    python -m benchmarks.training

The published way is a plain loop of torch in float32: Adam as it comes, the C library's allocator as it
is set. Ours is the step of `stforecast train`. Data are random and both start from the same weights, so
their losses must agree.
"""

from collections.abc import Callable
from functools import partial

import torch
from rich.console import Console
from torch import Tensor, nn

from benchmarks.measuring import Row, Timing, Work, alternate, machine, show
from models.depthwise import quicken_depthwise
from models.network import Network
from models.presets import PRESETS
from pipelines.normalise import Normaliser
from pipelines.planes import Planes
from pipelines.windows import Windows
from stforecast.allocator import keep_memory
from stforecast.experiment import TrainingConfig
from stforecast.training.checkpointing import checkpoint_gradients
from stforecast.training.loss import SquaredError
from stforecast.training.module import TrainingModule

BATCHES = {"weatherbench-t2m-gsta": 8, "taxibj-gsta": 16, "mmnist-gsta": 16}
"""Windows a step of each preset: 16, or fewer where a turn would take long."""
CHECKPOINTED = "weatherbench-t2m-gsta"


def make_network(preset: str) -> Network:
    """A preset's network with the same fresh weights each time."""
    torch.manual_seed(0)
    return PRESETS[preset].build(horizon=PRESETS[preset].history).train()


def make_batch(preset: str, batch: int) -> Windows:
    """Random windows, normalised."""
    sizes = PRESETS[preset]
    torch.manual_seed(1)
    frames = (batch, sizes.history, sizes.channels, sizes.height, sizes.width)
    return Windows(torch.randn(frames), torch.empty(batch, sizes.history, 0), torch.randn(frames))


def make_module(network: Network, preset: str) -> TrainingModule:
    """What trains a network on windows that are normalised already."""
    n_channels = PRESETS[preset].channels
    return TrainingModule(
        network,
        Normaliser((0.0,) * n_channels, (1.0,) * n_channels),
        SquaredError(),
        TrainingConfig(learning_rate=PRESETS[preset].learning_rate, schedule="constant"),
        planes=Planes(),
        seed=0,
        steps_an_epoch=1000,
    )


def step_by(optimiser: torch.optim.Optimizer, loss_of: Callable[[], Tensor]) -> float:
    """Take one step; its loss."""
    torch.manual_seed(2)
    optimiser.zero_grad()
    loss = loss_of()
    loss.backward()
    optimiser.step()
    return loss.item()


def published(preset: str, batch: int) -> Work:
    """A step of a plain loop."""
    network, windows = make_network(preset), make_batch(preset, batch)
    optimiser = torch.optim.Adam(network.parameters(), lr=PRESETS[preset].learning_rate)

    def loss() -> Tensor:
        return nn.functional.mse_loss(network(windows.history), windows.target)

    return partial(step_by, optimiser, loss)


def ours(preset: str, batch: int, *, checkpointed: bool = False) -> Work:
    """A step of `stforecast train`."""
    keep_memory()
    network, windows = make_network(preset), make_batch(preset, batch)
    quicken_depthwise(network)
    if checkpointed:
        checkpoint_gradients(network)
    module = make_module(network, preset)
    optimiser = module.make_optimiser()
    return partial(step_by, optimiser, partial(module.training_step, windows, 0))


def rows(console: Console) -> list[Row]:
    """Windows a second and megabytes a window of each preset."""
    table = []
    for preset, batch in BATCHES.items():
        console.print(f"training step of {preset} …", style="dim")
        ways = {
            "published": partial(published, preset, batch),
            "ours": partial(ours, preset, batch),
        }
        if preset == CHECKPOINTED:
            ways["ours, checkpointed"] = partial(ours, preset, batch, checkpointed=True)
        table += _rows_of(preset, batch, alternate(ways, turns=3, warm_up=1))
    return table


def _rows_of(preset: str, batch: int, timings: dict[str, Timing]) -> list[Row]:
    base = timings["published"]
    what = f"training step of {preset}, batch {batch}"
    speed, memory = [], []
    for name, timing in timings.items():
        held = (timing.peak - timing.before) / batch
        off = abs(timing.value / base.value - 1)
        speed.append(
            Row(
                what,
                name,
                batch / timing.median,
                "windows/s",
                ratio=base.median / timing.median,
                against="published",
                note=f"loss of the last step within {off:.0e}",
            )
        )
        memory.append(
            Row(
                f"memory of {preset}, batch {batch}",
                name,
                held / 2**20,
                "MiB/window",
                ratio=(base.peak - base.before) / batch / held,
                against="published",
                note="at the peak, with gradients and the state of Adam",
            )
        )
    return speed + memory


def main() -> None:
    """Measure and print."""
    console = Console()
    show(machine(), rows(console), console=console)


if __name__ == "__main__":
    main()
