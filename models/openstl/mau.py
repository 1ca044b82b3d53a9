"""OpenSTL's MAU in our words."""

from collections.abc import Mapping
from typing import Any

from models.openstl.method import Method, recurrent_options

__all__ = ["MAU"]


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    options = recurrent_options({"num_hidden": "64,64,64,64", "patch_size": 1, **config})
    del options["layer_norm"]  # its units always normalise
    return {
        **options,
        "shrink": config.get("sr_size", 4),
        "attended": config.get("tau", 5),
        "residual": config.get("cell_mode", "normal") == "residual",
        "recall": config.get("model_mode", "normal") == "recall",
    }


MAU = Method(
    "mau",
    _options,
    (
        (r"^encoders\.0\.encoder_t_conv-1\.", "core.enter."),
        (r"^encoders\.\d+\.encoder_t(\d+)\.", r"core.halvings.\1."),
        (r"^decoders\.\d+\.c_decoder(\d+)\.", r"core.doublings.\1."),
        (r"^srcnn\.0\.", "core.readout."),
        (r"^cell_list\.", "core.units."),
        (r"\.conv_t\.", ".of_motion."),
        (r"\.conv_s\.", ".of_appearance."),
        (r"\.conv_t_next\.", ".keep_motion."),
        (r"\.conv_s_next\.", ".query."),
    ),
    unused=(r"^(merge|conv_last_sr)\.",),
)
