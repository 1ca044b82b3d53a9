"""OpenSTL's E3D-LSTM in our words."""

from collections.abc import Mapping
from typing import Any

from models.openstl.method import Method, recurrent_options

__all__ = ["E3DLSTM"]


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    return {**recurrent_options(config), "kernel": 5}  # whatever filter_size says


E3DLSTM = Method(
    "e3dlstm",
    _options,
    (
        (r"^cell_list\.", "loop.core.cells."),
        (r"\._norm_c_t\.", ".norm."),
        (r"\.conv_last\.conv3d\.", ".merge."),
        (r"\.conv_x\.", ".of_frame."),
        (r"\.conv_h\.", ".of_hidden."),
        (r"\.conv_gm\.", ".of_spatial."),
        (r"\.conv_new_cell\.", ".of_new_cell."),
        (r"\.conv_new_gm\.", ".of_new_spatial."),
        (r"\.0\.conv3d\.", ".conv."),
        (r"(of_\w+)\.1\.", r"\1.norm."),
        (r"^conv_last\.", "loop.core.readout."),
    ),
    differs="there its memory never changed and its attention mixed up channels and cells",
)
