"""Reading OpenSTL: its configurations and weights as networks of ours.

A further network is one line in `_METHODS`: how to read its options and rename its weights.

References:
    Tan et al. 2023, OpenSTL, arXiv 2306.11249; github.com/chengtan9907/OpenSTL.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from models import build_network
from models.network import Network

__all__ = ["METHODS", "OpenSTLNetwork", "config_from_openstl", "rename_openstl_keys"]


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
        options=reader.read_options(config),
        history=history,
        horizon=config.get("aft_seq_length", history),
        channels=channels,
        height=height,
        width=width,
    )


def rename_openstl_keys(method: str, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """An OpenSTL state dict under our names; the prefixes of training wrappers are taken off.

    Raises:
        ValueError: the method is unknown.
    """
    reader = _find(method)
    renamed = {}
    for key, values in weights.items():
        name = re.sub(r"^(model\.|module\.)+", "", key)
        for pattern, replacement in reader.renames:
            name = re.sub(pattern, replacement, name)
        renamed[name] = values
    return renamed


@dataclass(frozen=True)
class _Method:
    """How to read one OpenSTL method."""

    network: str
    read_options: Callable[[Mapping[str, Any]], dict[str, Any]]
    renames: tuple[tuple[str, str], ...]
    """(pattern, replacement), applied in this order."""


def _find(method: str) -> _Method:
    if method.lower() not in _METHODS:
        raise ValueError(f"OpenSTL method {method!r} is unknown; known: {', '.join(METHODS)}.")
    return _METHODS[method.lower()]


def _simvp_options(config: Mapping[str, Any]) -> dict[str, Any]:
    options = {
        "translator": config.get("model_type", "gSTA").lower(),
        "spatial_width": config.get("hid_S", 16),
        "translator_width": config.get("hid_T", 256),
        "spatial_layers": config.get("N_S", 4),
        "translator_layers": config.get("N_T", 4),
        "drop_path": config.get("drop_path", 0.0),
        "encoder_kernel": config.get("spatio_kernel_enc", 3),
        "decoder_kernel": config.get("spatio_kernel_dec", 3),
        "mlp_ratio": config.get("mlp_ratio", 8.0),
    }
    if options["translator"] == "incepu":  # OpenSTL takes both, and uses neither
        del options["drop_path"], options["mlp_ratio"]
    return options


_SIMVP_RENAMES = (
    # Encoder and decoder; an upsampling convolution is part 0 of a sequence.
    (r"^enc\.enc\.(\d+)\.conv\.conv\.", r"encoder.blocks.\1.convolution.conv."),
    (r"^dec\.dec\.(\d+)\.conv\.conv\.(?:0\.)?", r"decoder.blocks.\1.convolution.conv."),
    (r"^(enc|dec)\.\1\.(\d+)\.conv\.norm\.", r"\1oder.blocks.\2.norm."),
    (r"^dec\.readout\.", r"decoder.readout."),
    # Translators in a row of blocks.
    (r"^hid\.enc\.(\d+)\.block\.", r"translator.blocks.\1.block."),
    (r"^hid\.enc\.(\d+)\.reduction\.", r"translator.blocks.\1.projection."),
    (r"\.norm1\.", r".attention_norm."),
    (r"\.norm2\.", r".mlp_norm."),
    (r"\.layer_scale_1$", r".attention_scale"),
    (r"\.layer_scale_2$", r".mlp_scale"),
    (r"\.attn\.proj_1\.", r".attention.project_in."),
    (r"\.attn\.proj_2\.", r".attention.project_out."),
    (r"\.attn\.spatial_gating_unit\.conv0\.", r".attention.gate.local.conv."),
    (r"\.attn\.spatial_gating_unit\.conv_spatial\.", r".attention.gate.dilated.conv."),
    (r"\.attn\.spatial_gating_unit\.conv1\.", r".attention.gate.mix."),
    (r"\.attn\.spatial_gating_unit\.fc\.0\.", r".attention.gate.squeeze."),
    (r"\.attn\.spatial_gating_unit\.fc\.2\.", r".attention.gate.expand."),
    (r"\.mlp\.fc1\.", r".mlp.widen."),
    (r"\.mlp\.dwconv\.dwconv\.", r".mlp.depthwise.conv."),
    (r"\.mlp\.fc2\.", r".mlp.narrow."),
    # IncepU.
    (r"^hid\.(enc|dec)\.(\d+)\.conv1\.", r"translator.\1oder.\2.reduce."),
    (
        r"^hid\.(enc|dec)\.(\d+)\.layers\.(\d+)\.conv\.",
        r"translator.\1oder.\2.branches.\3.convolution.conv.",
    ),
    (r"^hid\.(enc|dec)\.(\d+)\.layers\.(\d+)\.norm\.", r"translator.\1oder.\2.branches.\3.norm."),
)

_METHODS: dict[str, _Method] = {
    "simvp": _Method("simvp", _simvp_options, _SIMVP_RENAMES),
    "tau": _Method("simvp", _simvp_options, _SIMVP_RENAMES),
}

METHODS = tuple(_METHODS)
"""OpenSTL's methods that can be read, in lower case."""
