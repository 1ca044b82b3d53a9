"""The file of a forecaster: tensors by name, and a JSON header that says what they are for."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from pipelines.atomic import atomic_path

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SCHEMA_VERSION", "forecaster_file", "read_facts", "read_tensors", "write_tensors"]

SCHEMA_VERSION = 1


def write_tensors(path: Path, tensors: "Mapping[str, Tensor]", header: Mapping[str, Any]) -> None:
    """Write tensors and header to one file that needs nothing else, never pickled."""
    from safetensors.torch import save_file  # here: to read what is known of one takes no torch

    whole = {key: value.contiguous().cpu() for key, value in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(whole, temporary, metadata={"stforecast": json.dumps(header)})
        temporary.chmod(0o644)  # safetensors makes files that their owner alone may read


def read_facts(path: str | Path) -> dict[str, Any]:
    """What a forecaster file knows of itself; the weights are not read.

    Args:
        path: the folder of a run, or its `forecaster.safetensors`.

    Raises:
        ValueError: it is no forecaster, or a newer version wrote it.
    """
    file = forecaster_file(path)
    try:
        with safe_open(file, framework="numpy") as stored:
            metadata = stored.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{file} is no forecaster, or it is damaged: {error}.") from error
    if "stforecast" not in metadata:
        raise ValueError(
            f"{file} holds weights, but not what they are for; it was not written by stforecast."
        )
    header = json.loads(metadata["stforecast"])
    if header["schema_version"] > SCHEMA_VERSION:
        raise ValueError(
            f"{file} has schema {header['schema_version']}, but this version reads up to "
            f"{SCHEMA_VERSION}: update stforecast."
        )
    return header


def read_tensors(path: str | Path) -> "dict[str, Tensor]":
    """All tensors of a forecaster file by their names, on the CPU."""
    with safe_open(forecaster_file(path), framework="pt", device="cpu") as stored:
        return {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118


def forecaster_file(path: str | Path) -> Path:
    """The file of a run folder, or the path itself if it is no folder.

    Raises:
        ValueError: there is none.
    """
    path = Path(path)
    file = path / "forecaster.safetensors" if path.is_dir() else path
    if not file.is_file():
        hint = "is its training finished?" if path.is_dir() else "name a run folder."
        raise ValueError(f"{path} holds no forecaster.safetensors; {hint}")
    return file
