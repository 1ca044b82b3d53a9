"""Networks: the frames of a history in, the frames of a forecast out; torch alone.

    NETWORKS (one file, one line each) → build_network → forward, training_loss

A network sees normalised frames (batch, step, channel, row, column). It knows no dates, units,
files or grids of the earth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol, runtime_checkable

from models.crevnet.network import CrevNet, CrevNetConfig
from models.network import Network, NetworkShape
from models.recurrent.convlstm import ConvLSTMConfig, make_convlstm
from models.recurrent.e3dlstm import E3DLSTM, E3DLSTMConfig
from models.recurrent.mau import MAUConfig, make_mau
from models.recurrent.mim import MIMConfig, make_mim
from models.recurrent.phydnet import PhyDNet, PhyDNetConfig
from models.recurrent.predrnn import PredRNNConfig, PredRNNv2Config, make_predrnn
from models.recurrent.predrnnpp import PredRNNppConfig, make_predrnnpp
from models.simvp import SimVP, SimVPConfig

__all__ = ["NETWORKS", "Network", "NetworkEntry", "NetworkShape", "build_network"]


@runtime_checkable
class MakeNetwork(Protocol):
    """Makes a network of its options and the shape of what it takes and gives."""

    def __call__(self, config: Any, shape: NetworkShape, /) -> Network:
        """A network with fresh weights."""
        ...


@dataclass(frozen=True)
class NetworkEntry:
    """What `build_network` needs to know of a network."""

    make: MakeNetwork
    """The network's class, or a function that makes one."""
    config: type
    """Its options: a frozen dataclass that checks itself."""
    one_pass: bool = False
    """Whether it makes a horizon up to the history without being fed its own frames."""


NETWORKS: dict[str, NetworkEntry] = {
    "simvp": NetworkEntry(SimVP, SimVPConfig, one_pass=True),
    "convlstm": NetworkEntry(make_convlstm, ConvLSTMConfig),
    "phydnet": NetworkEntry(PhyDNet, PhyDNetConfig),
    "crevnet": NetworkEntry(CrevNet, CrevNetConfig),
    "predrnn": NetworkEntry(make_predrnn, PredRNNConfig),
    "predrnnpp": NetworkEntry(make_predrnnpp, PredRNNppConfig),
    "predrnnv2": NetworkEntry(make_predrnn, PredRNNv2Config),
    "mim": NetworkEntry(make_mim, MIMConfig),
    "mau": NetworkEntry(make_mau, MAUConfig),
    "e3dlstm": NetworkEntry(E3DLSTM, E3DLSTMConfig),
}


def build_network(
    name: str,
    options: Mapping[str, Any],
    *,
    history: int,
    horizon: int,
    channels_in: int,
    channels_out: int,
    height: int,
    width: int,
) -> Network:
    """A network with fresh weights, drawn from torch's global generator.

    Args:
        name: one of `NETWORKS`.
        options: fields of the network's config that are not to keep their default.
        history: steps seen.
        horizon: steps forecast in one call.
        channels_in: channels of a frame seen.
        channels_out: channels of a frame forecast.
        height: rows of a frame.
        width: columns of a frame.

    Raises:
        ValueError: the name or an option is unknown, or a value is out of its range.
    """
    if name not in NETWORKS:
        raise ValueError(f"network {name!r} is unknown; known: {', '.join(NETWORKS)}.")
    entry = NETWORKS[name]
    _check_options(name, options, config=entry.config)
    shape = NetworkShape(
        history=history,
        horizon=horizon,
        channels_in=channels_in,
        channels_out=channels_out,
        height=height,
        width=width,
    )
    return entry.make(entry.config(**options), shape)


_KINDS = {bool: "true or false", str: "a text", int: "a whole number", int | float: "a number"}


def _check_options(name: str, options: Mapping[str, Any], *, config: type) -> None:
    types = {field.name: field.type for field in fields(config)}
    unknown = [option for option in options if option not in types]
    if unknown:
        raise ValueError(
            f"network {name!r} has no option {', '.join(unknown)}; its options: {', '.join(types)}."
        )
    for option, value in options.items():
        for kind, words in _KINDS.items():
            if types[option] == kind and not isinstance(value, kind):
                raise ValueError(f"{option} must be {words}, but it is {value!r}.")
