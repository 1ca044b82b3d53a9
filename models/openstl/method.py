"""How to read one method of OpenSTL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Method", "recurrent_options"]


@dataclass(frozen=True)
class Method:
    """How to read one OpenSTL method."""

    network: str
    """One of our networks."""
    read_options: Callable[[Mapping[str, Any]], dict[str, Any]]
    """From OpenSTL's configuration to the options of ours."""
    renames: tuple[tuple[str, str], ...]
    """(pattern, replacement) of weights, applied in this order."""
    unused: tuple[str, ...] = ()
    """Patterns of weights that the reference code holds and never uses."""
    reference: Mapping[str, Any] = field(default_factory=dict)
    """Options that bring a fault of the reference back, so that its weights forecast as they did."""
    differs: str = ""
    """Why its weights forecast otherwise here, whatever the options; empty if they do not."""


def recurrent_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """The options that OpenSTL's stacked cells share.

    Raises:
        ValueError: the layers differ in width.
    """
    hidden = config.get("num_hidden", "128,128,128,128")
    widths = [int(width) for width in (hidden.split(",") if isinstance(hidden, str) else hidden)]
    if len(set(widths)) > 1:
        raise ValueError(f"num_hidden = {hidden!r}: layers of different widths cannot be read.")
    return {
        "width": widths[0],
        "layers": len(widths),
        "kernel": config.get("filter_size", 5),
        "patch": config.get("patch_size", 4),
        "layer_norm": bool(config.get("layer_norm", 0)),
        "sampling": "reverse" if config.get("reverse_scheduled_sampling") else "scheduled",
    }
