"""Moments: count, mean, spread and range of many values, in pieces that add up.

Pieces are merged in float64 by their means and squared deviations (Chan, Golub and LeVeque 1983,
"Algorithms for computing the sample variance"): a plain sum of squares of pressures near 1e5 Pa would
lose most of its digits.

T: time, C: channel, Y: row, X: column.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ["Moments", "moments_of_planes", "pieces_of"]

_PIECE_BYTES = 2**20  # what a processor's cache holds beside its float64 copy
_ROUNDING = 1e-6
"""A variance below 0 by this fraction of the squared mean is no rounding error any more."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Of each of an array of groups of values; missing and infinite values are in none of them."""

    count: np.ndarray
    """Values that are finite; 0 where there is none."""
    mean: np.ndarray
    """In the units of the values; 0 where there is none."""
    squares: np.ndarray
    """Sum of the squared deviations from the mean."""
    minimum: np.ndarray
    """∞ where there is none."""
    maximum: np.ndarray
    """−∞ where there is none."""

    @staticmethod
    def of(values: np.ndarray, axis: int | tuple[int, ...]) -> "Moments":
        """The moments along some axes, in two passes; one group for each place on the others."""
        axes = (axis,) if isinstance(axis, int) else axis
        last = np.moveaxis(values, axes, range(-len(axes), 0))
        kept_shape = last.shape[: last.ndim - len(axes)]
        groups = last.reshape(*kept_shape, int(np.prod(last.shape[len(kept_shape) :])))
        wide = groups.astype("float64")
        if values.dtype.kind != "f":  # whole numbers have no infinity
            groups = wide.copy()
        count = np.full(kept_shape, float(groups.shape[-1]))
        # The sum of everything tells whether everything is finite.
        with np.errstate(invalid="ignore", over="ignore"):
            mean = wide.sum(-1) / np.maximum(count, 1)
        if np.isfinite(mean).all():
            least, most = groups.min(-1, initial=np.inf), groups.max(-1, initial=-np.inf)
            wide -= mean[..., None]
        else:
            finite = np.isfinite(wide)
            count = finite.sum(-1, dtype="float64")
            mean = wide.sum(-1, where=finite) / np.maximum(count, 1)
            least = groups.min(-1, where=finite, initial=np.inf)
            most = groups.max(-1, where=finite, initial=-np.inf)
            wide = np.where(finite, wide, mean[..., None]) - mean[..., None]
        # Not by BLAS, such as vecdot: its threads wait for each other, long where cores are shared.
        squares = np.einsum("...i,...i->...", wide, wide)
        return _moments(count, mean, squares, least, most)

    @staticmethod
    def from_table(table: np.ndarray) -> "Moments":
        """The moments in the columns of a table (…, 5), as `table` gives it."""
        return _moments(*np.moveaxis(table, -1, 0))

    def table(self) -> np.ndarray:
        """(…, 5) float64: count, mean, squares, minimum, maximum."""
        columns = (self.count, self.mean, self.squares, self.minimum, self.maximum)
        return np.stack(columns, axis=-1)

    def over(self, axis: int) -> "Moments":
        """The groups along an axis taken together."""
        count = self.count.sum(axis)
        mean = (self.count * self.mean).sum(axis) / np.maximum(count, 1)
        apart = np.where(self.count > 0, self.mean - np.expand_dims(mean, axis), 0)
        # The mean of means near 1e5 rounds; what their deviations leave is added to it.
        rest = (self.count * apart).sum(axis) / np.maximum(count, 1)
        squares = self.squares.sum(axis) + (self.count * np.square(apart)).sum(axis)
        return _moments(
            count,
            mean + rest,
            np.maximum(squares - count * np.square(rest), np.minimum(squares, 0)),
            self.minimum.min(axis, initial=np.inf),
            self.maximum.max(axis, initial=-np.inf),
        )

    def merge(self, other: "Moments") -> "Moments":
        """Those of both, group by group."""
        pairs = (np.stack([a, b]) for a, b in zip(self._columns(), other._columns(), strict=True))
        return Moments(*pairs).over(0)

    @property
    def std(self) -> np.ndarray:
        """Population standard deviation (divided by the count); NaN where there is no value.

        Raises:
            ValueError: a variance is negative beyond rounding: the moments are damaged.
        """
        none = self.count == 0
        variance = self.squares / np.where(none, 1, self.count)
        wrong = variance < -_ROUNDING * np.maximum(np.square(self.mean), np.finfo("float64").tiny)
        if wrong.any():
            raise ValueError(
                f"A variance of {variance[wrong].min():g} cannot be: the moments are damaged; "
                "prepare the data again."
            )
        return np.where(none, np.nan, np.sqrt(np.maximum(variance, 0)))

    def _columns(self) -> tuple[np.ndarray, ...]:
        return self.count, self.mean, self.squares, self.minimum, self.maximum


def _moments(*columns: np.ndarray | np.floating) -> Moments:
    """Of columns that may be single numbers."""
    return Moments(*(np.asarray(column, dtype="float64") for column in columns))


def moments_of_planes(frames: np.ndarray) -> Moments:
    """The moments (T, C) of each plane of frames (T, C, Y, X)."""
    table = np.empty((*frames.shape[:2], 5))
    for piece in pieces_of(frames.shape):
        table[piece] = Moments.of(np.asarray(frames[piece]), (-2, -1)).table()
    return Moments.from_table(table)


def pieces_of(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """Times and channels of frames (T, C, Y, X) of float32 in pieces that a cache holds."""
    plane = max(4 * shape[2] * shape[3], 1)
    channels = min(max(_PIECE_BYTES // plane, 1), max(shape[1], 1))
    times = max(_PIECE_BYTES // (channels * plane), 1)
    for time in range(0, shape[0], times):
        for channel in range(0, shape[1], channels):
            yield slice(time, time + times), slice(channel, channel + channels)
