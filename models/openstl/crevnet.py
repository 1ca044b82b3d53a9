"""OpenSTL's CrevNet, which its versions up to 0.3.0 held, in our words."""

from collections.abc import Mapping
from typing import Any

from models.openstl.method import Method

__all__ = ["CREVNET"]


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    return {"layers": config.get("predictor_rnn_layers", 8), "last_clip_only": True}


_BLOCK_PARTS = {
    "enter.0": 0,
    "narrow": 2,
    "narrow_norm.0": 3,
    "filter": 5,
    "filter_norm.0": 7,
    "widen": 9,
}
"""Our names of a block's parts, and their places in the reference's sequence."""

_GATES = {
    "own_enter": "in_gate",
    "own_forget": "remember_gate",
    "own_candidate": "cell_gate",
    "memory_enter": "in_gate1",
    "memory_forget": "remember_gate1",
    "memory_candidate": "cell_gate1",
    "leave": "out_gate",
    "merge": "w1",
}
"""Our names of a cell's convolutions, and the reference's."""

CREVNET = Method(
    "crevnet",
    _options,
    (
        # The first block begins with its convolution, two places early.
        *(
            (
                rf"^encoder\.stack\.0\.bottleneck_block\.{place - 2}\.",
                rf"autoencoder.blocks.0.{ours}.",
            )
            for ours, place in _BLOCK_PARTS.items()
            if place >= 2
        ),
        *(
            (
                rf"^encoder\.stack\.(\d+)\.bottleneck_block\.{place}\.",
                rf"autoencoder.blocks.\1.{ours}.",
            )
            for ours, place in _BLOCK_PARTS.items()
        ),
        *(
            (rf"^predictor\.convlstm\.(\d+)\.{theirs}\.", rf"predictor.cells.\1.{ours}.")
            for ours, theirs in _GATES.items()
        ),
        (r"^predictor\.att\.(\d+)\.0\.", r"predictor.attention.\1."),
    ),
)
