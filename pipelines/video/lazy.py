"""The lazy series of takes: every frame is read when it is asked for."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import dask.array as da
import numpy as np
import xarray as xr

from pipelines.clips import GREY, PARTS, RGB, clip_series
from pipelines.series import select_channels
from pipelines.video.reel import Reel, Take
from pipelines.video.resizing import FrameRule

__all__ = ["series_of_takes"]

_PIECE_BYTES = 32 * 2**20


def series_of_takes(
    takes: Sequence[Take],
    rule: FrameRule,
    *,
    dataset: str,
    source: str,
    told: dict[str, object],
    notes: Sequence[str],
    variables: Sequence[str] | None = None,
) -> xr.DataArray:
    """The series (time, channel, y, x) of takes, those for training first; nothing is read.

    Args:
        told: what else than the rule makes the frames what they are.
        notes: what a user must know.
        variables: channels in the wanted order; all unless given.

    Raises:
        ValueError: there is no take.
    """
    told_of = [note for note in notes if note]
    if not takes:
        raise ValueError(
            f"{source} has no frame left to make a series of ({'; '.join(told_of)}); whole clips are "
            "needed."
        )
    takes = sorted(takes, key=lambda take: PARTS.index(take.clip.part))
    frames = _Frames(
        [Reel(take, rule) for take in takes], [len(take.places) for take in takes], rule
    )
    at_once = max(_PIECE_BYTES // (rule.n_channels * rule.size[0] * rule.size[1]), 1)
    pieces = [
        min(at_once, len(take.places) - first)
        for take in takes
        for first in range(0, len(take.places), at_once)
    ]
    chunks: Any = (tuple(pieces), *((size,) for size in frames.shape[1:]))
    lazy = da.from_array(
        frames,
        chunks=chunks,
        name=f"clips-{uuid4().hex}",
        meta=np.empty((0, 0, 0, 0), dtype="uint8"),
    )
    is_synthetic = any(take.file.look.is_synthetic for take in takes)
    made = {
        "size": list(rule.size),
        "colour": rule.colour,
        "resize": rule.resize,
        "fit": rule.fit,
    }
    series = clip_series(
        lazy,
        [take.clip for take in takes],
        channels=GREY if rule.colour == "grey" else RGB,
        attrs={
            "dataset": dataset,
            "source": source,
            "synthetic": "true" if is_synthetic else "false",
            "clips": json.dumps(made | told),
            "note": "; ".join(told_of),
        },
    )
    return series if variables is None else select_channels(series, list(dict.fromkeys(variables)))


class _Frames:
    """What dask needs of an array: its size, and its parts on demand."""

    dtype = np.dtype("uint8")
    ndim = 4

    def __init__(self, reels: Sequence[Reel], lengths: Sequence[int], rule: FrameRule) -> None:
        self.shape = (sum(lengths), rule.n_channels, *rule.size)
        self._reels = reels
        self._firsts = np.concatenate([[0], np.cumsum(lengths)])

    def __getitem__(self, index: tuple[Any, ...]) -> np.ndarray:
        wanted = np.arange(self.shape[0])[index[0]]
        numbers, place = np.unique(wanted, return_inverse=True)
        block = np.empty((len(numbers), *self.shape[1:]), dtype="uint8")
        owners = np.searchsorted(self._firsts, numbers, side="right") - 1
        for owner in np.unique(owners):
            rows = np.flatnonzero(owners == owner)
            block[rows] = self._reels[owner].read(numbers[rows] - self._firsts[owner])
        if not np.ndim(wanted):
            return block[(0, *index[1:])]
        if not np.array_equal(numbers, wanted):
            block = block[place]
        return block[(slice(None), *index[1:])]
