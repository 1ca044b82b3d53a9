"""Bins that values and errors are counted in, fixed by the training statistics beforehand.

C: channel, E: edges.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from pipelines.normalise import Normaliser
from pipelines.series import Channel

__all__ = ["counts_in", "error_edges", "numbers_in", "value_edges"]

VALUE_BINS = 100
ERROR_BINS = 161
"""Odd, so that one bin lies about 0."""
_MOST_COUNTS = 1200
"""Bins of errors of counts, at most."""

_DEVIATIONS = 5.0
"""Standard deviations of the training values on either side of their mean."""
_MORE_DEVIATIONS = 8.0
"""The same of what piles up at its least value and has a long tail, as rain and traffic have."""
_FINEST = 0.0025
"""Error about which bins turn from even to growing, as a fraction of the reach."""
_COUNTED = ("inflow", "outflow", "flow")
"""Variables that are numbers of things where their units are 1."""


def value_edges(normaliser: Normaliser, channels: Sequence[Channel]) -> Float[np.ndarray, "C E"]:
    """Edges of even bins over the values that training leads one to expect, in the channels' units.

    Five standard deviations about the mean, or the training range if that is what the normaliser
    knows; never beyond what can exist. The outer bins are open: they also hold what lies beyond.
    """
    rows = []
    for number, channel in enumerate(channels):
        low, high = _bounds(normaliser, number, channel)
        rows.append(np.linspace(low, high, VALUE_BINS + 1))
    return np.stack(rows)


def error_edges(normaliser: Normaliser, channels: Sequence[Channel]) -> Float[np.ndarray, "C E"]:
    """Edges of bins of errors about 0, in the channels' units, narrow near 0 and wide far from it.

    Errors at the first lead time may be a hundredth of those at the last: bins that grow show both.
    Errors of counts are whole numbers where the forecast is one, so that their bins are evenly wide,
    an odd number, with 0 in the middle of one. The outer bins are open.
    """
    reaches = []
    for number, channel in enumerate(channels):
        low, high = _bounds(normaliser, number, channel)
        reaches.append(high - low)
    if all(channel.variable in _COUNTED and channel.units == "1" for channel in channels):
        width = 1 + 2 * int(max(reaches) / _MOST_COUNTS)
        n_sides = int(np.ceil(max(reaches) / width))
        even = width * (np.arange(-n_sides, n_sides + 2) - 0.5)
        return np.tile(even, (len(channels), 1))
    steepest = np.arcsinh(1 / _FINEST)
    shape = _FINEST * np.sinh(np.linspace(-steepest, steepest, ERROR_BINS + 1))
    return np.array(reaches)[:, None] * shape


def counts_in(values: Float[np.ndarray, "N"], edges: Float[np.ndarray, "E"]) -> np.ndarray:
    """How many values each bin holds; what lies beyond the edges is in the outer bins."""
    # Sorting first is ten times as quick as looking up the bin of each value.
    below = np.searchsorted(np.sort(values), edges[1:-1], side="left")
    return np.diff(below, prepend=0, append=len(values))


def numbers_in(
    values: Float[np.ndarray, "N"], edges: Float[np.ndarray, "E"]
) -> Int[np.ndarray, "N"]:
    """Number of the even bin of each value, from 0; what lies beyond is in the outer bins."""
    n_bins = len(edges) - 1
    places = (values - edges[0]) * (n_bins / (edges[-1] - edges[0]))
    return np.clip(places, 0, n_bins - 1).astype("int64")


def _bounds(normaliser: Normaliser, number: int, channel: Channel) -> tuple[float, float]:
    """Least and greatest value that training leads one to expect."""
    offset, scale = normaliser.offset[number], normaliser.scale[number]
    if normaliser.method == "minmax01":
        low, high = offset, offset + scale
    elif normaliser.method == "minmax11":
        low, high = offset - scale, offset + scale
    else:
        piles_up = offset - _DEVIATIONS * scale < channel.valid_min
        low = offset - _DEVIATIONS * scale
        high = offset + (_MORE_DEVIATIONS if piles_up else _DEVIATIONS) * scale
    return max(low, channel.valid_min), min(high, channel.valid_max)
