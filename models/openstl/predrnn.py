"""OpenSTL's PredRNN, PredRNN++ and PredRNNv2 in our words."""

from collections.abc import Mapping
from typing import Any

from models.openstl.method import Method, recurrent_options

__all__ = ["PREDRNN", "PREDRNNPP", "PREDRNNV2"]


def _decoupled_options(config: Mapping[str, Any]) -> dict[str, Any]:
    return {**recurrent_options(config), "decouple": config.get("decouple_beta", 0.1)}


_CELLS = (
    (r"^cell_list\.(\d+)\.conv_x\.", r"core.cells.\1.of_frame."),
    (r"^cell_list\.(\d+)\.conv_h\.", r"core.cells.\1.of_hidden."),
    (r"^cell_list\.(\d+)\.conv_m\.", r"core.cells.\1.of_spatial."),
    (r"^cell_list\.(\d+)\.conv_last\.", r"core.cells.\1.merge."),
    (r"^conv_last\.", "core.readout."),
)
_MEMORIES = (r"^cell_list\.(\d+)\.conv_o\.", r"core.cells.\1.of_memories.")

PREDRNN = Method("predrnn", recurrent_options, (*_CELLS, _MEMORIES))

PREDRNNV2 = Method(
    "predrnnv2", _decoupled_options, (*_CELLS, _MEMORIES, (r"^adapter\.", "core.adapter."))
)

PREDRNNPP = Method(
    "predrnnpp",
    recurrent_options,
    (
        *_CELLS,
        (r"^cell_list\.(\d+)\.conv_c\.", r"core.cells.\1.of_temporal."),
        (r"^cell_list\.(\d+)\.conv_c2m\.", r"core.cells.\1.of_new_temporal."),
        (r"^cell_list\.(\d+)\.conv_om\.", r"core.cells.\1.of_new_spatial."),
        (r"^gradient_highway\.x_concat\.", "core.highway.of_hidden."),
        (r"^gradient_highway\.z_concat\.", "core.highway.of_highway."),
    ),
    unused=(r"^cell_list\.\d+\.conv_o\.",),
)
