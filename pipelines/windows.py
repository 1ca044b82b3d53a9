"""Windows: history and horizon cut from a series, never across a gap or the edge of a split.

B: batch, T: history step, H: horizon step, C: channel, K: plane of an extra input, N: time, Y: row,
X: column.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.utils.data import Dataset

from pipelines.clips import WHOLE
from pipelines.readahead import ReadAhead
from pipelines.resample import describe_steps, is_irregular, is_patchy

__all__ = [
    "FreshWindows",
    "WindowDataset",
    "WindowSpec",
    "Windows",
    "holds_enough",
    "window_starts",
]

_WINDOWS_AT_ONCE = 4096


@dataclass(frozen=True)
class WindowSpec:
    """How a window is cut: `history` steps seen, `horizon` steps forecast."""

    history: int
    """Steps seen; the last one is the init_time."""
    horizon: int
    """Steps forecast in one pass."""

    def __post_init__(self) -> None:
        for name in ("history", "horizon"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} must be at least 1 step, but it is {getattr(self, name)}."
                )

    @property
    def length(self) -> int:
        """Steps of a window."""
        return self.history + self.horizon


def window_starts(
    times: np.ndarray,
    spec: WindowSpec,
    *,
    time_step: np.timedelta64,
    within: range,
    present: Bool[np.ndarray, "N C"] | None = None,
    stride: Int[np.ndarray, "N"] | None = None,
) -> np.ndarray:
    """The index of the first frame of every window that lies inside `within` and crosses no gap.

    Args:
        times: strictly increasing times of the frames.
        time_step: a window's frames are exactly this far apart.
        within: the frames of one split.
        present: which frames hold a value, by channel; then windows are left out whose history does
            not hold enough (`holds_enough`), or that have no value to forecast.
        stride: of each frame, how many lie between the starts of windows in its run of frames without
            a gap, from the run's first frame on, or back from its last one where it is below 0; `WHOLE`
            of `pipelines.clips` is the length of a window. Every frame starts one unless given.

    Raises:
        ValueError: not one window fits.
    """
    inside = times[within.start : within.stop]
    n_times = len(inside)
    # breaks[i]: how many of the first i intervals are not one time step. A window is whole where
    # the count does not change from its first frame to its last.
    breaks = np.concatenate([[0], np.cumsum(np.diff(inside) != time_step)])
    candidates = np.arange(max(n_times - spec.length + 1, 0))
    starts = candidates[breaks[candidates + spec.length - 1] == breaks[candidates]]
    if len(starts) == 0:
        runs = np.split(np.arange(n_times), np.flatnonzero(np.diff(inside) != time_step) + 1)
        raise ValueError(
            f"A window needs {spec.length} frames in a row (history {spec.history} + horizon "
            f"{spec.horizon}), but the longest run without a gap among {n_times} frames has "
            f"{max(map(len, runs))}. {_way_out(inside, in_clips=stride is not None)}"
        )
    if stride is not None:
        starts = _on_stride(starts, breaks, stride[within.start : within.stop], spec)
    if present is None:
        return starts + within.start
    kept = _filled(present[within.start : within.stop], starts, spec)
    if not kept.any():
        raise ValueError(
            f"None of {len(starts)} windows holds values enough: at the init_time, in half of the "
            f"history of {spec.history} and once in the horizon of {spec.horizon}, with each channel "
            "once in the history. Choose a longer history, fewer variables, or more data."
        )
    return starts[kept] + within.start


def holds_enough(present: Bool[np.ndarray, "B T C"]) -> Bool[np.ndarray, "B"]:
    """Whether a forecast can start from histories with missing frames.

    The last frame and at least half of all hold a value, and each channel holds one somewhere: the
    rest enters as the training mean.

    Args:
        present: whether each channel of each frame holds a value.
    """
    frames = np.asarray(present.any(axis=2))
    channels = np.asarray(present.any(axis=1))
    half = 2 * frames.sum(axis=1) >= frames.shape[1]
    return frames[:, -1] & half & channels.all(axis=1)


def _filled(
    present: Bool[np.ndarray, "N C"], starts: np.ndarray, spec: WindowSpec
) -> Bool[np.ndarray, "B"]:
    """Which windows have history enough and something to forecast."""
    steps = np.arange(spec.length)
    kept = [np.empty(0, dtype=bool)]
    for first in range(0, len(starts), _WINDOWS_AT_ONCE):
        windows = present[starts[first : first + _WINDOWS_AT_ONCE, None] + steps]
        has_target = windows[:, spec.history :].any(axis=(1, 2))
        kept.append(holds_enough(windows[:, : spec.history]) & has_target)
    return np.concatenate(kept)


def _on_stride(
    starts: np.ndarray, breaks: np.ndarray, stride: np.ndarray, spec: WindowSpec
) -> np.ndarray:
    """Those starts that lie a whole number of strides from an end of their run of frames.

    Args:
        breaks: of each frame, how many gaps lie before it.
    """
    run = breaks[starts]
    first = np.searchsorted(breaks, run, side="left")
    last = np.searchsorted(breaks, run, side="right") - 1
    step = stride[starts]
    length = np.abs(step)
    length = np.where(length >= WHOLE, spec.length, length)
    away = np.where(step > 0, starts - first, last - (starts + spec.length - 1))
    return starts[away % length == 0]


def _way_out(times: np.ndarray, *, in_clips: bool) -> str:
    if is_irregular(times):
        return (
            f"The steps between frames differ ({describe_steps(times)}): bring them onto a regular axis "
            "by resample = 'nearest' (or 'linear', 'mean') with time_step, or name the time_step that "
            "most frames lie on, with missing = 'mask'."
        )
    told = f" (now {describe_steps(times)})" if is_patchy(times) else ""
    if in_clips:
        return (
            "Windows do not reach over the end of a clip: choose a shorter history or horizon, or "
            "longer clips (of moving digits clips.frames), or give a split a larger share."
        )
    return (
        f"Choose a shorter history or horizon, more data, or missing = 'mask', which goes over gaps"
        f"{told}."
    )


class Windows(NamedTuple):
    """One window, or a batch of them, in physical units."""

    history: Tensor
    """Frames seen, (B, T, C, Y, X)."""
    inputs: Tensor
    """Extra inputs that go with them, (B, T, K); K may be 0."""
    target: Tensor
    """Frames to forecast, (B, H, C, Y, X)."""


class WindowDataset(Dataset):
    """Windows of an array of frames, read a batch at a time.

    Index −1 gives a window of NaN: the loss masks it, so that every process of a distributed run
    sees the same number of windows.
    """

    def __init__(
        self,
        frames: np.ndarray,
        starts: np.ndarray,
        spec: WindowSpec,
        *,
        inputs: Float[np.ndarray, "N K"] | None = None,
    ) -> None:
        """Take frames (time, C, Y, X), memory-mapped or not, and the extra inputs of each."""
        self.frames = np.asarray(frames)  # a part of a plain array is made faster than one of a map
        self.starts = starts
        self.spec = spec
        self.inputs = np.empty((len(frames), 0), "float32") if inputs is None else inputs
        self._seen = np.arange(spec.history)
        self._ahead = ReadAhead(self.frames)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> Windows:
        return Windows(*(part[0] for part in self.__getitems__([index])))

    def __getitems__(self, indices: list[int]) -> Windows:
        """The windows of a whole batch."""
        starts, length = self.starts[np.asarray(indices)], self.spec.length
        self._ahead.fetch(starts, length)
        frames = [self.frames[start : start + length] for start in starts.tolist()]
        inputs = torch.from_numpy(self.inputs[starts[:, None] + self._seen])
        return _batch(frames, inputs, indices, self.spec)


class FreshWindows(Dataset):
    """Windows that are made when they are asked for, each by its number; no number is the last.

    Index −1 gives a window of NaN, as that of `WindowDataset` does.
    """

    def __init__(
        self, make_frames: Callable[[int], np.ndarray], spec: WindowSpec, *, n_windows: int
    ) -> None:
        """Take what makes the frames (T + H, C, Y, X) of a window, and the windows of an epoch."""
        self.make_frames = make_frames
        self.spec = spec
        self._n_windows = n_windows

    def __len__(self) -> int:
        return self._n_windows

    def __getitems__(self, numbers: list[int]) -> Windows:
        """The windows of a whole batch."""
        frames = [self.make_frames(max(number, 0)) for number in numbers]
        inputs = torch.empty((len(numbers), self.spec.history, 0))
        return _batch(frames, inputs, numbers, self.spec)


def _batch(
    frames: list[np.ndarray], inputs: Tensor, numbers: list[int], spec: WindowSpec
) -> Windows:
    """The windows with those frames (T + H, C, Y, X); NaN where the number is below 0."""
    # Each value is touched once: read, made float32 and put in its place.
    history, target = (
        np.empty((len(frames), steps, *frames[0].shape[1:]), dtype="float32")
        for steps in (spec.history, spec.horizon)
    )
    for place, (number, window) in enumerate(zip(numbers, frames, strict=True)):
        history[place] = window[: spec.history] if number >= 0 else np.nan
        target[place] = window[spec.history :] if number >= 0 else np.nan
    return Windows(torch.from_numpy(history), inputs, torch.from_numpy(target))
