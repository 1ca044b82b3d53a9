"""The export of a run's network, and what became of it."""

import os
from collections.abc import Callable
from pathlib import Path

from models import NETWORKS
from stforecast.allocator import keep_memory
from stforecast.forecaster import load_forecaster, read_facts

__all__ = ["export_network", "leave_export"]


def export_network(run: str | Path, *, progress: Callable[[str], None] = lambda text: None) -> str:
    """Export the network of a run for ONNX Runtime, if that is not done yet; a sentence on it.

    Args:
        run: folder of a run, or a forecaster.safetensors.
        progress: told what takes its time.

    Raises:
        ValueError: there is no forecaster, or its network cannot be exported.
        OSError: the folder cannot be written to.
    """
    keep_memory()
    engine = load_forecaster(run).optimise(engine="onnx", progress=progress).engine
    assert engine is not None
    return f"forecasts on this kind of CPU by {engine.name}: {engine.reason}"


def leave_export(run: Path) -> str:
    """The same at the end of a training, which does not fail where it cannot be; then the reason.

    `STFORECAST_EXPORT=0` leaves it out.
    """
    if os.environ.get("STFORECAST_EXPORT") == "0":
        return "no export, as STFORECAST_EXPORT=0 asks: forecasts are computed by torch"
    try:
        network = read_facts(run)["experiment"]["network"]["name"]
        if not NETWORKS[network].one_pass:
            return (
                f"no export: that of a recurrent network takes minutes; stforecast optimise {run}"
            )
        return export_network(run)
    except (OSError, ValueError) as error:
        return f"no export: {error}"
