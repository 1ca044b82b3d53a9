"""ONNX Runtime: a network exported once, kept in a file, and computed without torch.

    forecaster.onnx        the network with its weights
    forecaster.onnx.json   of which network it was made, how far its forecasts were from torch's, and how
                           much faster they came; written last

B: batch, T: history step, H: horizon step, C: channel in, D: channel out, Y: row, X: column.
"""

import hashlib
import json
import logging
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
from jaxtyping import Float
from torch import Tensor

import models
from models.depthwise import quicken_depthwise
from models.network import Network
from pipelines.atomic import atomic_path

if TYPE_CHECKING:
    import onnx
    import onnxruntime

__all__ = [
    "TOLERANCE",
    "Export",
    "OnnxEngine",
    "Subject",
    "find_export",
    "make_engine",
    "open_export",
]

TOLERANCE = 1e-5
"""Difference from torch that is accepted, RMS in standard deviations of the forecast."""
_PROTOBUF_BYTES = 2**31 - 2**20
"""What one ONNX file can hold, less some room for all but the weights."""
_EXPORTED = 2
"""Windows that the exporter sees."""
_COMPARED = (1, 3)
"""Windows in the forecasts that are compared: other numbers, which an export must take as well."""
_COMPARED_BYTES = 64 * 2**20
"""A larger window is compared alone: several might not fit into memory where one does."""
_AGAIN = "stforecast optimise makes a new one"
_TURNS = 5
_PIECE = 4
"""Windows at once: what lies between the layers of more than these does not stay in the caches."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A network that is to be computed, and what makes it known again."""

    network: Network
    """In evaluation mode, on the device where it is to compute."""
    window: tuple[int, int, int, int]
    """What it takes: T, C, Y, X."""
    kind: str
    """Its name and options."""
    file: Path | None
    """Where its export is kept, or is to be."""

    @cached_property
    def fingerprint(self) -> str:
        """Of all that decides what the network computes: its code, its options and its weights."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(f"{version('stforecast')} {_code()} {self.window} {self.kind}".encode())
        for name, tensor in sorted(self.network.state_dict().items()):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().data)
        return digest.hexdigest()


@dataclass(frozen=True)
class Export:
    """What is known of an export."""

    fingerprint: str
    """Of the network that it was made of."""
    difference: float
    """RMS difference from torch's forecast of random frames, in its standard deviations."""
    largest: float
    """The largest difference of a value, likewise."""
    speed_up: float
    """Time of torch over that of ONNX Runtime when it was exported, one window at a time."""
    threads: int
    """Of both, then."""


@dataclass(frozen=True, eq=False)
class OnnxEngine:
    """An exported network in ONNX Runtime."""

    session: "onnxruntime.InferenceSession"
    export: Export
    kind: Literal["onnx"] = "onnx"

    @property
    def name(self) -> str:
        """As it stands in logs."""
        return "ONNX Runtime"

    @property
    def reason(self) -> str:
        """Why it is this one."""
        made = self.export
        return (
            f"{made.speed_up:.2f} times as fast as torch when it was exported (threads: "
            f"{made.threads}), {made.difference:.1e} standard deviations apart (RMS; at most "
            f"{made.largest:.1e})"
        )

    def __call__(self, history: Float[Tensor, "B T C Y X"]) -> Float[Tensor, "B H D Y X"]:
        """The network's forecast, in normalised space."""
        made = [_run(self.session, piece) for piece in history.split(_PIECE)]
        return made[0] if len(made) == 1 else torch.cat(made)


def find_export(subject: Subject) -> Export:
    """What is known of the kept export of this very network.

    Raises:
        ValueError: there is none, or it was made of other weights, options or code.
    """
    file = subject.file
    if file is None:
        raise ValueError("the forecaster lies in no file, and so does no export of it")
    if not (file.is_file() and _facts_file(file).is_file()):
        raise ValueError("no export of the network is kept; stforecast optimise makes one")
    try:
        found = Export(**json.loads(_facts_file(file).read_text()))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{_facts_file(file)} is damaged; {_AGAIN}") from error
    if found.fingerprint != subject.fingerprint:
        raise ValueError(f"the export {file} is of other weights or another version; {_AGAIN}")
    return found


def open_export(subject: Subject) -> OnnxEngine:
    """The engine of the kept export.

    Raises:
        ValueError: there is none of this network, or ONNX Runtime cannot read it.
    """
    export, file = find_export(subject), subject.file
    return OnnxEngine(_open(str(file), told=f"the export {file} cannot be read; {_AGAIN}"), export)


