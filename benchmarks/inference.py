"""How long forecasts of the published gSTA networks take, and how long they could.

    python -m benchmarks.inference [--turns 5]

For each network, one window and sixteen, float32, on all cores:

- `as published`: torch as it comes, glibc's allocator untouched, contiguous;
- `allocator`: the same with the allocator told to keep large blocks;
- `torch`: ours where no export is kept: the allocator, and depthwise convolutions put another way;
- `ours`: ONNX Runtime, where an export is kept;
- `matrix product`: as many multiply-adds in one product of two matrices: what the machine can do.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from rich.console import Console

from benchmarks.measuring import Row, alternate, machine, show
from models.counting import count_macs
from models.presets import PRESETS
from stforecast.allocator import keep_memory
from stforecast.engine import choose_engine
from stforecast.onnx_engine import Subject, make_engine, open_export

NETWORKS = ("weatherbench-t2m-gsta", "taxibj-gsta", "mmnist-gsta")
BATCHES = (1, 16)
_SIDE = 2048


def as_published(name: str, batch: int) -> Callable[[], object]:
    """Torch as it comes."""
    preset = PRESETS[name]
    torch.manual_seed(0)
    network = preset.build(horizon=preset.history).eval()
    history = torch.randn(batch, preset.history, preset.channels, preset.height, preset.width)

    def work() -> None:
        with torch.inference_mode():
            network(history)

    return work


def with_allocator(name: str, batch: int) -> Callable[[], object]:
    """Torch, and large blocks kept."""
    keep_memory()
    return as_published(name, batch)


def subject_of(name: str, folder: Path) -> Subject:
    """The network of a preset, to be exported into a folder."""
    preset = PRESETS[name]
    torch.manual_seed(0)
    return Subject(
        network=preset.build(horizon=preset.history).eval(),
        window=(preset.history, preset.channels, preset.height, preset.width),
        kind=name,
        file=folder / f"{name}.onnx",
    )


def ours(name: str, batch: int, folder: Path) -> Callable[[], object]:
    """What `stforecast forecast` computes with."""
    keep_memory()
    subject = subject_of(name, folder)
    engine = open_export(subject)
    return partial(engine, torch.randn(batch, *subject.window))


def fall_back(name: str, batch: int, folder: Path) -> Callable[[], object]:
    """What it computes with where there is no export."""
    keep_memory()
    subject = subject_of(name, folder)
    engine = choose_engine(subject, engine="torch")
    history = torch.randn(batch, *subject.window)

    def work() -> None:
        with torch.inference_mode():
            engine(history)

    return work


def matrix_product(macs: int) -> Callable[[], object]:
    """So many multiply-adds at once."""
    left, right = torch.randn(max(macs // _SIDE**2, 1), _SIDE), torch.randn(_SIDE, _SIDE)
    keep_memory()
    return partial(torch.matmul, left, right)


def rows(console: Console, *, turns: int = 5) -> list[Row]:
    """Milliseconds of a pass, and how they stand to the network as published."""
    made: list[Row] = []
    with TemporaryDirectory() as folder:
        for name in NETWORKS:
            preset = PRESETS[name]
            macs = count_macs(
                preset.build(horizon=preset.history),
                history=preset.history,
                channels=preset.channels,
                height=preset.height,
                width=preset.width,
            )
            export = make_engine(subject_of(name, Path(folder))).export
            for batch in BATCHES:
                console.print(f"inference: {name}, batch {batch}")
                ways = {
                    "as published": partial(as_published, name, batch),
                    "allocator": partial(with_allocator, name, batch),
                    "torch": partial(fall_back, name, batch, Path(folder)),
                    "ours": partial(ours, name, batch, Path(folder)),
                    "matrix product": partial(matrix_product, macs * batch),
                }
                timings = alternate(ways, turns=turns)
                least = timings["matrix product"].median
                for way, timing in timings.items():
                    note = (
                        f"{least / timing.median:.0%} of the limit, {timing.peak / 2**20:.0f} MiB"
                    )
                    if way == "ours":
                        note += f", {export.difference:.0e} std apart, at most {export.largest:.0e}"
                    made.append(
                        Row(
                            f"{name}, {batch} ({macs / 1e9:.2f} G MACs)",
                            way,
                            timing.median * 1e3,
                            "ms",
                            ratio=timings["as published"].median / timing.median,
                            note="" if way == "matrix product" else note,
                        )
                    )
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    console = Console(width=150)
    show(f"inference on {machine()}", rows(console, turns=asked.turns), console=console)


if __name__ == "__main__":
    main()
