"""Values of a few frames, to tell the units of a variable by."""

import numpy as np
import xarray as xr

from pipelines.checking.sentinels import mask_sentinels
from pipelines.units import Conversion

__all__ = ["joined", "samples_of", "span_of"]

_SAMPLED_FRAMES = 3
_SAMPLED_ROWS = 64
_TRIMMED = 1.0
"""Per cent of a sample that is set aside at each end: single wrong values are no wrong units."""


def samples_of(array: xr.DataArray, levels: tuple[float, ...]) -> list[dict[float, np.ndarray]]:
    """Values of a few frames by level (hPa; NaN: without levels)."""
    array = array
    chosen = np.unique(np.linspace(0, array.shape[0] - 1, _SAMPLED_FRAMES).astype(int))
    every = -(-array.shape[-2] // _SAMPLED_ROWS)
    rows = array.variable[..., ::every, :]
    several, beyond = len(levels) > 1, np.array([np.inf])
    keys = levels or (np.nan,)
    samples = []
    for frame in chosen:
        try:
            values = np.asarray(rows[int(frame)].values, dtype="float64")
        except Exception:  # a damaged chunk, which the scan names
            continue
        values = mask_sentinels(values, -beyond, beyond)[0]
        samples.append(dict(zip(keys, values if several else values[None], strict=True)))
    return samples


def joined(samples: list[dict[float, np.ndarray]]) -> dict[float, np.ndarray]:
    """The finite values of all samples by level, without the outermost of them."""
    if not samples:
        return {np.nan: np.empty(0)}
    return {
        level: _trimmed(np.stack([sample[level] for sample in samples])) for level in samples[0]
    }


def _trimmed(values: np.ndarray) -> np.ndarray:
    """The finite values without the outermost of them."""
    finite = values[np.isfinite(values)]
    if finite.size < 100:
        return finite
    low, high = np.percentile(finite, [_TRIMMED, 100 - _TRIMMED])
    return finite[(finite >= low) & (finite <= high)]


def span_of(sample: dict[float, np.ndarray], conversion: Conversion | None) -> tuple[float, float]:
    """The least and the greatest value, once converted; nothing lies between where there is none."""
    values = np.concatenate(list(sample.values()))
    if not values.size:
        return np.inf, -np.inf
    values = values if conversion is None else conversion.apply(values)
    return float(values.min()), float(values.max())