def make_engine(
    subject: Subject, *, progress: Callable[[str], None] = lambda text: None
) -> OnnxEngine:
    """A new export of a network, kept where there is a file for it that can be written.

    Raises:
        ValueError: the network cannot be exported, or ONNX Runtime's forecasts differ from torch's.
    """
    progress("exporting the network for ONNX Runtime")
    network, window = subject.network, subject.window
    quicken_depthwise(network)  # as torch would compute it; the export has plain convolutions
    model = _export(network, window).SerializeToString()
    session = _open(model, told="ONNX Runtime cannot compute the exported network")
    difference, largest = _difference(session, network, window)
    made = OnnxEngine(
        session,
        Export(
            fingerprint=subject.fingerprint,
            difference=difference,
            largest=largest,
            speed_up=_speed_up(session, network, window),
            threads=torch.get_num_threads(),
        ),
    )
    if subject.file is not None:
        try:
            _keep(model, made.export, subject.file)
        except OSError as error:
            progress(f"the export is not kept: {error}")
    return made


def _keep(model: bytes, export: Export, file: Path) -> None:
    facts = _facts_file(file)
    facts.unlink(missing_ok=True)  # never beside another export than its own
    with atomic_path(file) as temporary:
        temporary.write_bytes(model)
    with atomic_path(facts) as temporary:
        temporary.write_text(json.dumps(asdict(export), indent=2) + "\n")


def _facts_file(file: Path) -> Path:
    return file.with_name(file.name + ".json")


def _open(model: str | bytes, *, told: str) -> "onnxruntime.InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = (
        3  # of an exported file, warnings say nothing that a user could mend
    )
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's exceptions have no common kind of their own
        raise ValueError(f"{told} ({_first_line(error)})") from error


def _export(network: Network, window: tuple[int, ...]) -> "onnx.ModelProto":
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
        raise ValueError(
            f"the network cannot be exported to ONNX ({_first_line(error)}); choose engine torch."
        ) from error
    finally:
        logger.setLevel(level)


def _difference(
    session: "onnxruntime.InferenceSession", network: Network, window: tuple[int, ...]
) -> tuple[float, float]:
    """RMS and largest difference from torch, in standard deviations.

    Raises:
        ValueError: it is too large, or the export takes one number of windows alone.
    """
    large = 4 * torch.Size(window).numel() > _COMPARED_BYTES
    generator = torch.Generator().manual_seed(0)
    difference, largest = 0.0, 0.0
    for number in _COMPARED[:1] if large else _COMPARED:
        history = torch.randn(number, *window, generator=generator)
        with torch.inference_mode():
            wanted = network(history)
        try:
            made = _run(session, history)
        except Exception as error:  # ONNX Runtime's exceptions have no common kind of their own
            raise ValueError(
                f"ONNX Runtime cannot compute {number} windows of an export of {_EXPORTED} "
                f"({_first_line(error)}); choose engine torch."
            ) from error
        apart = (made - wanted) / wanted.std()
        away = float(apart.square().mean().sqrt())
        if not away <= TOLERANCE:
            raise ValueError(
                f"ONNX Runtime's forecast is {away:.1e} standard deviations away from torch's (RMS), "
                f"more than {TOLERANCE:.0e}; choose engine torch."
            )
        difference = max(difference, away)
        largest = max(largest, float(apart.abs().max()))
    return difference, largest


def _speed_up(
    session: "onnxruntime.InferenceSession", network: Network, window: tuple[int, ...]
) -> float:
    """Time of torch over that of ONNX Runtime, of one window."""
    history = torch.randn(1, *window)
    with torch.inference_mode():
        times = [
            (_seconds(network, history), _seconds(lambda one: _run(session, one), history))
            for _ in range(1 + _TURNS)  # in the first one both choose their algorithms
        ]
    # The fastest turns: others may be at work on the machine.
    torch_seconds, onnx_seconds = map(min, zip(*times, strict=True))
    return torch_seconds / onnx_seconds


def _seconds(compute: Callable[[Tensor], Tensor], history: Tensor) -> float:
    start = time.perf_counter()
    compute(history)
    return time.perf_counter() - start


def _run(session: "onnxruntime.InferenceSession", history: Tensor) -> Tensor:
    return torch.from_numpy(session.run(None, {"history": history.contiguous().numpy()})[0])


@cache
def _code() -> str:
    """Hash of the sources of all networks: a version may have many states of them."""
    digest = hashlib.blake2b(digest_size=16)
    folder = Path(models.__file__).parent
    for file in sorted(folder.rglob("*.py")):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
