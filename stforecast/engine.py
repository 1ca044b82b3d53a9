"""What computes a forecaster's network: torch, or ONNX Runtime where that is faster.

B: batch, T: history step, H: horizon step, C: channel in, D: channel out, Y: row, X: column.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from models.depthwise import quicken_depthwise
from models.network import Network

__all__ = ["ENGINES", "PRECISIONS", "Engine", "TorchEngine", "choose_engine"]

ENGINES = ("auto", "onnx", "torch")
PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}
"""How numbers are held while a network computes; weights, inputs and forecasts are float32."""


@runtime_checkable
class Engine(Protocol):
    """Computes a network; it holds what it takes to."""

    @property
    def name(self) -> str:
        """As it stands in logs."""
        ...

    @property
    def reason(self) -> str:
        """Why it is this one."""
        ...

    def __call__(self, history: Float[Tensor, "B T C Y X"]) -> Float[Tensor, "B H D Y X"]:
        """The network's forecast, in normalised space."""
        ...


@dataclass(frozen=True, eq=False)
class TorchEngine:
    """The network itself, in evaluation mode."""

    network: Network = field(repr=False)
    reason: str
    """Why it is this one."""
    precision: str = "float32"
    """One of `PRECISIONS`."""

    @property
    def name(self) -> str:
        """Torch, and the precision if it is a lower one."""
        return "torch" if self.precision == "float32" else f"torch in {self.precision}"

    def __call__(self, history: Float[Tensor, "B T C Y X"]) -> Float[Tensor, "B H D Y X"]:
        """The network's forecast, in normalised space."""
        lower = PRECISIONS[self.precision]
        with contextlib.ExitStack() as stack:
            if lower is not None:
                stack.enter_context(torch.autocast(history.device.type, dtype=lower))
            return self.network(history).float()


def choose_engine(
    network: Network,
    *,
    window: tuple[int, int, int, int],
    kind: str,
    file: Path | None,
    engine: str = "auto",
    precision: str = "float32",
    progress: Callable[[str], None] = lambda text: None,
) -> Engine:
    """The engine that a name asks for.

    Args:
        network: in evaluation mode, on the device where it is to compute.
        window: what it takes: T, C, Y, X.
        kind: its name and options.
        file: where an export is kept, or is to be.
        engine: "torch"; "onnx": exported first if it is not yet; "auto": ONNX Runtime on a CPU if an
            export is kept that was faster than torch when it was made.
        precision: one of `PRECISIONS`; a lower one by torch alone.
        progress: told what takes its time.

    Raises:
        ValueError: a name is unknown, or ONNX Runtime is asked for and cannot compute the network.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine {engine!r} is unknown; known: {', '.join(ENGINES)}.")
    if precision not in PRECISIONS:
        raise ValueError(f"precision {precision!r} is unknown; known: {', '.join(PRECISIONS)}.")
    on_gpu = next(network.parameters()).device.type != "cpu"
    if engine == "onnx" and (on_gpu or precision != "float32"):
        raise ValueError(
            "engine 'onnx' computes in float32 on a CPU; leave out precision, and choose device cpu."
        )
    if precision != "float32":
        return _lower(network, window=window, precision=precision)
    if on_gpu:
        return TorchEngine(network, "asked for" if engine == "torch" else "on a GPU")
    if engine == "torch":
        return _torch_on_cpu(network, "asked for")
    return _on_cpu(
        network, window=window, kind=kind, file=file, must=engine == "onnx", progress=progress
    )


def _lower(network: Network, *, window: tuple[int, int, int, int], precision: str) -> TorchEngine:
    """Torch in a lower precision, which says how far that is from float32 on random frames."""
    device = next(network.parameters()).device
    history = torch.randn(2, *window, generator=torch.Generator().manual_seed(0)).to(device)
    untold = TorchEngine(network, "asked for", precision)
    with torch.inference_mode():
        wanted = network(history)
        away = (untold(history) - wanted).square().mean().sqrt() / wanted.std()
    reason = (
        f"asked for; forecasts of random frames are off by {away:.1e} standard deviations (RMS)"
    )
    return TorchEngine(network, reason, precision)


def _on_cpu(
    network: Network,
    *,
    window: tuple[int, int, int, int],
    kind: str,
    file: Path | None,
    must: bool,
    progress: Callable[[str], None],
) -> Engine:
    """ONNX Runtime if it must be, or where an export is kept and was faster; else torch."""
    from stforecast.onnx_engine import kept_engine, make_engine

    if must:
        return make_engine(network, window=window, kind=kind, file=file, progress=progress)
    if file is None or not file.is_file():
        return _torch_on_cpu(
            network, "no export of the network is kept; stforecast optimise makes one"
        )
    try:
        kept = kept_engine(network, window=window, kind=kind, file=file)
    except ValueError as error:
        return _torch_on_cpu(network, str(error))
    if kept.speed_up <= 1:
        return _torch_on_cpu(network, f"ONNX Runtime had {kept.speed_up:.2f} times its speed")
    return kept


def _torch_on_cpu(network: Network, reason: str) -> TorchEngine:
    quicken_depthwise(network)
    return TorchEngine(network, reason)
