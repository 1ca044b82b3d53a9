"""OpenSTL's PhyDNet in our words."""

from collections.abc import Mapping
from typing import Any

from models.openstl.method import Method

__all__ = ["PHYDNET"]


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    return {"patch": config.get("patch_size", 4)}


PHYDNET = Method(
    "phydnet",
    _options,
    (
        (r"^encoder\.", "step."),
        (r"\.phycell\.cell_list\.0\.F\.conv1\.", ".physics.derivatives."),
        (r"\.phycell\.cell_list\.0\.F\.bn1\.", ".physics.norm."),
        (r"\.phycell\.cell_list\.0\.F\.conv2\.", ".physics.combine."),
        (r"\.phycell\.cell_list\.0\.convgate\.", ".physics.gain."),
        (r"\.convcell\.cell_list\.(\d+)\.conv\.", r".residual.\1.gates."),
        (r"\.encoder_E\.", ".encoder."),
        (r"\.encoder_Ep\.", ".physics_encoder."),
        (r"\.encoder_Er\.", ".residual_encoder."),
        (r"\.decoder_D\.", ".decoder."),
        (r"\.decoder_Dp\.", ".physics_decoder."),
        (r"\.decoder_Dr\.", ".residual_decoder."),
        # The last layer of the decoder is no block.
        (r"\.(?:up)?c3\.(weight|bias)$", r".2.\1"),
        (r"\.(?:up)?c1\.main\.", ".0."),
        (r"\.(?:up)?c2\.main\.", ".1."),
        (r"\.(?:up)?c3\.main\.", ".2."),
    ),
    # The cells stand a second time outside the encoder; the moments' matrices are no weights.
    unused=(r"^(phycell|convcell|k2m)\.",),
    reference={"sigmoid_output": True},
)
