"""ONNX Runtime: a network exported once, kept in one file, and computed without torch.

The file says of which weights it was made, how far its forecasts were from torch's, and how much faster
they came.

B: batch, T: history step, H: horizon step, C: channel in, D: channel out, Y: row, X: column.
"""

import hashlib
import logging
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor

from models.network import Network
from pipelines.atomic import atomic_path

if TYPE_CHECKING:
    import onnx
    import onnxruntime

__all__ = ["TOLERANCE", "OnnxEngine", "Window", "kept_engine", "make_engine"]

Window = tuple[int, int, int, int]
"""What a network takes: T, C, Y, X."""

TOLERANCE = 1e-5
"""Largest difference from torch that is accepted, in standard deviations of the forecast."""
_PREFIX = "stforecast."
_PROTOBUF_BYTES = 2**31 - 2**20
"""What one ONNX file can hold, less some room for all but the weights."""
_EXPORTED = 2
"""Windows that the exporter sees."""
_COMPARED = 3
"""Windows in the forecasts that are compared: another number, which an export must take as well."""
_TURNS = 5
_PIECE = 4
"""Windows at once: what lies between the layers of more than these does not stay in the caches."""


@dataclass(frozen=True, eq=False)
class OnnxEngine:
    """An exported network in ONNX Runtime."""

    session: "onnxruntime.InferenceSession"
    difference: float
    """Largest one from torch's forecast of random frames, in its standard deviations."""
    speed_up: float
    """Time of torch over that of ONNX Runtime when it was exported, one window at a time."""

    @property
    def name(self) -> str:
        """As it stands in logs."""
        return "ONNX Runtime"

    @property
    def reason(self) -> str:
        """Why it is this one."""
        return (
            f"{self.speed_up:.2f} times as fast as torch, with a difference of {self.difference:.1e} "
            "standard deviations"
        )

    def __call__(self, history: Float[Tensor, "B T C Y X"]) -> Float[Tensor, "B H D Y X"]:
        """The network's forecast, in normalised space."""
        made = [
            torch.from_numpy(self.session.run(None, {"history": piece.contiguous().numpy()})[0])
            for piece in history.split(_PIECE)
        ]
        return made[0] if len(made) == 1 else torch.cat(made)


def kept_engine(network: Network, *, window: Window, kind: str, file: Path) -> OnnxEngine:
    """The engine of a file that was exported from this very network.

    Args:
        kind: the network's name and options.

    Raises:
        ValueError: the file is damaged, or it was made of other weights or by another version.
    """
    try:
        session = _open(str(file))
    except Exception as error:  # ONNX Runtime's exceptions have no common kind of their own
        raise ValueError(
            f"the export {file} is damaged; stforecast optimise replaces it"
        ) from error
    facts = session.get_modelmeta().custom_metadata_map
    if facts.get(_PREFIX + "fingerprint") != _fingerprint(network, window, kind):
        raise ValueError(
            f"the export {file} is of other weights or another version; stforecast optimise replaces it"
        )
    difference, speed_up = (float(facts[_PREFIX + name]) for name in ("difference", "speed_up"))
    return OnnxEngine(session, difference, speed_up)


def make_engine(
    network: Network,
    *,
    window: Window,
    kind: str,
    file: Path | None,
    progress: Callable[[str], None] = lambda text: None,
) -> OnnxEngine:
    """The kept engine of the network if there is one, else a new one, kept if `file` is given.

    Raises:
        ValueError: the network cannot be exported, or ONNX Runtime's forecasts differ from torch's.
        OSError: the file cannot be written.
    """
    if file is not None and file.is_file():
        try:
            return kept_engine(network, window=window, kind=kind, file=file)
        except ValueError as error:
            progress(str(error))
    progress("exporting the network for ONNX Runtime")
    model = _export(network, window)
    engine = _compared(_open(model.SerializeToString()), network, window)
    if file is not None:
        facts = {
            "fingerprint": _fingerprint(network, window, kind),
            "difference": repr(engine.difference),
            "speed_up": repr(engine.speed_up),
        }
        for key, value in facts.items():
            model.metadata_props.add(key=_PREFIX + key, value=value)
        with atomic_path(file) as temporary:
            temporary.write_bytes(model.SerializeToString())
    return engine


def _open(model: str | bytes) -> "onnxruntime.InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = (
        3  # of an exported file, warnings say nothing that a user could mend
    )
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _export(network: Network, window: Window) -> "onnx.ModelProto":
    """The network as ONNX with a free batch, weights inside."""
    weights = sum(tensor.nbytes for tensor in network.state_dict().values())
    if weights > _PROTOBUF_BYTES:
        raise ValueError(
            f"the network's weights take {weights / 2**30:.1f} GiB, and one ONNX file holds 2 at most; "
            "choose engine torch."
        )
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of the exporter's own parts
            program = torch.onnx.export(
                network,
                (torch.zeros(_EXPORTED, *window),),
                dynamo=True,
                input_names=["history"],
                output_names=["forecast"],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                verbose=False,
            )
            assert program is not None
            return program.model_proto
    except Exception as error:  # whatever the exporter meets in a network that it does not know
        told = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(
            f"the network cannot be exported to ONNX ({told[0]}); choose engine torch."
        ) from error
    finally:
        logger.setLevel(level)


def _compared(
    session: "onnxruntime.InferenceSession", network: Network, window: Window
) -> OnnxEngine:
    """The engine, with its difference from torch and how much faster it is.

    Raises:
        ValueError: it differs too much.
    """
    untried = OnnxEngine(session, difference=0.0, speed_up=1.0)
    generator = torch.Generator().manual_seed(0)
    history = torch.randn(_COMPARED, *window, generator=generator)
    with torch.inference_mode():
        wanted = network(history)
        try:
            made = untried(history)
        except Exception as error:  # ONNX Runtime's exceptions have no common kind of their own
            raise ValueError(
                f"the export takes {_EXPORTED} windows at once and no other number, because of how the "
                "network is written; choose engine torch."
            ) from error
        away = (made - wanted).abs().max() / wanted.std()
        if not away <= TOLERANCE:
            raise ValueError(
                f"ONNX Runtime's forecast is {away:.1e} standard deviations away from torch's, more "
                f"than {TOLERANCE:.0e}; choose engine torch."
            )
        alone = history[:1]
        _seconds(network, alone)  # both have chosen their algorithms then
        times = [(_seconds(network, alone), _seconds(untried, alone)) for _ in range(_TURNS)]
    # The fastest turns: others may be at work on the machine.
    torch_seconds, onnx_seconds = map(min, zip(*times, strict=True))
    speed_up = torch_seconds / onnx_seconds
    return OnnxEngine(session, difference=float(away), speed_up=speed_up)


def _seconds(compute: Callable[[Tensor], Tensor], history: Tensor) -> float:
    start = time.perf_counter()
    compute(history)
    return time.perf_counter() - start


def _fingerprint(network: Network, window: Window, kind: str) -> str:
    """Of all that decides what a network computes: its code, its options and its weights."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{version('stforecast')} {window} {kind}".encode())
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().data)
    return digest.hexdigest()
