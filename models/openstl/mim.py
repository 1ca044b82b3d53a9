"""OpenSTL's MIM in our words."""

from models.openstl.method import Method, recurrent_options

__all__ = ["MIM"]

MIM = Method(
    "mim",
    recurrent_options,
    (
        # The lowest layer, a spatiotemporal LSTM.
        (r"^stlstm_layer\.0\.conv_x\.", "core.cells.0.of_frame."),
        (r"^stlstm_layer\.0\.conv_h\.", "core.cells.0.of_hidden."),
        (r"^stlstm_layer\.0\.conv_m\.", "core.cells.0.of_spatial."),
        (r"^stlstm_layer\.0\.conv_o\.", "core.cells.0.of_memories."),
        # Those above, and the LSTMs with peepholes in them and between them.
        (r"^stlstm_layer_diff\.", "core.changing."),
        (r"^stlstm_layer\.(\d+)\.(conv_[hx]_concat|[co][tc]_weight)", r"core.cells.\1.staying.\2"),
        (r"^stlstm_layer\.", "core.cells."),
        (r"\.conv_x_(cc|concat)\.", ".of_frame."),
        (r"\.conv_(t_cc|h_concat)\.", ".of_hidden."),
        (r"\.conv_s_cc\.", ".of_spatial."),
        (r"\.ct_weight$", ".of_memory"),
        (r"\.oc_weight$", ".of_new_memory"),
        (r"\.conv_last\.", ".merge."),
        (r"^conv_last\.", "core.readout."),
    ),
    unused=(r"^stlstm_layer_diff\.\d+\.conv_last\.",),
)
