"""Small networks of comparable width, which a CPU trains in minutes; nobody has published them."""

from collections.abc import Mapping
from typing import Any

__all__ = ["SMALL"]

_RECURRENT = {"width": 32, "layers": 2, "patch": 2}

SMALL: Mapping[str, Mapping[str, Any]] = {
    "simvp": {
        "spatial_width": 16,
        "translator_width": 64,
        "spatial_layers": 2,
        "translator_layers": 4,
    },
    "convlstm": _RECURRENT,
    "predrnn": _RECURRENT,
    "predrnnpp": _RECURRENT,
    "predrnnv2": _RECURRENT,
    "mim": _RECURRENT,
    "mau": {"width": 32, "layers": 2, "shrink": 2},
    "e3dlstm": {**_RECURRENT, "width": 16},
    "phydnet": {"width": 32, "residual_width": 32, "residual_layers": 2, "patch": 2},
    "crevnet": {"fine_blocks": 1, "middle_blocks": 1, "coarse_blocks": 1, "layers": 2},
}
"""Options by network; what is not named keeps its default."""
