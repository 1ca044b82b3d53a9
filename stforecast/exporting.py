"""The export of a run's network, and what became of it."""

import os
from collections.abc import Callable
from pathlib import Path

from models import NETWORKS
from stforecast.allocator import keep_memory
from stforecast.forecaster import load_forecaster, read_facts

__all__ = ["export_network", "leave_export"]


def export_network(run: str | Path, *, progress: Callable[[str], None] = lambda text: None) -> str:
    """Export the network of a run anew; a sentence on what computes its forecasts from now on.

    Args:
        run: folder of a run, or a forecaster.safetensors.
        progress: told what takes its time, and what did not work.

    Raises:
        ValueError: there is no forecaster, or its network cannot be exported.
    """
    keep_memory()
    load_forecaster(run).export(progress=progress)
    chosen = load_forecaster(run).optimise().engine
    assert chosen is not None
    return f"forecasts on a CPU are computed by {chosen.name}: {chosen.reason}"


def leave_export(run: Path, *, progress: Callable[[str], None] = lambda text: None) -> str:
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
        return export_network(run, progress=progress)
    except Exception as error:  # memory, disks and exporters: whatever it is, the training is done
        return f"no export: {error}"
