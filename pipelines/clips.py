"""Clips: sequences of frames, one after another on an artificial clock, as video comes.

Clips have no times. Each gets a stretch of its own on a clock that counts a minute for each frame and
leaves a day between clips: so no window reaches from one into the next, whatever cuts windows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr
from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipelines.series import Channel, make_series

__all__ = [
    "AS_PUBLISHED",
    "FRAME_STEP",
    "GREY",
    "RGB",
    "PARTS",
    "WHOLE",
    "Clip",
    "ClipConfig",
    "clip_series",
    "clip_times",
    "is_video",
    "window_stride_of",
]

FRAME_STEP = np.timedelta64(60 * 10**9, "ns")
"""Of the artificial clock, between neighbouring frames: a minute."""
_START = np.datetime64("2000-01-01", "ns")
_APART = np.timedelta64(86_400 * 10**9, "ns")
"""From the last frame of a clip to the first of the next: more than any window."""

WHOLE = 2**15 - 1
"""Stride of windows that do not overlap, whatever their length."""

PARTS = ("train", "validation", "test")


def _grey_level(name: str, long_name: str) -> Channel:
    return Channel(name, name, long_name=long_name, valid_min=0.0, valid_max=255.0)


GREY = (_grey_level("luminance", "luminance, 0 to 255"),)
RGB = tuple(_grey_level(name, f"{name}, 0 to 255") for name in ("red", "green", "blue"))
"""Colours in this order, whatever order a file or decoder has them in."""


class ClipConfig(BaseModel):
    """How clips are made of what lies on disk; what is left out is as the dataset's protocol has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: tuple[int, int] | None = None
    """Rows and columns that frames are brought to."""
    colour: Literal["grey", "rgb"] | None = None
    """Channels of a frame."""
    every: int | None = Field(default=None, ge=1)
    """One frame of so many is taken."""
    stride: int | None = Field(default=None, ge=0)
    """Frames between the starts of windows of validation and test; 0: as long as a window."""
    digits: int | None = Field(default=None, ge=1)
    """Moving digits in a frame."""
    sequences: int | None = Field(default=None, ge=1, le=30_000)
    """Sequences of moving digits that are made for validation, and for a test where none is given."""
    frames: int | None = Field(default=None, ge=2)
    """Frames of a made sequence."""
    split: Literal["published", "clean"] = "published"
    """"clean" leaves out of training what the published lists also test on."""

    @field_validator("size", mode="before")
    @classmethod
    def _readable(cls, value: object) -> object:
        """`--set clips.size=64x96`."""
        if isinstance(value, str):
            parts = value.lower().split("x")
            if len(parts) != 2 or not all(part.strip().isdigit() for part in parts):
                raise ValueError("rows and columns, such as 64x96")
            return tuple(int(part) for part in parts)
        return value

    @field_validator("size")
    @classmethod
    def _large_enough(cls, value: tuple[int, int] | None) -> tuple[int, int] | None:
        if value is not None and min(value) < 8:
            raise ValueError("frames need at least 8 rows and 8 columns")
        return value


AS_PUBLISHED = ClipConfig()
"""Nothing said: each dataset's own protocol."""


@dataclass(frozen=True)
class Clip:
    """One sequence of frames."""

    name: str
    """For messages and reports: "person01_walking_d1"."""
    n_frames: int
    """At least 1."""
    part: Literal["train", "validation", "test"] = "train"
    """Of the published split."""
    stride: int = 1
    """Frames between the starts of windows: 1 every one, `WHOLE` windows that do not overlap; below 0
    counted backwards from the clip's end."""

    def __post_init__(self) -> None:
        if self.n_frames < 1:
            raise ValueError(f"clip {self.name!r} has no frame.")
        if self.stride == 0:
            raise ValueError(f"clip {self.name!r}: stride must not be 0.")


def is_video(series: xr.DataArray) -> bool:
    """Whether the frames of a series lie in clips on the artificial clock of one frame a minute."""
    return "window_stride" in series.coords


def window_stride_of(series: xr.DataArray) -> np.ndarray | None:
    """How far apart the windows of each frame's clip begin; None where the series has no clips."""
    return series["window_stride"].values if is_video(series) else None


def clip_times(lengths: Sequence[int]) -> np.ndarray:
    """Times on the artificial clock of clips of so many frames, one after another."""
    counts = np.asarray(lengths, dtype="int64")
    ends = np.cumsum(np.maximum(counts - 1, 0)) * FRAME_STEP + np.arange(len(counts)) * _APART
    starts = _START + ends - np.maximum(counts - 1, 0) * FRAME_STEP
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(starts, counts) + within * FRAME_STEP


def clip_series(
    frames: Any, clips: Sequence[Clip], *, channels: Sequence[Channel], attrs: dict[str, str]
) -> xr.DataArray:
    """The series (time, channel, y, x) of clips, those for training first, then validation, then test.

    Along `time` stand `clip` (its number), `part` (0 training, 1 validation, 2 test) and
    `window_stride`; the names of the clips, one a line, are the attribute `clip_names`.

    Args:
        frames: uint8 (time, channel, y, x) of all clips in their order; lazy or in memory.
        attrs: at least `dataset` and `source`.

    Raises:
        ValueError: there is no clip, or the parts are not in order.
    """
    if not clips:
        raise ValueError("There is no clip to make a series of.")
    lengths = [clip.n_frames for clip in clips]
    parts = np.array([PARTS.index(clip.part) for clip in clips])
    if (np.diff(parts) < 0).any():
        raise ValueError("Clips must be in order: training, then validation, then test.")
    series = make_series(
        frames,
        times=clip_times(lengths),
        channels=channels,
        attrs={
            "synthetic": "false",
            "time_zone": "none",
            "clock": "artificial",
            "clip_names": "\n".join(clip.name for clip in clips),
            **attrs,
        },
    )
    columns = {
        "clip": np.arange(len(clips), dtype="int32"),
        "part": parts.astype("int8"),
        "window_stride": np.array([clip.stride for clip in clips], dtype="int32"),
    }
    return series.assign_coords(
        {name: ("time", np.repeat(values, lengths)) for name, values in columns.items()}
    )
