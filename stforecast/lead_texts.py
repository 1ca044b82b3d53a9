"""Lead times as people say them: hours of weather, minutes of traffic, frames of video."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipelines import PIPELINES
from pipelines.clips import FRAME_STEP

__all__ = ["is_counted", "lead_text"]


def is_counted(attrs: Mapping[str, Any]) -> bool:
    """Whether frames are counted, not dated: those of video, whose clock is artificial.

    Args:
        attrs: of a series, a forecast or scores; they name the dataset.
    """
    pipeline = PIPELINES.get(str(attrs.get("dataset", "")))
    return pipeline is not None and pipeline.is_video


def lead_text(lead_time: np.timedelta64, *, counted: bool = False) -> str:
    """A lead time: "+6 h", "+30 min", "+1 h 30 min"; "+1 frame", "+10 frames".

    Args:
        counted: frames are counted (`is_counted`).
    """
    if counted:
        count = round(lead_time / FRAME_STEP)
        return f"+{count} frame" + ("" if count == 1 else "s")
    hours, minutes = divmod(int(lead_time / np.timedelta64(1, "m")), 60)
    if hours == 0:
        return f"+{minutes} min"
    return f"+{hours} h {minutes} min" if minutes else f"+{hours} h"
