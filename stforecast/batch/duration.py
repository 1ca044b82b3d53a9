"""Durations in a job file: "6h", "30min", "2d"; "0h" is one too."""

from typing import Annotated

import numpy as np
from pydantic import BeforeValidator

from pipelines.series import parse_step

__all__ = ["Duration"]


def _duration(value: object) -> np.timedelta64:
    text = str(value)
    if text.rstrip("dhmins") == "0" and text != "0":
        return np.timedelta64(0, "ns")
    try:
        return parse_step(text)
    except OverflowError as error:
        raise ValueError(f"{text} is longer than the 292 years that are counted here") from error


Duration = Annotated[np.timedelta64, BeforeValidator(_duration)]
