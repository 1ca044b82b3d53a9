"""OpenSTL's ConvLSTM in our words."""

from models.openstl.method import Method, recurrent_options

__all__ = ["CONVLSTM"]

CONVLSTM = Method(
    "convlstm",
    recurrent_options,
    (
        (r"^cell_list\.(\d+)\.conv_x\.", r"core.cells.\1.of_frame."),
        (r"^cell_list\.(\d+)\.conv_h\.", r"core.cells.\1.of_hidden."),
        (r"^conv_last\.", "core.readout."),
    ),
    unused=(r"^cell_list\.\d+\.(conv_o|conv_last)\.",),
)
