"""Reading OpenSTL: its configurations and weights as networks of ours.

A further network is one file beside this one and one line in `_METHODS`.

References:
    Tan et al. 2023, OpenSTL, arXiv 2306.11249; github.com/chengtan9907/OpenSTL.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from models import build_network
from models.network import Network
from models.openstl.convlstm import CONVLSTM
from models.openstl.crevnet import CREVNET
from models.openstl.e3dlstm import E3DLSTM
from models.openstl.mau import MAU
from models.openstl.method import Method
from models.openstl.mim import MIM
from models.openstl.phydnet import PHYDNET
from models.openstl.predrnn import PREDRNN, PREDRNNPP, PREDRNNV2
from models.openstl.simvp import SIMVP

__all__ = [
    "METHODS",
    "OpenSTLNetwork",
    "config_from_openstl",
    "reference_options",
    "rename_openstl_keys",
]


@dataclass(frozen=True, kw_only=True)
class OpenSTLNetwork:
    """An OpenSTL configuration in our words."""

    name: str
    """One of our networks."""
    options: Mapping[str, Any]
    """The network's options."""
    history: int
    """Steps seen, pre_seq_length."""
    horizon: int
    """Steps forecast, aft_seq_length."""
    channels: int
    """Channels of a frame, in and out."""
    height: int
    """Rows of a frame."""
    width: int
    """Columns of a frame."""

    def build(self) -> Network:
        """The network, with fresh weights."""
        return build_network(
            self.name,
            self.options,
            history=self.history,
            horizon=self.horizon,
            channels_in=self.channels,
            channels_out=self.channels,
            height=self.height,
            width=self.width,
        )


def config_from_openstl(method: str, config: Mapping[str, Any]) -> OpenSTLNetwork:
    """Our network of an OpenSTL configuration.

    Args:
        method: OpenSTL's `method`, in any case: "SimVP", "TAU".
        config: OpenSTL's other keys; what it leaves out has OpenSTL's default.

    Raises:
        ValueError: the method is unknown, or `in_shape` is missing.
    """
    reader = _find(method)
    if len(config.get("in_shape", ())) != 4:
        raise ValueError(
            "An OpenSTL configuration needs in_shape = [steps, channels, rows, columns], but it is "
            f"{config.get('in_shape')}."
        )
    history, channels, height, width = config["in_shape"]
    return OpenSTLNetwork(
        name=reader.network,
        options={**reader.read_options(config), **reader.reference},
        history=history,
        horizon=config.get("aft_seq_length", history),
        channels=channels,
        height=height,
        width=width,
    )


def reference_options(method: str) -> dict[str, Any]:
    """Options with which OpenSTL's weights forecast as they did, where our default mends a fault.

    Raises:
        ValueError: the method is unknown, or its weights forecast otherwise here in any case.
    """
    reader = _find(method)
    if reader.differs:
        raise ValueError(
            f"OpenSTL's weights of {method} fit, but they would not forecast as they did: "
            f"{reader.differs}. Train the network anew."
        )
    return dict(reader.reference)


def rename_openstl_keys(method: str, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """An OpenSTL state dict under our names.

    Prefixes of training wrappers are taken off, and weights that the reference never uses left out.

    Raises:
        ValueError: the method is unknown.
    """
    reader = _find(method)
    renamed = {}
    for key, values in weights.items():
        name = re.sub(r"^(method\.|model\.|module\.)+", "", key)
        if any(re.match(pattern, name) for pattern in reader.unused):
            continue
        for pattern, replacement in reader.renames:
            name = re.sub(pattern, replacement, name)
        renamed[name] = values
    return renamed


def _find(method: str) -> Method:
    if method.lower() not in _METHODS:
        raise ValueError(f"OpenSTL method {method!r} is unknown; known: {', '.join(METHODS)}.")
    return _METHODS[method.lower()]


_METHODS: dict[str, Method] = {
    "simvp": SIMVP,
    "tau": SIMVP,
    "convlstm": CONVLSTM,
    "phydnet": PHYDNET,
    "crevnet": CREVNET,
    "predrnn": PREDRNN,
    "predrnnpp": PREDRNNPP,
    "predrnnv2": PREDRNNV2,
    "mim": MIM,
    "mau": MAU,
    "e3dlstm": E3DLSTM,
}

METHODS = tuple(_METHODS)
"""OpenSTL's methods that can be read, in lower case."""
