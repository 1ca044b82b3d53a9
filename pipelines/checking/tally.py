"""What is counted of a variable while its values pass by, once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np

from pipelines.checking.sentinels import mask_sentinels
from pipelines.units import Conversion

__all__ = ["BINS", "Tally", "new_tally"]

BINS = 60
_SAMPLED_VALUES = 2**16
"""Of a block, for the histogram."""


@dataclass(eq=False)
class Tally:
    """Counts and moments of one variable of one file."""

    low: np.ndarray
    """Values below do not occur; for each level, or one for all."""
    high: np.ndarray
    conversion: Conversion | None
    edges: np.ndarray
    """Of the histogram's bins, (BINS + 1,)."""
    missing: np.ndarray
    """Values that are missing in each frame: marked so, infinite, sentinels or unreadable."""
    marked: np.ndarray
    """Those of them that are marked as missing."""
    missing_map: np.ndarray
    """The same in each cell (rows, columns), of all files on the grid."""
    per_frame: int
    """Values of a frame."""
    stuck: np.ndarray
    """Whether each frame equals the frame before."""
    flat: np.ndarray
    """Whether all values of a frame are one."""
    digests: dict[int, int]
    """Of the bytes of the frames that are asked for."""
    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    """Sum of squared differences from the mean."""
    minimum: float = np.inf
    maximum: float = -np.inf
    infinite: int = 0
    outside: int = 0
    """Values that do not occur in nature."""
    infinite_frames: list[int] = field(default_factory=list)
    outside_frames: list[int] = field(default_factory=list)
    outside_low: float = np.inf
    outside_high: float = -np.inf
    sentinels: dict[float, int] = field(default_factory=dict)
    histogram: np.ndarray = field(default_factory=lambda: np.zeros(BINS, dtype="int64"))
    unreadable: list[tuple[int, str]] = field(default_factory=list)
    """First frame of a block, and why it cannot be read."""
    last: np.ndarray | None = None
    """The last frame of this band of rows, to compare the next with."""
    first_values: np.ndarray | None = None
    """The first value of each frame."""

    def add(self, values: np.ndarray, *, frames: slice, rows: slice) -> None:
        """Count the values (time, …, rows, columns) of a block, in the units of the file.

        The blocks of one band of rows come in order of time.
        """
        raw = values if values.dtype.kind == "f" else values.astype("float64")
        raw = np.ascontiguousarray(raw.reshape(len(raw), -1, *raw.shape[-2:]))
        self._compare(raw, frames, rows)
        self.marked[frames] += np.isnan(raw).sum(axis=(1, 2, 3))
        bad = np.isinf(raw)
        if bad.any():
            self.infinite += int(bad.sum())
            self.infinite_frames += _frames_of(bad, frames)
            raw = np.where(bad, np.nan, raw)
        raw = self._without_sentinels(raw)
        if self.conversion is not None:
            raw = self.conversion.apply(raw)
        present = ~np.isnan(raw)
        everything = bool(present.all())
        if not everything:
            absent = ~present
            self.missing[frames] += absent.sum(axis=(1, 2, 3))
            self.missing_map[rows] += absent.sum(axis=(0, 1))
        low, high = self.low[:, None, None], self.high[:, None, None]
        outside = (raw < low) | (raw > high)  # NaN is neither
        if outside.any():
            self.outside += int(outside.sum())
            self.outside_frames += _frames_of(outside, frames)
            self.outside_low = min(self.outside_low, float(raw[outside].min()))
            self.outside_high = max(self.outside_high, float(raw[outside].max()))
        self._add_moments(raw.ravel() if everything else raw[present])

    def skip(self, *, frames: slice, rows: slice, why: str) -> None:
        """Count a block that cannot be read as missing."""
        self.unreadable.append((frames.start, why))
        n_times, n_rows = frames.stop - frames.start, rows.stop - rows.start
        self.missing[frames] += self.per_frame * n_rows // len(self.missing_map)
        self.missing_map[rows] += n_times * self.per_frame // self.missing_map.size
        self.stuck[frames] = False
        self.flat[frames] = False
        self.last = None

    def _compare(self, raw: np.ndarray, frames: slice, rows: slice) -> None:
        # Bit by bit: a missing value equals a missing value.
        bits = raw.reshape(len(raw), -1).view(f"u{raw.dtype.itemsize}")
        self.stuck[frames.start + 1 : frames.stop] &= (bits[1:] == bits[:-1]).all(axis=1)
        before = None if frames.start == 0 else self.last
        self.stuck[frames.start] &= before is not None and np.array_equal(bits[0], before)
        if self.first_values is None:
            self.first_values = np.zeros(len(self.stuck), dtype=bits.dtype)
        if rows.start == 0:
            self.first_values[frames] = bits[:, 0]
        self.flat[frames] &= (bits == self.first_values[frames][:, None]).all(axis=1)
        for frame in range(frames.start, frames.stop):
            if frame in self.digests:
                self.digests[frame] = crc32(bits[frame - frames.start].data, self.digests[frame])
        self.last = bits[-1].copy()

    def _without_sentinels(self, raw: np.ndarray) -> np.ndarray:
        low, high = self.low, self.high
        if self.conversion is not None:
            low = (low - self.conversion.offset) / self.conversion.factor
            high = (high - self.conversion.offset) / self.conversion.factor
        raw, found = mask_sentinels(raw, low, high)
        for value, count in found.items():
            self.sentinels[value] = self.sentinels.get(value, 0) + count
        return raw

    def _add_moments(self, values: np.ndarray) -> None:
        if not values.size:
            return
        low, high = float(values.min()), float(values.max())
        self.minimum, self.maximum = min(self.minimum, low), max(self.maximum, high)
        mean = float(values.mean(dtype="float64"))
        squares = float(np.square(values - mean, dtype="float64").sum())
        # Chan, Golub, LeVeque (1979), equation 2.1: two parts joined without cancellation.
        total = self.count + values.size
        apart = mean - self.mean
        self.squares += squares + apart**2 * self.count * values.size / total
        self.mean += apart * values.size / total
        self.count = total
        sampled = values[:: -(-values.size // _SAMPLED_VALUES)].astype("float64")
        width = (self.edges[-1] - self.edges[0]) / BINS
        places = np.clip((sampled - self.edges[0]) / width, 0, BINS - 1).astype("int64")
        self.histogram += np.bincount(places, minlength=BINS)


def new_tally(
    shape: tuple[int, ...],
    *,
    low: np.ndarray,
    high: np.ndarray,
    conversion: Conversion | None,
    bounds: tuple[float, float],
    missing_map: np.ndarray,
    digested: Iterable[int] = (),
) -> Tally:
    """An empty tally of an array (time, …, rows, columns).

    Args:
        bounds: of the histogram, in the units that values are converted to.
        missing_map: counts (rows, columns) to add to.
        digested: the frames whose bytes are compared with those of others.
    """
    n_times = shape[0]
    first, last = bounds if bounds[0] < bounds[1] else (bounds[0] - 0.5, bounds[0] + 0.5)
    return Tally(
        low=low,
        high=high,
        conversion=conversion,
        edges=np.linspace(first, last, BINS + 1),
        missing=np.zeros(n_times, dtype="int64"),
        marked=np.zeros(n_times, dtype="int64"),
        missing_map=missing_map,
        per_frame=int(np.prod(shape[1:])),
        stuck=np.ones(n_times, dtype=bool),
        flat=np.ones(n_times, dtype=bool),
        digests=dict.fromkeys(map(int, digested), 0),
    )


def _frames_of(places: np.ndarray, frames: slice) -> list[int]:
    return [frames.start + int(frame) for frame in np.flatnonzero(places.any(axis=(1, 2, 3)))]
