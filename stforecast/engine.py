"""What computes a forecaster's network: torch, or ONNX Runtime where that is faster.

B: batch, T: history step, H: horizon step, C: channel in, D: channel out, Y: row, X: column.
"""

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from models.depthwise import quicken_depthwise
from models.network import Network
from stforecast.onnx_engine import OnnxEngine, Subject, find_export, make_engine, open_export

__all__ = ["ENGINES", "PRECISIONS", "Engine", "TorchEngine", "choose_engine", "settle_engine"]

ENGINES = ("auto", "onnx", "torch")
PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}
"""How numbers are held while a network computes; weights, inputs and forecasts are float32."""


@dataclass(frozen=True, eq=False)
class TorchEngine:
    """The network itself, in evaluation mode."""

    network: Network = field(repr=False)
    reason: str
    """Why it is this one."""
    precision: str = "float32"
    """One of `PRECISIONS`."""
    kind: Literal["torch"] = "torch"

    @property
    def name(self) -> str:
        """As it stands in logs."""
        return "torch" if self.precision == "float32" else f"torch in {self.precision}"

    def __call__(self, history: Float[Tensor, "B T C Y X"]) -> Float[Tensor, "B H D Y X"]:
        """The network's forecast, in normalised space."""
        lower = PRECISIONS[self.precision]
        with contextlib.ExitStack() as stack:
            if lower is not None:
                stack.enter_context(torch.autocast(history.device.type, dtype=lower))
            return self.network(history).float()


Engine = TorchEngine | OnnxEngine
"""Computes a network, and knows its `name` and the `reason` why it is this one."""


def choose_engine(
    subject: Subject,
    *,
    engine: str = "auto",
    precision: str = "float32",
    progress: Callable[[str], None] = lambda text: None,
) -> Engine:
    """The engine that a name asks for.

    Args:
        subject: whose network; on a CPU its depthwise convolutions are replaced, in place, by quicker
            ones with the same values.
        engine: "torch"; "onnx": exported first if it is not yet; "auto": ONNX Runtime on a CPU if an
            export is kept that was faster than torch when it was made.
        precision: one of `PRECISIONS`; a lower one by torch alone.
        progress: told what takes its time, and what did not work.

    Raises:
        ValueError: a name is unknown, a lower precision overflows, or ONNX Runtime is asked for and
            cannot compute the network.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision {precision!r} is unknown; known: {', '.join(PRECISIONS)}.")
    if precision != "float32" and engine == "onnx":
        raise ValueError(f"engine 'onnx' computes in float32; leave out precision {precision!r}.")
    settled, reason = settle_engine(subject, engine=engine)
    if precision != "float32":
        return _lower(subject, precision=precision)
    if settled == "torch":
        return _torch(subject, reason)
    try:
        return open_export(subject)
    except ValueError as error:
        if engine == "auto":
            return _torch(subject, str(error))
        progress(str(error))
    return make_engine(subject, progress=progress)


def settle_engine(subject: Subject, *, engine: str) -> tuple[Literal["onnx", "torch"], str]:
    """Which engine `choose_engine` takes, and why; nothing is exported or opened.

    Raises:
        ValueError: the name is unknown, or ONNX Runtime is asked for on a GPU.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine {engine!r} is unknown; known: {', '.join(ENGINES)}.")
    on_gpu = _device(subject).type != "cpu"
    if engine == "onnx" and on_gpu:
        raise ValueError("engine 'onnx' computes on a CPU; choose device cpu, or engine torch.")
    if engine != "auto":
        return ("onnx" if engine == "onnx" else "torch"), "asked for"
    if on_gpu:
        return "torch", "on a GPU"
    try:
        found = find_export(subject)
    except ValueError as error:
        return "torch", str(error)
    if found.speed_up <= 1:
        return "torch", (
            f"ONNX Runtime had {found.speed_up:.2f} times its speed when it was exported; stforecast "
            "optimise measures again"
        )
    return "onnx", "faster than torch when it was exported"


def _device(subject: Subject) -> torch.device:
    return next(subject.network.parameters()).device


def _torch(subject: Subject, reason: str) -> TorchEngine:
    if _device(subject).type == "cpu":
        quicken_depthwise(subject.network)
    return TorchEngine(subject.network, reason)


def _lower(subject: Subject, *, precision: str) -> TorchEngine:
    """Torch in a lower precision, which says how far that is from float32 on random frames."""
    network = subject.network
    history = torch.randn(1, *subject.window, generator=torch.Generator().manual_seed(0))
    history = history.to(_device(subject))
    untold = TorchEngine(network, "asked for", precision)
    with torch.inference_mode():
        wanted = network(history)
        away = float((untold(history) - wanted).square().mean().sqrt() / wanted.std())
    if not math.isfinite(away):
        raise ValueError(
            f"precision {precision!r} overflows in this network; choose bfloat16 or float32."
        )
    reason = (
        f"asked for; forecasts of random frames are off by {away:.1e} standard deviations (RMS)"
    )
    return TorchEngine(network, reason, precision)
